package httpapi

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/domain/webex"
)

// aScan is the id of the scan that scanned records.
var aScan = uuid.MustParse("6970e6bb-7439-4ffb-ad34-d3ff0167ddad")

// scanned records a scan with one finding of three kinds.
func (w *world) scanned() *world {
	w.t.Helper()
	having := func(userID string, p webex.Package) *drift.Values {
		return &drift.Values{UserID: domain.Personal(userID), FirstName: "Anna", Package: p, Status: webex.Provisioned, PersonID: "p"}
	}
	finding := func(kind drift.Kind, here, there *drift.Values) drift.Finding {
		return drift.Finding{Kind: kind, Subscriber: uuid.New(), Version: 4, WebexID: "webex-1", Here: here, There: there, Propose: kind.Actions()[0]}
	}
	at := w.clock.Now()
	w.records(drift.Stream(aScan), "token:ada", drift.Started{At: at}, drift.Progressed{At: at},
		drift.Found{Findings: []drift.Finding{
			finding(drift.Missing, having("m@sp.com", "basic"), nil),
			finding(drift.Unknown, nil, having("u@sp.com", "standard")),
			finding(drift.Package, having("p@sp.com", "basic"), having("p@sp.com", "premium")),
		}, At: at},
		drift.Finished{Counts: drift.Counts{Records: 8, Users: 9, InMotion: 1}, At: at})
	return w
}

// records appends to a stream of acme.
func (w *world) records(stream, actor string, events ...domain.Event) {
	w.t.Helper()
	entries, err := w.log.ReadStream(w.t.Context(), stream)
	require.NoError(w.t, err)
	why := domain.Cause{Partner: acme, Actor: actor, Role: domain.RoleAdmin, Surface: domain.SurfaceAPI, Reason: "weekly check", Command: uuid.New()}
	at, err := w.log.Append(w.t.Context(), stream, len(entries), why, events...)
	require.NoError(w.t, err)
	require.NoError(w.t, w.views.Wait(w.t.Context(), at))
}

func TestAScanIsStartedOnceForEachKeyAndOneAtATime(t *testing.T) {
	w := newWorld(t)
	const key = "Idempotency-Key"
	first := w.send("write", "POST", "/api/drift", `{"customer":" SP1 ","template":"dHJ1c3RlZA=="}`, key, "a", "X-Reason", "doubts")
	scan := first.as(202)
	require.Equal(t, "/api/drift/"+scan["id"].(string), first.Header().Get("Location"))
	require.Equal(t, "waiting", scan["phase"])
	require.Equal(t, scan, w.send("write", "POST", "/api/drift", `{"customer":" SP1 ","template":"dHJ1c3RlZA=="}`, key, "a", "X-Reason", "doubts").as(202))
	w.send("write", "POST", "/api/drift", `{}`, key, "a").as(422)
	require.Contains(t, w.send("write", "POST", "/api/drift", `{}`).as(409)["detail"], "under way")
	shown := w.send("read", "GET", "/api/drift/"+scan["id"].(string), "").as(200)
	require.Equal(t, "SP1", shown["customer"])
	require.Equal(t, "dHJ1c3RlZA", shown["template"])
	require.Equal(t, "doubts", shown["reason"])
	w.send("other", "POST", "/api/drift", `{}`).as(202)
	w.send("write", "POST", "/api/drift", `{"customer":"`+strings.Repeat("x", 513)+`"}`).as(400)
}

func TestAScanShowsWhatItFoundAndWhatIsProposed(t *testing.T) {
	w := newWorld(t).scanned()
	target := "/api/drift/" + aScan.String()
	list := w.send("read", "GET", "/api/drift", "").as(200)
	require.Len(t, list["items"], 1)
	require.Len(t, list["attention"], 3)
	require.Empty(t, w.send("other", "GET", "/api/drift", "").as(200)["items"])
	require.Empty(t, w.send("other", "GET", "/api/drift", "").as(200)["attention"])

	scan := w.send("read", "GET", target, "").as(200)
	require.Equal(t, "finished", scan["phase"])
	require.Equal(t, "token:ada", scan["by"])
	require.EqualValues(t, 1, scan["inMotion"])
	require.Len(t, scan["states"], 3)
	require.Equal(t, map[string]any{
		"findings": 3., "creates": 1., "updates": 1., "removals": 0., "licences": map[string]any{"standard": 1.},
		"actions": []any{
			map[string]any{"kind": "missing", "action": "recreate", "findings": 1.},
			map[string]any{"kind": "unknown", "action": "adopt", "findings": 1.},
			map[string]any{"kind": "package", "action": "push", "findings": 1.},
		},
	}, scan["proposed"])

	page := w.send("read", "GET", target+"/findings?limit=2", "")
	items := page.as(200)["items"].([]any)
	require.Len(t, items, 2)
	require.Equal(t, "m@sp.com", items[0].(map[string]any)["userId"])
	require.Contains(t, page.Header().Get("Link"), "cursor=2")
	items = w.send("read", "GET", target+"/findings?cursor=2", "").as(200)["items"].([]any)
	require.Len(t, items, 1)
	last := items[0].(map[string]any)
	require.EqualValues(t, 3, last["number"])
	require.Equal(t, "premium", last["there"].(map[string]any)["package"])
	require.Equal(t, []any{"push", "take", "ignore"}, last["possible"])
	require.Len(t, w.send("read", "GET", target+"/findings?kind=unknown&state=open", "").as(200)["items"], 1)
	require.Empty(t, w.send("read", "GET", target+"/findings?kind=unknown&state=done", "").as(200)["items"])
	w.send("read", "GET", target+"/findings?kind=odd", "").as(400)
	w.send("read", "GET", target+"/findings?cursor=x", "").as(400)
	w.send("read", "GET", "/api/drift/none", "").as(404)
}

func TestAPersonApprovesAndSeesBeforeWhatThatDoes(t *testing.T) {
	w := newWorld(t).scanned()
	target := "/api/drift/" + aScan.String()
	approve := target + "/approve"
	const body = `{"kinds":{"missing":"accept"},"findings":{"3":"take"}}`
	planned := w.send("write", "POST", approve+"?dryRun=true", body).as(200)
	require.Equal(t, map[string]any{"basic": -2., "premium": 1.}, planned["licences"])
	require.Empty(t, w.send("read", "GET", target+"/findings?state=approved", "").as(200)["items"], "a dry run changes nothing")

	w.send("program", "POST", approve, body).as(403)
	w.send("write", "POST", approve, body, "If-Match", `"1"`).as(412)
	done := w.send("write", "POST", approve, body, "Idempotency-Key", "k", "X-Reason", "as%20agreed").as(202)
	require.Equal(t, planned, done)
	require.Equal(t, done, w.send("write", "POST", approve, body, "Idempotency-Key", "k", "X-Reason", "as%20agreed").as(202), "a repetition is answered the same")
	require.Len(t, w.send("read", "GET", target+"/findings?state=approved", "").as(200)["items"], 2)
	require.Len(t, w.send("read", "GET", "/api/drift", "").as(200)["attention"], 1)
	approvals := w.send("read", "GET", target, "").as(200)["approvals"].([]any)
	require.Len(t, approvals, 1)
	require.Equal(t, "as agreed", approvals[0].(map[string]any)["reason"])

	require.EqualValues(t, 0, w.send("write", "POST", approve, `{"kinds":{"missing":"ignore"}}`).as(202)["findings"], "what was approved stays so")
	require.Contains(t, w.send("write", "POST", approve, `{"findings":{"1":"ignore"}}`).as(409)["detail"], "Something else was approved")
	audit := w.send("read", "GET", "/api/audit?type=drift.approved.v1", "").as(200)["items"].([]any)
	require.Equal(t, "Settling of drift approved", audit[0].(map[string]any)["what"])
	require.Contains(t, audit[0].(map[string]any)["changes"], map[string]any{"field": "approved", "old": "", "new": "2"})
}

func TestAnApprovalThatMakesNoSenseIsNamed(t *testing.T) {
	w := newWorld(t).scanned()
	approve := "/api/drift/" + aScan.String() + "/approve"
	for body, pointers := range map[string][]string{
		`{}`: {"#/all"},
		`{"kinds":{"missing":"push","odd":"push"},"findings":{"2":"take","9":"ignore"}}`: {"#/kinds/missing", "#/kinds/odd", "#/findings/2", "#/findings/9"},
		`{"findings":{"x":"take"}}`: {"#/findings/x"},
		`{"kinds":"missing"}`:       {"#/kinds"},
		`{"everything":true}`:       {"#/everything"},
	} {
		t.Run(body, func(t *testing.T) {
			w.t = t
			var got []string
			for _, e := range w.send("write", "POST", approve, body).as(400)["errors"].([]any) {
				got = append(got, e.(map[string]any)["pointer"].(string))
			}
			require.Equal(t, pointers, got)
		})
	}
	w.t = t
	w.send("write", "POST", "/api/drift/"+uuid.NewString()+"/approve", `{"all":true}`).as(404)
	running, _, err := w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, domain.Cause{Partner: acme})
	require.NoError(t, err)
	require.Contains(t, w.send("write", "POST", "/api/drift/"+running.String()+"/approve", `{"all":true}`).as(409)["detail"], "not finished")
}
