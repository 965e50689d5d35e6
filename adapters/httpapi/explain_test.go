package httpapi

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/explain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func (f *fakeWebex) Subscriber(context.Context, string) (webex.Subscriber, bool, error) {
	return f.record, f.record.ID != "", nil
}

func (f *fakeWebex) FindSubscriber(context.Context, string) (webex.Subscriber, bool, error) {
	return f.record, f.record.ID != "", nil
}

func verdicts(body map[string]any) (all []string) {
	for _, s := range body["steps"].([]any) {
		step := s.(map[string]any)
		all = append(all, step["name"].(string)+" "+step["verdict"].(string))
	}
	return all
}

func TestAUserIsExplained(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"a@example.com"`)
	at := noon.Add(time.Hour)
	w.happens(id, subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "LEDGERLINE_1", At: at})
	w.happens(id, subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "webex-1", TrackingID: "ROUTER_1", At: at.Add(1500 * time.Millisecond)})
	w.happens(id, subscriber.ProvisioningFailed{Errors: []webex.Error{{Code: 10022, Description: "taken"}}, At: at.Add(time.Minute)})

	a := w.send("read", "GET", "/api/users/"+id+"/explain", "")
	body := a.as(200)
	require.Equal(t, "stopped", body["verdict"])
	require.Equal(t, "The last try failed: 10022 taken.", body["what"])
	require.Equal(t, "error", body["status"])
	require.Equal(t, "administrator", body["awaited"].(map[string]any)["from"])
	require.Equal(t, []string{"found ok", "allowed ok", "precheck skipped", "request ok", "reply ok", "following stopped"}, verdicts(body))
	reply := body["steps"].([]any)[4].(map[string]any)
	require.Equal(t, "LEDGERLINE_1", reply["ourTrackingId"])
	require.Equal(t, "ROUTER_1", reply["webexTrackingId"])
	require.Equal(t, "2026-03-01T13:00:01.500Z", reply["at"])
	require.EqualValues(t, 1500, reply["tookMs"])
	require.Equal(t, "subscriber.request_accepted.v1", reply["entries"].([]any)[0].(map[string]any)["type"])
	require.Equal(t, body, w.send("read", "GET", "/api/users/"+apiID(t, id)+"/explain?lives=last&live=false", "").as(200))

	w.webex.record = webex.Subscriber{ID: "webex-1", Status: webex.Failed}
	live := w.send("read", "GET", "/api/users/"+id+"/explain?live=true", "").as(200)
	require.Equal(t, []string{"precheck ok", "at_webex stopped", "at_webex ok"}, verdicts(live)[6:])
	record := live["steps"].([]any)[7].(map[string]any)
	require.Contains(t, record["differences"], map[string]any{"field": "lastName", "ledger": "Andersen", "webex": ""})

	w.send("other", "GET", "/api/users/"+id+"/explain", "").as(404)
	w.send("read", "GET", "/api/users/nobody/explain", "").as(404)
}

func TestAllLivesOfAUserAreExplained(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	w.send("write", "DELETE", "/api/users/"+apiID(t, id), "").as(202)
	w.onboard("u@sp.com", "")
	require.Equal(t, []string{"found ok", "allowed ok", "email waiting"}, explained(w, id, ""))
	require.Len(t, explained(w, id, "?lives=all"), 8)
}

func explained(w *world, id, query string) []string {
	w.t.Helper()
	return verdicts(w.send("read", "GET", "/api/users/"+id+"/explain"+query, "").as(200))
}

func TestAnOnboardingIsExplainedWithoutEffect(t *testing.T) {
	w := newWorld(t).templates()
	w.onboard("u@sp.com", "")
	head, err := w.log.Head(t.Context())
	require.NoError(t, err)
	ask := func(body string) map[string]any { return w.send("write", "POST", "/api/users/explain", body).as(200) }

	body := ask(values("new@sp.com", `,"email":"a@example.com","flow":"api"`))
	require.Equal(t, "ok", body["verdict"], body["what"])
	require.Equal(t, []string{"input ok", "found ok", "allowed ok", "precheck ok", "request ok", "reply skipped", "following skipped"}, verdicts(body))
	sent := body["steps"].([]any)[4].(map[string]any)["input"].([]any)
	require.Contains(t, sent, map[string]any{"name": "primaryPhoneNumber", "value": "+12405551212"})
	require.Nil(t, body["status"])

	require.Equal(t, "waiting", ask(values("new@sp.com", `,"flow":"self_activation"`))["verdict"])
	require.Equal(t, "stopped", ask(`{}`)["verdict"], "everything is missing")
	require.Equal(t, "stopped", ask(values("U@sp.com", `,"language":"sv"`))["verdict"], "there with other values")
	w.webex.validate = &commands.WebexError{Outcome: commands.Refused, Status: 400, Message: "taken"}
	require.Equal(t, "stopped", ask(values("new@sp.com", `,"email":"a@example.com"`))["verdict"])
	w.webex.validate = &commands.WebexError{Outcome: commands.Unknown}
	require.Equal(t, "unknown", ask(values("new@sp.com", `,"email":"a@example.com"`))["verdict"])

	w.send("write", "POST", "/api/users/explain", `{"nickname":"x"}`).as(400)
	w.send("write", "POST", "/api/users/explain", `{"flow":"manual"}`).as(400)
	after, err := w.log.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, head, after)
}

func TestTheDocumentKnowsEveryStepOfAnExplanation(t *testing.T) {
	doc, err := loaded()
	require.NoError(t, err)
	var told []explain.Name
	for _, name := range doc.Components.Schemas["ExplanationStep"].Value.Properties["name"].Value.Enum {
		told = append(told, explain.Name(name.(string)))
	}
	require.ElementsMatch(t, slices.Clone(explain.Names), told)
}
