package sqlite_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// raw is what SQLite does with the same bytes and nothing else: one table, one
// row per record.
type raw struct {
	begin, commit, insert *zombiezen.Stmt
	position              int64
}

func openRaw(b *testing.B) *raw {
	conn, err := zombiezen.OpenConn(filepath.Join(b.TempDir(), "raw.db"), zombiezen.OpenReadWrite|zombiezen.OpenCreate)
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	for _, s := range []string{
		"PRAGMA page_size = 8192", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA cache_size = -32768",
		"PRAGMA wal_autocheckpoint = 4096", "CREATE TABLE records (position INTEGER PRIMARY KEY, record BLOB)",
	} {
		require.NoError(b, sqlitex.ExecuteTransient(conn, s, nil))
	}
	return &raw{begin: conn.Prep("BEGIN IMMEDIATE"), commit: conn.Prep("COMMIT"), insert: conn.Prep("INSERT INTO records VALUES (?, ?)")}
}

// rows are the records of some work; what is not body is as long as a cause,
// two ids and some numbers.
func (r *raw) rows(b *testing.B, work [][]task) (rows [][]byte) {
	for _, ts := range work {
		for _, t := range ts {
			body, err := benchCodec.Encode(t.event)
			require.NoError(b, err)
			rows = append(rows, append(make([]byte, 125), body...))
		}
	}
	return rows
}

func (r *raw) append(b *testing.B, rows [][]byte, batch int) time.Duration {
	start := time.Now()
	for chunk := range slices.Chunk(rows, batch) {
		step(b, r.begin)
		for _, row := range chunk {
			r.position++
			r.insert.BindInt64(1, r.position)
			r.insert.BindBytes(2, row)
			step(b, r.insert)
		}
		step(b, r.commit)
	}
	return time.Since(start)
}

func step(b *testing.B, s *zombiezen.Stmt) {
	if _, err := s.Step(); err != nil {
		b.Fatal(err)
	}
	if err := s.Reset(); err != nil {
		b.Fatal(err)
	}
}

func fileSize(b testing.TB, path string) int64 {
	info, err := os.Stat(path)
	require.NoError(b, err)
	return info.Size()
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}
