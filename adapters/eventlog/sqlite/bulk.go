package sqlite

import (
	"strings"

	"zombiezen.com/go/sqlite"
)

// bulk inserts many rows by few statements, which costs about half.
type bulk struct {
	one, many *sqlite.Stmt
	columns   int
}

const bulkRows = 64

func newBulk(conn *sqlite.Conn, insert string, columns int) bulk {
	row := "(" + strings.Repeat(",?", columns)[1:] + ")"
	return bulk{
		one:     conn.Prep(insert + row),
		many:    conn.Prep(insert + row + strings.Repeat(","+row, bulkRows-1)),
		columns: columns,
	}
}

// insert writes n rows, of which bind sets the i-th, from a parameter on.
func (b bulk) insert(n int, bind func(s *sqlite.Stmt, param, i int)) error {
	for i := 0; i < n; {
		s, rows := b.one, 1
		if n-i >= bulkRows {
			s, rows = b.many, bulkRows
		}
		for j := range rows {
			bind(s, 1+j*b.columns, i+j)
		}
		if err := run(s); err != nil {
			return err
		}
		i += rows
	}
	return nil
}
