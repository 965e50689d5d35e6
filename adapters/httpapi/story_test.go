package httpapi

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// templates makes the two templates.
func (w *world) templates() *world {
	w.t.Helper()
	w.send("write", "POST", "/api/templates", `{"provisioningId":"`+untrusted+`","name":"Untrusted","region":"EU","emailLanguage":"sv","cluster":"C1",
		"defaultPackage":"basic","emails":"untrusted","flowThrough":true,"allowSelfActivation":true,"shareLink":"https://portal.example/activate/`+untrusted+`"}`).as(201)
	w.send("write", "POST", "/api/templates", `{"provisioningId":"`+trusted+`","name":"Trusted","region":"EU","emailLanguage":"sv","cluster":"C1",
		"defaultPackage":"standard","emails":"trusted","flowThrough":true}`).as(201)
	return w
}

// values of a user, as JSON; more is put before the closing brace.
func values(userID, more string) string {
	return `{"provisioningId":"` + untrusted + `","userId":"` + userID + `","spEnterpriseId":"SP1+acme","firstName":"John","lastName":"Andersen",` +
		`"primaryPhoneNumber":"+1-240-555-1212","extension":"1212","package":"basic"` + more + `}`
}

// onboard onboards a user through /v1 and returns its id there.
func (w *world) onboard(userID, more string) string {
	w.t.Helper()
	return w.send("write", "POST", "/v1/broadworks/subscribers", values(userID, more)).as(200)["id"].(string)
}

// happens records what the engine would have recorded of a subscriber.
func (w *world) happens(id string, events ...domain.Event) {
	w.t.Helper()
	parsed, ok := webex.DecodeID(webex.TypeSubscriber, id)
	require.True(w.t, ok)
	stream := domain.StreamOf(subscriber.Kind, parsed)
	entries, err := w.log.ReadStream(w.t.Context(), stream)
	require.NoError(w.t, err)
	why := domain.Cause{Partner: acme, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine, Command: uuid.New()}
	at, err := w.log.Append(w.t.Context(), stream, len(entries), why, events...)
	require.NoError(w.t, err)
	require.NoError(w.t, w.views.Wait(w.t.Context(), at))
}

// provision takes a subscriber to provisioned.
func (w *world) provision(id string) {
	w.t.Helper()
	w.accept(id)
	w.happens(id, subscriber.Provisioned{PersonID: webex.EncodeID(webex.TypePerson, uuid.NewSHA1(uuid.Nil, []byte(id))), At: w.clock.Now()})
}

// accept has Webex accept the request for a subscriber.
func (w *world) accept(id string) {
	w.t.Helper()
	w.happens(id,
		subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "LEDGERLINE_1", At: w.clock.Now()},
		subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "webex-" + id, At: w.clock.Now()})
}

// fails a subscriber in the background, with a code of Cisco's.
func (w *world) fails(id string) {
	w.t.Helper()
	w.accept(id)
	w.happens(id, subscriber.ProvisioningFailed{Errors: []webex.Error{{Code: 10022, Description: "The BroadWorks UserID is already associated with an existing user."}}, At: w.clock.Now()})
}

// mustID is the uuid of an id of /v1.
func mustID(t *testing.T, text string) uuid.UUID {
	t.Helper()
	id, ok := webex.DecodeID(webex.TypeSubscriber, text)
	require.True(t, ok)
	return id
}

// apiID turns an id of /v1 into the uuid of /api.
func apiID(t *testing.T, id string) string {
	t.Helper()
	return mustID(t, id).String()
}
