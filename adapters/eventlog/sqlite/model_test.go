package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/commands"
	"ledgerline/domain"
)

func TestModel(t *testing.T) {
	// Few streams, ids and texts, so that they meet again and again.
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), fmt.Sprint(uuid.New()))
		clock := &eventlogtest.Clock{}
		log, err := sqlite.Open(path, eventlogtest.Codec(), sqlite.Windows(sqlite.Options{Now: clock.Now}, 4))
		require.NoError(rt, err)
		model := memory.New(eventlogtest.Codec(), clock.Now)
		streams := []string{"a", domain.StreamName("test", "b"), domain.StreamName("test", "c")}
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				stream := rapid.SampledFrom(streams).Draw(rt, "stream")
				why := domain.Cause{Actor: "somebody", Command: domain.NameID()}
				why.Command[0] = rapid.ByteRange(0, 3).Draw(rt, "high")
				why.Command[15] = rapid.ByteRange(0, 5).Draw(rt, "low")
				var events []domain.Event
				for _, text := range rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y"}), 1, 3).Draw(rt, "texts") {
					events = append(events, eventlogtest.Noted{Text: text})
				}
				there, err := model.ReadStream(t.Context(), stream)
				require.NoError(rt, err)
				expected := len(there) + rapid.SampledFrom([]int{0, 0, 0, -1, 1}).Draw(rt, "off by")
				want, wantErr := model.Append(t.Context(), stream, expected, why, events...)
				got, err := log.Append(t.Context(), stream, expected, why, events...)
				require.Equal(rt, want, got)
				require.Equal(rt, kind(wantErr), kind(err))
			},
			"reopen": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "seldom") > 0 {
					rt.Skip()
				}
				require.NoError(rt, log.Close())
				log, err = sqlite.Open(path, eventlogtest.Codec(), sqlite.Windows(sqlite.Options{Now: clock.Now}, 4))
				require.NoError(rt, err)
			},
			"read": func(rt *rapid.T) {
				require.Equal(rt, contents(rt, model, streams), contents(rt, log, streams))
			},
		})
		require.Equal(rt, contents(rt, model, streams), contents(rt, log, streams))
		require.NoError(rt, log.Close())
	})
}

func kind(err error) error {
	for _, k := range []error{commands.ErrStale, commands.ErrReused} {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}

// contents are all entries, then those of each stream.
func contents(t *rapid.T, log eventlogtest.Log, streams []string) (entries []domain.Entry) {
	for batch, err := range log.ReadAll(t.Context(), 0) {
		require.NoError(t, err)
		entries = append(entries, batch...)
	}
	for _, s := range streams {
		of, err := log.ReadStream(t.Context(), s)
		require.NoError(t, err)
		entries = append(entries, of...)
	}
	return entries
}
