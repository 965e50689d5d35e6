package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/commands"
	"ledgerline/domain"
)

// damageable is a log of six events in two streams, closed, and what is in it.
func damageable(t *testing.T) (log *opened, streams []string, entries []domain.Entry) {
	t.Helper()
	log = newLog(t)
	streams = []string{domain.StreamName("test", "one"), domain.StreamName("test", "two")}
	why := newCause()
	for i := range 6 {
		why.Command = domain.NameID(fmt.Sprint(i))
		_, err := log.Append(t.Context(), streams[i%2], i/2, why, eventlogtest.Noted{Text: fmt.Sprintf("text number %d", i)})
		require.NoError(t, err)
	}
	for batch, err := range log.ReadAll(t.Context(), 0) {
		require.NoError(t, err)
		entries = append(entries, batch...)
	}
	require.NoError(t, log.Close())
	return log, streams, entries
}

func execute(t *testing.T, path, sql string) {
	t.Helper()
	conn, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteScript(conn, sql, nil))
	require.NoError(t, conn.Close())
}

func TestDamage(t *testing.T) {
	t.Run("a flipped bit anywhere in a record is reported and never served", func(t *testing.T) {
		log, streams, entries := damageable(t)
		log = open(t, log.path, nil)
		conn, err := zombiezen.OpenConn(log.path, zombiezen.OpenReadWrite)
		require.NoError(t, err)
		defer conn.Close()
		sound := make([]byte, 1000)
		n, err := sqlitex.ResultBytes(conn.Prep("SELECT records FROM blocks WHERE last = 4"), sound)
		require.NoError(t, err)
		sound = sound[:n]
		for i := range sound {
			for _, bit := range []byte{1, 128} {
				spoilt := bytes.Clone(sound)
				spoilt[i] ^= bit
				require.NoError(t, sqlitex.Execute(conn, "UPDATE blocks SET records = ? WHERE last = 4", &sqlitex.ExecOptions{Args: []any{spoilt}}))
				requireDamage(t, log, entries)
				requireStreams(t, log, streams, entries)
			}
		}
		require.Greater(t, len(sound), 80)
	})
	for name, sql := range map[string]string{
		"cut off":        "UPDATE blocks SET records = substr(records, 1, 50) WHERE last = 4",
		"emptied":        "UPDATE blocks SET records = x'' WHERE last = 4",
		"deleted":        "DELETE FROM blocks WHERE last = 4",
		"exchanged":      "UPDATE blocks SET records = (SELECT records FROM blocks WHERE last = 2) WHERE last = 4",
		"moved up":       "DELETE FROM blocks WHERE last = 4; UPDATE blocks SET last = 4 WHERE last = 3",
		"replaced by 99": "UPDATE blocks SET records = x'63' || substr(records, 2) WHERE last = 4",
	} {
		t.Run("a record that was "+name+" is reported and never served", func(t *testing.T) {
			log, streams, entries := damageable(t)
			execute(t, log.path, sql)
			damaged := open(t, log.path, nil)
			if name == "moved up" {
				requireDamageAt(t, damaged, 3, entries)
				return
			}
			requireDamage(t, damaged, entries)
			requireStreams(t, damaged, streams, entries)
		})
	}
	t.Run("a flipped bit in the file is reported and never served", func(t *testing.T) {
		log, streams, entries := damageable(t)
		flip(t, log.path, "text number 3")
		damaged := open(t, log.path, nil)
		requireDamage(t, damaged, entries)
		requireStreams(t, damaged, streams, entries)
	})
	t.Run("an altered word damages the records that use it", func(t *testing.T) {
		log, streams, _ := damageable(t)
		execute(t, log.path, "UPDATE words SET text = 'test.other.v1' WHERE text = CAST('test.noted.v1' AS BLOB)")
		damaged := open(t, log.path, nil)
		_, err := damaged.ReadStream(t.Context(), streams[0])
		require.ErrorAs(t, err, new(*commands.DamagedError))
	})
	for name, damage := range map[string]func(t *testing.T, path string){
		"and the index deleted": func(t *testing.T, path string) {
			flip(t, path, "text number 3")
			require.NoError(t, os.Remove(path+".index"))
		},
		"and the last one swapped": func(t *testing.T, path string) {
			execute(t, path, `UPDATE blocks SET last = 0 WHERE last = 4;
				UPDATE blocks SET last = 4 WHERE last = 6; UPDATE blocks SET last = 6 WHERE last = 0;`)
		},
	} {
		t.Run("with a record damaged "+name+" the log can still be read in order, and nothing else", func(t *testing.T) {
			log, streams, entries := damageable(t)
			damage(t, log.path)
			for range 2 {
				damaged := open(t, log.path, nil)
				requireDamage(t, damaged, entries)
				_, err := damaged.ReadStream(t.Context(), streams[0])
				require.ErrorAs(t, err, new(*commands.DamagedError))
				_, err = damaged.Append(t.Context(), streams[0], 3, newCause(), eventlogtest.Noted{})
				require.ErrorAs(t, err, new(*commands.DamagedError))
				require.NoError(t, damaged.Close())
			}
		})
	}
}

// requireDamage checks that position 4, the second event of the second stream,
// is reported damaged, and that everything before it is served.
func requireDamage(t *testing.T, log *opened, entries []domain.Entry) {
	t.Helper()
	requireDamageAt(t, log, 4, entries)
}

func requireDamageAt(t *testing.T, log *opened, position domain.Position, entries []domain.Entry) {
	t.Helper()
	var damaged *commands.DamagedError
	var got []domain.Entry
	var last error
	for batch, err := range log.ReadAll(t.Context(), 0) {
		got, last = append(got, batch...), err
	}
	require.ErrorAs(t, last, &damaged)
	require.Equal(t, position, damaged.Position)
	require.Equal(t, entries[:position-1], got)

	problems, err := log.Verify(t.Context(), nil)
	require.NoError(t, err)
	require.NotEmpty(t, problems)
	require.Equal(t, position, problems[0].Position)
}

// requireStreams checks that only the other stream is served.
func requireStreams(t *testing.T, log *opened, streams []string, entries []domain.Entry) {
	t.Helper()
	sound, err := log.ReadStream(t.Context(), streams[0])
	require.NoError(t, err)
	require.Equal(t, []domain.Entry{entries[0], entries[2], entries[4]}, sound)
	none, err := log.ReadStream(t.Context(), streams[1])
	require.ErrorAs(t, err, new(*commands.DamagedError))
	require.Empty(t, none)
}

func flip(t *testing.T, path, text string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	i := bytes.Index(content, []byte(text))
	require.Positive(t, i)
	content[i] ^= 1
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func TestVerify(t *testing.T) {
	t.Run("a sound log has no problems, and progress is told", func(t *testing.T) {
		log, _, _ := damageable(t)
		log = open(t, log.path, nil)
		var done, all domain.Position
		problems, err := log.Verify(t.Context(), func(d, a domain.Position) { done, all = d, a })
		require.NoError(t, err)
		require.Empty(t, problems)
		require.EqualValues(t, 6, done)
		require.EqualValues(t, 6, all)
	})
	for name, sql := range map[string]string{
		"an id that is indexed elsewhere is reported": "UPDATE ids SET position = 5 WHERE position = 4",
		"an id that is not indexed is reported":       "DELETE FROM ids WHERE position = 4",
		"a stream that is not indexed is reported":    "DELETE FROM streams WHERE last = 6",
	} {
		t.Run(name, func(t *testing.T) {
			log, _, _ := damageable(t)
			execute(t, log.path+".index", sql)
			problems, err := open(t, log.path, nil).Verify(t.Context(), nil)
			require.NoError(t, err)
			require.Len(t, problems, 1)
		})
	}
}
