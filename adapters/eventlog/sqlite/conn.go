package sqlite

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/commands"
)

const (
	applicationID = 0x4c65646c // "Ledl"
	schemaVersion = 1
)

const logSchema = `
CREATE TABLE blocks (
	last    INTEGER PRIMARY KEY, -- position of the last record
	records BLOB NOT NULL        -- how many, then each: see row.append
);
CREATE TABLE words (id INTEGER PRIMARY KEY, text BLOB NOT NULL);
`

// openLog opens the writing connection.
func openLog(path string) (*sqlite.Conn, error) {
	return openConn(path, logSchema,
		"PRAGMA page_size = 8192",
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA cache_size = -4096",        // 4 MiB: only the right edge is written
		"PRAGMA wal_autocheckpoint = 4096", // pages: 32 MiB
	)
}

// openConn opens a file, applies settings and makes sure of the schema.
func openConn(path, schema string, settings ...string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	if err := prepare(conn, schema, settings); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func prepare(conn *sqlite.Conn, schema string, settings []string) error {
	for _, s := range settings {
		if err := sqlitex.ExecuteTransient(conn, s, nil); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	app, version, err := pragmas(conn)
	switch {
	case err != nil:
		return err
	case app == 0 && version == 0:
		return sqlitex.ExecuteScript(conn, fmt.Sprintf("%s PRAGMA application_id = %d; PRAGMA user_version = %d;",
			schema, applicationID, schemaVersion), nil)
	case app != applicationID || version > schemaVersion:
		return fmt.Errorf("not an event log of this program's making (application %#x, version %d)", app, version)
	}
	return nil
}

func pragmas(conn *sqlite.Conn) (app, version int64, err error) {
	for query, v := range map[string]*int64{"PRAGMA application_id": &app, "PRAGMA user_version": &version} {
		stmt := conn.Prep(query)
		if err := each(stmt, func() error { *v = stmt.ColumnInt64(0); return nil }); err != nil {
			return 0, 0, err
		}
	}
	return app, version, nil
}

// openShared opens a connection that only reads.
func openShared(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	if err := sqlitex.ExecuteTransient(conn, "PRAGMA cache_size = -8192", nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// run executes a statement that returns no rows.
func run(s *sqlite.Stmt) error {
	if _, err := s.Step(); err != nil {
		return err
	}
	return s.Reset()
}

// each calls f on every row of a statement, until f fails.
func each(s *sqlite.Stmt, f func() error) error {
	for {
		more, err := s.Step()
		if err != nil {
			return err
		}
		if !more {
			return s.Reset()
		}
		if err := f(); err != nil {
			return errors.Join(err, s.Reset())
		}
	}
}

// writeError translates what SQLite says about a failed transaction. A failed
// sync is not among these: what it leaves on the disk is not known.
func writeError(err error) error {
	switch code := sqlite.ErrCode(err); {
	case code.ToPrimary() == sqlite.ResultFull, code == sqlite.ResultIOErrWrite,
		code == sqlite.ResultIOErrSHMSize, code == sqlite.ResultIOErrSHMMap:
		return fmt.Errorf("%w (%v)", commands.ErrFull, err)
	}
	return err
}
