package eventlogtest

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
)

func repeats(t *testing.T, open func(*testing.T) Log) {
	a, b, c := note("a"), note("b"), note("c")
	for name, why := range map[string]domain.Cause{
		"time-ordered":   {Command: uuid.Must(uuid.NewV7())},
		"random":         {Command: uuid.New()},
		"derived":        {Command: domain.NameID("a", "name")},
		"wrapping round": {Command: uuid.MustParse("0195f000-0000-7000-8000-00000000ffff")},
	} {
		t.Run("an append with "+name+" ids is recorded once, for ever", func(t *testing.T) {
			log, stream := open(t), newStream()
			first, err := log.Append(t.Context(), stream, 0, why, a, b)
			require.NoError(t, err)
			again := func(expected int) {
				p, err := log.Append(t.Context(), stream, expected, why, a, b)
				require.NoError(t, err)
				require.Equal(t, first, p)
			}
			again(0)
			add(t, log, newStream(), 0, "x")
			add(t, log, stream, 2, "c")
			again(0)
			again(2)
			again(17)
			requireStream(t, log, stream, "a", "b", "c")
			require.Len(t, all(t, log, 0), 4)
		})
	}
	t.Run("another cause does not make it another append", func(t *testing.T) {
		log, stream, why := open(t), newStream(), newCause()
		first, err := log.Append(t.Context(), stream, 0, why, a)
		require.NoError(t, err)
		p, err := log.Append(t.Context(), stream, 0, domain.Cause{Actor: "other", Command: why.Command}, a)
		require.NoError(t, err)
		require.Equal(t, first, p)
	})

	why := newCause()
	other := newStream()
	for name, reuse := range map[string]struct {
		stream  string
		command uuid.UUID
		events  []domain.Event
	}{
		"with another body":                {"", why.Command, []domain.Event{a, c}},
		"with another type":                {"", why.Command, []domain.Event{a, domain.Unknown{Type: "test.other.v1", Data: []byte(`{}`)}}},
		"for another stream":               {other, why.Command, []domain.Event{a, b}},
		"with one event more":              {"", why.Command, []domain.Event{a, b, c}},
		"from the middle, with one more":   {"", domain.EventID(why.Command, 1), []domain.Event{b, c}},
		"so that only its last is known":   {"", domain.EventID(why.Command, -1), []domain.Event{c, a}},
		"for another stream, from one off": {other, domain.EventID(why.Command, 1), []domain.Event{b}},
	} {
		t.Run("an id used again "+name+" is refused and leaves no trace", func(t *testing.T) {
			log, stream := open(t), newStream()
			_, err := log.Append(t.Context(), stream, 0, why, a, b)
			require.NoError(t, err)
			to, expected := reuse.stream, 0
			if to == "" {
				to, expected = stream, 2
			}
			_, err = log.Append(t.Context(), to, expected, domain.Cause{Command: reuse.command}, reuse.events...)
			require.ErrorIs(t, err, commands.ErrReused)
			requireStream(t, log, stream, "a", "b")
			require.Len(t, all(t, log, 0), 2)
			add(t, log, other, 0, "the other stream is as it was")
		})
	}
}

func reopening(t *testing.T, o Opener, open func(*testing.T) Log) {
	t.Run("everything is there after reopening", func(t *testing.T) {
		log, stream, why := open(t), newStream(), newCause()
		first, err := log.Append(t.Context(), stream, 0, why, note("a"), note("b"))
		require.NoError(t, err)
		add(t, log, newStream(), 0, "x")
		before := all(t, log, 0)

		log = o.Reopen(t, log)
		require.Equal(t, before, all(t, log, 0))
		requireStream(t, log, stream, "a", "b")
		head, err := log.Head(t.Context())
		require.NoError(t, err)
		require.Equal(t, before[2].Position, head)

		p, err := log.Append(t.Context(), stream, 0, why, note("a"), note("b"))
		require.NoError(t, err, "repeated")
		require.Equal(t, first, p)
		_, err = log.Append(t.Context(), stream, 2, why, note("c"))
		require.ErrorIs(t, err, commands.ErrReused)
		_, err = log.Append(t.Context(), stream, 1, newCause(), note("c"))
		require.ErrorIs(t, err, commands.ErrStale)
		require.Greater(t, add(t, log, stream, 2, "c"), head)

		log = o.Reopen(t, log)
		requireStream(t, log, stream, "a", "b", "c")
	})
}
