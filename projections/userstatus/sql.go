package userstatus

import "zombiezen.com/go/sqlite"

// bind sets the first parameters of a statement.
func bind(stmt *sqlite.Stmt, values ...int64) {
	for i, v := range values {
		stmt.BindInt64(i+1, v)
	}
}

// run executes a statement that returns no rows.
func run(stmt *sqlite.Stmt, values ...int64) error {
	bind(stmt, values...)
	_, err := stmt.Step()
	if reset := stmt.Reset(); err == nil {
		err = reset
	}
	return err
}

// one executes a statement that returns at most one number.
func one(stmt *sqlite.Stmt) (value int64, found bool, err error) {
	found, err = stmt.Step()
	if found {
		value = stmt.ColumnInt64(0)
	}
	if reset := stmt.Reset(); err == nil {
		err = reset
	}
	return value, found, err
}

// each executes a statement and calls f for each row it returns, until f says no.
func each(stmt *sqlite.Stmt, f func() bool) error {
	for {
		row, err := stmt.Step()
		if err != nil || !row || !f() {
			if reset := stmt.Reset(); err == nil {
				err = reset
			}
			return err
		}
	}
}
