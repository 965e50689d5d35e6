package commands

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/pace"
)

// Class says whose call to Webex goes first: the lower before the higher.
type Class int

// The classes.
const (
	Portal  Class = iota // a subscriber looks at the page
	Admin                // an administrator waits
	API                  // a program asked about one user
	Import               // one of many
	Report               // nobody waits
	classes = 5
)

var classNames = [classes]string{"portal", "admin", "api", "import", "report"}

// String is how the class is called in the API.
func (c Class) String() string { return classNames[c] }

// classOf returns the class of what somebody asked for.
func classOf(why domain.Cause) Class {
	switch {
	case why.Role == domain.RoleSubscriber:
		return Portal
	case why.Surface == domain.SurfaceCSV, why.Surface == domain.SurfaceBulk:
		return Import
	case why.Role == domain.RoleAdmin:
		return Admin
	case why.Role == domain.RoleProgram:
		return API
	}
	return Report
}

// Family is a part of Webex's API that is limited by itself.
type Family string

// The families that Ledgerline uses.
const (
	Subscribers Family = "subscribers" // /broadworks/subscribers
	Emails      Family = "emails"      // /subscribers/{id}/emails
)

// Lane is what shares one limit at Webex: a partner's token and a family.
type Lane struct {
	Partner string `json:"partner"`
	Family  Family `json:"family"`
}

// Lanes is the one way to Webex: every call waits here for its turn. Each lane
// has a pace, learnt from the replies. Who goes next is decided by class; inside
// a class customers take turns. Its zero value is ready; it is safe for
// concurrent use.
type Lanes struct {
	InFlight int           // calls under way at once in a lane; 0: 128
	Settings pace.Settings // of new lanes
	// Go starts a goroutine for a call whose turn it is; nil: at once. The
	// simulation starts each at an instant of its own.
	Go func(func())
	// Report is told when the circuit of a lane opens, and when it is closed again. It
	// must not ask anything of the Lanes. May be nil.
	Report func(Lane, pace.State)

	mu     sync.Mutex
	lanes  map[Lane]*lane
	known  map[string]bool // partners of whom earlier pauses are heeded
	paused func(of Lane, pause time.Duration, why string)
}

type lane struct {
	all      *Lanes
	of       Lane
	pace     *pace.Pace
	waiting  [classes]fairQueue
	inFlight int
	open     bool      // its circuit, as last reported
	told     time.Time // end of the pause that was last told of
	timer    *time.Timer
}

// ticket is one call that waits for its turn. ready runs in a goroutine of its own.
type ticket struct {
	lane     *lane
	class    Class
	customer string
	ready    func(*turn)
	gone     bool // cancelled, or its turn has come
}

// turn is the leave to make one call now.
type turn struct {
	lane *lane
	went time.Time
	over bool
}

func (l *Lanes) lane(of Lane) *lane {
	if l.lanes == nil {
		l.lanes = map[Lane]*lane{}
	}
	at := l.lanes[of]
	if at == nil {
		at = &lane{all: l, of: of, pace: pace.New(l.Settings)}
		l.lanes[of] = at
	}
	return at
}

// line puts a call in line.
func (l *Lanes) line(of Lane, class Class, customer string, ready func(*turn)) *ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := &ticket{lane: l.lane(of), class: class, customer: customer, ready: ready}
	t.lane.waiting[class].push(t)
	t.lane.pump()
	return t
}

// cancel takes a call out of line; false: its turn has come already.
func (t *ticket) cancel() bool {
	t.lane.all.mu.Lock()
	defer t.lane.all.mu.Unlock()
	if t.gone {
		return false
	}
	t.gone = true
	t.lane.waiting[t.class].forget(t)
	return true
}

// pump lets everybody go whose turn it is, and comes back when the next may go.
func (at *lane) pump() {
	for at.inFlight < at.all.mostInFlight() {
		queue := at.first()
		if queue == nil {
			return
		}
		now := time.Now()
		if next := at.pace.Next(now); next.After(now) {
			at.wakeAt(next.Sub(now))
			return
		}
		t := queue.pop()
		t.gone = true
		at.pace.Went(now)
		at.inFlight++
		at.all.start(func() { t.ready(&turn{lane: at, went: now}) })
	}
}

func (l *Lanes) mostInFlight() int { return cmp.Or(l.InFlight, 128) }

func (l *Lanes) start(f func()) {
	if l.Go != nil {
		l.Go(f)
		return
	}
	go f()
}

func (at *lane) wakeAt(pause time.Duration) {
	if at.timer != nil {
		at.timer.Reset(pause)
		return
	}
	at.timer = time.AfterFunc(pause, func() {
		at.all.mu.Lock()
		defer at.all.mu.Unlock()
		at.pump()
	})
}

func (at *lane) first() *fairQueue {
	for class := range at.waiting {
		if at.waiting[class].len > 0 {
			return &at.waiting[class]
		}
	}
	return nil
}

// answered tells what the call came to and returns for how long everybody should
// stay away.
func (t *turn) answered(err error) (pause time.Duration) {
	l := t.lane.all
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	reply, wait := replyOf(err)
	if until := t.lane.pace.Answered(now, t.went, reply, wait); !until.IsZero() {
		pause = until.Sub(now)
	}
	t.over = true
	t.lane.inFlight--
	t.lane.report(t.lane.pace.State(now))
	t.lane.keep(now)
	t.lane.pump()
	return pause
}

// report tells that the circuit was opened or closed. One that is tried is open
// until the trial has succeeded.
func (at *lane) report(s pace.State) {
	if open := s.Circuit != pace.Closed; open != at.open {
		at.open = open
		if at.all.Report != nil {
			at.all.Report(at.of, s)
		}
	}
}

// end gives the turn back if no call was made.
func (t *turn) end() {
	t.lane.all.mu.Lock()
	defer t.lane.all.mu.Unlock()
	if !t.over {
		t.over = true
		t.lane.pace.Unused(t.went)
		t.lane.inFlight--
		t.lane.pump()
	}
}

// replyOf says what an answer means for the pace.
func replyOf(err error) (pace.Reply, time.Duration) {
	var e *WebexError
	switch {
	case err == nil:
		return pace.Good, 0
	case !errors.As(err, &e):
		return pace.Broken, 0
	case e.Status == http.StatusTooManyRequests:
		return pace.TooMuch, e.RetryAfter
	case e.Outcome == NotDone && e.Status == 0:
		return pace.Broken, e.RetryAfter
	case e.noAccess():
		return pace.NoAccess, e.RetryAfter
	case e.Outcome == NotDone, e.RetryAfter > 0:
		return pace.Locked, e.RetryAfter
	case e.Outcome == Unknown:
		return pace.Broken, 0
	}
	return pace.Good, 0
}

// enter waits for a turn. It does not wait for longer than ctx lasts.
//
// Errors: that of ctx.
func (l *Lanes) enter(ctx context.Context, of Lane, class Class, customer string) (*turn, error) {
	granted := make(chan *turn, 1)
	t := l.line(of, class, customer, func(t *turn) { granted <- t })
	select {
	case t := <-granted:
		return t, nil
	case <-ctx.Done():
		if !t.cancel() {
			(<-granted).end()
		}
		return nil, ctx.Err()
	}
}

// parked returns the end of the time in which Webex asked not to be called; zero:
// it is not now.
func (l *Lanes) parked(of Lane) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if until := l.lane(of).pace.State(now).ParkedUntil; until.After(now) {
		return until
	}
	return time.Time{}
}

// park keeps everybody out of a lane, as a Retry-After that was recorded before
// this program started.
func (l *Lanes) park(of Lane, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lane(of).pace.Park(time.Now().Add(pause), pace.WhyRecorded)
}
