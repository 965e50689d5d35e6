package httpapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/subscriber"
	"ledgerline/projections/userstatus"
)

func TestUsersAreFilteredByEveryParameter(t *testing.T) {
	w := newWorld(t).templates()
	done := w.onboard("done@sp.com", `,"email":"done@acme.com"`)
	w.provision(done)
	failed := w.onboard("failed@sp.com", `,"email":"failed@acme.com"`)
	w.fails(failed)
	w.send("write", "POST", "/api/users", strings.Replace(values("self@sp.com", `,"flow":"self_activation"`), `"basic"`, `"premium"`, 1)).as(201)
	gone := w.onboard("gone@sp.com", "")
	w.send("write", "DELETE", "/api/users/"+gone, "").as(202)
	person := w.send("read", "GET", "/api/users/"+done, "").as(200)["personId"].(string)
	changed := w.send("read", "GET", "/api/users/"+failed, "").as(200)["created"].(string)
	for query, want := range map[string][]string{
		"":                                   {"done@sp.com", "failed@sp.com", "self@sp.com"},
		"?removed=true":                      {"done@sp.com", "failed@sp.com", "self@sp.com", "gone@sp.com"},
		"?status=removed":                    {"gone@sp.com"},
		"?status=error,provisioned":          {"done@sp.com", "failed@sp.com"},
		"?excludeProvisioned=true":           {"failed@sp.com", "self@sp.com"},
		"?excludeProvisioned=false":          {"done@sp.com", "failed@sp.com", "self@sp.com"},
		"?q=fail":                            {"failed@sp.com"},
		"?q=john+fail":                       {"failed@sp.com"},
		"?userId=DONE@sp.com":                {"done@sp.com"},
		"?email=done@acme.com":               {"done@sp.com"},
		"?personId=" + person:                {"done@sp.com"},
		"?template=" + trusted:               {},
		"?customer=SP1%2Bacme&package=basic": {"done@sp.com", "failed@sp.com"},
		"?package=premium,standard":          {"self@sp.com"},
		"?flow=self_activation":              {"self@sp.com"},
		"?selfActivated=false":               {"done@sp.com", "failed@sp.com"},
		"?createdAfter=" + changed:           {"self@sp.com"},
		"?changedAfter=" + changed:           {"failed@sp.com", "self@sp.com"},
		"?sort=-lastStatusChange":            {"self@sp.com", "failed@sp.com", "done@sp.com"},
	} {
		require.Equal(t, want, userIDs(w.send("read", "GET", "/api/users"+query, "").as(200)), query)
		if query = strings.Replace(query, "?sort=-lastStatusChange", "", 1); query != "" {
			exported := w.send("read", "GET", "/api/users/export"+query+"&format=jsonl", "")
			require.Len(t, exported.lines(), len(want), query)
			require.Equal(t, len(want)+1, strings.Count(w.send("read", "GET", "/api/users/export"+query, "").Body.String(), "\r\n"), query)
		}
	}
}

func TestPagesOfUsersFollowOneAnotherWithoutGapsOrRepeats(t *testing.T) {
	w := newWorld(t).templates()
	for i := range 5 {
		w.onboard(fmt.Sprintf("u%d@sp.com", i), "")
	}
	for _, sort := range []string{"created", "-lastStatusChange"} {
		target, seen := "/api/users?limit=2&sort="+sort, []string{}
		for target != "" {
			a := w.send("read", "GET", target, "")
			body := a.as(200)
			seen = append(seen, userIDs(body)...)
			link := a.Header().Get("Link")
			require.Equal(t, body["next"] != nil, link != "")
			target = strings.TrimSuffix(strings.TrimPrefix(link, "<https://ledgerline.example"), `>; rel="next"`)
		}
		require.Len(t, seen, 5)
		require.ElementsMatch(t, []string{"u0@sp.com", "u1@sp.com", "u2@sp.com", "u3@sp.com", "u4@sp.com"}, seen)
	}
}

func TestAUserIsFoundByEitherOfItsIDs(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	for _, same := range []string{id, id + "=", apiID(t, id), strings.ToUpper(apiID(t, id))} {
		body := w.send("read", "GET", "/api/users/"+same, "").as(200)
		require.Equal(t, id, body["subscriberId"])
		require.Equal(t, apiID(t, id), body["id"])
	}
	for _, not := range []string{"x", "urn:uuid:" + apiID(t, id), "{" + apiID(t, id) + "}", strings.ReplaceAll(apiID(t, id), "-", "")} {
		w.send("read", "GET", "/api/users/"+not, "").as(404)
	}
}

func TestOnboardingANewUserIsToldFromFindingIt(t *testing.T) {
	w := newWorld(t).templates()
	first := w.send("write", "POST", "/api/users", values("u@sp.com", ""))
	id := first.as(201)["id"].(string)
	require.Equal(t, "/api/users/"+id, first.Header().Get("Location"))
	require.Equal(t, "pending_email_input", first.as(201)["pending"])
	require.Equal(t, id, w.send("write", "POST", "/api/users", values("u@sp.com", "")).as(200)["id"])
	w.send("write", "POST", "/api/users", strings.Replace(values("u@sp.com", ""), "John", "Jane", 1)).as(409)
	defaulted := w.send("write", "POST", "/api/users", strings.Replace(values("d@sp.com", ""), `,"package":"basic"`, "", 1))
	require.Equal(t, "basic", defaulted.as(201)["package"])
}

func TestAUserTypesAnAddressAndProvesIt(t *testing.T) {
	w := newWorld(t).templates()
	user := "/api/users/" + apiID(t, w.onboard("u@sp.com", ""))
	w.send("write", "POST", user+"/email", `{"email":"u@acme.com"}`).as(403)
	for _, body := range []string{`{}`, `{"email":""}`, `{"email":"none"}`} {
		w.send("program", "POST", user+"/email", body).as(400)
	}
	submitted := w.send("program", "POST", user+"/email", `{"email":"u@acme.com"}`).as(200)
	require.Equal(t, "pending_email_validation", submitted["status"])
	require.Equal(t, false, submitted["emailTrusted"])
	w.send("program", "POST", user+"/email/validation", `{"email":"older@acme.com"}`).as(409)
	validated := w.send("program", "POST", user+"/email/validation", `{"email":"U@ACME.com"}`).as(202)
	require.Equal(t, "provisioning", validated["status"])
	require.NotEmpty(t, validated["nextTry"])
	require.Equal(t, "program", w.causeOf(validated["id"].(string)).Role)
}

func TestAFailedUserIsRetriedChangedAndDeleted(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"u@acme.com"`)
	user := "/api/users/" + id
	w.fails(id)
	body := w.send("read", "GET", user, "").as(200)
	require.Equal(t, "error", body["status"])
	require.EqualValues(t, 10022, body["errors"].([]any)[0].(map[string]any)["errorCode"])
	w.send("write", "POST", user+"/retry", `{"email":"none"}`).as(400)
	body = w.send("write", "POST", user+"/retry", `{"email":"new@acme.com"}`).as(202)
	require.Equal(t, "provisioning", body["status"])
	require.Equal(t, "new@acme.com", body["email"])
	require.NotContains(t, body, "errors")
	w.send("write", "POST", user+"/retry", "").as(202)
	w.send("write", "PUT", user+"/package", `{"package":"gold"}`).as(400)
	w.send("write", "PUT", user+"/package", `{}`).as(400)
	require.Equal(t, "premium", w.send("write", "PUT", user+"/package", `{"package":"premium"}`).as(200)["package"])
	require.Equal(t, "removing", w.send("write", "DELETE", user, "").as(202)["status"])
	require.Equal(t, "removing", w.send("write", "DELETE", user, "").as(202)["status"])
	w.send("write", "POST", user+"/retry", "").as(404)
}

func TestAnUnknownOutcomeIsNotAFailure(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"u@acme.com"`)
	w.happens(id, subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "LEDGERLINE_1", At: w.clock.Now()},
		subscriber.RequestLost{Kind: subscriber.Provision, Why: "time-out", At: w.clock.Now()})
	body := w.send("read", "GET", "/api/users/"+id, "").as(200)
	require.Equal(t, true, body["outcomeUnknown"])
	require.Equal(t, "provisioning", body["status"])
}

func TestChangingAUserIDKeepsTheUser(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	body := w.send("write", "PATCH", "/api/users/"+id, `{"userId":"new@sp.com","extension":""}`).as(200)
	require.Equal(t, "new@sp.com", body["userId"])
	require.NotContains(t, body, "extension")
	require.Equal(t, []string{"new@sp.com"}, userIDs(w.list("?userId=new@sp.com").as(200)))
	w.onboard("taken@sp.com", "")
	w.send("write", "PATCH", "/api/users/"+id, `{"userId":"taken@sp.com"}`).as(409)
	claimed := subscriber.ID(acme, "new@sp.com")
	w.send("read", "GET", "/api/users/"+claimed.String(), "").as(404)
	w.send("read", "GET", "/api/users/"+claimed.String()+"/audit", "").as(404)
}

// brokenUsers break off after their first row.
type brokenUsers struct {
	Users
	rows int
}

func (u brokenUsers) All(context.Context, string, userstatus.Filter) iter.Seq2[userstatus.Row, error] {
	return func(yield func(userstatus.Row, error) bool) {
		for range u.rows {
			if !yield(userstatus.Row{}, nil) {
				return
			}
		}
		yield(userstatus.Row{}, errors.New("views.db is gone"))
	}
}

func TestAnExportThatCannotBeFinishedBreaksOff(t *testing.T) {
	for _, rows := range []int{0, 3} {
		w := newWorld(t, func(c *Config) { c.Users = brokenUsers{rows: rows} })
		export := func() { w.send("read", "GET", "/api/users/export?format=jsonl", "").as(500) }
		if rows > 0 {
			require.PanicsWithValue(t, http.ErrAbortHandler, export)
		} else {
			export()
		}
		require.Contains(t, w.logged.text(), "views.db is gone")
	}
}

func TestExportsAreFilesWithEveryUser(t *testing.T) {
	w := newWorld(t).templates()
	w.onboard("u@sp.com", "")
	a := w.send("read", "GET", "/api/users/export", "")
	require.Equal(t, `attachment; filename="users.csv"`, a.Header().Get("Content-Disposition"))
	require.Equal(t, "no-store", a.Header().Get("Cache-Control"))
	require.Contains(t, a.Body.String(), "u@sp.com")
	require.Equal(t, `attachment; filename="users.jsonl"`, w.send("read", "GET", "/api/users/export?format=jsonl", "").Header().Get("Content-Disposition"))
}
