package drift

import (
	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"
)

// query executes a statement and calls row for each row, until that fails.
func query(conn *sqlite.Conn, text string, row func(*sqlite.Stmt) error, args ...any) error {
	stmt, err := conn.Prepare(text)
	if err != nil {
		return err
	}
	for i, a := range args {
		switch a := a.(type) {
		case string:
			stmt.BindText(i+1, a)
		case int:
			stmt.BindInt64(i+1, int64(a))
		}
	}
	for {
		more, err := stmt.Step()
		if err == nil && more {
			err = row(stmt)
		}
		if err != nil || !more {
			if reset := stmt.Reset(); err == nil {
				err = reset
			}
			return err
		}
	}
}

// run executes a statement that returns no rows.
func run(conn *sqlite.Conn, text string, args ...any) error {
	return query(conn, text, func(*sqlite.Stmt) error { return nil }, args...)
}

// one reads the first column of the only row as JSON.
func one(conn *sqlite.Conn, text string, into any, args ...any) (found bool, err error) {
	err = query(conn, text, func(stmt *sqlite.Stmt) error {
		found = true
		return json.Unmarshal([]byte(stmt.ColumnText(0)), into)
	}, args...)
	return found, err
}
