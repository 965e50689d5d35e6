package activations_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/subscriber"
	"ledgerline/projections/activations"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func onboarded(email string, at time.Time) subscriber.Onboarded {
	return subscriber.Onboarded{Flow: subscriber.API, UserID: "u", Email: domain.Personal(email), EmailTrusted: email != "", At: at}
}

func TestDueIsWhatTheProcessHasToDoAndNothingElse(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	l.Add(subscriber.Stream("acme", "waits"), onboarded("", noon))
	l.Add(subscriber.Stream("acme", "ready"), onboarded("a@x.example", noon.Add(time.Minute)))
	l.Add(subscriber.Stream("acme", "sent"), onboarded("b@x.example", noon),
		subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "T", At: noon.Add(time.Hour)})
	l.Cause.Partner = "beta"
	l.Add(subscriber.Stream("beta", "later"), onboarded("c@x.example", noon),
		subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "T", At: noon},
		subscriber.RequestPostponed{Kind: subscriber.Provision, Status: 429, Until: noon.Add(30 * time.Minute), At: noon})
	q := activations.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(l.Entries...)))

	all, err := q.Due(t.Context(), noon.Add(24*time.Hour), 10)
	require.NoError(t, err)
	due := func(partner, userID string, at time.Time) activations.Due {
		return activations.Due{Stream: subscriber.Stream(partner, userID), ID: subscriber.ID(partner, userID), Partner: partner, At: at}
	}
	ready, later := due("acme", "ready", noon.Add(time.Minute)), due("beta", "later", noon.Add(30*time.Minute))
	require.Equal(t, []activations.Due{ready, later, due("acme", "sent", noon.Add(time.Hour+activation.CallTime))}, all)

	now, err := q.Due(t.Context(), noon.Add(30*time.Minute), 10)
	require.NoError(t, err)
	require.Equal(t, []activations.Due{ready, later}, now)
	one, err := q.Due(t.Context(), noon.Add(30*time.Minute), 1)
	require.NoError(t, err)
	require.Equal(t, []activations.Due{ready}, one)

	at, ok, err := q.NextDue(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, noon.Add(time.Minute), at)
	for partner, want := range map[string]int{"acme": 2, "beta": 1, "nobody": 0} {
		open, err := q.Open(t.Context(), partner)
		require.NoError(t, err)
		require.Equal(t, want, open, partner)
	}
}

func TestNothingIsDueOnceAllIsDone(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	l.Add(subscriber.Stream("acme", "u"), onboarded("a@x.example", noon),
		subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "T", At: noon},
		subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "w", At: noon},
		subscriber.Provisioned{PersonID: "p", At: noon})
	q := activations.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(l.Entries...)))
	_, ok, err := q.NextDue(t.Context())
	require.NoError(t, err)
	require.False(t, ok)
}
