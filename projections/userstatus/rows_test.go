package userstatus_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func onboarded(userID string) subscriber.Onboarded {
	return subscriber.Onboarded{
		Flow: subscriber.API, UserID: domain.Personal(userID), SPEnterpriseID: "ent", ProvisioningID: "tpl", Package: "basic",
		FirstName: "Åsa", LastName: "Öberg-Lind", Email: "Asa.Oberg@Bücher.example", EmailTrusted: true,
		PrimaryPhoneNumber: "+46701234567", Language: "sv_SE", Timezone: "Europe/Stockholm", At: noon,
	}
}

func queries(t *testing.T, entries ...domain.Entry) *userstatus.Queries {
	return userstatus.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(entries...)))
}

func TestARowShowsEverythingOfItsSubscriber(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	l.Add(subscriber.Stream("acme", "asa@x"),
		onboarded("asa@x"),
		subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "T1", At: noon.Add(time.Second)},
		subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "W1", At: noon.Add(2 * time.Second)},
		subscriber.ProvisioningFailed{Errors: []webex.Error{{Code: 10022, Description: "no"}, {Description: "nor this"}}, At: noon.Add(3*time.Second + 7)})
	users := queries(t, l.Entries...)
	r, err := users.ByUserID(t.Context(), "acme", "ASA@X")
	require.NoError(t, err)
	var state subscriber.State
	for _, e := range l.Entries {
		state = subscriber.Evolve(state, e.Event)
	}
	require.Equal(t, userstatus.Row{ID: subscriber.ID("acme", "asa@x"), Partner: "acme", Version: 4, Position: 4, State: state}, r)
	require.Equal(t, webex.Failed, r.Status())
	require.Empty(t, r.Pending())
	require.False(t, r.SelfActivated())
	_, open := r.NextTry()
	require.False(t, open)
}

func TestAStreamOfClaimsAloneIsNoRow(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	l.Add(subscriber.Stream("acme", "old@x"), onboarded("old@x"))
	claimed := subscriber.Stream("acme", "new@x")
	l.Add(claimed, subscriber.NameClaimed{Subscriber: subscriber.ID("acme", "old@x"), At: noon})
	l.Add(subscriber.Stream("acme", "old@x"), subscriber.UserIDChanged{UserID: "new@x", At: noon})
	users := queries(t, l.Entries...)

	_, err := users.Get(t.Context(), "acme", subscriber.ID("acme", "new@x"))
	require.ErrorIs(t, err, subscriber.ErrNotFound)
	r, err := users.ByUserID(t.Context(), "acme", "New@x")
	require.NoError(t, err)
	require.Equal(t, subscriber.ID("acme", "old@x"), r.ID)
	_, err = users.ByUserID(t.Context(), "acme", "old@x")
	require.ErrorIs(t, err, subscriber.ErrNotFound)
	list, err := users.List(t.Context(), "acme", userstatus.Filter{}, userstatus.Page{})
	require.NoError(t, err)
	require.Len(t, list.Rows, 1)
}

func TestARemovedSubscriberIsListedWhenAskedFor(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	stream := subscriber.Stream("acme", "a@x")
	l.Add(stream, onboarded("a@x"), subscriber.DeletionRequested{At: noon.Add(time.Second)}, subscriber.Removed{At: noon.Add(2 * time.Second)})
	users := queries(t, l.Entries...)
	for _, c := range []struct {
		filter userstatus.Filter
		want   int
	}{
		{userstatus.Filter{}, 0},
		{userstatus.Filter{Removed: true}, 1},
		{userstatus.Filter{Statuses: []webex.Status{webex.Removed}}, 1},
		{userstatus.Filter{UserID: "a@x"}, 0},
	} {
		list, err := users.List(t.Context(), "acme", c.filter, userstatus.Page{})
		require.NoError(t, err)
		require.Len(t, list.Rows, c.want, "%+v", c.filter)
	}
	r, err := users.Get(t.Context(), "acme", subscriber.ID("acme", "a@x"))
	require.NoError(t, err)
	require.Equal(t, webex.Removed, r.Status())
}

func TestASubscriberWhoReturnsHasOneRowForTheNewLife(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	stream := subscriber.Stream("acme", "a@x")
	l.Add(stream, onboarded("a@x"), subscriber.DeletionRequested{At: noon}, subscriber.Removed{At: noon})
	l.Add(subscriber.Stream("acme", "b@x"), onboarded("b@x"))
	again := onboarded("a@x")
	again.FirstName, again.At = "Nytt", noon.Add(time.Hour)
	l.Add(stream, again)
	users := queries(t, l.Entries...)
	list, err := users.List(t.Context(), "acme", userstatus.Filter{Removed: true}, userstatus.Page{})
	require.NoError(t, err)
	require.Len(t, list.Rows, 2)
	require.Equal(t, "a@x", list.Rows[1].Profile.UserID)
	require.Equal(t, 2, list.Rows[1].Lives)
	list, err = users.List(t.Context(), "acme", userstatus.Filter{Text: "nytt"}, userstatus.Page{})
	require.NoError(t, err)
	require.Len(t, list.Rows, 1)
}

func TestSearchLooksAtBeginningsOfWordsWithoutCaseAndAccents(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	l.Add(subscriber.Stream("acme", "user-12@x.example"), onboarded("user-12@x.example"))
	users := queries(t, l.Entries...)
	for text, want := range map[string]int{
		"å": 1, "ASA": 1, "obe": 1, "öberg": 1, "lind": 1, "ind": 0, "asa lin": 1, "lin asa": 1, "asa nils": 0,
		"12": 1, "user-12": 1, "bücher": 1, "bucher": 1, "asa.oberg@": 1, "!": 0, "": 1, "xn--bcher-kva": 1,
	} {
		list, err := users.List(t.Context(), "acme", userstatus.Filter{Text: text}, userstatus.Page{})
		require.NoError(t, err)
		require.Len(t, list.Rows, want, text)
	}
}

func TestAnAddressIsFoundInAnyFormThatComparesEqual(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	l.Add(subscriber.Stream("acme", "a@x"), onboarded("a@x"))
	users := queries(t, l.Entries...)
	for email, want := range map[string]int{
		"asa.oberg@bücher.example": 1, "ASA.OBERG@BÜCHER.EXAMPLE": 1, "asa.oberg@xn--bcher-kva.example": 1,
		"asa.ober@bücher.example": 0, "asa": 0,
	} {
		list, err := users.List(t.Context(), "acme", userstatus.Filter{Email: email}, userstatus.Page{})
		require.NoError(t, err)
		require.Len(t, list.Rows, want, email)
	}
}

func TestAStreamWithAnyIDIsFoundByItsUserID(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	id := uuid.MustParse("11111111-2222-4333-8444-555555555555")
	l.Add(domain.StreamOf(subscriber.Kind, id), onboarded("a.b@x"))
	r, err := queries(t, l.Entries...).ByUserID(t.Context(), "acme", "A.B@x")
	require.NoError(t, err)
	require.Equal(t, id, r.ID)
}
