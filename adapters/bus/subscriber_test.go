package bus_test

import (
	"context"
	"iter"
	"log/slog"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/bus"
	"ledgerline/domain"
)

var _ message.Subscriber = (*bus.Subscriber)(nil)

// subscribed calls test with the messages of a subscriber to everything.
func subscribed(t *testing.T, test func(t *testing.T, w world, s *bus.Subscriber, in <-chan *message.Message)) {
	t.Helper()
	live(t, func(t *testing.T, w world) {
		b, closeAll := w.open(t, bus.Config{})
		defer closeAll()
		s := b.Subscriber(bus.Beginning)
		in, err := s.Subscribe(t.Context(), "feed")
		require.NoError(t, err)
		test(t, w, s, in)
		require.NoError(t, s.Close())
		_, more := <-in
		require.False(t, more)
	})
}

func TestAMessageIsABatchOfEntriesAsJSONLines(t *testing.T) {
	subscribed(t, func(t *testing.T, w world, _ *bus.Subscriber, in <-chan *message.Message) {
		w.note(t, "a", 1)
		msg := <-in
		fromLog, _ := w.ReadStream(t.Context(), "a")
		decoded, err := bus.Decode(codec, msg.Payload)
		require.NoError(t, err)
		require.Equal(t, fromLog, decoded)
		carried, ok := bus.Entries(msg)
		require.True(t, ok)
		require.Equal(t, fromLog, carried)
		require.Equal(t, message.Metadata{bus.FirstKey: "1", bus.LastKey: "1", bus.CountKey: "1"}, msg.Metadata)
		require.Equal(t, fromLog[0].ID.String(), msg.UUID)
		msg.Ack()

		w.note(t, "a", 2, 3)
		msg = <-in
		msg.Ack()
		require.Equal(t, "2", msg.Metadata[bus.FirstKey])
	})
}

func TestANackedBatchComesAgainAfterPausesThatGrowUpToALimit(t *testing.T) {
	subscribed(t, func(t *testing.T, w world, _ *bus.Subscriber, in <-chan *message.Message) {
		w.note(t, "a", 1)
		first := <-in
		var pauses []time.Duration
		for msg := first; len(pauses) < 9; {
			require.True(t, msg.Nack())
			began := time.Now()
			msg = <-in
			pauses = append(pauses, time.Since(began))
			require.True(t, first.Equals(msg))
		}
		ms := time.Millisecond
		require.Equal(t, []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 6400 * ms, 10000 * ms, 10000 * ms}, pauses)
	})
}

func TestTheNextBatchComesOnlyAfterTheAck(t *testing.T) {
	subscribed(t, func(t *testing.T, w world, _ *bus.Subscriber, in <-chan *message.Message) {
		w.note(t, "a", 1)
		msg := <-in
		w.note(t, "a", 2)
		select {
		case <-in:
			t.Fatal("a second batch beside the first")
		case <-time.After(time.Hour):
		}
		require.NoError(t, msg.Context().Err())
		msg.Ack()
		<-msg.Context().Done()
		(<-in).Ack()
	})
}

func TestANameCannotBeSubscribedTwiceAtOnce(t *testing.T) {
	subscribed(t, func(t *testing.T, w world, s *bus.Subscriber, _ <-chan *message.Message) {
		_, err := s.Subscribe(t.Context(), "feed")
		require.ErrorContains(t, err, "feed is subscribed already")
	})
}

// brokenOnce is a log whose first reader gets nothing but an error.
type brokenOnce struct {
	bus.Log
	broken bool
}

func (l *brokenOnce) Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	if l.broken {
		return l.Log.Tail(ctx, after)
	}
	l.broken = true
	return func(yield func([]domain.Entry, error) bool) { yield(nil, errDown) }
}

func TestASubscriptionOutlivesAFailureOfTheLog(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		checkpoints, err := bus.OpenCheckpoints(w.path)
		require.NoError(t, err)
		defer func() { require.NoError(t, checkpoints.Close()) }()
		b, err := bus.New(bus.Config{Log: &brokenOnce{Log: w.Log}, Codec: codec, Checkpoints: checkpoints, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		s := b.Subscriber(bus.Beginning)
		in, err := s.Subscribe(t.Context(), "feed")
		require.NoError(t, err)
		w.note(t, "a", 1)
		(<-in).Ack()
		require.NoError(t, s.Close())
	})
}

func TestABatchIsNotSentAgainBecauseItsCheckpointCannotBeSaved(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		b, closeCheckpoints := w.open(t, bus.Config{})
		s := b.Subscriber(bus.Beginning)
		in, err := s.Subscribe(t.Context(), "feed")
		require.NoError(t, err)
		closeCheckpoints()
		w.note(t, "a", 1)
		(<-in).Ack()
		w.note(t, "a", 2)
		select {
		case msg := <-in:
			t.Fatalf("sent %s", msg.Payload)
		case <-time.After(time.Hour):
		}
		require.NoError(t, s.Close())
	})
}

func TestASubscriptionEndsWithItsContext(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		b, closeAll := w.open(t, bus.Config{})
		defer closeAll()
		w.note(t, "a", 1)
		s := b.Subscriber(bus.Beginning)
		for range 2 { // unread, then read and not acked
			ctx, cancel := context.WithCancel(t.Context())
			in, err := s.Subscribe(ctx, "feed")
			require.NoError(t, err)
			cancel()
			for range in {
			}
			ctx, cancel = context.WithCancel(t.Context())
			in, err = s.Subscribe(ctx, "feed")
			require.NoError(t, err)
			<-in
			cancel()
			_, more := <-in
			require.False(t, more)
		}
		require.NoError(t, s.Close())
		_, err := s.Subscribe(t.Context(), "feed")
		require.Error(t, err)
	})
}

func TestTheActivationOfASubscriberIsWokenUnlessTheEngineItselfRecorded(t *testing.T) {
	entry := func(stream, role string) domain.Entry {
		return domain.Entry{Stream: stream, Cause: domain.Cause{Role: role}}
	}
	var woken []string
	wake := bus.WakeActivations(func(stream string) { woken = append(woken, stream) })
	require.NoError(t, wake(t.Context(), []domain.Entry{
		entry("subscriber-1", domain.RoleAdmin),
		entry("subscriber-2", domain.RoleEngine),
		entry("template-3", domain.RoleAdmin),
		entry("subscriber-4", domain.RoleSubscriber),
	}))
	require.Equal(t, []string{"subscriber-1", "subscriber-4"}, woken)
}

func TestDriftIsWokenByWhoeverAsksForSomethingButTheEngine(t *testing.T) {
	woken := 0
	wake := bus.WakeDrift(func() { woken++ })
	for stream, role := range map[string]string{"drift-1": domain.RoleEngine, "driftwatch-1": domain.RoleAdmin, "subscriber-1": domain.RoleAdmin} {
		require.NoError(t, wake(t.Context(), []domain.Entry{{Stream: stream, Cause: domain.Cause{Role: role}}}))
	}
	require.Zero(t, woken)
	require.NoError(t, wake(t.Context(), []domain.Entry{{Stream: "drift-1", Cause: domain.Cause{Role: domain.RoleAdmin}}}))
	require.Equal(t, 1, woken)
}
