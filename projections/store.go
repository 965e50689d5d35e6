package projections

import (
	"errors"
	"fmt"
	"os"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/domain"
)

// SyncPolicy says what a crash can cost. With NORMAL a loss of power can undo the
// last transactions, rows and checkpoint together, which are then applied again.
// While all is built from nothing, and in scratch files, nothing is synced: one
// that was not finished is thrown away.
const SyncPolicy = "views: WAL, page size 8192, synchronous=NORMAL; OFF while built from nothing, and in scratch files"

const (
	writerCache = 16 << 10 // KiB
	readerCache = 8 << 10  // KiB
)

func (v *Views) open() (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s: %w", v.path, err), v.close())
		}
	}()
	if err := v.discardUnfinished(); err != nil {
		return err
	}
	if v.writer, err = sqlite.OpenConn(v.path, sqlite.OpenReadWrite|sqlite.OpenCreate); err != nil {
		return err
	}
	if err := v.prepareWriter(); err != nil {
		return err
	}
	v.readers, err = sqlitex.NewPool(v.path, sqlitex.PoolOptions{
		Flags:    sqlite.OpenReadWrite,
		PoolSize: v.options.Readers,
		PrepareConn: func(conn *sqlite.Conn) error {
			return pragmas(conn, fmt.Sprintf("cache_size=-%d", readerCache), "query_only=1", "mmap_size=1073741824")
		},
	})
	return err
}

func (v *Views) prepareWriter() (err error) {
	err = pragmas(v.writer, "page_size=8192", "journal_mode=WAL", "synchronous=NORMAL", fmt.Sprintf("cache_size=-%d", writerCache),
		fmt.Sprintf("wal_autocheckpoint=%d", longestWAL), "journal_size_limit=67108864", "temp_store=FILE")
	if err != nil {
		return err
	}
	v.models = nil
	defer v.begin(&err)()
	if err != nil {
		return err
	}
	err = sqlitex.Execute(v.writer, `CREATE TABLE IF NOT EXISTS models(
		name TEXT PRIMARY KEY, position INTEGER NOT NULL, events INTEGER NOT NULL, indexed INTEGER NOT NULL) WITHOUT ROWID`, nil)
	for _, m := range v.options.Models {
		if err == nil {
			err = v.add(m)
		}
	}
	return err
}

// add prepares a model, with its tables if they are not there.
func (v *Views) add(declared Model) error {
	m := &model{Model: declared, writer: declared.Writer()}
	found := false
	err := sqlitex.Execute(v.writer, "SELECT position, events, indexed FROM models WHERE name=?", &sqlitex.ExecOptions{
		Args: []any{m.Name},
		ResultFunc: func(row *sqlite.Stmt) error {
			found = true
			m.position, m.events, m.indexed = domain.Position(row.ColumnInt64(0)), row.ColumnInt(1), row.ColumnBool(2)
			return nil
		},
	})
	if err != nil {
		return err
	}
	v.models = append(v.models, m)
	if found {
		return nil
	}
	return v.create(m)
}

func (v *Views) create(m *model) error {
	if err := v.drop(m.Name); err != nil {
		return err
	}
	for _, statement := range m.Tables {
		if err := sqlitex.ExecuteTransient(v.writer, statement, nil); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	m.position, m.events, m.indexed = 0, 0, false
	return sqlitex.Execute(v.writer, "INSERT INTO models VALUES (?, 0, 0, 0)", &sqlitex.ExecOptions{Args: []any{m.Name}})
}

// drop removes all traces of a model.
func (v *Views) drop(name string) error {
	var tables []string
	err := sqlitex.Execute(v.writer, "SELECT name FROM sqlite_master WHERE type='table' AND substr(name, 1, ?1)=?2", &sqlitex.ExecOptions{
		Args:       []any{len(name) + 1, Model{Name: name}.prefix()},
		ResultFunc: func(row *sqlite.Stmt) error { tables = append(tables, row.ColumnText(0)); return nil },
	})
	for _, table := range tables {
		if err == nil {
			err = sqlitex.ExecuteTransient(v.writer, "DROP TABLE "+table, nil)
		}
	}
	if err != nil {
		return err
	}
	return sqlitex.Execute(v.writer, "DELETE FROM models WHERE name=?", &sqlitex.ExecOptions{Args: []any{name}})
}

// dropOld removes models that are not declared any more.
func (v *Views) dropOld() (err error) {
	declared := map[string]bool{}
	for _, m := range v.models {
		declared[m.Name] = true
	}
	var old []string
	err = sqlitex.Execute(v.writer, "SELECT name FROM models", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			if name := row.ColumnText(0); !declared[name] {
				old = append(old, name)
			}
			return nil
		},
	})
	if err != nil || len(old) == 0 {
		return err
	}
	defer v.begin(&err)()
	for _, name := range old {
		if err == nil {
			err = v.drop(name)
		}
	}
	return err
}

// begin starts a transaction of the writer; what it returns ends it, according
// to what *err is then.
func (v *Views) begin(err *error) func() {
	end, failed := sqlitex.ImmediateTransaction(v.writer)
	if failed != nil {
		*err = failed
		return func() {}
	}
	return func() { end(err) }
}

func (v *Views) close() error {
	var failed []error
	if v.readers != nil {
		failed = append(failed, v.readers.Close())
		v.readers = nil
	}
	if v.writer != nil {
		failed = append(failed, v.writer.Close())
		v.writer = nil
	}
	return errors.Join(failed...)
}

func pragmas(conn *sqlite.Conn, settings ...string) error {
	for _, setting := range settings {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+setting, nil); err != nil {
			return fmt.Errorf("pragma %s: %w", setting, err)
		}
	}
	return nil
}

// remove deletes a SQLite file and what goes with it.
func remove(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
