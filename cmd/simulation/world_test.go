package simulation

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"time"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/hold"
	"ledgerline/domain/pause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
)

var codec = eventlog.NewCodec(slices.Concat(subscriber.Events, template.Events, customer.Events, hold.Events, pause.Events)...)

var partners = []string{"nordic", "baltic"}

// weather is how bad things are in one world, as probabilities of each call.
type weather struct {
	lost, late, busy, refused, slow float64 // of calls to Webex
	failing                         float64 // of what Webex accepted
	log                             float64 // of appends
	skew                            time.Duration
	webexSkew                       time.Duration // of Webex's clock
	grain                           time.Duration // of the times that Webex shows
	page                            int           // records at most on one page of a list
	lag                             time.Duration // until a list of Webex shows what has changed
	twins                           bool          // Webex takes a second record of one user id, and fails it later
	blind                           bool          // views answer a program at its start only
}

// world is one seed: a log, Webex, users and programs, and what went wrong.
type world struct {
	seed      uint64
	bug       *bug // that its programs have; nil: none
	clock     clock
	weather   weather
	slots     int // programs at a time
	log       *memory.Log
	logChance *chance
	people    *chance // those who answer to what is recorded
	crowd     *crowd  // nil: there is none
	webex     map[string]*fakeWebex
	views     *views
	began     time.Time
	well      time.Time // from here on nothing goes wrong any more
	end       time.Time
	running   sync.WaitGroup

	mu       sync.Mutex
	made     int
	programs []*program // that users can ask
	entries  []domain.Entry
	times    []time.Time       // when each of them was recorded
	intents  map[string]string // stream by tracking id of a recorded intent
	acks     []ack
	files    []file
	counts   map[string]int
	troubles []trouble
}

// trouble is a promise that was not kept.
type trouble struct {
	broken promise
	stream string // of the subscriber concerned; empty: none
	text   string
}

// settling is how long Webex has been well when promises are judged; within
// resolving of that, nothing may be unknown any more.
const (
	resolving = 15 * time.Minute
	settling  = 25 * time.Minute
)

// newWorld draws a world from its seed. It must be called in a bubble.
func newWorld(seed uint64, stormy time.Duration) *world {
	c := newChance(seed, 0)
	w := &world{
		seed: seed, clock: clock{taken: map[int64]bool{}}, slots: 1, logChance: newChance(seed, 1), people: newChance(seed, 4), webex: map[string]*fakeWebex{},
		views: newViews(), began: time.Now(), intents: map[string]string{}, counts: map[string]int{},
		weather: weather{
			lost: c.upTo(0.3), late: c.upTo(0.1), busy: c.upTo(0.15), refused: c.upTo(0.03), slow: c.upTo(0.1), failing: c.upTo(0.2),
			log: c.upTo(0.1), skew: c.between(1, 400*time.Millisecond), twins: c.in(0.3), blind: c.in(0.3),
		},
	}
	if c.in(0.4) {
		w.slots = 2
	}
	if w.weather.grain, w.weather.page = time.Millisecond, pick(c, 100, 100, 2, 5); c.in(0.3) {
		w.weather.grain = time.Second
	}
	if c.in(0.3) {
		w.weather.webexSkew = c.between(-5*time.Minute, 5*time.Minute)
	}
	w.weather.lag = pick(c, 0, 0, c.between(0, 1900*time.Millisecond), c.between(2*time.Second, 3*time.Minute))
	w.well = w.began.Add(stormy)
	w.end = w.well.Add(settling)
	w.log = memory.New(codec, func() time.Time { return time.Now().Add(w.logChance.between(-5*time.Second, 5*time.Second)) })
	for i, partner := range partners {
		w.webex[partner] = newFakeWebex(w, partner, newChance(seed, 10+uint64(i)))
	}
	return w
}

// live lets the world run to its end.
func (w *world) live() {
	w.makeTemplates()
	w.plan(newChance(w.seed, 2))
	w.planHolds(newChance(w.seed, 5))
	w.planCrowd(newChance(w.seed, 6))
	for slot := range w.slots {
		c := newChance(w.seed, 20+uint64(slot))
		w.running.Go(func() {
			w.clock.pause(c.between(time.Millisecond, time.Second))
			w.keepRunning(c)
		})
	}
	w.clock.pause(time.Until(w.well.Add(resolving)))
	w.checkResolved()
	w.clock.pause(time.Until(w.end))
	for _, p := range w.serving() {
		p.stop()
		w.clock.pause(time.Second)
	}
	w.running.Wait()
	w.clock.pause(time.Minute)
	w.checkAll()
}

// bad says whether things may go wrong now.
func (w *world) bad() bool { return time.Now().Before(w.well) }

func (w *world) over() bool { return !time.Now().Before(w.end) }

// started and ended tell which programs users can ask.
func (w *world) started(p *program) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.programs = append(w.programs, p)
}

func (w *world) ended(p *program) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.programs = slices.DeleteFunc(w.programs, func(other *program) bool { return other == p })
}

// serving returns the programs that users can ask.
func (w *world) serving() []*program {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.programs), func(p *program) bool { return !p.serves() })
}

// recorded takes notice of what is new in the log: views learn of it after a while,
// and so do people, and drivers as adapters/bus wakes them.
func (w *world) recorded() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for batch, err := range w.log.ReadAll(context.Background(), domain.Position(len(w.entries))) {
		if err != nil {
			panic(err)
		}
		for _, e := range batch {
			w.entries, w.times = append(w.entries, e), append(w.times, time.Now())
			if started, ok := e.Event.(subscriber.RequestStarted); ok {
				w.intents[started.TrackingID] = e.Stream
			}
			kind, _, _ := domain.SplitStream(e.Stream)
			for _, p := range w.programs {
				if kind == hold.Kind || kind == subscriber.Kind && e.Cause.Role != domain.RoleEngine {
					w.clock.after(p.chance.between(10*time.Microsecond, 100*time.Millisecond), func() {
						if !p.dead() {
							p.wake(e.Stream)
						}
					})
				}
			}
			w.answer(e)
		}
		n := len(w.entries)
		lag := pick(w.logChance, w.logChance.between(time.Millisecond, time.Second), w.logChance.between(time.Millisecond, 20*time.Second))
		w.clock.after(lag, func() { w.views.apply(n) })
	}
	w.views.learn(w.entries)
}

// known returns all entries of the log.
func (w *world) known() []domain.Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.entries[:len(w.entries):len(w.entries)]
}

// intended returns the subscriber for whom a request with this tracking id was
// recorded before it is sent; empty: none.
func (w *world) intended(tracking string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.intents[tracking]
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

// fail notes a promise that was not kept.
func (w *world) fail(broken promise, stream, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.troubles = append(w.troubles, trouble{broken, stream, fmt.Sprintf("%v: ", time.Since(w.began)) + fmt.Sprintf(format, args...)})
}

// hash is over all that is in the log.
func (w *world) hash() string {
	h := sha256.New()
	for _, e := range w.known() {
		body, err := codec.Encode(e.Event)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(h, "%d %s %d %s %d %+v %s %s\n", e.Position, e.Stream, e.Version, e.ID, e.At.UnixNano(), e.Cause, e.Event.EventType(), body)
	}
	return fmt.Sprintf("%d entries, %x", len(w.entries), h.Sum(nil))
}

var _ commands.EventLog = programLog{}
