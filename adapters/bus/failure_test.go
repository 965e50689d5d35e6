package bus_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/bus"
	"ledgerline/domain"
)

var errDown = errors.New("down")

func TestAReactionThatFailsIsTriedAgainAndNothingIsSkipped(t *testing.T) {
	for name, fail := range map[string]func() error{
		"with an error": func() error { return errDown },
		"with a panic":  func() error { panic("a mistake") },
	} {
		t.Run(name, func(t *testing.T) {
			live(t, func(t *testing.T, w world) {
				var s seen
				failures := 25 // more than the tries of one delivery
				stop := w.run(t, bus.Config{}, func(b *bus.Bus) {
					b.React("mail", bus.Beginning, func(ctx context.Context, entries []domain.Entry) error {
						if failures--; failures >= 0 {
							return fail()
						}
						return s.react(ctx, entries)
					})
				})
				defer stop()
				w.note(t, "a", 1, 2, 3)
				pass(time.Hour)
				require.Equal(t, []int{1, 2, 3}, s.take())
			})
		})
	}
}

func TestATryWhoseTimeIsUpIsEndedAndTheNextHasTimeOfItsOwn(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		var s seen
		tries := 0
		stop := w.run(t, bus.Config{Timeout: time.Minute}, func(b *bus.Bus) {
			b.React("mail", bus.Beginning, func(ctx context.Context, entries []domain.Entry) error {
				var enough <-chan time.Time
				if tries++; tries == 2 {
					enough = time.After(59 * time.Second)
				}
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-enough:
					return s.react(ctx, entries)
				}
			})
		})
		defer stop()
		w.note(t, "a", 1)
		pass(3 * time.Minute)
		require.Equal(t, []int{1}, s.take())
		require.Equal(t, 2, tries)
	})
}

// picky fails for one number, whoever comes with it: by a panic if it is negative.
func picky(s *seen, bad int) bus.Reaction {
	return func(ctx context.Context, entries []domain.Entry) error {
		for _, e := range entries {
			switch n := e.Event.(noted).N; {
			case n == bad && n < 0:
				panic("a mistake")
			case n == bad:
				return errDown
			}
		}
		return s.react(ctx, entries)
	}
}

func TestAnEntryThatCannotBeDealtWithIsSetAsideAloneAndTheReactionGoesOn(t *testing.T) {
	t.Run("after errors", func(t *testing.T) { setAside(t, 2, "down") })
	t.Run("after panics", func(t *testing.T) { setAside(t, -2, "a mistake") })
}

func setAside(t *testing.T, bad int, why string) {
	live(t, func(t *testing.T, w world) {
		pubsub := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: 10}, watermill.NopLogger{})
		defer func() { require.NoError(t, pubsub.Close()) }()
		poisoned, err := pubsub.Subscribe(t.Context(), "poison")
		require.NoError(t, err)
		var s seen
		metrics := prometheus.NewRegistry()
		w.note(t, "a", 1, bad, 3)
		stop := w.run(t, bus.Config{Poison: pubsub, Metrics: metrics}, func(b *bus.Bus) { b.React("mail", bus.Beginning, picky(&s, bad)) })
		defer stop()
		msg := <-poisoned
		msg.Ack()
		entries, err := bus.Decode(codec, msg.Payload)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.Equal(t, noted{bad}, entries[0].Event)
		require.Contains(t, msg.Metadata[middleware.ReasonForPoisonedKey], why)
		require.Equal(t, "mail", msg.Metadata[middleware.PoisonedHandlerKey])
		require.Equal(t, []int{1, 3}, s.take())

		w.note(t, "a", 4)
		require.Equal(t, []int{4}, s.take())
		require.Equal(t, map[string]float64{
			"ledgerline_bus_entries_total":      4,
			"ledgerline_bus_poisoned_total":     1,
			"ledgerline_bus_failed_tries_total": 16, // of the batch, then of the entry alone
			"ledgerline_bus_position":           4,
		}, values(t, metrics))
	})
}

// values returns the counters and gauges, each of which has one label.
func values(t *testing.T, r *prometheus.Registry) map[string]float64 {
	families, err := r.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, f := range families {
		if m := f.GetMetric()[0]; m.GetHistogram() == nil {
			values[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return values
}

func TestWithoutAPoisonTopicAReactionWaitsAtWhatItCannotDealWith(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		var s seen
		stop := w.run(t, bus.Config{}, func(b *bus.Bus) { b.React("mail", bus.Beginning, picky(&s, 2)) })
		defer stop()
		w.note(t, "a", 1)
		require.Equal(t, []int{1}, s.take())
		w.note(t, "a", 2, 3)
		pass(time.Hour)
		require.Empty(t, s.take())
	})
}

// brittle fails to publish until it is mended.
type brittle struct {
	message.Publisher
	mended atomic.Bool
}

func (b *brittle) Publish(topic string, messages ...*message.Message) error {
	if !b.mended.Load() {
		return errDown
	}
	return b.Publisher.Publish(topic, messages...)
}

func TestNothingIsSetAsideThatThePoisonTopicDoesNotTake(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		pubsub := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, watermill.NopLogger{})
		defer func() { require.NoError(t, pubsub.Close()) }()
		broker := &brittle{Publisher: pubsub}
		var s seen
		stop := w.run(t, bus.Config{Poison: broker}, func(b *bus.Bus) { b.React("mail", bus.Beginning, picky(&s, 1)) })
		defer stop()
		w.note(t, "a", 1)
		synctest.Wait()
		w.note(t, "a", 2)
		pass(time.Hour)
		require.Empty(t, s.take())
		broker.mended.Store(true)
		pass(time.Hour)
		require.Equal(t, []int{2}, s.take())
	})
}

func TestNothingIsSetAsideBecauseTheBusIsStopped(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		pubsub := gochannel.NewGoChannel(gochannel.Config{Persistent: true}, watermill.NopLogger{})
		defer func() { require.NoError(t, pubsub.Close()) }()
		w.note(t, "a", 1)
		stop := w.run(t, bus.Config{Poison: pubsub}, func(b *bus.Bus) {
			b.React("mail", bus.Beginning, func(ctx context.Context, _ []domain.Entry) error { return errDown })
		})
		synctest.Wait() // in a pause between two tries
		stop()
		var s seen
		stop = w.run(t, bus.Config{Poison: pubsub}, func(b *bus.Bus) { b.React("mail", bus.Beginning, s.react) })
		defer stop()
		require.Equal(t, []int{1}, s.take())
	})
}
