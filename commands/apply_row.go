package commands

import (
	"errors"
	"fmt"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

// carryOut carries out one row; held says why it did not. A row that was carried
// out before is not carried out again.
func (a *applying) carryOut(row importplan.Row) (held string, position domain.Position, err error) {
	if a.ctx.Err() != nil {
		return "", 0, a.ctx.Err()
	}
	s, why := a.im.Service, a.why
	why.Command = importplan.RowCommand(a.id, row.Number)
	var terms *subscriber.Terms
	if row.Verdict == importplan.Create {
		if terms, err = a.termsOf(row.Value("provisioningId")); err != nil {
			return "", 0, err
		}
	}
	stream, c := streamOf(row.ID), row.Command(terms, s.Now())
	r := Subscriber{}
	if row.Verdict == importplan.Create && row.Version == 0 {
		r, err = record(a.ctx, s, stream, r, why, subscriber.Decider, c)
	} else {
		err = ErrStale
	}
	for races, released := 0, false; ; races++ {
		switch {
		case err == nil:
			return "", r.Position, a.designate(row, r)
		case errors.Is(err, subscriber.ErrClaimed) && !released:
			released = true
			if err = s.releaseStale(a.ctx, row.ID, follow(why)); err == nil {
				err = ErrStale
			}
			continue
		case domain.AsRejection(err) != nil && !errors.Is(err, ErrKeyReused):
			return short(err.Error()), 0, nil
		case !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyReused), races == maxRaces:
			return "", 0, fmt.Errorf("row %d: %w", row.Number, err)
		}
		entries, readErr := s.Log.ReadStream(a.ctx, stream)
		if readErr != nil {
			return "", 0, readErr
		}
		r = recorded(subscriber.Decider, entries)
		if repeated(entries, why) {
			err = nil
			continue
		}
		if len(entries) > 0 && entries[0].Cause.Partner != why.Partner {
			return ErrOtherPartner.Text, 0, nil
		}
		if len(entries) < row.Version || !importplan.Same(subscriber.Decider.Fold(entries[:row.Version]), r.Value) {
			return heldChanged, 0, nil
		}
		r, err = record(a.ctx, s, stream, r, why, subscriber.Decider, c)
		if err == nil && !r.Changed {
			r.Position = 0
		}
	}
}

const heldChanged = "The user was changed after the plan was made; it was left as it is."

func short(text string) string {
	for i := range text {
		if i > maxHeldReason {
			return text[:i] + "…"
		}
	}
	return text
}

func (a *applying) termsOf(provisioningID string) (*subscriber.Terms, error) {
	if terms, known := a.terms.Load(provisioningID); known {
		return terms.(*subscriber.Terms), nil
	}
	terms, err := a.im.Service.terms(a.ctx, a.why.Partner, provisioningID)
	if err == nil {
		a.terms.Store(provisioningID, terms)
	}
	return terms, err
}

// designate makes the customer's first user its administrator, where the template
// wants one before all others.
func (a *applying) designate(row importplan.Row, r Subscriber) error {
	if row.Verdict != importplan.Create || !r.Value.AdminFirst {
		return nil
	}
	designate := customer.Designate{Subscriber: row.ID, At: r.Value.Created}
	_, err := transact(a.ctx, a.im.Service, customer.Stream(a.why.Partner, row.Customer), follow(a.why), customer.Decider, customer.Command(designate))
	return err
}
