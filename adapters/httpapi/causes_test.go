package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/cause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

var outOfRoom = []webex.Error{{Code: 900500, Description: "Provisioning failed in the background (simulator)"}}

// stopped onboards users and has Webex fail them in the background.
func (w *world) stopped(errors []webex.Error, users ...string) (ids []string) {
	w.t.Helper()
	for _, user := range users {
		id := w.onboard(user, `,"email":"`+user+`"`)
		w.accept(id)
		w.happens(id, subscriber.ProvisioningFailed{Errors: errors, At: w.clock.Now()})
		ids = append(ids, id)
	}
	return ids
}

// recovers takes a stopped subscriber through a retry to provisioned.
func (w *world) recovers(id string) {
	w.t.Helper()
	w.send("write", "POST", "/api/users/"+apiID(w.t, id)+"/retry", "").as(202)
	w.happens(id,
		subscriber.RequestStarted{Kind: subscriber.Remove, Attempt: 1, TrackingID: "r", At: w.clock.Now()},
		subscriber.RequestAccepted{Kind: subscriber.Remove, At: w.clock.Now()})
	w.provision(id)
}

func fingerprintOf(errors []webex.Error) string { return string(cause.Of(errors, untrusted)) }

func causePath(errors []webex.Error) string { return "/api/causes/" + fingerprintOf(errors) }

// retryCause retries and returns the lines.
func (w *world) retryCause(query, body string, headers ...string) []map[string]any {
	w.t.Helper()
	a := w.send("write", "POST", causePath(outOfRoom)+"/retry"+query, body, headers...)
	require.Equal(w.t, 200, a.Code, a.Body.String())
	require.Equal(w.t, "application/x-ndjson", a.Header().Get("Content-Type"))
	return a.lines()
}

func TestCausesAreListedInTheCallersLanguage(t *testing.T) {
	w := newWorld(t).templates()
	w.stopped(outOfRoom, "a@sp.com", "b@sp.com")
	w.fails(w.onboard("c@sp.com", `,"email":"c@sp.com"`))
	english, swedish := cause.Find(outOfRoom).In("en"), cause.Find(outOfRoom).In("sv")
	for _, c := range []struct{ query, header, lang, title string }{
		{"", "*", "en", english.Title},
		{"", "sv-SE,sv;q=0.9,en;q=0.8", "sv", swedish.Title},
		{"", "de, sv;q=0.5", "sv", swedish.Title},
		{"", "de", "en", english.Title},
		{"?lang=sv_SE", "da", "sv", swedish.Title},
	} {
		a := w.send("read", "GET", "/api/causes"+c.query, "", "Accept-Language", c.header)
		body := a.as(200)
		require.EqualValues(t, 2, body["all"])
		items := body["items"].([]any)
		require.Len(t, items, 2)
		first := items[0].(map[string]any)
		require.Equal(t, c.title, first["title"])
		require.Equal(t, c.lang, a.Header().Get("Content-Language"))
		require.Equal(t, fingerprintOf(outOfRoom), first["fingerprint"])
		require.EqualValues(t, 2, first["stopped"])
		require.EqualValues(t, 900500, first["errorCode"])
		require.Equal(t, "user-id-taken", items[1].(map[string]any)["id"])
	}
	require.Empty(t, w.send("read", "GET", "/api/causes?template="+trusted, "").as(200)["items"])
	require.Empty(t, w.send("read", "GET", "/api/causes?customer=SP1%2Bother", "").as(200)["items"])
	require.Empty(t, w.send("other", "GET", "/api/causes", "").as(200)["items"])
}

func TestACauseShowsCustomersUsersAndWhatToDo(t *testing.T) {
	w := newWorld(t).templates()
	ids := w.stopped(outOfRoom, "a@sp.com", "b@sp.com", "c@sp.com")
	require.Nil(t, w.send("read", "GET", causePath(outOfRoom), "").as(200)["suggestion"])
	w.recovers(ids[0])
	body := w.send("read", "GET", causePath(outOfRoom)+"?lang=da", "").as(200)
	require.Equal(t, cause.Find(outOfRoom).In("da").Fix, body["fix"])
	require.Equal(t, []any{map[string]any{"spEnterpriseId": "SP1+acme", "stopped": 2., "ever": 3.}}, body["customers"])
	require.Len(t, body["users"], 2)
	suggestion := body["suggestion"].(map[string]any)
	require.Equal(t, body["lastSeen"], suggestion["since"])
	require.EqualValues(t, 1, suggestion["through"])
	require.EqualValues(t, 2, suggestion["retry"])
	require.NotEmpty(t, body["lastThrough"])
	w.send("other", "GET", causePath(outOfRoom), "").as(404)
	w.send("other", "GET", causePath(outOfRoom)+"/users", "").as(404)
	w.send("read", "GET", "/api/causes/v1-0000000000000000", "").as(404)
}

func TestUsersOfACauseComePageByPage(t *testing.T) {
	w := newWorld(t).templates()
	want := w.stopped(outOfRoom, "a@sp.com", "b@sp.com", "c@sp.com", "d@sp.com", "e@sp.com")
	var got []string
	for target := causePath(outOfRoom) + "/users?limit=2"; target != ""; {
		a := w.send("read", "GET", target, "")
		body := a.as(200)
		for _, item := range body["items"].([]any) {
			got = append(got, item.(map[string]any)["subscriberId"].(string))
		}
		target = ""
		if next, ok := body["next"]; ok {
			target = fmt.Sprintf("%s/users?limit=2&cursor=%s", causePath(outOfRoom), next)
			require.Contains(t, a.Header().Get("Link"), next)
		}
	}
	require.ElementsMatch(t, want, got)
	require.Empty(t, w.send("read", "GET", causePath(outOfRoom)+"/users?customer=nobody", "").as(200)["items"])
}

func TestAUserInErrorShowsTheCause(t *testing.T) {
	w := newWorld(t).templates()
	id := w.stopped(outOfRoom, "a@sp.com")[0]
	user := "/api/users/" + apiID(t, id)
	shown := w.send("read", "GET", user+"?lang=fr", "").as(200)["cause"].(map[string]any)
	text := cause.Find(outOfRoom).In("fr")
	require.Equal(t, map[string]any{
		"fingerprint": fingerprintOf(outOfRoom), "id": "background-failure", "title": text.Title, "explanation": text.Explanation, "fix": text.Fix,
		"who": "webex", "retry": "after_fix", "shared": false,
	}, shown)
	require.Nil(t, w.send("write", "POST", user+"/retry", "").as(202)["cause"])
	require.Nil(t, w.send("read", "GET", user, "").as(200)["cause"])
}

func TestAPreviewOfARetryChangesNothing(t *testing.T) {
	w := newWorld(t).templates()
	ids := w.stopped(outOfRoom, "a@sp.com", "b@sp.com")
	before, err := w.log.Head(t.Context())
	require.NoError(t, err)
	summary := summaryOf(t, w.retryCause("?dryRun=true", `{"customer":"SP1+acme"}`))
	require.Equal(t, map[string]any{
		"users": 2., "retried": 2., "again": 0., "skipped": 0., "dryRun": true, "eta": 1., "position": 0.,
		"customers": []any{map[string]any{"spEnterpriseId": "SP1+acme", "retried": 2.}},
	}, summary)
	after, err := w.log.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.EqualValues(t, 0, summaryOf(t, w.retryCause("?dryRun=true", `{"customer":"SP1+other"}`))["users"])
	require.Equal(t, "error", w.send("read", "GET", "/api/users/"+apiID(t, ids[0]), "").as(200)["status"])
}

func TestARetryOfACauseIsRecordedWithItsReasonAndSeenAtOnce(t *testing.T) {
	w := newWorld(t).templates()
	ids := w.stopped(outOfRoom, "a@sp.com", "b@sp.com")
	lines := w.retryCause("?users=all", `{"reason":"storm over"}`, "X-Reason", "less")
	require.Contains(t, lines[0], "progress")
	users := 0
	for _, line := range lines {
		if user, ok := line["user"].(map[string]any); ok {
			require.Equal(t, "retried", user["verdict"])
			users++
		}
	}
	require.Equal(t, 2, users)
	require.EqualValues(t, 2, summaryOf(t, lines)["retried"])
	require.Empty(t, w.send("read", "GET", "/api/causes", "").as(200)["items"])
	require.Len(t, w.send("read", "GET", "/api/causes?past=true", "").as(200)["items"], 1)
	why := w.causeOf(ids[0])
	require.Equal(t, "storm over", why.Reason)
	require.Equal(t, "bulk", why.Surface)
	require.EqualValues(t, 0, summaryOf(t, w.retryCause("", ""))["users"], "nobody is left")
}

func TestTheSameRetryOfACauseAgainRetriesNobodyASecondTime(t *testing.T) {
	w := newWorld(t).templates()
	id := w.stopped(outOfRoom, "a@sp.com")[0]
	require.EqualValues(t, 1, summaryOf(t, w.retryCause("", "", "Idempotency-Key", "k"))["retried"])
	w.happens(id,
		subscriber.RequestStarted{Kind: subscriber.Remove, Attempt: 1, TrackingID: "r", At: w.clock.Now()},
		subscriber.RequestRefused{Kind: subscriber.Remove, Status: 400, Errors: outOfRoom, At: w.clock.Now()})
	again := summaryOf(t, w.retryCause("", "", "Idempotency-Key", "k"))
	require.EqualValues(t, 0, again["retried"])
	require.EqualValues(t, 1, again["again"])
	other := w.retryCause("", `{"reason":"another request"}`, "Idempotency-Key", "k")
	require.Equal(t, "urn:ledgerline:problem:key-reused", other[len(other)-1]["error"].(map[string]any)["type"])
	require.EqualValues(t, 1, summaryOf(t, w.retryCause("", ""))["retried"])
}

func TestUsersWhoCannotBeRetriedAreToldWithTheReason(t *testing.T) {
	w := newWorld(t).templates()
	id := w.send("write", "POST", "/api/users", values("a@sp.com", `,"flow":"self_activation"`)).as(201)["id"].(string)
	id = webex.EncodeID(webex.TypeSubscriber, uuid.MustParse(id))
	w.accept(id)
	w.happens(id, subscriber.ProvisioningFailed{Errors: outOfRoom, At: w.clock.Now()})
	lines := w.retryCause("", "")
	require.EqualValues(t, 1, summaryOf(t, lines)["skipped"])
	var told []string
	for _, line := range lines {
		if user, ok := line["user"].(map[string]any); ok {
			told = append(told, user["userId"].(string)+" "+user["reason"].(string))
		}
	}
	require.Equal(t, []string{"a@sp.com email: is missing; enter a valid e-mail address"}, told)
}

func TestARetryThatMakesNoSenseIsRefused(t *testing.T) {
	w := newWorld(t).templates()
	w.stopped(outOfRoom, "a@sp.com")
	path := causePath(outOfRoom) + "/retry"
	w.send("write", "POST", "/api/causes/v1-0000000000000000/retry", "").as(404)
	w.send("other", "POST", path, "").as(404)
	w.send("write", "POST", path, `{"reason":"two\nlines"}`).as(400)
	w.send("write", "POST", path, `{"reason":"`+strings.Repeat("x", 501)+`"}`).as(400)
	w.send("write", "POST", path, `{"why":"x"}`).as(400)
	w.send("write", "POST", path+"?dryRun=perhaps", "").as(400)
	w.send("write", "POST", path+"?users=some", "").as(400)
	require.EqualValues(t, 1, w.send("read", "GET", "/api/causes", "").as(200)["all"])
}

func TestAnOutageWhileACauseIsRetriedEndsTheAnswerWithIt(t *testing.T) {
	w := newWorld(t).templates()
	w.stopped(outOfRoom, "a@sp.com")
	w.log.set(nil, fmt.Errorf("secret disk error"))
	lines := w.retryCause("", "")
	last := lines[len(lines)-1]
	require.Equal(t, "urn:ledgerline:problem:internal", last["error"].(map[string]any)["type"])
	require.NotContains(t, fmt.Sprint(last), "secret")
}

func TestASummaryNamesTheCustomersWithMostUsersAndCountsTheRest(t *testing.T) {
	customers := map[string]int{"big": 7}
	for i := range 205 {
		customers[fmt.Sprintf("c%03d", i)] = 1
	}
	shown := showRetry(commands.RetrySummary{Customers: customers, Expected: 90 * time.Second}, true)
	require.Len(t, shown.Customers, 200)
	require.Equal(t, []retryCustomer{{"big", 7}, {"c000", 1}}, shown.Customers[:2])
	require.Equal(t, 6, shown.MoreCustomers)
	require.EqualValues(t, 90, shown.ETA)
}
