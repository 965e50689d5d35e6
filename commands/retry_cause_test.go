package commands_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	failure "ledgerline/domain/cause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

var full = []webex.Error{{Code: 900500, Description: "No room"}}

// refuse records that Webex refused a subscriber.
func (w *world) refuse(id uuid.UUID, errors []webex.Error) {
	w.t.Helper()
	entries, err := w.log.ReadStream(w.t.Context(), domain.StreamOf(subscriber.Kind, id))
	require.NoError(w.t, err)
	why := cause(nordic)
	why.Command = uuid.New()
	_, err = w.log.Append(w.t.Context(), domain.StreamOf(subscriber.Kind, id), len(entries), why,
		subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "t", At: w.began},
		subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "w", At: w.began},
		subscriber.ProvisioningFailed{Errors: errors, At: w.began})
	require.NoError(w.t, err)
}

func these(ids ...uuid.UUID) iter.Seq2[uuid.UUID, error] {
	return func(yield func(uuid.UUID, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// retryAll retries and returns the verdicts by user id, in order.
func (w *world) retryAll(s *commands.Service, req commands.RetryCause, dryRun bool, why domain.Cause) (commands.RetrySummary, []commands.RetryResult, error) {
	var results []commands.RetryResult
	summary, err := s.RetryCause(w.t.Context(), req, dryRun, why, func(r commands.RetryResult) { results = append(results, r) })
	slices.SortFunc(results, func(a, b commands.RetryResult) int { return cmp.Compare(a.UserID, b.UserID) })
	return summary, results, err
}

func TestOnlyThoseWhomTheCauseStillStopsAreRetried(t *testing.T) {
	w := newWorld(t)
	stopped := w.onboard(request(1, trustedID, "one@ent.example"))
	elsewhere := w.onboard(request(2, trustedID, "two@ent.example"))
	running := w.onboard(request(3, trustedID, "three@ent.example"))
	silent := w.onboard(commands.OnboardSubscriber{Request: request(4, untrustedID, "").Request, Flow: subscriber.SelfActivation})
	w.refuse(stopped, full)
	w.refuse(elsewhere, []webex.Error{{Code: 10022, Description: "taken"}})
	nobody := uuid.New()

	req := commands.RetryCause{Fingerprint: failure.Of(full, trustedID), Subscribers: these(stopped, elsewhere, running, silent, nobody)}
	for _, dryRun := range []bool{true, false} {
		summary, results, err := w.retryAll(w.service, req, dryRun, cause(nordic))
		require.NoError(t, err)
		no := subscriber.ErrOtherCause.Error()
		require.Equal(t, []commands.RetryResult{
			{ID: nobody, Verdict: commands.Skipped, Reason: subscriber.ErrNotFound.Error()},
			{ID: stopped, UserID: "user1@as0.example", Verdict: commands.Retried, Calls: 2},
			{ID: elsewhere, UserID: "user2@as0.example", Verdict: commands.Skipped, Reason: no},
			{ID: running, UserID: "user3@as0.example", Verdict: commands.Skipped, Reason: no},
			{ID: silent, UserID: "user4@as0.example", Verdict: commands.Skipped, Reason: no},
		}, results, "dry run %t", dryRun)
		require.Equal(t, commands.RetrySummary{Users: 5, Retried: 1, Skipped: 4, Calls: 2, Expected: 20 * time.Millisecond, Position: summary.Position, Customers: map[string]int{"SP1+acme": 1}}, summary, "the old record goes, a new one comes")
		require.Equal(t, dryRun, w.state(stopped).Stage == subscriber.Stopped)
	}
	entries, err := w.log.ReadStream(t.Context(), domain.StreamOf(subscriber.Kind, stopped))
	require.NoError(t, err)
	require.Equal(t, domain.SurfaceBulk, entries[len(entries)-1].Cause.Surface)
}

func TestARetryNeedsAnAddressThatSomebodyVouchedFor(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(commands.OnboardSubscriber{Request: request(1, untrustedID, "").Request, Flow: subscriber.SelfActivation})
	w.refuse(id, full)
	_, results, err := w.retryAll(w.service, commands.RetryCause{Fingerprint: failure.Of(full, untrustedID), Subscribers: these(id)}, false, cause(nordic))
	require.NoError(t, err)
	require.Equal(t, []commands.RetryResult{{ID: id, UserID: "user1@as0.example", Verdict: commands.Skipped, Reason: "email: is missing; enter a valid e-mail address"}}, results)
}

func TestOneCustomerIsRetriedAlone(t *testing.T) {
	w := newWorld(t)
	other := request(2, trustedID, "two@ent.example")
	other.SPEnterpriseID = "SP1+other"
	ids := []uuid.UUID{w.onboard(request(1, trustedID, "one@ent.example")), w.onboard(other)}
	for _, id := range ids {
		w.refuse(id, full)
	}
	summary, _, err := w.retryAll(w.service, commands.RetryCause{Fingerprint: failure.Of(full, trustedID), Customer: "SP1+other", Subscribers: these(ids...)}, false, cause(nordic))
	require.NoError(t, err)
	require.Equal(t, 1, summary.Retried)
	require.Equal(t, subscriber.Stopped, w.state(ids[0]).Stage)
	require.Equal(t, subscriber.Ready, w.state(ids[1]).Stage)
}

func TestTheSameBulkRetryAgainChangesNothing(t *testing.T) {
	w := newWorld(t)
	var ids []uuid.UUID
	for n := range 20 {
		ids = append(ids, w.onboard(request(n, trustedID, fmt.Sprintf("u%d@ent.example", n))))
		w.refuse(ids[n], full)
	}
	req := commands.RetryCause{Fingerprint: failure.Of(full, trustedID), Subscribers: these(ids...)}
	why := cause(nordic)
	why.Command, why.Request = uuid.New(), "key/1"

	broken := w.serviceOn(crashLog{w.log, &crash{left: 9}})
	_, _, err := w.retryAll(broken, req, false, why)
	require.ErrorIs(t, err, errCrashed)

	summary, _, err := w.retryAll(w.service, req, false, why)
	require.NoError(t, err)
	require.Equal(t, 20, summary.Retried+summary.Again, "the rest is done")
	require.NotZero(t, summary.Retried)
	require.NotZero(t, summary.Again, "what was done stays done")

	w.refuse(ids[0], full)
	summary, results, err := w.retryAll(w.service, req, false, why)
	require.NoError(t, err)
	require.Equal(t, commands.RetrySummary{Users: 20, Again: 20, Customers: map[string]int{}}, summary)
	require.Equal(t, commands.Again, results[0].Verdict)
	require.Equal(t, subscriber.Stopped, w.state(ids[0]).Stage, "who failed again is not retried by an old request")

	why.Request = "key/2"
	_, _, err = w.retryAll(w.service, req, false, why)
	require.ErrorIs(t, err, commands.ErrKeyReused)

	summary, _, err = w.retryAll(w.service, req, false, cause(nordic))
	require.NoError(t, err)
	require.Equal(t, 1, summary.Retried, "a new request is")
}

func TestAViewThatFailsEndsABulkRetry(t *testing.T) {
	w := newWorld(t)
	outage := errors.New("no view")
	_, _, err := w.retryAll(w.service, commands.RetryCause{Subscribers: func(yield func(uuid.UUID, error) bool) { yield(uuid.UUID{}, outage) }}, false, cause(nordic))
	require.ErrorIs(t, err, outage)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.service.RetryCause(ctx, commands.RetryCause{Subscribers: these(uuid.New())}, false, cause(nordic), func(commands.RetryResult) {})
	require.ErrorIs(t, err, context.Canceled)
}
