package httpapi

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// next is what a user's detail says of what comes next.
func (w *world) next(id string) map[string]any {
	w.t.Helper()
	next, _ := w.send("read", "GET", "/api/users/"+id, "").as(200)["next"].(map[string]any)
	return next
}

func TestWhatComesNextIsToldApart(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	require.Nil(t, w.next(id), "the user's turn")
	w.send("write", "POST", "/api/users/"+id+"/retry", `{"email":"u@acme.com"}`).as(202)
	require.Equal(t, map[string]any{"what": "attempt", "attempt": 1.0, "of": 8.0}, w.next(id))
	require.NotContains(t, w.send("read", "GET", "/api/users", "").as(200)["items"].([]any)[0], "next", "only the detail has it")

	now := w.clock.Now()
	start := func(attempt int) domain.Event {
		return subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: attempt, TrackingID: "L", At: now}
	}
	w.happens(id, start(1))
	require.Equal(t, map[string]any{"what": "reply", "at": stamp(now.Add(activation.CallTime))}, w.next(id))
	w.happens(id, subscriber.RequestLost{Kind: subscriber.Provision, Why: "reset", At: now})
	require.Equal(t, "look-up", w.next(id)["what"])
	w.happens(id, subscriber.RequestAbsent{Kind: subscriber.Provision, At: now})
	require.Equal(t, "attempt", w.next(id)["what"])
	require.EqualValues(t, 2, w.next(id)["attempt"])
	w.happens(id, start(2), subscriber.RequestPostponed{Kind: subscriber.Provision, Status: 429, Until: now.Add(time.Hour), At: now})
	require.Equal(t, map[string]any{"what": "attempt", "attempt": 2.0, "at": stamp(now.Add(time.Hour))}, w.next(id))
	w.happens(id, start(2), subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "w", At: now})
	require.Equal(t, "poll", w.next(id)["what"])
	w.happens(id, subscriber.ProvisioningFailed{Errors: []webex.Error{{Description: "later"}}, At: now})
	require.Nil(t, w.next(id), "an administrator's turn")
	w.happens(id, subscriber.RetryPlanned{Try: 1, Until: now.Add(time.Hour), At: now})
	require.Equal(t, map[string]any{"what": "retry", "attempt": 1.0, "of": 4.0, "at": stamp(now.Add(time.Hour))}, w.next(id))
}

func TestAPlannedRetryIsCancelled(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"u@acme.com"`)
	w.send("write", "DELETE", "/api/users/"+id+"/retry", "").as(409)
	w.fails(id)
	w.happens(id, subscriber.RetryPlanned{Try: 1, Until: w.clock.Now().Add(time.Hour), At: w.clock.Now()})
	cancelled := w.send("write", "DELETE", "/api/users/"+id+"/retry", "").as(200)
	require.Equal(t, "error", cancelled["status"])
	require.NotContains(t, cancelled, "nextTry")
	require.Nil(t, w.next(id))
	require.Equal(t, "token:", w.causeOf(id).Actor[:6])
	w.send("write", "DELETE", "/api/users/"+id+"/retry", "").as(200)
}

func TestWhoWasGivenUpIsShownAndFoundAsSuch(t *testing.T) {
	w := newWorld(t).templates()
	given, failed := w.onboard("given@sp.com", `,"email":"g@acme.com"`), w.onboard("failed@sp.com", `,"email":"f@acme.com"`)
	w.fails(failed)
	w.happens(given, subscriber.Quarantined{Kind: subscriber.Provision, Attempts: 8, Reason: "Webex did not answer.", At: w.clock.Now()})
	shown := w.send("read", "GET", "/api/users/"+given, "").as(200)
	require.Equal(t, true, shown["quarantined"])
	require.Equal(t, "Webex did not answer.", shown["errors"].([]any)[0].(map[string]any)["description"])
	for query, want := range map[string][]string{
		"?quarantined=true": {"given@sp.com"}, "?quarantined=true&customer=SP1%2Bacme&status=error": {"given@sp.com"},
		"?quarantined=true&sort=-lastStatusChange": {"given@sp.com"}, "?quarantined=true&q=failed": {}, "?quarantined=true&status=provisioned": {},
		"?quarantined=false&status=error": {"given@sp.com", "failed@sp.com"},
	} {
		require.Equal(t, want, userIDs(w.send("read", "GET", "/api/users"+query, "").as(200)), query)
	}
	w.send("write", "POST", "/api/users/"+given+"/retry", "").as(202)
	require.Empty(t, userIDs(w.send("read", "GET", "/api/users?quarantined=true", "").as(200)))
}

func TestAUserSeesTheHoldThatConcernsTheNextRequest(t *testing.T) {
	w := newWorld(t).templates()
	ready, waits := w.onboard("ready@sp.com", `,"email":"r@acme.com"`), w.onboard("waits@sp.com", "")
	hold := w.send("write", "POST", "/api/holds", holdAcme).as(201)
	shown := w.send("read", "GET", "/api/users/"+ready, "").as(200)
	require.Equal(t, map[string]any{"id": hold["id"], "reason": hold["reason"]}, shown["held"])
	require.Equal(t, map[string]any{"what": "hold"}, shown["next"])
	require.NotContains(t, w.send("read", "GET", "/api/users/"+waits, "").as(200), "held", "an address comes first")
	require.NotContains(t, w.send("read", "GET", "/api/users", "").as(200)["items"].([]any)[0], "held")
	w.send("write", "POST", "/api/holds/"+hold["id"].(string)+"/lift", "").as(200)
	require.NotContains(t, w.send("read", "GET", "/api/users/"+ready, "").as(200), "held")

	w.accept(ready)
	w.send("write", "POST", "/api/holds", holdAcme).as(201)
	require.Equal(t, "poll", w.next(ready)["what"], "what is under way goes on")
}

func TestWhoWaitsForTheAdministratorIsToldSo(t *testing.T) {
	w := newWorld(t)
	w.send("write", "POST", "/api/templates", `{"provisioningId":"`+untrusted+`","name":"A","region":"EU","emailLanguage":"sv","cluster":"C1",
		"defaultPackage":"basic","emails":"untrusted","flowThrough":true,"provisionAdminFirst":true}`).as(201)
	first, second := w.onboard("first@sp.com", `,"email":"a@acme.com"`), w.onboard("second@sp.com", `,"email":"b@acme.com"`)
	require.Equal(t, "attempt", w.next(first)["what"])
	require.Equal(t, map[string]any{"what": "administrator"}, w.next(second))
	why := domain.Cause{Partner: acme, Command: uuid.New()}
	_, err := w.log.Append(t.Context(), customer.Stream(acme, "SP1+acme"), 1, why, customer.AdministratorActivated{At: noon})
	require.NoError(t, err)
	require.Equal(t, "attempt", w.next(second)["what"])
}
