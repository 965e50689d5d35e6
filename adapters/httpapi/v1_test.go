package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/token"
	"ledgerline/domain/webex"
)

// golden compares the body of an answer with a file, which UPDATE_GOLDEN=1
// writes. Of tracking ids and times, only the form is compared.
func golden(t *testing.T, name string, a answered) {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, json.Indent(&text, a.Body.Bytes(), "", "  "))
	got := regexp.MustCompile(`LEDGERLINE_[0-9a-f-]{36}`).ReplaceAllString(text.String(), "LEDGERLINE_<uuid>")
	got = regexp.MustCompile(`"2026-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`).ReplaceAllString(got, `"2026-03-01T12:00:00.000Z"`)
	file := filepath.Join("testdata", name+".json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func (w *world) get(id string) answered {
	w.t.Helper()
	return w.send("read", "GET", "/v1/broadworks/subscribers/"+id, "")
}

func (w *world) list(query string) answered {
	w.t.Helper()
	return w.send("read", "GET", "/v1/broadworks/subscribers"+query, "")
}

// userIDs are those of the items of a list, in its order.
func userIDs(body map[string]any) []string {
	ids := []string{}
	for _, item := range body["items"].([]any) {
		ids = append(ids, item.(map[string]any)["userId"].(string))
	}
	return ids
}

func TestSubscribersHaveTheShapeThatWebexGivesThem(t *testing.T) {
	w := newWorld(t).templates()
	waiting := w.onboard("waiting@sp.com", "")
	golden(t, "subscriber_pending_email_input", w.get(waiting))

	id := w.onboard("95547321@sp.com", `,"email":"john.andersen@acme.com","mobilePhoneNumber":"+1-818-279-1234","language":"en_US","timezone":"America/Los_Angeles"`)
	golden(t, "subscriber_provisioning", w.get(id))
	w.provision(id)
	golden(t, "subscriber_provisioned", w.get(id))
	golden(t, "subscriber_updating", w.send("write", "PUT", "/v1/broadworks/subscribers/"+id, `{"package":"premium","firstName":"Joan","nickname":"ignored"}`))

	failed := w.onboard("failed@sp.com", `,"email":"f@acme.com"`)
	w.fails(failed)
	golden(t, "subscriber_error", w.get(failed))
	golden(t, "subscribers", w.list(""))
	golden(t, "subscribers_none", w.list("?userId=nobody"))
}

func TestErrorsHaveTheShapeThatWebexGivesThem(t *testing.T) {
	w := newWorld(t).templates()
	golden(t, "error_not_found", w.get(webex.EncodeID(webex.TypeSubscriber, token.ID("x"))))
	golden(t, "error_missing", w.send("write", "POST", "/v1/broadworks/subscribers", `{"userId":"u@sp.com"}`))
	golden(t, "error_values", w.send("write", "POST", "/v1/broadworks/subscribers",
		strings.Replace(values("u@sp.com", `,"email":"no","language":"xx"`), "John", strings.Repeat("J", 200), 1)))
	golden(t, "error_template", w.send("write", "POST", "/v1/broadworks/subscribers", strings.Replace(values("u@sp.com", ""), untrusted, "bm9uZQ", 1)))
	golden(t, "error_no_token", w.send("", "GET", "/v1/broadworks/subscribers", ""))
	golden(t, "error_parameter", w.list("?max=0"))
	golden(t, "precheck", w.send("write", "POST", "/v1/broadworks/subscribers/validate", `{"email":"a@example.com"}`))
}

func TestProvisioningAgainAnswersWhatIsThere(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	require.Equal(t, id, w.onboard("U@SP.com", ""))
	conflict := w.send("write", "POST", "/v1/broadworks/subscribers", strings.Replace(values("u@sp.com", ""), "John", "Jane", 1)).as(409)
	require.EqualValues(t, codeState, conflict["errors"].([]any)[0].(map[string]any)["errorCode"])
	require.Len(t, w.list("").as(200)["items"], 1)
}

func TestAnUpdateShowsTheOldValuesUntilItIsDone(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"u@acme.com"`)
	w.provision(id)
	path := "/v1/broadworks/subscribers/" + id
	body := w.send("write", "PUT", path, `{"package":"premium","primaryPhoneNumber":""}`).as(200)
	require.Equal(t, "updating", body["status"])
	require.Equal(t, "basic", body["package"])
	require.NotContains(t, body, "personId")
	w.happens(id, subscriber.RequestStarted{Kind: subscriber.Update, Attempt: 1, At: w.clock.Now()},
		subscriber.RequestAccepted{Kind: subscriber.Update, At: w.clock.Now()}, subscriber.Updated{At: w.clock.Now()})
	body = w.get(id).as(200)
	require.Equal(t, "provisioned", body["status"])
	require.Equal(t, "premium", body["package"])
	require.NotContains(t, body, "primaryPhoneNumber")
	require.Contains(t, body, "personId")
	w.send("write", "PUT", path, `{"extension":""}`).as(400)
	require.Equal(t, "provisioned", w.send("write", "PUT", path, `{}`).as(200)["status"])
}

func TestARemovedSubscriberIsAbsent(t *testing.T) {
	w := newWorld(t).templates()
	for _, provisioned := range []bool{false, true} {
		userID := fmt.Sprintf("u%v@sp.com", provisioned)
		id := w.onboard(userID, `,"email":"`+userID+`"`)
		if provisioned {
			w.provision(id)
		}
		path := "/v1/broadworks/subscribers/" + id
		require.Empty(t, w.send("write", "DELETE", path, "").as(204))
		w.send("write", "DELETE", path, "").as(404)
		w.send("write", "PUT", path, `{"package":"basic"}`).as(404)
		w.send("write", "POST", "/v1/subscribers/"+id+"/emails/consentMove", "").as(404)
		w.get(id).as(404)
		require.Empty(t, w.list("?userId=" + userID).as(200)["items"])
		require.Empty(t, w.list("?email=" + userID).as(200)["items"])
	}
	require.Empty(t, w.list("").as(200)["items"])
}

func TestTheConsentMailIsSentAgainWhileConsentIsAwaited(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"u@acme.com"`)
	path := "/v1/subscribers/" + id + "/emails/consentMove"
	w.send("write", "POST", path, "").as(409)
	w.accept(id)
	w.happens(id, subscriber.ConsentAwaited{At: w.clock.Now()})
	require.Equal(t, "pending_user_migration", w.get(id).as(200)["status"])
	w.send("write", "POST", path, "").as(204)
	w.send("write", "POST", path, "{}").as(204)
}

func TestIDsAreTakenWithAndWithoutPadding(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	require.NotContains(t, id, "=")
	for _, same := range []string{id, id + "=", id + "=="} {
		require.Equal(t, id, w.get(url.PathEscape(same)).as(200)["id"])
	}
	for _, not := range []string{apiID(t, id), webex.EncodeID(webex.TypePerson, mustID(t, id)), "x", "%00", "%2F", id + "x"} {
		w.get(not).as(404)
	}
}

func TestListsAreFilteredByEveryParameter(t *testing.T) {
	w := newWorld(t).templates()
	one := w.onboard("one@sp.com", `,"email":"one+tag@acme.com"`)
	w.provision(one)
	two := w.onboard("two@sp.com", "")
	person := w.get(one).as(200)["personId"].(string)
	created := w.get(two).as(200)["created"].(string)
	changed := w.get(one).as(200)["lastStatusChange"].(string)
	for query, want := range map[string][]string{
		"":                          {"one@sp.com", "two@sp.com"},
		"?userId=ONE@sp.com":        {"one@sp.com"},
		"?email=one%2Btag@acme.com": {"one@sp.com"},
		"?email=one+tag@acme.com":   {"one@sp.com"},
		"?spEnterpriseId=SP1%2Bacme&userId=two@sp.com":  {"two@sp.com"},
		"?spEnterpriseId=SP1+acme":                      {"one@sp.com", "two@sp.com"},
		"?spEnterpriseId=SP1":                           {},
		"?provisioningId=" + untrusted:                  {"one@sp.com", "two@sp.com"},
		"?provisioningId=" + trusted:                    {},
		"?personId=" + person:                           {"one@sp.com"},
		"?personId=" + person + "%3D":                   {"one@sp.com"},
		"?status=provisioned":                           {"one@sp.com"},
		"?status=error,pending_email_input,":            {"two@sp.com"},
		"?status=error":                                 {},
		"?selfActivated=false":                          {"one@sp.com", "two@sp.com"},
		`?selfActivated="true"`:                         {},
		"?after=" + created:                             {},
		"?lastStatusChange=" + changed:                  {"two@sp.com"},
		"?lastStatusChange=2026-03-01T13:00:00%2B01:00": {"one@sp.com", "two@sp.com"},
		"?lastStatusChange=2026-03-01T13:00:00+01:00":   {"one@sp.com", "two@sp.com"},
		"?after=1772366400000":                          {"one@sp.com", "two@sp.com"},
		"?after=4102444800000":                          {},
		"?unknown=ignored":                              {"one@sp.com", "two@sp.com"},
	} {
		require.Equal(t, want, userIDs(w.list(query).as(200)), query)
	}
}

func TestAfterIsStrictByTheMillisecondAsShown(t *testing.T) {
	w := newWorld(t).templates()
	w.clock.now = w.clock.now.Add(123456 * 1000) // 123.456 ms past the second
	created := w.get(w.onboard("u@sp.com", "")).as(200)["created"].(string)
	require.Contains(t, created, ".123Z")
	require.Empty(t, w.list("?after=" + created).as(200)["items"])
	require.Empty(t, w.list("?lastStatusChange=" + created).as(200)["items"])
	before := strings.Replace(created, ".123Z", ".122Z", 1)
	require.Len(t, w.list("?after=" + before).as(200)["items"], 1)
	require.Len(t, w.list("?lastStatusChange=" + before).as(200)["items"], 1)
}

func TestPagesFollowOneAnotherByTheirLinks(t *testing.T) {
	w := newWorld(t).templates()
	for i := range 5 {
		w.onboard(fmt.Sprintf("u%d@sp.com", i), "")
	}
	link := regexp.MustCompile(`<https://ledgerline\.example([^>]*)>; rel="(\w+)"`)
	links := func(a answered) map[string]string {
		found := map[string]string{}
		for _, m := range link.FindAllStringSubmatch(a.Header().Get("Link"), -1) {
			found[m[2]] = m[1]
		}
		return found
	}
	target, seen, pages := "/v1/broadworks/subscribers?max=2&spEnterpriseId=SP1%2Bacme", []string{}, 0
	for target != "" {
		a := w.send("read", "GET", target, "")
		seen = append(seen, userIDs(a.as(200))...)
		to := links(a)
		require.Equal(t, pages > 0, to["prev"] != "" && to["first"] != "")
		if pages == 2 {
			require.Equal(t, []string{"u2@sp.com", "u3@sp.com"}, userIDs(w.send("read", "GET", to["prev"], "").as(200)))
			require.Equal(t, []string{"u0@sp.com", "u1@sp.com"}, userIDs(w.send("read", "GET", to["first"], "").as(200)))
		}
		target = to["next"]
		pages++
	}
	require.Equal(t, []string{"u0@sp.com", "u1@sp.com", "u2@sp.com", "u3@sp.com", "u4@sp.com"}, seen)
	require.Equal(t, 3, pages)
	require.Empty(t, w.list("").Header().Get("Link"))
}

func TestAPrecheckRecordsNothing(t *testing.T) {
	w := newWorld(t).templates()
	head, err := w.log.Head(t.Context())
	require.NoError(t, err)
	for body, status := range map[string]int{
		`{"email":"a@example.com"}`: 200,
		`{"email":"a@example.com","customerInfo":{"primaryEmail":"b@example.com"},"unknown":1}`: 200,
		values("new@sp.com", `,"email":"a@example.com"`):                                        200,
		`{}`:               400,
		`{"email":"none"}`: 400,
		`{"email":"a@example.com","customerInfo":{}}`:  400,
		`{"email":"a@example.com","customerInfo":"x"}`: 400,
		`{"email":"a@example.com","package":"gold"}`:   400,
	} {
		w.send("write", "POST", "/v1/broadworks/subscribers/validate", body).as(status)
	}
	after, err := w.log.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, after)
}

func TestWhatCannotBeChangedIsRefusedByName(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"u@acme.com","language":"en_US"`)
	target := "/v1/broadworks/subscribers/" + id
	for field, value := range map[string]string{"email": "v@acme.com", "spEnterpriseId": "SP2", "provisioningId": trusted, "language": ""} {
		body := w.send("write", "PUT", target, `{"firstName":"Joan","`+field+`":"`+value+`"}`).as(400)
		wrong := body["errors"].([]any)[0].(map[string]any)
		require.Equal(t, field, wrong["fieldName"])
		require.Contains(t, wrong["description"], "cannot be changed; remove the subscriber and provision it again")
	}
	require.Len(t, w.send("write", "PUT", target, `{"email":"v@acme.com","language":"sv_SE"}`).as(400)["errors"], 2)
	require.Equal(t, "John", w.get(id).as(200)["firstName"])

	current := w.get(id).Body.String() // what was read may be sent back
	w.send("write", "PUT", target, current).as(200)
	w.send("write", "PUT", target, `{"email":"U@acme.com","provisioningId":"`+untrusted+`=","spEnterpriseId":"SP1+acme","language":"en_US","firstName":"Joan"}`).as(200)
	w.send("write", "PUT", target, `{"email":null}`).as(200)
	w.send("write", "PUT", "/v1/broadworks/subscribers/"+webex.EncodeID(webex.TypeSubscriber, token.ID("x")), `{"email":"v@acme.com"}`).as(404)
	w.send("other", "PUT", target, `{"email":"v@acme.com"}`).as(404)
}
