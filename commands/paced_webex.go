package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ledgerline/domain/webex"
)

// patience is how long a single call of somebody who waits may stand in line.
const patience = 30 * time.Second

// paced returns what can be read from a partner's Webex, each call in its turn:
// the only way to Webex beside the driver's. nil: the partner has none here. Calls
// for which people wait do not stand in line for longer than patience.
func (s *Service) paced(partner string, class Class, customer string) WebexReads {
	if class < Import {
		return s.pacedFor(partner, class, customer, patience)
	}
	return s.pacedFor(partner, class, customer, 0)
}

// pacedFor is paced with the time that a call may stand in line; 0: as long as its
// context lasts.
func (s *Service) pacedFor(partner string, class Class, customer string, patience time.Duration) WebexReads {
	api := s.Webex(partner)
	switch {
	case api == nil:
		return nil
	case s.Lanes == nil:
		return api
	}
	return pacedWebex{WebexReads: api, service: s, partner: partner, class: class, customer: customer, patience: patience}
}

// tooLong says that a call was not made because its turn did not come in time.
func (l *Lanes) tooLong(of Lane, err error) error {
	e := &WebexError{Outcome: NotDone, Message: "Ledgerline did not ask: too many calls are waiting", Err: err}
	if until := l.parked(of); !until.IsZero() {
		e.Message = fmt.Sprintf("Ledgerline did not ask: Webex wants to be left alone until %s", until.UTC().Format(time.TimeOnly))
	}
	return e
}

// pacedWebex reads from Webex, each call in its turn.
type pacedWebex struct {
	WebexReads
	service  *Service
	partner  string
	class    Class
	customer string
	patience time.Duration // 0: none is needed
}

// inTurn makes a call in its turn.
func (w pacedWebex) inTurn(ctx context.Context, call func() error) error {
	of := Lane{w.partner, Subscribers}
	waiting := ctx
	if w.patience > 0 {
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, w.patience)
		defer cancel()
	}
	if err := w.service.recallPauses(ctx, w.partner); err != nil {
		return err
	}
	t, err := w.service.Lanes.enter(waiting, of, w.class, w.customer)
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		return w.service.Lanes.tooLong(of, err)
	} else if err != nil {
		return err
	}
	err = call()
	t.answered(err)
	return err
}

// Validate implements WebexReads.
func (w pacedWebex) Validate(ctx context.Context, r webex.Request, tracking string) (receipt Receipt, err error) {
	err = w.inTurn(ctx, func() (err error) {
		receipt, err = w.WebexReads.Validate(ctx, r, tracking)
		return err
	})
	return receipt, err
}

// Subscriber implements WebexReads.
func (w pacedWebex) Subscriber(ctx context.Context, id string) (s webex.Subscriber, found bool, err error) {
	err = w.inTurn(ctx, func() (err error) {
		s, found, err = w.WebexReads.Subscriber(ctx, id)
		return err
	})
	return s, found, err
}

// FindSubscriber implements WebexReads.
func (w pacedWebex) FindSubscriber(ctx context.Context, userID string) (s webex.Subscriber, found bool, err error) {
	err = w.inTurn(ctx, func() (err error) {
		s, found, err = w.WebexReads.FindSubscriber(ctx, userID)
		return err
	})
	return s, found, err
}

// Page implements WebexReads.
func (w pacedWebex) Page(ctx context.Context, f WebexFilter, from string) (page WebexPage, err error) {
	err = w.inTurn(ctx, func() (err error) {
		page, err = w.WebexReads.Page(ctx, f, from)
		return err
	})
	return page, err
}
