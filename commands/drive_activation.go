package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
)

// Driver carries out what domain/activation says: it asks what is next for a
// subscriber, makes the one call, records how it went. A bounded number of calls
// is under way at once, at most one per subscriber, and none in a time in which
// Webex asked not to be called.
type Driver struct {
	Service *Service
	// Open calls yield with the stream of each subscriber for whom something may
	// be due, as far as views know.
	Open func(ctx context.Context, yield func(stream string)) error
	// Sole says that nobody else drives activations on this log: then what was
	// started before this program is known to be interrupted.
	Sole    bool
	Workers int // calls under way at once; 0: 64
	Log     *slog.Logger
	// Jitter draws a duration from 0 to below most; nil: by chance.
	Jitter func(most time.Duration) time.Duration

	agenda agenda
	lanes  lanes
	began  time.Time
}

// longestJitter spreads those who wait for the same instant.
const longestJitter = 200 * time.Millisecond

func (d *Driver) jitter() time.Duration {
	if d.Jitter != nil {
		return d.Jitter(longestJitter)
	}
	return rand.N(longestJitter)
}

// sweepEvery is how often the driver looks for open activations beside those it
// was told of.
const sweepEvery = time.Minute

// Wake says that something about the subscriber of this stream has changed.
func (d *Driver) Wake(stream string) { d.agenda.add(stream, time.Time{}) }

// Run drives until ctx ends, then lets calls under way come to an end.
func (d *Driver) Run(ctx context.Context) error {
	d.began, d.lanes.now = d.Service.Now(), d.Service.Now
	workers := d.Workers
	if workers == 0 {
		workers = 64
	}
	calls, stopCalls := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCalls()
	work := make(chan string)
	go func() {
		defer close(work)
		for {
			stream, ok := d.agenda.next(ctx, d.Service.Now)
			if !ok {
				return
			}
			work <- stream
		}
	}()
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for stream := range work {
				d.agenda.done(stream, d.step(calls, stream))
			}
		})
	}
	for ctx.Err() == nil {
		if err := d.Open(ctx, d.Wake); err != nil && ctx.Err() == nil {
			d.Log.Error("cannot list open activations", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(sweepEvery):
		}
	}
	giveUp := time.AfterFunc(5*time.Second, stopCalls)
	defer giveUp.Stop()
	all.Wait()
	return nil
}

// Busy returns how many subscribers the driver has on its agenda.
func (d *Driver) Busy() int { return d.agenda.size() }

// retryOutage is how long a subscriber rests after a failure of our own.
const retryOutage = 2 * time.Second

// step does what is next for one subscriber and returns when to look again; the
// zero time means: when it is woken.
func (d *Driver) step(ctx context.Context, stream string) time.Time {
	again, err := d.advance(ctx, stream)
	switch {
	case err == nil:
		return again
	case errors.Is(err, ErrStale), errors.Is(err, ErrContended):
		return d.Service.Now() // somebody else was faster: judge anew
	case ctx.Err() == nil:
		d.Log.Error("activation held up", "stream", stream, "error", err)
	}
	return d.Service.Now().Add(retryOutage)
}

// subject is one subscriber under way.
type subject struct {
	Subscriber
	id      uuid.UUID
	stream  string
	partner string
	webex   Webex
}

func (d *Driver) advance(ctx context.Context, stream string) (time.Time, error) {
	_, id, ok := domain.SplitStream(stream)
	entries, err := d.Service.Log.ReadStream(ctx, stream)
	if err != nil || len(entries) == 0 || !ok {
		return time.Time{}, err
	}
	s := subject{Subscriber: recorded(subscriber.Decider, entries), id: id, stream: stream, partner: entries[0].Cause.Partner}
	if s.webex = d.Service.Webex(s.partner); s.webex == nil {
		return time.Time{}, nil // its partner is not served by this program
	}
	known, err := d.known(ctx, s)
	if err != nil {
		return time.Time{}, err
	}
	step := activation.Next(s.Value, known)
	if r := s.Value.Request; d.Sole && r.Phase == subscriber.Started && r.At.Before(d.began) {
		step = activation.Lose{}
	}
	return d.carryOut(ctx, s, step)
}

func (d *Driver) carryOut(ctx context.Context, s subject, step activation.Step) (time.Time, error) {
	now := d.Service.Now()
	switch step := step.(type) {
	case activation.Rest:
		if !s.Value.AdminFirst {
			return time.Time{}, nil
		}
		return time.Time{}, d.tellCustomer(ctx, s, s.id, s.Value)
	case activation.Wait:
		return step.Until, nil
	case activation.Lose:
		lost := subscriber.RecordLost{Tracking: s.Value.Request.TrackingID, Why: "Ledgerline stopped before it could record the reply.", At: now}
		return now, d.record(ctx, s, lost)
	case activation.GiveUp:
		return time.Time{}, d.record(ctx, s, subscriber.RecordRefused{Tracking: s.Value.Request.TrackingID, Errors: failure(step.Why), At: now})
	}
	if until, err := d.lanes.enter(ctx, s.partner); err != nil || !until.IsZero() {
		return until.Add(d.jitter()), err
	}
	switch step := step.(type) {
	case activation.LookUp:
		return d.lookUp(ctx, s)
	case activation.Follow:
		return d.follow(ctx, s)
	case activation.Send:
		return d.send(ctx, s, step.Kind)
	}
	panic(fmt.Sprintf("activation: no way to carry out %T", step))
}

// known gathers what Next may look at beside the subscriber's facts.
func (d *Driver) known(ctx context.Context, s subject) (activation.Known, error) {
	polls, last := d.agenda.polls(s.stream, s.Value.Request.TrackingID)
	k := activation.Known{Now: d.Service.Now(), Polls: polls, LastPoll: last, AdminActive: true}
	if !s.Value.AdminFirst || s.Value.Stage != subscriber.Ready {
		return k, nil
	}
	stream := customer.Stream(s.partner, s.Value.SPEnterpriseID)
	designate := customer.Command(customer.Designate{Subscriber: s.id, At: k.Now})
	r, err := transact(ctx, d.Service, stream, d.cause(s), customer.Decider, designate)
	if k.AdminActive = r.Value.Lets(s.id); k.AdminActive || err != nil {
		return k, err
	}
	// The administrator may have come or gone without anybody living to tell.
	admin, err := read(ctx, d.Service, s.partner, streamOf(r.Value.Administrator), subscriber.Decider)
	if err != nil {
		return k, err
	}
	return k, d.tellCustomer(ctx, s, r.Value.Administrator, admin.Value)
}

// tellCustomer records what has become of a subscriber for those of the customer
// of s who wait for their administrator, if that is whom they wait for.
func (d *Driver) tellCustomer(ctx context.Context, s subject, id uuid.UUID, admin subscriber.State) error {
	var c customer.Command
	switch {
	case admin.Stage == subscriber.Gone, admin.SPEnterpriseID != s.Value.SPEnterpriseID:
		c = customer.Withdraw{Subscriber: id, At: d.Service.Now()}
	case admin.Here() && admin.PersonID != "":
		c = customer.Activate{Subscriber: id, At: d.Service.Now()}
	default:
		return nil
	}
	r, err := transact(ctx, d.Service, customer.Stream(s.partner, s.Value.SPEnterpriseID), d.cause(s), customer.Decider, c)
	if err == nil && r.Changed {
		err = d.Open(ctx, d.Wake)
	}
	return err
}

// cause of what the driver records: nobody asked anew, the process went on.
func (d *Driver) cause(s subject) domain.Cause {
	return domain.Cause{Partner: s.partner, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine}
}
