package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"

	"ledgerline/domain"
)

// Subscriber is the log as Watermill sees it: a message is a batch of entries,
// and the topic is the name under which the checkpoint is kept. The next batch
// is sent when the one before was acked. A nacked one is sent again after a
// pause, from the same entry on, with what has been recorded meanwhile. There is
// no limit to the time until the ack.
type Subscriber struct {
	bus    *Bus
	from   func(name string) From
	encode bool // messages have payloads

	mu      sync.Mutex
	closed  bool
	cancels []context.CancelFunc
	running sync.WaitGroup
}

// Subscriber returns a subscriber for a router of one's own. Its messages have
// the entries as payload, for any publisher.
func (b *Bus) Subscriber(from From) *Subscriber {
	return &Subscriber{bus: b, from: func(string) From { return from }, encode: true}
}

var (
	errClosed = errors.New("bus: the subscriber is closed")
	errNacked = errors.New("the batch was nacked")
)

// Subscribe implements message.Subscriber.
//
// Errors: ErrAhead.
func (s *Subscriber) Subscribe(ctx context.Context, name string) (<-chan *message.Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	after, err := s.bus.start(ctx, name, s.from(name))
	if err != nil {
		return nil, err
	}
	if !s.bus.claim(name) {
		return nil, fmt.Errorf("bus: %s is subscribed already", name)
	}
	ctx, cancel := context.WithCancel(ctx)
	s.cancels = append(s.cancels, cancel)
	sub := &subscription{bus: s.bus, name: name, encode: s.encode, after: after, saved: after, out: make(chan *message.Message)}
	s.running.Go(func() {
		defer cancel()
		defer s.bus.release(name)
		sub.run(ctx)
	})
	return sub.out, nil
}

// Close ends all subscriptions and waits until they have.
func (s *Subscriber) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, cancel := range s.cancels {
		cancel()
	}
	s.mu.Unlock()
	s.running.Wait()
	return nil
}

func (b *Bus) claim(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.active[name] {
		return false
	}
	b.active[name] = true
	return true
}

func (b *Bus) release(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.active, name)
}

// subscription is one pass of one name over the log.
type subscription struct {
	bus    *Bus
	name   string
	encode bool
	after  domain.Position // dealt with
	saved  domain.Position // and known to be so after a restart
	out    chan *message.Message
}

func (s *subscription) run(ctx context.Context) {
	defer close(s.out)
	pause := s.bus.conf.Pause
	for {
		before := s.after
		err := s.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if s.after != before {
			pause = s.bus.conf.Pause
		}
		if !errors.Is(err, errNacked) { // whoever nacked has said why
			s.bus.conf.Logger.Error("delivery held up", "reaction", s.name, "after", s.after, "again_in", pause, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, s.bus.conf.MaxPause)
	}
}

// follow delivers batch after batch until something fails.
func (s *subscription) follow(ctx context.Context) error {
	if err := s.save(); err != nil {
		return err
	}
	for batch, err := range s.bus.conf.Log.Tail(ctx, s.after) {
		if err != nil {
			return err
		}
		if err := s.deliver(ctx, batch); err != nil {
			return err
		}
		s.after = batch[len(batch)-1].Position
		s.bus.meters.dealtWith(s.name, len(batch), s.after)
		if err := s.save(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *subscription) save() error {
	if s.saved == s.after {
		return nil
	}
	if err := s.bus.conf.Checkpoints.Save(s.name, s.after); err != nil {
		return err
	}
	s.saved = s.after
	return nil
}

// deliver sends one batch and waits until it is acked.
func (s *subscription) deliver(ctx context.Context, batch []domain.Entry) error {
	var payload []byte
	if s.encode {
		var err error
		if payload, err = Encode(s.bus.conf.Codec, batch); err != nil {
			return err
		}
	}
	messageCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	msg := carry(messageCtx, batch, payload)
	select {
	case s.out <- msg:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-msg.Acked():
		return nil
	case <-msg.Nacked():
		return errNacked
	case <-ctx.Done():
		return s.lastWord(ctx, msg)
	}
}

// lastWord waits a little for the ack of a batch that is being dealt with when
// the subscription ends, so that it need not be dealt with again.
func (s *subscription) lastWord(ctx context.Context, msg *message.Message) error {
	grace := time.NewTimer(s.bus.conf.Grace)
	defer grace.Stop()
	select {
	case <-msg.Acked():
		return nil
	case <-msg.Nacked():
	case <-grace.C:
	}
	return ctx.Err()
}
