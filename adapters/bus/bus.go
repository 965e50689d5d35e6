// Package bus brings new entries of the log to whatever reacts to them: process
// wake-ups, mail, webhooks, feeds of other systems. It is Watermill between the
// log and the reactions; README.md says what was decided and measured.
package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"ledgerline/domain"
)

// Log is what the bus reads. Batches that Tail yields are in order of positions
// and not empty.
type Log interface {
	Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error]
	Head(ctx context.Context) (domain.Position, error)
}

// Codec turns events into JSON and back.
type Codec interface {
	Encode(domain.Event) ([]byte, error)
	Decode(name string, body []byte) (domain.Event, error)
}

// Config is what a bus needs. Log, Codec and Checkpoints are required; the zero
// value of everything else is useful.
type Config struct {
	Log         Log
	Codec       Codec
	Checkpoints *Checkpoints
	Logger      *slog.Logger          // nil: slog.Default()
	Metrics     prometheus.Registerer // nil: nothing is exported

	// Poison receives each entry that a reaction could not cope with, one message
	// per entry; the reaction then goes on without it. Nil: the reaction waits at
	// that entry and tries again until it succeeds.
	Poison      message.Publisher
	PoisonTopic string // "": "poison"

	Tries    int           // of one delivery before it is given up; 0: 8
	Pause    time.Duration // before the second try, then doubled; 0: 100 ms
	MaxPause time.Duration // between tries and deliveries; 0: 10 s
	Timeout  time.Duration // of one try; 0: 1 minute
	Grace    time.Duration // for a try under way when the bus is stopped; 0: 10 s
}

// From says where something that has no checkpoint yet begins.
type From int

const (
	Head      From = iota // with what is recorded from now on
	Beginning             // with the first entry
)

// Reaction deals with entries, which come in order of positions. Each entry is
// delivered at least once: again after an error, a panic or a crash. It should
// give up when ctx ends, which is when its time is up, not when the bus stops.
type Reaction func(ctx context.Context, entries []domain.Entry) error

// Bus delivers the entries of a log. Each reaction has its own pace and its own
// checkpoint, which moves on when a batch has been dealt with.
type Bus struct {
	conf   Config
	meters meters
	router *message.Router
	own    *Subscriber
	starts map[string]From // of reactions and feeds

	mu     sync.Mutex
	active map[string]bool // names that are subscribed
}

// New returns a bus without reactions.
func New(c Config) (*Bus, error) {
	if c.Log == nil || c.Codec == nil || c.Checkpoints == nil {
		return nil, errors.New("bus: Log, Codec and Checkpoints are required")
	}
	c.setDefaults()
	meters, err := newMeters(c.Metrics)
	if err != nil {
		return nil, err
	}
	logger := watermill.NewSlogLoggerWithLevelMapping(c.Logger, map[slog.Level]slog.Level{slog.LevelInfo: slog.LevelDebug})
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: c.Grace}, logger)
	if err != nil {
		return nil, err
	}
	b := &Bus{conf: c, meters: meters, router: router, starts: map[string]From{}, active: map[string]bool{}}
	b.own = &Subscriber{bus: b, from: func(name string) From { return b.starts[name] }}
	return b, nil
}

func (c *Config) setDefaults() {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	c.PoisonTopic = cmp.Or(c.PoisonTopic, "poison")
	c.Tries = cmp.Or(c.Tries, 8)
	c.Pause = cmp.Or(c.Pause, 100*time.Millisecond)
	c.MaxPause = cmp.Or(c.MaxPause, 10*time.Second)
	c.Timeout = cmp.Or(c.Timeout, time.Minute)
	c.Grace = cmp.Or(c.Grace, 10*time.Second)
}

// React delivers entries to r under a name that is kept with the checkpoint for
// good; it must not change. What r cannot cope with goes to Config.Poison. To be
// called before Run; panics if the name is taken.
func (b *Bus) React(name string, from From, r Reaction) {
	b.add(name, from, r, b.setAside, b.retry(name))
}

// Feed publishes the entries as JSON lines (see Encode) to a topic, in order and
// without gaps: when to fails, the feed waits. Messages stay below 1 MB; their
// id is that of the last entry. To be called before Run; panics if the name is
// taken. Whoever made to closes it.
func (b *Bus) Feed(name string, from From, topic string, to message.Publisher) {
	b.add(name, from, func(ctx context.Context, entries []domain.Entry) error {
		for part, err := range b.parts(ctx, entries) {
			if err != nil {
				return err
			}
			if err := to.Publish(topic, part); err != nil {
				return fmt.Errorf("publish to %s: %w", topic, err)
			}
		}
		return nil
	}, b.retry(name))
}

func (b *Bus) add(name string, from From, r Reaction, outer ...message.HandlerMiddleware) {
	b.starts[name] = from
	h := b.router.AddConsumerHandler(name, name, b.own, func(msg *message.Message) error {
		entries, _ := Entries(msg)
		return r(msg.Context(), entries)
	})
	h.AddMiddleware(append(outer, b.measure(name), b.shelter, middleware.Timeout(b.conf.Timeout), middleware.Recoverer)...)
}

// Run delivers until ctx ends, then lets the tries under way come to an end. A
// bus runs once.
//
// Errors: ErrAhead.
func (b *Bus) Run(ctx context.Context) error {
	for name, from := range b.starts {
		if _, err := b.start(ctx, name, from); err != nil {
			return err
		}
	}
	if len(b.starts) == 0 {
		<-ctx.Done()
		return nil
	}
	err := b.router.Run(ctx)
	return errors.Join(err, b.own.Close())
}

// ErrAhead: a checkpoint is past the end of the log, so it belongs to another.
var ErrAhead = errors.New("the checkpoint is past the end of the log; is it the checkpoint of another log?")

// start returns the position after which to deliver, and keeps it, so that a
// restart before the first delivery changes nothing.
func (b *Bus) start(ctx context.Context, name string, from From) (domain.Position, error) {
	head, err := b.conf.Log.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", name, err)
	}
	after, known, err := b.conf.Checkpoints.Load(name)
	switch {
	case err != nil:
		return 0, err
	case known && after > head:
		return 0, fmt.Errorf("start %s after %d of %d: %w", name, after, head, ErrAhead)
	case known:
		return after, nil
	case from == Head:
		after = head
	}
	return after, b.conf.Checkpoints.Save(name, after)
}
