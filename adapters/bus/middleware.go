package bus

import (
	"context"
	"errors"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"

	"ledgerline/domain"
)

// The order, from the outside: set aside what failed for good, retry, measure
// one try, shelter it from the end of the bus, limit its time, recover. Watermill
// applies middleware in the order in which it is added, the first outermost.

// setAside deals with a batch that failed too often. Its entries are delivered
// once more one by one, and those that fail alone go to the poison topic.
func (b *Bus) setAside(next message.HandlerFunc) message.HandlerFunc {
	if b.conf.Poison == nil {
		return next
	}
	return func(msg *message.Message) ([]*message.Message, error) {
		ctx := msg.Context() // before others put theirs in its place
		produced, err := next(msg)
		entries, _ := Entries(msg)
		switch {
		case err == nil || ctx.Err() != nil:
			return produced, err
		case len(entries) == 1:
			return nil, b.poison(ctx, entries[0], err)
		}
		for i := range entries {
			_, err := next(carry(ctx, entries[i:i+1], nil))
			if err != nil && ctx.Err() == nil {
				err = b.poison(ctx, entries[i], err)
			}
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	}
}

// poison publishes one entry with the reason why, in Watermill's words.
func (b *Bus) poison(ctx context.Context, e domain.Entry, why error) error {
	one := []domain.Entry{e}
	payload, err := Encode(b.conf.Codec, one)
	if err != nil {
		return errors.Join(why, err)
	}
	name := message.HandlerNameFromCtx(ctx)
	msg := carry(ctx, one, payload)
	msg.Metadata[middleware.ReasonForPoisonedKey] = why.Error()
	msg.Metadata[middleware.PoisonedHandlerKey] = name
	msg.Metadata[middleware.PoisonedTopicKey] = message.SubscribeTopicFromCtx(ctx)
	if err := b.conf.Poison.Publish(b.conf.PoisonTopic, msg); err != nil {
		return errors.Join(why, err)
	}
	b.meters.poisoned.WithLabelValues(name).Inc()
	b.conf.Logger.Error("entry set aside", "reaction", name, "position", e.Position, "stream", e.Stream,
		"type", e.Event.EventType(), "topic", b.conf.PoisonTopic, "error", why)
	return nil
}

// retry tries a delivery again, until it has been tried Tries times. Each try
// begins with the message's own context, not with that of the one before.
func (b *Bus) retry(name string) message.HandlerMiddleware {
	return middleware.Retry{
		MaxRetries:          b.conf.Tries - 1,
		InitialInterval:     b.conf.Pause,
		MaxInterval:         b.conf.MaxPause,
		Multiplier:          2,
		RandomizationFactor: 0.2,
		ResetContextOnRetry: true,
		Logger:              b.router.Logger().With(watermill.LogFields{"reaction": name}),
	}.Middleware
}

// measure counts and times the tries.
func (b *Bus) measure(name string) message.HandlerMiddleware {
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			began := time.Now()
			produced, err := next(msg)
			b.meters.tried(name, time.Since(began), err)
			return produced, err
		}
	}
}

// shelter lets a try go on for Grace after the bus was stopped: what has been
// begun outside had better be finished.
func (b *Bus) shelter(next message.HandlerFunc) message.HandlerFunc {
	return func(msg *message.Message) ([]*message.Message, error) {
		outer := msg.Context()
		ctx, cancel := context.WithCancel(context.WithoutCancel(outer))
		defer cancel()
		stop := context.AfterFunc(outer, func() {
			select {
			case <-ctx.Done():
			case <-time.After(b.conf.Grace):
				cancel()
			}
		})
		defer stop()
		msg.SetContext(ctx)
		return next(msg)
	}
}
