package sqlite

import (
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
)

// lookup asks the index, over a connection of its own.
type lookup struct {
	conn       *sqlite.Conn
	id, stream *sqlite.Stmt
	pinned     bool
}

func openLookup(path string) (*lookup, error) {
	conn, err := openShared(path)
	if err != nil {
		return nil, err
	}
	return &lookup{
		conn:   conn,
		id:     conn.Prep("SELECT position FROM ids WHERE id = ?"),
		stream: conn.Prep("SELECT version, last FROM streams WHERE name = ?"),
	}, nil
}

func (l *lookup) head(stream string) (h head, err error) {
	l.stream.BindText(1, stream)
	err = each(l.stream, func() error {
		h = head{version: l.stream.ColumnInt(0), last: domain.Position(l.stream.ColumnInt64(1))}
		return nil
	})
	return h, err
}

func (l *lookup) position(id eventID) (p domain.Position, err error) {
	l.id.BindBytes(1, id[:])
	err = each(l.id, func() error {
		p = domain.Position(l.id.ColumnInt64(0))
		return nil
	})
	return p, err
}

// pin keeps one snapshot of the index open, which saves each lookup the locks
// of a transaction of its own. It is for while nothing is written to the index.
func (l *lookup) pin() {
	if l == nil || l.pinned {
		return
	}
	// Without a snapshot, lookups are slower and just as right.
	if run(l.conn.Prep("BEGIN")) == nil {
		l.pinned = true
	}
}

// unpin lets go of the snapshot, which must be done before the index is written
// to. It reports whether that has worked.
func (l *lookup) unpin() bool {
	if l != nil && l.pinned {
		l.pinned = run(l.conn.Prep("ROLLBACK")) != nil
	}
	return l == nil || !l.pinned
}
