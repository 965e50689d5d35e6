package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite/sqlitex"
)

// Commits returns how many transactions a log has made.
func Commits(l *Log) int64 { return l.writer.commits }

// SetMaxPages limits the size of a log that nobody is appending to.
func SetMaxPages(l *Log, n int) {
	if err := sqlitex.ExecuteTransient(l.writer.conn, fmt.Sprintf("PRAGMA max_page_count = %d", n), nil); err != nil {
		panic(err)
	}
}

// Windows makes a log write to its index every n records, not after tens of
// thousands, so that a test with few of them looks up there.
func Windows(o Options, n int) Options {
	o.window = n
	return o
}
