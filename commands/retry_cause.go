package commands

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/subscriber"
)

// RetryCause asks for a new try of everybody whom one cause stops.
type RetryCause struct {
	Fingerprint cause.Fingerprint
	Customer    string                      // spEnterpriseId; empty: of all customers
	Subscribers iter.Seq2[uuid.UUID, error] // whom to look at, as a view names them; an error ends it
}

// RetryVerdict says what becomes of one subscriber.
type RetryVerdict string

// The verdicts.
const (
	Retried RetryVerdict = "retried" // a new try is recorded
	Again   RetryVerdict = "again"   // this same request recorded one before; nothing was added
	Skipped RetryVerdict = "skipped" // see Reason
)

// RetryResult is the verdict on one subscriber.
type RetryResult struct {
	ID      uuid.UUID    `json:"id"`
	UserID  string       `json:"userId"`
	Verdict RetryVerdict `json:"verdict"`
	Reason  string       `json:"reason,omitempty"`
	Calls   int          `json:"-"` // to Webex that the new try needs at least
}

// RetrySummary counts the verdicts of a bulk retry.
type RetrySummary struct {
	Users    int             // looked at
	Retried  int             // in a dry run: would be
	Again    int             // by this same request before
	Skipped  int             // with a reason
	Calls    int             // of all results
	Expected time.Duration   // until Webex has taken them, at the rate measured; 0: not known, or nothing to do
	Position domain.Position // of the last entry recorded

	Customers map[string]int // Retried by spEnterpriseId
}

// retryInFlight is how many subscribers wait for the log at once, which commits
// them together.
const retryInFlight = 128

// RetryCause starts a new try of each subscriber that is still stopped by this
// very cause, as its own stream says, each on its own. The command of each is
// derived from why.Command, so repeating the request changes nothing more, not
// even for those who failed again since. With dryRun nothing is recorded and the
// verdicts are those of a real retry at this moment. report gets the verdicts in
// any order, never two at a time.
//
// Errors: ErrKeyReused; an outage of the log, or ctx ending: subscribers reported
// until then are retried.
func (s *Service) RetryCause(ctx context.Context, req RetryCause, dryRun bool, why domain.Cause, report func(RetryResult)) (RetrySummary, error) {
	why.Surface = domain.SurfaceBulk
	if why.Command == uuid.Nil {
		why.Command = s.NewID()
	}
	var mu sync.Mutex
	summary := RetrySummary{Customers: map[string]int{}}
	workers, working := errgroup.WithContext(ctx)
	workers.SetLimit(retryInFlight)
	for id, err := range req.Subscribers {
		if working.Err() != nil {
			break
		}
		workers.Go(func() error {
			if err != nil {
				return err
			}
			result, r, err := s.retryStopped(working, req, id, dryRun, why)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			summary.add(result, r)
			report(result)
			return nil
		})
	}
	err := workers.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	summary.Expected = s.Expect(why.Partner, Import, summary.Calls)
	return summary, err
}

// retryStopped retries one subscriber and returns how that leaves it.
func (s *Service) retryStopped(ctx context.Context, req RetryCause, id uuid.UUID, dryRun bool, why domain.Cause) (result RetryResult, r Subscriber, err error) {
	retry := subscriber.Command(subscriber.RetryStopped{Cause: req.Fingerprint, Customer: req.Customer, At: s.Now()})
	why.Command = domain.NameID("retry-cause", why.Command.String(), id.String())
	if dryRun {
		r, err = s.previewRetry(ctx, id, retry, why.Partner)
	} else {
		r, err = transact(ctx, s, streamOf(id), why, subscriber.Decider, retry)
	}
	result = RetryResult{ID: id, UserID: r.Value.Profile.UserID, Verdict: Retried}
	switch {
	case errors.Is(err, ErrKeyReused):
		return result, r, err
	case domain.AsRejection(err) != nil:
		result.Verdict, result.Reason = Skipped, err.Error()
	case err != nil:
		return result, r, fmt.Errorf("retry %s: %w", id, err)
	case !r.Changed:
		result.Verdict = Again
	case r.Value.Wants() == subscriber.Remove:
		result.Calls = 2 // the record of the failed try goes first
	default:
		result.Calls = 1
	}
	return result, r, nil
}

// previewRetry returns what a retry would leave behind.
func (s *Service) previewRetry(ctx context.Context, id uuid.UUID, retry subscriber.Command, partner string) (Subscriber, error) {
	r, err := read(ctx, s, partner, streamOf(id), subscriber.Decider)
	if err != nil {
		return r, err
	}
	events, err := subscriber.Decide(r.Value, retry)
	for _, e := range events {
		r.Value = subscriber.Evolve(r.Value, e)
	}
	r.Changed, r.Position = len(events) > 0, 0
	return r, err
}

func (sum *RetrySummary) add(result RetryResult, r Subscriber) {
	sum.Users++
	switch result.Verdict {
	case Retried:
		sum.Retried++
		sum.Customers[r.Value.SPEnterpriseID]++
		sum.Calls += result.Calls
		sum.Position = max(sum.Position, r.Position)
	case Again:
		sum.Again++
	case Skipped:
		sum.Skipped++
	}
}
