package bus_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/bus"
	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/domain"
)

// noted is the event of these tests.
type noted struct {
	N int `json:"n"`
}

func (noted) EventType() string { return "bus.noted.v1" }

var codec = eventlog.NewCodec(noted{})

// world is a log and a file of checkpoints, which outlive the bus.
type world struct {
	*memory.Log
	path string
}

// live runs a test in a bubble, in which time passes only while everybody waits
// and which fails if a goroutine is left behind.
func live(t *testing.T, test func(t *testing.T, w world)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bus.db")
	synctest.Test(t, func(t *testing.T) { test(t, world{memory.New(codec, nil), path}) })
}

// pass lets time pass in the bubble, which takes none outside.
func pass(d time.Duration) { <-time.After(d) }

// note records an event for each number.
func (w world) note(t testing.TB, stream string, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		entries, err := w.ReadStream(t.Context(), stream)
		require.NoError(t, err)
		_, err = w.Append(t.Context(), stream, len(entries), domain.Cause{Role: domain.RoleAdmin, Command: uuid.New()}, noted{n})
		require.NoError(t, err)
	}
}

// run starts a bus and returns what stops it.
func (w world) run(t *testing.T, c bus.Config, add func(*bus.Bus)) (stop func()) {
	t.Helper()
	b, closeAll := w.open(t, c)
	add(b)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, <-ended)
		closeAll()
	})
}

func (w world) open(t *testing.T, c bus.Config) (b *bus.Bus, closeAll func()) {
	t.Helper()
	checkpoints, err := bus.OpenCheckpoints(w.path)
	require.NoError(t, err)
	c.Log, c.Codec, c.Checkpoints, c.Logger = w.Log, codec, checkpoints, slog.New(slog.DiscardHandler)
	b, err = bus.New(c)
	require.NoError(t, err)
	return b, func() { assert.NoError(t, checkpoints.Close()) }
}

// seen collects what reactions were told.
type seen struct {
	mu      sync.Mutex
	numbers []int
}

func (s *seen) react(_ context.Context, entries []domain.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		s.numbers = append(s.numbers, e.Event.(noted).N)
	}
	return nil
}

// take returns the numbers since the last time, once nothing more happens.
func (s *seen) take() []int {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.numbers
	s.numbers = nil
	return taken
}

func TestAReactionSeesEveryEntryInOrderWhile16WritersAppend(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		const writers, each = 16, 500
		var last domain.Position
		count := 0
		stop := w.run(t, bus.Config{}, func(b *bus.Bus) {
			b.React("all", bus.Beginning, func(_ context.Context, entries []domain.Entry) error {
				for _, e := range entries {
					assert.Equal(t, last+1, e.Position)
					last = e.Position
					count++
				}
				return nil
			})
		})
		defer stop()
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				for n := range each {
					_, err := w.Append(t.Context(), fmt.Sprint("writer-", i), n, domain.Cause{Command: uuid.New()}, noted{n})
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
		synctest.Wait()
		require.Equal(t, writers*each, count)
	})
}

func TestAReactionGoesOnAfterItsCheckpointWhenRestarted(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		var s seen
		add := func(b *bus.Bus) { b.React("mail", bus.Beginning, s.react) }
		w.note(t, "a", 1, 2)
		stop := w.run(t, bus.Config{}, add)
		w.note(t, "a", 3)
		require.Equal(t, []int{1, 2, 3}, s.take())
		stop()
		w.note(t, "a", 4)
		stop = w.run(t, bus.Config{}, add)
		defer stop()
		require.Equal(t, []int{4}, s.take())
	})
}

func TestAReactionFromTheHeadSkipsWhatWasRecordedBeforeItsFirstStart(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		var s seen
		add := func(b *bus.Bus) { b.React("mail", bus.Head, s.react) }
		w.note(t, "a", 1, 2)
		stop := w.run(t, bus.Config{}, add)
		require.Empty(t, s.take())
		stop()
		w.note(t, "a", 3) // after the first start, if before the first delivery
		stop = w.run(t, bus.Config{}, add)
		defer stop()
		require.Equal(t, []int{3}, s.take())
	})
}

func TestReactionsHaveCheckpointsOfTheirOwn(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		var quick, stuck seen
		stop := w.run(t, bus.Config{}, func(b *bus.Bus) {
			b.React("quick", bus.Beginning, quick.react)
			b.React("stuck", bus.Beginning, func(context.Context, []domain.Entry) error { return errors.New("down") })
		})
		w.note(t, "a", 1, 2)
		require.Equal(t, []int{1, 2}, quick.take())
		stop()
		stop = w.run(t, bus.Config{}, func(b *bus.Bus) {
			b.React("quick", bus.Beginning, quick.react)
			b.React("stuck", bus.Beginning, stuck.react)
		})
		defer stop()
		require.Equal(t, []int{1, 2}, stuck.take())
		require.Empty(t, quick.take())
	})
}

func TestACheckpointPastTheEndOfTheLogIsRefused(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		w.note(t, "a", 1)
		stop := w.run(t, bus.Config{}, func(b *bus.Bus) { b.React("mail", bus.Head, new(seen).react) })
		synctest.Wait()
		stop()
		w.Log = memory.New(codec, nil)
		b, closeAll := w.open(t, bus.Config{})
		defer closeAll()
		b.React("mail", bus.Head, new(seen).react)
		require.ErrorIs(t, b.Run(t.Context()), bus.ErrAhead)
	})
}

func TestABusWithoutReactionsRunsUntilItIsStopped(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		stop := w.run(t, bus.Config{}, func(*bus.Bus) {})
		synctest.Wait()
		stop()
	})
}

func TestWhatIsUnderWayWhenTheBusStopsComesToItsEndAndIsNotRepeated(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		w.note(t, "a", 1)
		var s seen
		stop := w.run(t, bus.Config{}, func(b *bus.Bus) {
			b.React("mail", bus.Beginning, func(ctx context.Context, entries []domain.Entry) error {
				select {
				case <-time.After(5 * time.Second):
					return s.react(ctx, entries)
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		})
		synctest.Wait()
		stop()
		require.Equal(t, []int{1}, s.take())
		stop = w.run(t, bus.Config{}, func(b *bus.Bus) { b.React("mail", bus.Beginning, s.react) })
		defer stop()
		require.Empty(t, s.take())
	})
}

func TestWhatTakesLongerThanTheGraceIsCutAndDeliveredAgain(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		w.note(t, "a", 1)
		var s seen
		stop := w.run(t, bus.Config{Timeout: time.Hour}, func(b *bus.Bus) {
			b.React("mail", bus.Beginning, func(ctx context.Context, _ []domain.Entry) error {
				<-ctx.Done()
				return ctx.Err()
			})
		})
		synctest.Wait()
		stop()
		stop = w.run(t, bus.Config{}, func(b *bus.Bus) { b.React("mail", bus.Beginning, s.react) })
		defer stop()
		require.Equal(t, []int{1}, s.take())
	})
}

func TestABusNeedsALogACodecAndCheckpoints(t *testing.T) {
	_, err := bus.New(bus.Config{})
	require.ErrorContains(t, err, "required")
}
