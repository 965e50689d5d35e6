package sqlite_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/commands"
	"ledgerline/domain"
)

func TestFull(t *testing.T) {
	t.Run("a file at its limit refuses appends until it may grow", func(t *testing.T) {
		log := newLog(t)
		requireFullThenWell(t, log, func() { sqlite.SetMaxPages(log.Log, 20) }, func() { sqlite.SetMaxPages(log.Log, 1<<30) })
	})
	t.Run("a full disk refuses appends until there is room", func(t *testing.T) {
		dir := os.Getenv("LEDGERLINE_SMALL_DISK")
		if dir == "" {
			t.Skip("LEDGERLINE_SMALL_DISK names no directory on a disk of a few MiB")
		}
		log := open(t, filepath.Join(dir, "log.db"), nil)
		balloon := filepath.Join(dir, "balloon")
		requireFullThenWell(t, log, func() { inflate(t, balloon) }, func() { require.NoError(t, os.Remove(balloon)) })
	})
}

// inflate writes a file until the disk is full but for half a MiB.
func inflate(t *testing.T, path string) {
	f, err := os.Create(path)
	require.NoError(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 64<<10))
	}
	size, err := f.Seek(0, io.SeekEnd)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size-512<<10))
	require.NoError(t, f.Close())
}

// requireFullThenWell appends from several goroutines until all are refused.
func requireFullThenWell(t *testing.T, log *opened, fill, empty func()) {
	t.Helper()
	var recorded sync.Map
	text := strings.Repeat("x", 2000)
	appendUntilRefused := func() {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					why := newCause()
					stream := newStream()
					p, err := log.Append(t.Context(), stream, 0, why, eventlogtest.Noted{Text: text}, eventlogtest.Noted{Text: stream})
					if err != nil {
						if !errors.Is(err, commands.ErrFull) {
							t.Error(err)
						}
						return
					}
					recorded.Store(p, stream)
				}
			})
		}
		wg.Wait()
	}
	fill()
	appendUntilRefused()
	before := entriesOf(t, log)
	require.NotEmpty(t, before)

	stream, why := newStream(), newCause()
	_, err := log.Append(t.Context(), stream, 0, why, eventlogtest.Noted{Text: text + text + text + text + text})
	require.ErrorIs(t, err, commands.ErrFull)
	require.Equal(t, before, entriesOf(t, log), "nothing was recorded")

	empty()
	_, err = log.Append(t.Context(), stream, 0, why, eventlogtest.Noted{Text: "there is room again"})
	require.NoError(t, err)
	check := func() {
		after := entriesOf(t, log)
		require.Equal(t, before, after[:len(before)])
		require.Len(t, after, len(before)+1)
		require.Zero(t, len(before)%2)
		recorded.Range(func(p, stream any) bool {
			require.Equal(t, stream, after[p.(domain.Position)-1].Stream)
			return true
		})
		problems, err := log.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, problems)
	}
	check()
	log = log.reopen(t)
	check()
}

func entriesOf(t *testing.T, log *opened) []domain.Entry {
	t.Helper()
	var entries []domain.Entry
	for batch, err := range log.ReadAll(t.Context(), 0) {
		require.NoError(t, err)
		entries = append(entries, batch...)
	}
	return entries
}
