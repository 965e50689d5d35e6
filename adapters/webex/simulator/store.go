package simulator

import (
	"encoding/json"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// store is the file. Its methods accept nil, which keeps nothing.
type store struct{ conn *sqlite.Conn }

const schema = `
CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY AUTOINCREMENT, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS enterprises (partner TEXT, name TEXT, PRIMARY KEY (partner, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (partner TEXT, user TEXT, data TEXT NOT NULL, PRIMARY KEY (partner, user)) WITHOUT ROWID;
`

func openStore(path string) (*store, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	conn.SetBusyTimeout(0) // whoever has the file keeps it
	for _, pragma := range []string{"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = OFF"} {
		if err == nil {
			err = sqlitex.ExecuteTransient(conn, pragma, nil)
		}
	}
	if err == nil {
		err = sqlitex.ExecuteScript(conn, schema, nil)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &store{conn: conn}, nil
}

func (s *store) close() error {
	if s == nil || s.conn == nil {
		return nil
	}
	conn := s.conn
	s.conn = nil
	return conn.Close()
}

// change is what one request did.
type change struct {
	old, new *record
	count    Count // without partner: nothing was asked
}

// keep writes a change, all or nothing; founding: with a new organisation.
func (s *store) keep(c change, founding bool) (err error) {
	if s == nil {
		return nil
	}
	if s.conn == nil {
		return fmt.Errorf("the simulator is closed")
	}
	done, err := sqlitex.ImmediateTransaction(s.conn)
	if err != nil {
		return err
	}
	defer done(&err)
	switch {
	case c.new != nil:
		err = s.put(`INSERT INTO records VALUES (?1, ?2) ON CONFLICT DO UPDATE SET data = ?2`, c.new, c.new.Seq)
	case c.old != nil:
		err = s.run(`DELETE FROM records WHERE seq = ?1`, c.old.Seq)
	}
	if err == nil && founding {
		err = s.run(`INSERT OR IGNORE INTO enterprises VALUES (?1, ?2)`, c.new.Partner, c.new.SPEnterpriseID)
	}
	if err == nil && c.count.Partner != "" {
		const count = `INSERT INTO counts VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET data = ?3`
		err = s.put(count, c.count, c.count.Partner, c.count.UserID)
	}
	return err
}

// put runs a statement with value as its last argument, in JSON.
func (s *store) put(query string, value any, args ...any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.run(query, append(args, string(data))...)
}

func (s *store) run(query string, args ...any) error {
	return sqlitex.Execute(s.conn, query, &sqlitex.ExecOptions{Args: args})
}

// load reads everything into an empty state.
func (s *store) load(st *state) error {
	err := s.each(`SELECT data FROM records ORDER BY seq`, func(row *sqlite.Stmt) error {
		r := new(record)
		if err := json.Unmarshal([]byte(row.ColumnText(0)), r); err != nil {
			return err
		}
		st.put(nil, r)
		return nil
	})
	if err != nil {
		return err
	}
	for _, sh := range st.shelves {
		sh.compact()
	}
	err = s.each(`SELECT partner, name FROM enterprises`, func(row *sqlite.Stmt) error {
		st.enterprises[[2]string{row.ColumnText(0), row.ColumnText(1)}] = true
		return nil
	})
	if err != nil {
		return err
	}
	err = s.each(`SELECT data FROM counts`, func(row *sqlite.Stmt) error {
		var c Count
		err := json.Unmarshal([]byte(row.ColumnText(0)), &c)
		st.counts[[2]string{c.Partner, c.UserID}] = c
		return err
	})
	if err != nil {
		return err
	}
	return s.each(`SELECT seq FROM sqlite_sequence WHERE name = 'records'`, func(row *sqlite.Stmt) error {
		st.seq = row.ColumnInt64(0)
		return nil
	})
}

func (s *store) each(query string, row func(*sqlite.Stmt) error) error {
	return sqlitex.Execute(s.conn, query, &sqlitex.ExecOptions{ResultFunc: row})
}
