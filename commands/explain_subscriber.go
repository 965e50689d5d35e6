package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/explain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// ExplainSubscriber asks why a user is where it is.
type ExplainSubscriber struct {
	ID       uuid.UUID
	AllLives bool // every time of being onboarded, not just the last
	Live     bool // ask Webex, too; reads only
}

// askWithin is how long an explanation waits for Webex, all questions together.
const askWithin = 20 * time.Second

// ExplainSubscriber tells what happened to a user and what is awaited, from the
// log. Live adds what Webex says now; that it does not answer is a part of the
// explanation, not an error. Nothing is recorded or changed anywhere.
//
// Errors: subscriber.ErrNotFound.
func (s *Service) ExplainSubscriber(ctx context.Context, req ExplainSubscriber, partner string) (explain.Explanation, error) {
	facts, err := s.facts(ctx, req, partner)
	if err != nil {
		return explain.Explanation{}, err
	}
	x := explain.Recorded(facts)
	if !req.Live {
		return x, nil
	}
	state := subscriber.Decider.Fold(facts.Entries)
	return x.With(state, s.live(ctx, state, partner)), nil
}

// facts reads all that is recorded about a user: its own stream and, of others,
// what decided about it.
func (s *Service) facts(ctx context.Context, req ExplainSubscriber, partner string) (explain.Facts, error) {
	f := explain.Facts{ID: req.ID, AllLives: req.AllLives, Now: s.Now(), Templates: map[string][]domain.Entry{}}
	var err error
	if f.Entries, err = s.Log.ReadStream(ctx, streamOf(req.ID)); err != nil {
		return f, fmt.Errorf("read %s: %w", streamOf(req.ID), err)
	}
	state := subscriber.Decider.Fold(f.Entries)
	if state.Lives == 0 || f.Entries[0].Cause.Partner != partner {
		return f, subscriber.ErrNotFound
	}
	for _, e := range f.Entries {
		o, ok := e.Event.(subscriber.Onboarded)
		if _, known := f.Templates[o.ProvisioningID]; !ok || known {
			continue
		}
		if f.Templates[o.ProvisioningID], err = s.Log.ReadStream(ctx, template.Stream(partner, o.ProvisioningID)); err != nil {
			return f, fmt.Errorf("read a template: %w", err)
		}
	}
	if state.AdminFirst {
		if f.Customer, err = s.Log.ReadStream(ctx, customer.Stream(partner, state.SPEnterpriseID)); err != nil {
			return f, fmt.Errorf("read a customer: %w", err)
		}
	}
	_, held, err := s.HeldBy(ctx, partner, state)
	if err != nil {
		return f, fmt.Errorf("read holds: %w", err)
	}
	if held.Value.Held {
		f.Held = held.Value.Reason
	}
	return f, nil
}

// live asks Webex what it knows of a user, without effect.
func (s *Service) live(ctx context.Context, state subscriber.State, partner string) (l explain.Live) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	client := s.paced(partner, Admin, state.SPEnterpriseID)
	if state.Here() && state.PersonID == "" {
		a := explain.Answer{Verdict: explain.Skipped, Why: "Webex can be asked only with an e-mail address."}
		if state.Email != "" {
			a = s.precheck(ctx, client, state.Wanted())
		}
		l.Precheck = &a
	}
	look := func(read func() (webex.Subscriber, bool, error)) *explain.Look {
		var found explain.Look
		found.Answer = s.asked(client, func() (Receipt, error) {
			var err error
			found.Record, found.Found, err = read()
			return Receipt{}, err
		})
		if found.Verdict == explain.Stopped { // of the question, not of the user
			found.Verdict, found.Why = explain.Unknown, "Webex refused the question, which says nothing about the user."
		}
		return &found
	}
	if state.WebexID != "" {
		l.ByID = look(func() (webex.Subscriber, bool, error) { return client.Subscriber(ctx, state.WebexID) })
	}
	l.ByUserID = look(func() (webex.Subscriber, bool, error) {
		return client.FindSubscriber(ctx, explain.AskedUserID(state))
	})
	return l
}

// precheck asks Webex whether it would refuse to provision a user.
func (s *Service) precheck(ctx context.Context, client WebexReads, r webex.Request) explain.Answer {
	tracking := "LEDGERLINE_" + s.NewID().String()
	a := s.asked(client, func() (Receipt, error) { return client.Validate(ctx, r, tracking) })
	if client != nil {
		a.OurTracking = tracking
	}
	return a
}

// asked puts a question to Webex and says what came of it. No client: nothing is
// asked.
func (s *Service) asked(client WebexReads, ask func() (Receipt, error)) explain.Answer {
	if client == nil {
		return explain.Answer{Verdict: explain.Unknown, Why: "Webex cannot be asked: no access to Webex is configured for this partner, or no server is running."}
	}
	a := explain.Answer{Verdict: explain.OK, At: s.Now()}
	receipt, err := ask()
	a.Took, a.WebexTracking = s.Now().Sub(a.At), receipt.TrackingID
	if err == nil {
		return a
	}
	var e *WebexError
	if errors.As(err, &e) {
		a.Status, a.WebexTracking = e.Status, e.TrackingID
	}
	switch err = judged(err); {
	case errors.Is(err, ErrWebexAccess):
		a.Verdict, a.Why = explain.Unknown, "Webex did not accept Ledgerline's own credentials, which says nothing about the user."
	case domain.AsRejection(err) != nil:
		a.Verdict, a.Errors = explain.Stopped, e.details()
	case e != nil && e.Outcome == NotDone && e.Status != 0:
		a.Verdict, a.Why = explain.Unknown, "Webex asked for a pause, which says nothing about the user. Ask again later."
	case e != nil && e.Outcome == NotDone && errors.Is(err, context.DeadlineExceeded):
		a.Verdict, a.Why = explain.Unknown, e.Message+". That says nothing about the user; ask again later."
	default:
		a.Verdict, a.Why = explain.Unknown, "Webex did not answer, which says nothing about the user. Ask again later."
	}
	return a
}
