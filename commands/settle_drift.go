package commands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

const (
	settleChunk  = 64 // findings whose outcomes are recorded together
	settleAtOnce = 8
)

// settling is the settling of one scan.
type settling struct {
	*DriftDriver
	partner string
	id      uuid.UUID
	scan    drift.State
	causes  []domain.Cause // of its approvals, in order
}

// settle does what was approved and is not yet done. Each finding is one command
// of its own to its subscriber, so that doing it again changes nothing.
func (d *DriftDriver) settle(ctx context.Context, partner string, id uuid.UUID, entries []domain.Entry) (DriftScan, error) {
	r := recorded(drift.Decider, entries)
	s := &settling{DriftDriver: d, partner: partner, id: id, scan: r.Value}
	for _, e := range entries {
		if _, ok := e.Event.(drift.Approved); ok {
			s.causes = append(s.causes, e.Cause)
		}
	}
	for chunk := range slices.Chunk(slices.Collect(s.scan.Promised()), settleChunk) {
		outcomes, err := s.chunk(ctx, chunk)
		if len(outcomes) > 0 {
			var told error
			r, told = s.tellOutcomes(ctx, r, outcomes)
			err = errors.Join(err, told)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// tellOutcomes records outcomes on top of r, or of what was recorded since.
func (s *settling) tellOutcomes(ctx context.Context, r DriftScan, outcomes []drift.Outcome) (DriftScan, error) {
	why := s.cause(s.partner)
	why.Command = s.Service.NewID()
	settle := drift.Command(drift.Settle{Outcomes: outcomes, At: s.Service.Now()})
	after, err := record(ctx, s.Service, drift.Stream(s.id), r, why, drift.Decider, settle)
	if errors.Is(err, ErrStale) {
		return transact(ctx, s.Service, drift.Stream(s.id), why, drift.Decider, settle)
	}
	return after, err
}

// chunk settles some findings, several at the same time, and returns the outcomes
// of those that are settled, in order.
func (s *settling) chunk(ctx context.Context, numbers []int) ([]drift.Outcome, error) {
	outcomes, errs := make([]drift.Outcome, len(numbers)), make([]error, len(numbers))
	var workers sync.WaitGroup
	turns := make(chan struct{}, settleAtOnce)
	for i, n := range numbers {
		turns <- struct{}{}
		workers.Go(func() {
			defer func() { <-turns }()
			if errs[i] = ctx.Err(); errs[i] == nil {
				outcomes[i], errs[i] = s.one(ctx, n)
			}
		})
	}
	workers.Wait()
	outcomes = slices.DeleteFunc(outcomes, func(o drift.Outcome) bool { return o.Result == "" })
	return outcomes, errors.Join(errs...)
}

// one settles one finding. An error says that it is not settled yet.
func (s *settling) one(ctx context.Context, n int) (drift.Outcome, error) {
	f, _ := s.scan.Finding(n)
	mark := s.scan.Mark(n)
	if mark.Action == drift.Ignore {
		return drift.Outcome{Finding: n, Result: drift.Ignored}, nil
	}
	why := s.causes[mark.Approval-1] // who approved it does it
	why.Request = "drift/" + s.id.String()
	why.Command = domain.NameID(s.partner, drift.StreamKind, s.id.String(), fmt.Sprint(n))
	err := s.carryOut(ctx, f, mark.Action, why)
	for errors.Is(err, ErrStale) {
		err = s.carryOut(ctx, f, mark.Action, why)
	}
	var held heldBack
	no := domain.AsRejection(err)
	switch {
	case err == nil:
		return drift.Outcome{Finding: n, Result: drift.Done}, nil
	case errors.As(err, &held):
		return drift.Outcome{Finding: n, Result: drift.Held, Reason: string(held)}, nil
	case no != nil:
		return drift.Outcome{Finding: n, Result: drift.Refused, Reason: no.Text}, nil
	}
	return drift.Outcome{}, fmt.Errorf("settle finding %d: %w", n, err)
}

// heldBack says why a finding is not settled: it is not what it was.
type heldBack string

func (h heldBack) Error() string { return string(h) }

const (
	changedHere  heldBack = "The user changed here since the scan. Scan again."
	changedThere heldBack = "The record at Webex changed since the scan. Scan again."
	goneThere    heldBack = "The record is not at Webex any more. Scan again."
	backThere    heldBack = "The record is at Webex again. Scan again."
)

// carryOut makes the command of a finding, on top of the version that was
// compared and of what Webex shows now.
//
// Errors: heldBack; ErrStale if the subscriber changes at this moment; rejections
// of the rules.
func (s *settling) carryOut(ctx context.Context, f drift.Finding, action drift.Action, why domain.Cause) error {
	entries, err := s.Service.Log.ReadStream(ctx, streamOf(f.Subscriber))
	if err != nil {
		return err
	}
	if err := checkEarlier(entries, why); err != nil || repeated(entries, why) {
		return err
	}
	if len(entries) != f.Version {
		return changedHere
	}
	r, err := s.current(ctx, f, action)
	if err != nil {
		return err
	}
	now := recorded(subscriber.Decider, entries)
	if action == drift.Take && subscriber.FoldUserID(string(f.There.UserID)) != subscriber.FoldUserID(string(f.Here.UserID)) {
		return s.takeUserID(ctx, f, now, r, why)
	}
	_, err = record(ctx, s.Service, streamOf(f.Subscriber), now, why, subscriber.Decider, s.command(f, action, r))
	return err
}

// current reads the record of a finding again, to see that it is as it was found.
// A record that is adopted need not be: it is adopted as it is now.
func (s *settling) current(ctx context.Context, f drift.Finding, action drift.Action) (r webex.Subscriber, err error) {
	of := f.There
	if of == nil {
		of = f.Here
	}
	w := s.Service.paced(s.partner, Import, of.SPEnterpriseID)
	there := false
	err = patiently(ctx, func() (err error) {
		r, there, err = w.Subscriber(ctx, f.WebexID)
		return err
	})
	switch {
	case err != nil:
		return r, err
	case f.Kind == drift.Missing && there:
		return r, backThere
	case f.Kind == drift.Missing:
		return r, nil
	case !there:
		return r, goneThere
	case action == drift.Adopt && subscriber.FoldUserID(r.UserID) == subscriber.FoldUserID(string(f.There.UserID)):
		return r, nil
	case !f.There.Same(r):
		return r, changedThere
	}
	return r, nil
}

// command is what a subscriber is asked to settle a finding.
func (s *settling) command(f drift.Finding, action drift.Action, r webex.Subscriber) subscriber.Command {
	now := s.Service.Now()
	switch action {
	case drift.Recreate:
		return subscriber.All{subscriber.SeeAbsent{WebexID: f.WebexID, At: now}, subscriber.RetryActivation{At: now}}
	case drift.Accept:
		return subscriber.All{subscriber.SeeAbsent{WebexID: f.WebexID, At: now}, subscriber.Delete{At: now}}
	case drift.Adopt:
		return subscriber.Adopt{Record: r, Replaces: f.Replaces, At: now}
	case drift.Remove:
		return subscriber.All{subscriber.Adopt{Record: r, Replaces: f.Replaces, Leaving: true, At: now}, subscriber.Delete{At: now}}
	case drift.Push:
		return subscriber.SeeAtWebex{Record: r, At: now}
	case drift.Take:
		return subscriber.All{subscriber.SeeAtWebex{Record: r, At: now}, subscriber.TakeFromWebex{At: now}}
	case drift.Follow:
		return subscriber.SeeStatus{Record: r, At: now}
	}
	panic(fmt.Sprintf("drift: no way to %s", action))
}

// takeUserID is Take for a user whose BroadWorks user id is another at Webex: the
// name is claimed before, and names that are not used any more are let go of after.
func (s *settling) takeUserID(ctx context.Context, f drift.Finding, now Subscriber, r webex.Subscriber, why domain.Cause) error {
	name := subscriber.ID(s.partner, r.UserID)
	if name != f.Subscriber {
		if err := s.Service.claim(ctx, name, f.Subscriber, why); err != nil {
			return err
		}
	}
	after, err := record(ctx, s.Service, streamOf(f.Subscriber), now, why, subscriber.Decider, s.command(f, drift.Take, r))
	if err != nil && domain.AsRejection(err) == nil {
		return err
	}
	return errors.Join(err, s.Service.releaseUnused(ctx, f.Subscriber, after.Value, why, name, subscriber.ID(s.partner, now.Value.Profile.UserID)))
}
