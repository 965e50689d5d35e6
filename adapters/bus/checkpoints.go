package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/domain"
)

// Checkpoints remembers up to where each reaction has dealt with the log. It has
// a file of its own: views may be deleted, but a reaction that has done something
// outside must not start over. It is safe for concurrent use.
type Checkpoints struct {
	mu   sync.Mutex
	conn *sqlite.Conn // nil: closed
}

var errCheckpointsClosed = errors.New("bus: the checkpoints are closed")

var checkpointSchema = sqlitemigration.Schema{
	AppID: 0x4c656462, // "Ledb"
	Migrations: []string{
		`CREATE TABLE checkpoints (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID`,
	},
}

// OpenCheckpoints opens the file at path, or makes it. After loss of power the
// last few positions saved may be forgotten; what followed them is then delivered
// once more.
func OpenCheckpoints(path string) (*Checkpoints, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate, sqlite.OpenWAL)
	if err != nil {
		return nil, fmt.Errorf("open checkpoints: %w", err)
	}
	err = sqlitex.ExecuteTransient(conn, "PRAGMA synchronous = NORMAL", nil)
	if err == nil {
		err = sqlitemigration.Migrate(context.Background(), conn, checkpointSchema)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open checkpoints %s: %w", path, err), conn.Close())
	}
	return &Checkpoints{conn: conn}, nil
}

// Load returns the position saved under a name; known is false if there is none.
func (c *Checkpoints) Load(name string) (at domain.Position, known bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return 0, false, errCheckpointsClosed
	}
	err = sqlitex.Execute(c.conn, "SELECT position FROM checkpoints WHERE name = ?", &sqlitex.ExecOptions{
		Args: []any{name},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			at, known = domain.Position(stmt.ColumnInt64(0)), true
			return nil
		},
	})
	if err != nil {
		return 0, false, fmt.Errorf("load checkpoint of %s: %w", name, err)
	}
	return at, known, nil
}

// Save replaces the position kept under a name.
func (c *Checkpoints) Save(name string, at domain.Position) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return errCheckpointsClosed
	}
	err := sqlitex.Execute(c.conn, "INSERT INTO checkpoints VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position",
		&sqlitex.ExecOptions{Args: []any{name, int64(at)}})
	if err != nil {
		return fmt.Errorf("save checkpoint of %s: %w", name, err)
	}
	return nil
}

// Close closes the file, after the bus has come to an end. Nothing can be loaded
// or saved afterwards.
func (c *Checkpoints) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn = nil
	return conn.Close()
}
