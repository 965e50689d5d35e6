package commands

import (
	"errors"
	"fmt"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

// errChangedSince holds back a row.
var errChangedSince = domain.Reject(domain.Conflict, "The user was changed after the plan was made; it was left as it is.")

// carryOut carries out one row; held says why it did not. A row that was carried
// out before is not carried out again.
func (a *applying) carryOut(row importplan.Row) (held string, position domain.Position, err error) {
	why := a.why
	why.Command = importplan.RowCommand(a.id, row.Number)
	var terms *subscriber.Terms
	if row.Verdict == importplan.Create {
		if terms, err = a.termsOf(row.Value("provisioningId")); err != nil {
			return "", 0, err
		}
	}
	c := row.Command(terms, a.im.Service.Now())
	r, err := a.ask(row, c, why)
	if errors.Is(err, subscriber.ErrClaimed) {
		if err = a.im.Service.releaseStale(a.ctx, row.ID, follow(why)); err == nil {
			r, err = a.ask(row, c, why)
		}
	}
	switch {
	case err == nil:
		return "", r.Position, a.designate(row, r)
	case domain.AsRejection(err) != nil && !errors.Is(err, ErrContended):
		return short(err.Error()), 0, nil
	}
	return "", 0, fmt.Errorf("row %d: %w", row.Number, err)
}

// ask asks a row's command of its subscriber. One that most likely does not exist
// yet is not read before.
func (a *applying) ask(row importplan.Row, c subscriber.Command, why domain.Cause) (r Subscriber, err error) {
	if err = a.ctx.Err(); err != nil {
		return r, err
	}
	if err = ErrStale; row.Verdict == importplan.Create && row.Version == 0 {
		r, err = record(a.ctx, a.im.Service, streamOf(row.ID), Subscriber{}, why, subscriber.Decider, c)
	}
	for range maxRaces {
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyReused) {
			return r, err
		}
		r, err = a.askAsJudged(row, c, why)
	}
	return r, ErrContended
}

// askAsJudged asks a row's command of its subscriber if that is still as the plan
// has judged it.
//
// Errors: errChangedSince, ErrStale.
func (a *applying) askAsJudged(row importplan.Row, c subscriber.Command, why domain.Cause) (Subscriber, error) {
	entries, err := a.im.Service.Log.ReadStream(a.ctx, streamOf(row.ID))
	if err != nil {
		return Subscriber{}, err
	}
	r := recorded(subscriber.Decider, entries)
	switch {
	case len(entries) > 0 && entries[0].Cause.Partner != why.Partner:
		return r, ErrOtherPartner
	case repeated(entries, why):
		return r, nil
	case len(entries) < row.Version || !importplan.Same(subscriber.Decider.Fold(entries[:row.Version]), r.Value):
		return r, errChangedSince
	}
	return record(a.ctx, a.im.Service, streamOf(row.ID), r, why, subscriber.Decider, c)
}

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
