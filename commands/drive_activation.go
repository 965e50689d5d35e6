package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/customer"
	"ledgerline/domain/pace"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
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

	agenda    agenda
	followers followers
	holds     holds
	tally     tally
	sweep     chan struct{} // asks for a look at everything that is open
	began     time.Time
	calls     context.Context // of calls under way, which may outlast Run's for a moment

	mu       sync.Mutex
	stopping bool
	underWay sync.WaitGroup         // calls, and what follows from them
	seen     map[string]observation // by stream: what a list showed and nobody has recorded yet
	refused  map[string]time.Time   // by partner: when it was last said that Webex refuses the credentials
}

// observation is what a list showed of a subscriber.
type observation struct {
	record webex.Subscriber
	asked  time.Time
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

// Wake says that something about the subscriber of this stream has changed, or
// about the hold of this stream.
func (d *Driver) Wake(stream string) {
	if !isHold(stream) {
		d.agenda.wake(stream)
		return
	}
	d.holds.forget(stream)
	d.lookAround()
}

// lookAround has everything that is open looked at.
func (d *Driver) lookAround() {
	select {
	case d.sweeps() <- struct{}{}:
	default: // that is going to happen anyhow
	}
}

func (d *Driver) sweeps() chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sweep == nil {
		d.sweep = make(chan struct{}, 1)
	}
	return d.sweep
}

// remind says that something about the subscriber may be due.
func (d *Driver) remind(stream string) { d.agenda.remind(stream, time.Time{}) }

// Run drives until ctx ends, then lets calls under way come to an end.
func (d *Driver) Run(ctx context.Context) error {
	d.began, d.followers.d = d.Service.Now(), d
	if d.Service.Lanes == nil {
		d.Service.Lanes = &Lanes{}
	}
	workers := d.Workers
	if workers == 0 {
		workers = 64
	}
	var stopCalls context.CancelFunc
	d.calls, stopCalls = context.WithCancel(context.WithoutCancel(ctx))
	defer stopCalls()
	d.Service.Lanes.keepPauses(d.keepPause)
	d.open(ctx, d.recall)
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
				d.look(d.calls, stream)
			}
		})
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(sweepEvery):
			d.open(ctx, d.remind)
		case <-d.sweeps():
			d.open(ctx, d.remind)
		}
	}
	giveUp := time.AfterFunc(5*time.Second, stopCalls)
	defer giveUp.Stop()
	d.stop()
	all.Wait()
	d.underWay.Wait()
	return nil
}

func (d *Driver) open(ctx context.Context, yield func(stream string)) {
	if err := d.Open(ctx, yield); err != nil && ctx.Err() == nil {
		d.Log.Error("cannot list open activations", "error", err)
	}
}

// recall puts a subscriber on the agenda of a driver that starts. A pause that
// Webex asked for before holds on.
func (d *Driver) recall(stream string) {
	if entries, err := d.Service.Log.ReadStream(d.calls, stream); err == nil && len(entries) > 0 {
		r := subscriber.Decider.Fold(entries).Request
		if pause := r.Until.Sub(d.Service.Now()); r.Phase == subscriber.Postponed && pause > 0 {
			d.Service.Lanes.park(laneOf(entries[0].Cause.Partner, r.Kind), min(pause, pace.LongestRetryAfter))
		}
	}
	d.remind(stream)
}

func laneOf(partner string, kind subscriber.RequestKind) Lane {
	if kind == subscriber.ResendConsent {
		return Lane{partner, Emails}
	}
	return Lane{partner, Subscribers}
}

// begin counts a call that is about to be made; false: the driver is ending.
func (d *Driver) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopping {
		return false
	}
	d.underWay.Add(1)
	return true
}

func (d *Driver) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopping = true
}

// Busy returns how many subscribers the driver has on its agenda.
func (d *Driver) Busy() int { return d.agenda.size() }

// retryOutage is how long a subscriber rests after a failure of our own.
const retryOutage = 2 * time.Second

// look judges a subscriber and does what is next, in its turn if that is a call.
func (d *Driver) look(ctx context.Context, stream string) {
	s, step, err := d.judge(ctx, stream)
	if of, calls := s.lane(step); err == nil && calls {
		d.agenda.line(stream, func() *ticket {
			return d.Service.Lanes.line(of, s.class, s.Value.SPEnterpriseID, func(t *turn) { d.inTurn(ctx, stream, t) })
		})
		return
	}
	var again time.Time
	if err == nil {
		again, err = d.carryOut(ctx, s, step, nil)
	}
	d.agenda.done(stream, d.again(ctx, stream, again, err))
}

// inTurn makes the call that is next for a subscriber, if there still is one.
func (d *Driver) inTurn(ctx context.Context, stream string, t *turn) {
	defer t.end()
	if !d.begin() {
		return
	}
	defer d.underWay.Done()
	s, step, err := d.judge(ctx, stream)
	var again time.Time
	switch of, calls := s.lane(step); {
	case err != nil:
	case calls && of != t.lane.of:
		again = d.Service.Now() // another line is the right one by now
	case calls && !d.Service.Lanes.parked(of).IsZero():
		again = d.Service.Now() // Webex asked for a pause meanwhile
	default:
		again, err = d.carryOut(ctx, s, step, t)
	}
	d.agenda.done(stream, d.again(ctx, stream, again, err))
}

// again says when to look at a subscriber next; the zero time means: when it is
// woken.
func (d *Driver) again(ctx context.Context, stream string, at time.Time, err error) time.Time {
	switch {
	case err == nil:
		return at
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
	class   Class // of what was last asked for
	webex   Webex // nil: nothing is to be done
}

// lane says in which lane a step calls Webex, if it does.
func (s subject) lane(step activation.Step) (of Lane, calls bool) {
	switch step := step.(type) {
	case activation.Send:
		return laneOf(s.partner, step.Kind), true
	case activation.LookUp, activation.Follow:
		return Lane{s.partner, Subscribers}, true
	}
	return Lane{}, false
}

// judge reads a subscriber and says what is next for it.
func (d *Driver) judge(ctx context.Context, stream string) (subject, activation.Step, error) {
	_, id, ok := domain.SplitStream(stream)
	entries, err := d.Service.Log.ReadStream(ctx, stream)
	if err != nil || len(entries) == 0 || !ok {
		return subject{}, activation.Rest{}, err
	}
	s := subject{Subscriber: recorded(subscriber.Decider, entries), id: id, stream: stream, partner: entries[0].Cause.Partner, class: Report}
	for _, e := range slices.Backward(entries) {
		if e.Cause.Role != domain.RoleEngine {
			s.class = classOf(e.Cause)
			break
		}
	}
	if s.webex = d.Service.Webex(s.partner); s.webex == nil {
		return subject{}, activation.Rest{}, nil // its partner is not served by this program
	}
	if err := d.Service.recallPauses(ctx, s.partner); err != nil {
		return s, nil, err
	}
	if s.Subscriber, err = d.recordSeen(ctx, s); err != nil {
		return s, nil, err
	}
	known, err := d.known(ctx, s)
	if err != nil {
		return s, nil, err
	}
	d.followOn(s)
	if r := s.Value.Request; d.Sole && r.Phase == subscriber.Started && r.At.Before(d.began) {
		return s, activation.Lose{}, nil
	}
	return s, activation.Next(s.Value, known), nil
}

// carryOut does what is next; t is the turn for a call, which may be left unused.
func (d *Driver) carryOut(ctx context.Context, s subject, step activation.Step, t *turn) (time.Time, error) {
	now := d.Service.Now()
	switch step := step.(type) {
	case activation.Rest:
		if !s.Value.AdminFirst || s.webex == nil {
			return time.Time{}, nil
		}
		return time.Time{}, d.tellCustomer(ctx, s, s.id, s.Value)
	case activation.Wait:
		return step.Until, nil
	case activation.Lose:
		lost := subscriber.RecordLost{Tracking: s.Value.Request.TrackingID, Why: "Ledgerline stopped before it could record the reply.", At: now}
		return now, d.record(ctx, s, lost)
	case activation.GiveUp:
		return time.Time{}, d.record(ctx, s, subscriber.Quarantine{Tracking: s.Value.Request.TrackingID, Reason: step.Why, At: now})
	case activation.TryAgain:
		return now, d.record(ctx, s, subscriber.TryAgain{At: now})
	}
	switch step := step.(type) {
	case activation.LookUp:
		return d.lookUp(ctx, s, t)
	case activation.Follow:
		return d.poll(ctx, s, t)
	case activation.Send:
		return d.send(ctx, s, step.Kind, t)
	}
	panic(fmt.Sprintf("activation: no way to carry out %T", step))
}

// known gathers what Next may look at beside the subscriber's facts.
func (d *Driver) known(ctx context.Context, s subject) (activation.Known, error) {
	polls, last := d.agenda.polls(s.stream, s.Value.Request.TrackingID)
	k := activation.Known{Now: d.Service.Now(), Polls: polls, LastPoll: last, AdminActive: true}
	if s.class != Portal {
		k.Patience = d.followers.patience(s.list())
	}
	var err error
	if k.Held, err = d.held(ctx, s); err != nil || !s.Value.AdminFirst || s.Value.Stage != subscriber.Ready {
		return k, err
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
		d.lookAround()
	}
	return err
}

// causeOf is cause with a command of its own.
func (d *Driver) causeOf(s subject) domain.Cause {
	why := d.cause(s)
	why.Command = d.Service.NewID()
	return why
}

// cause of what the driver records: nobody asked anew, the process went on.
func (d *Driver) cause(s subject) domain.Cause {
	return domain.Cause{Partner: s.partner, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine}
}
