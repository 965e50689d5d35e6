package eventlogtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
)

// Opener says how the log under test comes into being. Each call of New starts
// an empty log with Codec() that stamps by clock and is closed with the test.
type Opener struct {
	New func(t *testing.T, clock *Clock) Log

	// Reopen closes a log and opens it again; nil: it does not outlive its
	// process.
	Reopen func(t *testing.T, log Log) Log
}

// Run checks every promise of an event log.
func Run(t *testing.T, o Opener) {
	open := func(t *testing.T) Log { return o.New(t, &Clock{}) }
	t.Run("streams", func(t *testing.T) { streams(t, open) })
	t.Run("repeats", func(t *testing.T) { repeats(t, open) })
	t.Run("limits", func(t *testing.T) { limits(t, open) })
	t.Run("entries", func(t *testing.T) { entries(t, o, open) })
	t.Run("reading", func(t *testing.T) { reading(t, open) })
	t.Run("tails", func(t *testing.T) { tails(t, open) })
	t.Run("contexts", func(t *testing.T) { contexts(t, open) })
	t.Run("races", func(t *testing.T) { races(t, open) })
	if o.Reopen != nil {
		t.Run("reopening", func(t *testing.T) { reopening(t, o, open) })
	}
}

func streams(t *testing.T, open func(*testing.T) Log) {
	t.Run("a stream that nobody wrote to is empty", func(t *testing.T) {
		entries, err := open(t).ReadStream(t.Context(), newStream())
		require.NoError(t, err)
		require.Empty(t, entries)
	})
	t.Run("what was appended is read back, oldest first", func(t *testing.T) {
		log, stream := open(t), newStream()
		add(t, log, stream, 0, "a", "b")
		requireStream(t, log, stream, "a", "b")
		add(t, log, stream, 2, "c")
		requireStream(t, log, stream, "a", "b", "c")
	})
	t.Run("streams do not mix", func(t *testing.T) {
		log, one, two := open(t), newStream(), newStream()
		add(t, log, one, 0, "a")
		add(t, log, two, 0, "b")
		add(t, log, one, 1, "c")
		requireStream(t, log, one, "a", "c")
		requireStream(t, log, two, "b")
	})
	t.Run("any short ASCII name will do", func(t *testing.T) {
		log := open(t)
		id := uuid.New()
		for _, stream := range []string{
			"x", "two_words-1", strings.Repeat("n", commands.MaxStreamName), id.String(), "-" + id.String(),
			"kind-" + strings.ToUpper(id.String()), "a-b-" + id.String(), domain.StreamOf("other", id), domain.StreamOf("kind", id),
		} {
			add(t, log, stream, 0, stream)
			requireStream(t, log, stream, stream)
		}
	})
	t.Run("a stale append is refused and leaves no trace", func(t *testing.T) {
		log, stream := open(t), newStream()
		last := add(t, log, stream, 0, "a")
		for _, expected := range []int{0, 2, -1} {
			_, err := log.Append(t.Context(), stream, expected, newCause(), note("b"))
			require.ErrorIs(t, err, commands.ErrStale)
		}
		requireStream(t, log, stream, "a")
		require.Len(t, all(t, log, 0), 1)
		head, err := log.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, last, head)
	})
	t.Run("the ids of a stale append are free", func(t *testing.T) {
		log, stream, why := open(t), newStream(), newCause()
		_, err := log.Append(t.Context(), stream, 1, why, note("a"))
		require.ErrorIs(t, err, commands.ErrStale)
		_, err = log.Append(t.Context(), stream, 0, why, note("b"))
		require.NoError(t, err)
		requireStream(t, log, stream, "b")
	})
	t.Run("an append returns the position of its last event", func(t *testing.T) {
		log, stream := open(t), newStream()
		p := add(t, log, stream, 0, "a", "b", "c")
		entries, err := log.ReadStream(t.Context(), stream)
		require.NoError(t, err)
		require.Equal(t, p, entries[2].Position)
	})
}

func limits(t *testing.T, open func(*testing.T) Log) {
	text := func(n int) domain.Event {
		empty, err := Codec().Encode(Noted{})
		require.NoError(t, err)
		return Noted{Text: strings.Repeat("x", n-len(empty))}
	}
	half := text(commands.MaxEventBytes)
	t.Run("what is just within the limits is recorded", func(t *testing.T) {
		log, stream := open(t), newStream()
		_, err := log.Append(t.Context(), stream, 0, newCause(), half, half)
		require.NoError(t, err)
		entries, err := log.ReadStream(t.Context(), stream)
		require.NoError(t, err)
		require.Equal(t, []domain.Event{half, half}, []domain.Event{entries[0].Event, entries[1].Event})
	})
	stream := newStream()
	for name, c := range map[string]struct {
		stream string
		events []domain.Event
	}{
		"an event over the limit":      {stream, []domain.Event{note("a"), text(commands.MaxEventBytes + 1)}},
		"an append over the limit":     {stream, []domain.Event{half, half, note("a")}},
		"a stream name over the limit": {strings.Repeat("n", commands.MaxStreamName+1), []domain.Event{note("a")}},
	} {
		t.Run(name+" is refused and leaves no trace", func(t *testing.T) {
			log, why := open(t), newCause()
			_, err := log.Append(t.Context(), c.stream, 0, why, c.events...)
			require.ErrorIs(t, err, commands.ErrTooLarge)
			require.Empty(t, all(t, log, 0))
			_, err = log.Append(t.Context(), stream, 0, why, note("a"))
			require.NoError(t, err)
		})
	}
	t.Run("a zero command is a programmer's mistake", func(t *testing.T) {
		log := open(t)
		require.Panics(t, func() { _, _ = log.Append(t.Context(), newStream(), 0, domain.Cause{}, note("a")) })
		require.Empty(t, all(t, log, 0))
	})
	t.Run("so is an append without events", func(t *testing.T) {
		log := open(t)
		require.Panics(t, func() { _, _ = log.Append(t.Context(), newStream(), 0, newCause()) })
	})
}

func entries(t *testing.T, o Opener, open func(*testing.T) Log) {
	t.Run("cause, time and ids are recorded beside each event", func(t *testing.T) {
		log, stream, why := open(t), newStream(), newCause()
		p, err := log.Append(t.Context(), stream, 0, why, note("a"), Counted{At: noon, N: 2})
		require.NoError(t, err)
		recorded := why
		recorded.Command = uuid.UUID{}
		want := []domain.Entry{
			{Position: all(t, log, 0)[0].Position, Version: 1, ID: why.Command, Event: note("a")},
			{Position: p, Version: 2, ID: domain.EventID(why.Command, 1), Event: Counted{At: noon, N: 2}},
		}
		for i := range want {
			want[i].Stream, want[i].At, want[i].Cause = stream, noon, recorded
		}
		got, err := log.ReadStream(t.Context(), stream)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, want, all(t, log, 0))
	})
	t.Run("a cause is read back however often it is used", func(t *testing.T) {
		log, why := open(t), newCause()
		for range 5 {
			why.Command = uuid.Must(uuid.NewV7())
			_, err := log.Append(t.Context(), newStream(), 0, why, note("a"), note("b"))
			require.NoError(t, err)
		}
		_, err := log.Append(t.Context(), newStream(), 0, domain.Cause{Command: uuid.New()}, note("c"))
		require.NoError(t, err)
		why.Command = uuid.UUID{}
		got := all(t, log, 0)
		for _, e := range got[:10] {
			require.Equal(t, why, e.Cause)
		}
		require.Zero(t, got[10].Cause)
	})
	t.Run("times never decrease, even if the clock goes back", func(t *testing.T) {
		clock := &Clock{}
		log := o.New(t, clock)
		add(t, log, newStream(), 0, "a")
		clock.past = -time.Hour
		add(t, log, newStream(), 0, "b")
		clock.past = time.Second + 999*time.Microsecond
		add(t, log, newStream(), 0, "c")
		var times []time.Time
		for _, e := range all(t, log, 0) {
			times = append(times, e.At)
		}
		require.Equal(t, []time.Time{noon, noon, noon.Add(time.Second)}, times)
	})
	t.Run("events of unknown types survive as they are", func(t *testing.T) {
		log, stream := open(t), newStream()
		unknown := domain.Unknown{Type: "test.future.v9", Data: []byte(`{ "b":1,"a" : 2 }`)}
		_, err := log.Append(t.Context(), stream, 0, newCause(), unknown)
		require.NoError(t, err)
		got, err := log.ReadStream(t.Context(), stream)
		require.NoError(t, err)
		require.Equal(t, unknown, got[0].Event)
		require.Equal(t, unknown, all(t, log, 0)[0].Event)
	})
}

func contexts(t *testing.T, open func(*testing.T) Log) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	t.Run("an ended context ends every call", func(t *testing.T) {
		log, stream := open(t), newStream()
		add(t, log, stream, 0, "a")
		_, err := log.Append(cancelled, stream, 1, newCause(), note("b"))
		require.ErrorIs(t, err, context.Canceled)
		_, err = log.ReadStream(cancelled, stream)
		require.ErrorIs(t, err, context.Canceled)
		_, err = log.Head(cancelled)
		require.ErrorIs(t, err, context.Canceled)
		_, err = collect(log.ReadAll(cancelled, 0))
		require.ErrorIs(t, err, context.Canceled)
		_, err = collect(log.Tail(cancelled, 0))
		require.ErrorIs(t, err, context.Canceled)
		requireStream(t, log, stream, "a")
	})
	t.Run("reading stops when the context ends half way", func(t *testing.T) {
		log := open(t)
		fill(t, log, 3000)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var last error
		for _, err := range log.ReadAll(ctx, 0) {
			last = err
			cancel()
		}
		require.ErrorIs(t, last, context.Canceled)
	})
}

func races(t *testing.T, open func(*testing.T) Log) {
	t.Run("exactly one of many appends at the same version wins", func(t *testing.T) {
		log, stream := open(t), newStream()
		for version := range 10 {
			var wins, stale counter
			together(16, func(i int) {
				_, err := log.Append(t.Context(), stream, version, newCause(), note(fmt.Sprint(i)))
				wins.add(err == nil)
				stale.add(err != nil && strings.Contains(err.Error(), commands.ErrStale.Error()))
			})
			require.Equal(t, 1, wins.n)
			require.Equal(t, 15, stale.n)
		}
		entries, err := log.ReadStream(t.Context(), stream)
		require.NoError(t, err)
		require.Len(t, entries, 10)
	})
	t.Run("the same append many times at once is recorded once", func(t *testing.T) {
		log, stream, why := open(t), newStream(), newCause()
		var positions sync.Map
		var failed counter
		together(16, func(int) {
			p, err := log.Append(t.Context(), stream, 0, why, note("a"), note("b"))
			positions.Store(p, true)
			failed.add(err != nil)
		})
		require.Zero(t, failed.n)
		requireStream(t, log, stream, "a", "b")
		n := 0
		positions.Range(func(any, any) bool { n++; return true })
		require.Equal(t, 1, n)
	})
}

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) add(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if yes {
		c.n++
	}
}

// together calls f n times at once and waits.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}
