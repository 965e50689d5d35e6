package eventlogtest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

func reading(t *testing.T, open func(*testing.T) Log) {
	t.Run("an empty log has nothing to read and its head is 0", func(t *testing.T) {
		log := open(t)
		require.Empty(t, all(t, log, 0))
		head, err := log.Head(t.Context())
		require.NoError(t, err)
		require.Zero(t, head)
	})
	t.Run("entries come in order of positions, whatever the batches", func(t *testing.T) {
		log := open(t)
		fill(t, log, 2500)
		entries := all(t, log, 0)
		require.Len(t, entries, 2500)
		for i, e := range entries {
			require.Equal(t, fmt.Sprint(i), e.Event.(Noted).Text)
			require.True(t, i == 0 || entries[i-1].Position < e.Position)
		}
		for _, after := range []int{0, 1, 999, 1000, 2498, 2499} {
			require.Equal(t, entries[after+1:], append([]domain.Entry{}, all(t, log, entries[after].Position)...))
		}
		require.Empty(t, all(t, log, entries[2499].Position+100))
	})
	t.Run("reading ends at the head as of the call", func(t *testing.T) {
		log := open(t)
		fill(t, log, 10)
		batches := log.ReadAll(t.Context(), 0)
		fill(t, log, 10)
		entries, err := collect(batches)
		require.NoError(t, err)
		require.Len(t, entries, 10)
	})
	t.Run("a consumer may keep batches, and may stop at any", func(t *testing.T) {
		log := open(t)
		fill(t, log, 3000)
		want := all(t, log, 0)
		var kept [][]domain.Entry
		for batch, err := range log.ReadAll(t.Context(), 0) {
			require.NoError(t, err)
			if kept = append(kept, batch); len(kept) == 2 {
				break
			}
		}
		clear(all(t, log, 0))
		for _, batch := range kept {
			require.Equal(t, want[:len(batch)], batch)
			want = want[len(batch):]
		}
	})
}

func tails(t *testing.T, open func(*testing.T) Log) {
	t.Run("a tail yields what is there, then what comes, at once", func(t *testing.T) {
		log := open(t)
		after := add(t, log, newStream(), 0, "before")
		add(t, log, newStream(), 0, "a", "b")
		entries, _ := follow(t.Context(), log, after)
		require.Equal(t, note("a"), next(t, entries).Event)
		require.Equal(t, note("b"), next(t, entries).Event)
		for i := range 20 {
			p := add(t, log, newStream(), 0, fmt.Sprint(i))
			require.Equal(t, p, next(t, entries).Position)
		}
	})
	t.Run("a tail may start beyond the head", func(t *testing.T) {
		log := open(t)
		head := add(t, log, newStream(), 0, "a")
		entries, _ := follow(t.Context(), log, head+1)
		add(t, log, newStream(), 0, "b")
		p := add(t, log, newStream(), 0, "c")
		require.Equal(t, p, next(t, entries).Position)
	})
	t.Run("several tails each get everything", func(t *testing.T) {
		log := open(t)
		var tails []<-chan domain.Entry
		for range 4 {
			entries, _ := follow(t.Context(), log, 0)
			tails = append(tails, entries)
		}
		fill(t, log, 100)
		for _, entries := range tails {
			for i := range 100 {
				require.Equal(t, fmt.Sprint(i), next(t, entries).Event.(Noted).Text)
			}
		}
	})
	t.Run("a waiting tail ends with its context", func(t *testing.T) {
		log := open(t)
		add(t, log, newStream(), 0, "a")
		ctx, cancel := context.WithCancel(t.Context())
		entries, end := follow(ctx, log, 0)
		next(t, entries)
		cancel()
		require.ErrorIs(t, <-end, context.Canceled)
	})
}

// fill appends numbered notes, several to a stream.
func fill(t *testing.T, log Log, n int) {
	for i := 0; i < n; {
		var texts []string
		for ; len(texts) < 50 && i < n; i++ {
			texts = append(texts, fmt.Sprint(i))
		}
		add(t, log, newStream(), 0, texts...)
	}
}
