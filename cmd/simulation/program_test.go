package simulation

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
)

// program is one run of the engine: its write side, its driver, and how it ends.
type program struct {
	w       *world
	n       int // of all programs of the world
	chance  *chance
	skew    time.Duration // of its clock
	service *commands.Service
	driver  *commands.Driver
	wake    func(stream string) // tells the driver that something has changed
	ctx     context.Context
	stop    context.CancelFunc
	died    chan struct{}

	mu    sync.Mutex
	gone  bool
	left  int  // things it does until it dies; 0: it does not
	after bool // the last of them is still carried out
	opens int  // how often it asked for open activations
}

// newProgram makes a program that has not started.
func (w *world) newProgram() *program {
	w.mu.Lock()
	n := w.made
	w.made++
	w.mu.Unlock()
	c := newChance(w.seed, 1000+uint64(n))
	p := &program{w: w, n: n, chance: c, died: make(chan struct{}), skew: c.between(-w.weather.skew, w.weather.skew+1)}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.service = &commands.Service{
		Log:   programLog{p},
		Now:   func() time.Time { return time.Now().Add(p.skew).UTC().Truncate(time.Millisecond) },
		NewID: func() uuid.UUID { return c.id() },
		Lanes: &commands.Lanes{Go: func(f func()) { w.clock.after(1, f) }},
		Webex: func(partner string) commands.Webex {
			if x := w.webex[partner]; x != nil {
				return client{x, p}
			}
			return nil
		},
	}
	p.driver = &commands.Driver{
		Service: p.service, Open: p.open, Sole: w.slots == 1, Workers: 1 + c.n(4), Log: slog.New(slog.DiscardHandler),
		Jitter: func(most time.Duration) time.Duration { return c.between(0, most) },
	}
	p.wake = p.driver.Wake
	w.infest(p)
	return p
}

// run works until the program is stopped or has died; a dead one is left to itself.
func (p *program) run() {
	ended := make(chan struct{})
	p.w.running.Go(func() {
		defer close(ended)
		p.w.clock.pause(p.chance.between(time.Millisecond, 100*time.Millisecond))
		p.w.views.apply(len(p.w.known()))
		_ = p.driver.Run(p.ctx)
	})
	select {
	case <-ended:
	case <-p.died:
	}
}

// act counts one thing that the program does outside itself and says whether it is
// to die of it.
func (p *program) act() (dying bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone || p.left == 0 || !p.w.bad() {
		return false
	}
	p.left--
	return p.left == 0
}

// kill ends the program at this instant: from now on it does nothing.
func (p *program) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		p.gone = true
		close(p.died)
		p.stop()
		p.w.count("program killed")
	}
}

func (p *program) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gone
}

// serves says whether users can ask the program for something.
func (p *program) serves() bool { return p.ctx.Err() == nil }

// open is what views say is open, or their outage.
func (p *program) open(ctx context.Context, yield func(string)) error {
	p.mu.Lock()
	p.opens++
	first := p.opens == 1
	p.mu.Unlock()
	p.w.clock.pause(p.chance.between(time.Microsecond, 10*time.Millisecond))
	if !first && p.w.weather.blind {
		p.w.count("views: sweep fails")
		return errOutage
	}
	for _, stream := range p.w.views.open() {
		p.w.clock.pause(p.chance.between(time.Microsecond, 100*time.Microsecond))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		yield(stream)
	}
	return nil
}

// keepRunning starts one program after another until the world is over.
func (w *world) keepRunning(c *chance) {
	for !w.over() {
		p := w.newProgram()
		if w.bad() {
			switch k := c.n(10); {
			case k < 7:
				p.left, p.after = 1+c.n(pick(c, 20, 100, 400)), c.in(0.5)
			case k < 9:
				w.clock.after(c.between(time.Second, 40*time.Minute), func() {
					if w.bad() {
						w.count("program stopped")
						p.stop()
					}
				})
			}
		}
		w.started(p)
		p.run()
		w.ended(p)
		w.clock.pause(pick(c, c.between(0, time.Second), c.between(0, time.Minute)))
	}
}
