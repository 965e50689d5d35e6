package subscriber_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

var (
	maintained   = []webex.Error{{Code: 2560, Description: "The service is in maintenance."}}
	firstTry     = subscriber.RetryPlanned{Try: 1, Until: at(3).Add(domain.Spread(2*time.Minute, "t1")), At: at(3)}
	retryPlanned = given(sent, subscriber.ProvisioningFailed{Errors: maintained, At: at(3)}, firstTry)
	quarantined  = given(sending, lost(subscriber.Provision), subscriber.RequestAbsent{Kind: subscriber.Provision, At: at(3)},
		subscriber.Quarantined{Kind: subscriber.Provision, Attempts: 1, Reason: "no answer", At: at(4)})
)

func TestWhatPassesByItselfIsTriedAgain(t *testing.T) {
	broken := func(e []webex.Error) subscriber.RecordStatus {
		return subscriber.RecordStatus{Found: true, Record: record(webex.Failed, func(r *webex.Subscriber) { r.Errors = e }), At: at(3)}
	}
	updateTry := subscriber.RetryPlanned{Try: 1, Until: at(3).Add(domain.Spread(2*time.Minute, "t2")), At: at(3)}
	domaintest.Run(t, subscriber.Decider, cases{
		{
			Name: "after a failure in the background", Given: sent, When: broken(maintained),
			Then: events{subscriber.ProvisioningFailed{Errors: maintained, At: at(3)}, firstTry},
		},
		{
			Name: "and of an update", Given: given(updating, accepted(subscriber.Update)), When: broken(maintained),
			Then: events{subscriber.UpdateFailed{Errors: maintained, At: at(3)}, updateTry},
		},
		{
			Name: "after a refusal at once", Given: sending, When: subscriber.RecordRefused{Tracking: "t1", Status: 403, Errors: maintained, At: at(3)},
			Then: events{subscriber.RequestRefused{Kind: subscriber.Provision, Status: 403, Errors: maintained, At: at(3)}, firstTry},
		},
		{Name: "what needs a person is not", Given: sent, When: broken(taken), Then: events{subscriber.ProvisioningFailed{Errors: taken, At: at(3)}}},
		{
			Name: "nor is the removal of somebody who leaves", Given: removing, When: subscriber.RecordRefused{Tracking: "t5", Status: 403, Errors: maintained, At: at(3)},
			Then: events{subscriber.RequestRefused{Kind: subscriber.Remove, Status: 403, Errors: maintained, At: at(3)}},
		},
		{Name: "the time comes", Given: retryPlanned, When: subscriber.TryAgain{At: firstTry.Until}, Then: events{subscriber.RetryStarted{At: firstTry.Until}}},
		{Name: "and not before", Given: retryPlanned, When: subscriber.TryAgain{At: firstTry.Until.Add(-1)}},
		{Name: "nothing is tried where no try is planned", Given: failed, When: subscriber.TryAgain{At: at(9)}},
	})
	s := after(retryPlanned, subscriber.RetryStarted{At: at(9)})
	require.Equal(t, subscriber.Ready, s.Stage)
	require.Equal(t, subscriber.Remove, s.Wants(), "the failed record goes first")
	require.Zero(t, s.RetryAt)
	require.Equal(t, webex.Updating, after(updating, accepted(subscriber.Update), subscriber.UpdateFailed{Errors: maintained, At: at(5)}, updateTry, subscriber.RetryStarted{At: at(9)}).Status())
}

func TestTriesGetRarerAndEnd(t *testing.T) {
	history, pauses := sent, []time.Duration(nil)
	for n := 1; ; n++ {
		s := domaintest.Fold(subscriber.Decider, history)
		failure, err := subscriber.Decide(s, subscriber.RecordStatus{Found: true, Record: record(webex.Failed, func(r *webex.Subscriber) { r.Errors = maintained }), At: at(60 * n)})
		require.NoError(t, err)
		history = append(history, failure...)
		if len(failure) < 2 {
			break
		}
		plan := failure[1].(subscriber.RetryPlanned)
		require.Equal(t, n, plan.Try)
		pauses = append(pauses, plan.Until.Sub(plan.At))
		tracking := fmt.Sprint("again", n)
		history = append(history, subscriber.RetryStarted{At: plan.Until}, started(subscriber.Remove, 1, tracking), accepted(subscriber.Remove),
			started(subscriber.Provision, 1, tracking), accepted(subscriber.Provision))
	}
	require.Len(t, pauses, 4, "then a person's turn has come")
	for i, pause := range pauses[1:] {
		require.Greater(t, pause, 2*pauses[i])
	}
	history = append(history, subscriber.ActivationRetried{Email: email, At: at(999)})
	require.Zero(t, domaintest.Fold(subscriber.Decider, history).Tries, "and its retry begins a new count")
}

func TestThoseWhoFailTogetherDoNotTryAgainTogether(t *testing.T) {
	seen := map[time.Duration]bool{}
	for n := range 1000 {
		d := domain.Spread(10*time.Minute, fmt.Sprint(n))
		require.InDelta(t, float64(10*time.Minute), float64(d), float64(2*time.Minute))
		require.Equal(t, d, domain.Spread(10*time.Minute, fmt.Sprint(n)))
		seen[d] = true
	}
	require.Greater(t, len(seen), 300)
}

func TestCancelRetry(t *testing.T) {
	cancel, cancelled := subscriber.CancelRetry{At: at(9)}, subscriber.RetryCancelled{At: at(9)}
	absent := given(sending, lost(subscriber.Provision), subscriber.RequestAbsent{Kind: subscriber.Provision, At: at(3)})
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "a planned one", Given: retryPlanned, When: cancel, Then: events{cancelled}},
		{Name: "the next attempt", Given: absent, When: cancel, Then: events{cancelled}},
		{Name: "one that Webex asked to wait with", Given: given(sending, postponed(subscriber.Provision)), When: cancel, Then: events{cancelled}},
		{Name: "where none is planned all is as asked", Given: failed, When: cancel},
		{Name: "what is on its way cannot be cancelled", Given: sending, When: cancel, Err: subscriber.ErrNoRetry},
		{Name: "nor what was never tried", Given: ready, When: cancel, Err: subscriber.ErrNoRetry},
		{Name: "nobody has no retry", When: cancel, Err: subscriber.ErrNotFound},
	})
	require.Zero(t, after(retryPlanned, cancelled).RetryAt)
	require.Equal(t, maintained, after(retryPlanned, cancelled).Errors, "what failed is still said")
	s := after(absent, cancelled)
	require.Equal(t, subscriber.Stopped, s.Stage)
	require.NotEmpty(t, s.Errors)
	require.Equal(t, subscriber.Ready, after(absent, cancelled, subscriber.ActivationRetried{Email: email, At: at(10)}).Stage)
}

func TestQuarantine(t *testing.T) {
	give := subscriber.Quarantine{Tracking: "t1", Reason: "no answer", At: at(4)}
	absent := given(sending, lost(subscriber.Provision), subscriber.RequestAbsent{Kind: subscriber.Provision, At: at(3)})
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "what never gets an answer is given up", Given: absent, When: give, Then: events{quarantined[len(quarantined)-1]}},
		{Name: "not what was answered since", Given: sent, When: give},
		{Name: "nor another request", Given: absent, When: subscriber.Quarantine{Tracking: "t0", Reason: "no answer", At: at(4)}},
		{
			Name: "a consent mail is a small thing", Given: given(resending, lost(subscriber.ResendConsent), subscriber.RequestAbsent{Kind: subscriber.ResendConsent, At: at(3)}),
			When: subscriber.Quarantine{Tracking: "t3", Reason: "no answer", At: at(4)},
			Then: events{subscriber.RequestRefused{Kind: subscriber.ResendConsent, Errors: []webex.Error{{Description: "no answer"}}, At: at(4)}},
		},
	})
	s := after(quarantined)
	require.True(t, s.Quarantined)
	require.Equal(t, webex.Failed, s.Status())
	require.Equal(t, "no answer", s.Errors[0].Description)
	resumed := after(quarantined, subscriber.ActivationRetried{Email: email, At: at(9)})
	require.False(t, resumed.Quarantined)
	require.Equal(t, subscriber.Provision, resumed.Wants())
}

func TestAnOldStateOfARecordIsNotItsEnd(t *testing.T) {
	sure := func(r webex.Subscriber, changed time.Time) subscriber.RecordStatus {
		r.LastStatusChange = changed
		return subscriber.RecordStatus{Found: true, Record: r, At: at(9)}
	}
	taken := accepted(subscriber.Update)
	taken.StatusAt = at(6)
	looked := after(updating, lost(subscriber.Update))
	busy := record(webex.Updating)
	busy.LastStatusChange = at(6)
	found, err := subscriber.Decide(looked, subscriber.RecordFound{Tracking: "t2", Found: true, Record: busy, At: at(7)})
	require.NoError(t, err)
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "of before an update that was lost and found", Given: given(updating, lost(subscriber.Update), found), When: sure(record(webex.Provisioned), at(5))},
		{Name: "of before the update was taken", Given: given(updating, taken), When: sure(record(webex.Provisioned), at(5))},
		{Name: "of the same instant it is", Given: given(updating, taken), When: sure(record(webex.Provisioned), at(6)), Then: events{subscriber.Updated{At: at(9)}}},
	})
	fresh := accepted(subscriber.Provision)
	fresh.StatusAt = at(6)
	domaintest.Run(t, subscriber.Decider, cases{
		{
			Name: "a new record has no old state, by whichever clock", Given: given(sent, fresh), When: sure(record(webex.Provisioned), at(5)),
			Then: events{subscriber.Provisioned{PersonID: record(webex.Provisioned).PersonID, At: at(9)}},
		},
	})
}
