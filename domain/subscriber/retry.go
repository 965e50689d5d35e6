package subscriber

import (
	"time"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/webex"
)

// TryAgain is the engine trying again what failed, as planned.
type TryAgain struct{ At time.Time }

// CancelRetry ends the waiting for a next try: the subscriber stops until somebody
// asks for one.
type CancelRetry struct{ At time.Time }

// Quarantine is the engine giving up a request that never got an answer, so that
// it does no harm any more. A retry ends it.
type Quarantine struct {
	Tracking string // of the last attempt
	Reason   string
	At       time.Time
}

// ErrNoRetry is said when there is no next try to cancel.
var ErrNoRetry = domain.Reject(domain.Conflict, "No next try is planned for this user.")

// retryPauses are the times between a failure that passes by itself and the next
// try, one after the other; then a person's turn has come.
var retryPauses = [...]time.Duration{2 * time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour}

// MaxTries is how often the engine tries again by itself what failed.
const MaxTries = len(retryPauses)

// planRetry adds the plan of a next try where the events end in a failure that
// passes by itself, as the catalogue of causes says.
func planRetry(s State, events []domain.Event) []domain.Event {
	after := s
	for _, e := range events {
		after = Evolve(after, e)
	}
	switch {
	case len(events) == 0, s.Stage == Stopped, s.Stage == Leaving, after.Stage != Stopped, after.Quarantined,
		after.Tries >= MaxTries, cause.Find(after.Errors).Retry != cause.Automatic:
		return events
	}
	pause := domain.Spread(retryPauses[after.Tries], s.Request.TrackingID)
	return append(events, RetryPlanned{Try: after.Tries + 1, Until: after.Changed.Add(pause), At: after.Changed})
}

func tryAgain(s State, c TryAgain) ([]domain.Event, error) {
	if s.RetryAt.IsZero() || c.At.Before(s.RetryAt) {
		return nil, nil
	}
	return []domain.Event{RetryStarted{At: c.At}}, nil
}

func cancelRetry(s State, c CancelRetry) ([]domain.Event, error) {
	waits := s.Stage == Ready && (s.Request.Phase == Postponed || s.Request.Phase == Idle && s.Request.Attempt > 0)
	switch {
	case s.Stage == Absent || s.Stage == Gone:
		return nil, ErrNotFound
	case !s.RetryAt.IsZero() || waits:
		return []domain.Event{RetryCancelled{At: c.At}}, nil
	case s.Stage == Stopped:
		return nil, nil
	}
	return nil, ErrNoRetry
}

func quarantine(s State, c Quarantine) []domain.Event {
	if s.Request.Attempt == 0 || s.Request.TrackingID != c.Tracking || s.Request.Phase == Accepted {
		return nil
	}
	if s.Request.Kind == ResendConsent {
		return []domain.Event{RequestRefused{Kind: ResendConsent, Errors: []webex.Error{{Description: c.Reason}}, At: c.At}}
	}
	return []domain.Event{Quarantined{Kind: s.Request.Kind, Attempts: s.Request.Attempt, Reason: c.Reason, At: c.At}}
}

// evolveRetry is the part of evolve that tells of next tries.
func evolveRetry(s State, e domain.Event) (State, time.Time) {
	switch e := e.(type) {
	case RetryPlanned:
		s.RetryAt, s.Tries = e.Until, e.Try
		return s, e.At
	case RetryStarted:
		tries := s.Tries
		s = s.retried()
		s.Tries = tries
		return s, e.At
	case RetryCancelled:
		s.RetryAt = time.Time{}
		if s.Stage != Stopped {
			s.Stage, s.Request = Stopped, RequestState{}
			s.Errors = []webex.Error{{Description: "The next try was cancelled. Retry the activation when it is to go on."}}
		}
		return s, e.At
	case Quarantined:
		s.Request, s.Errors = RequestState{}, []webex.Error{{Description: e.Reason}}
		if s.Stage != Leaving || e.Kind == Remove {
			s.Stage, s.Quarantined = Stopped, true
		}
		return s, e.At
	}
	return evolveRequest(s, e)
}

// retried goes on as somebody in good order who was stopped.
func (s State) retried() State {
	s.Tries = 0
	if s.provisioned() {
		s.Stage, s.Errors, s.Request = Live, nil, RequestState{}
		return s
	}
	return s.startOver(Ready)
}

func (TryAgain) subscriberCommand()    {}
func (CancelRetry) subscriberCommand() {}
func (Quarantine) subscriberCommand()  {}
