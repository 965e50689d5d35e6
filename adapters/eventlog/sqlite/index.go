package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"zombiezen.com/go/sqlite"

	"ledgerline/commands"
	"ledgerline/domain"
)

const indexSchema = `
CREATE TABLE ids (id BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE streams (
	name    TEXT PRIMARY KEY,
	version INTEGER NOT NULL, -- of the last event
	last    INTEGER NOT NULL  -- its position
) WITHOUT ROWID;
CREATE TABLE progress (
	through INTEGER NOT NULL, -- the last position that is in the index
	last    BLOB NOT NULL,    -- the id of the event there
	newest  BLOB NOT NULL     -- the highest time-ordered id in the index
);
`

// windowSize is how many records are indexed at once. In order of their keys
// they touch far fewer pages than one by one; opening after a crash reads at
// most a few times as many again.
const windowSize = 1 << 16

// index knows where streams end and where ids are recorded. It is derived from
// the log: it lags behind (see recent), and may be deleted.
type index struct {
	conn         *sqlite.Conn
	size         int // of a window
	ids, streams bulk
	through      *sqlite.Stmt
	newest       eventID // in the index
	jobs         chan *window
	results      chan error
	writing      *window // handed to the goroutine, nil: it is idle
	asked        *lookup // by the writer
	incomplete   bool    // what is recent has a gap, and must not be written
}

// openIndex opens the index and brings it up to the log. What it reads on the
// way it leaves in rc.
func openIndex(path string, size int, log *reader, rc *recent) (*index, error) {
	ix, through, err := matchingIndex(path, log)
	if err != nil {
		return nil, err
	}
	ix.size = size
	go ix.work()
	rc.newest = ix.newest
	return ix, ix.catchUp(log, rc, through)
}

// matchingIndex returns the index at path if it was made from this log, and an
// empty one otherwise.
func matchingIndex(path string, log *reader) (*index, domain.Position, error) {
	ix, err := newIndex(path)
	if err == nil {
		through, fits, err := ix.fits(log)
		if err == nil && fits {
			return ix, through, nil
		}
		if err := ix.conn.Close(); err != nil {
			return nil, 0, err
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, 0, err
		}
	}
	ix, err = newIndex(path)
	return ix, 0, err
}

func newIndex(path string) (*index, error) {
	conn, err := openConn(path, indexSchema,
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = NORMAL", // may lose its end, which is then read again
		"PRAGMA cache_size = -32768",
	)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	return &index{
		conn:    conn,
		ids:     newBulk(conn, "INSERT OR IGNORE INTO ids VALUES ", 2),
		streams: newBulk(conn, "INSERT OR REPLACE INTO streams VALUES ", 3),
		through: conn.Prep("INSERT INTO progress VALUES (?, ?, ?)"),
		jobs:    make(chan *window, 1),
		results: make(chan error, 1),
	}, nil
}

// fits reports whether the index was made from this log, and how far it goes.
func (ix *index) fits(log *reader) (through domain.Position, fits bool, err error) {
	var last eventID
	stmt := ix.conn.Prep("SELECT through, last, newest FROM progress")
	err = each(stmt, func() error {
		through = domain.Position(stmt.ColumnInt64(0))
		stmt.ColumnBytes(1, last[:])
		stmt.ColumnBytes(2, ix.newest[:])
		return nil
	})
	if err != nil || through == 0 {
		return 0, err == nil, err
	}
	row, err := log.fetch(through)
	if errors.As(err, new(*commands.DamagedError)) {
		return 0, false, nil
	}
	return through, row.id == last, err
}

// catchUp takes up the records after through. A damaged one is passed over, so
// that all others can be read, and reported in the end.
func (ix *index) catchUp(log *reader, rc *recent, through domain.Position) error {
	var damaged *commands.DamagedError
	for through < rc.head {
		w := newWindow()
		err := log.rows(through, rc.head, func(r *row) bool {
			w.heads[r.name()] = head{version: r.version, last: r.position}
			w.ids[r.id] = r.position
			w.through, w.last = r.position, r.id
			through = r.position
			return len(w.ids) >= ix.size
		})
		if err != nil && !errors.As(err, &damaged) {
			return err
		}
		if err != nil {
			through = damaged.Position
		}
		if w.through > 0 {
			rc.merge(w)
		}
		if damaged == nil {
			if err := ix.room(rc); err != nil {
				return err
			}
			ix.offer(rc)
		}
	}
	if damaged != nil {
		ix.incomplete = true
		return damaged
	}
	return nil
}

// serve tells of the lookup that the writer uses.
func (ix *index) serve(l *lookup) {
	ix.asked = l
	if ix.writing == nil {
		l.pin()
	}
}

// work writes windows until there are no more.
func (ix *index) work() {
	for w := range ix.jobs {
		ix.results <- ix.write(w)
	}
}

// offer hands the active window to the index if it is large enough and the
// index has nothing else to do.
func (ix *index) offer(rc *recent) {
	if ix.writing != nil {
		select {
		case err := <-ix.results:
			ix.finished(err)
		default:
		}
	}
	if ix.writing == nil && len(rc.active.ids) >= ix.size && ix.asked.unpin() {
		ix.writing = rc.freeze()
		ix.jobs <- ix.writing
	}
}

// room waits while so much is not in the index yet that memory would suffer.
func (ix *index) room(rc *recent) error {
	if len(rc.active.ids) < 4*ix.size || ix.writing == nil {
		return nil
	}
	if err := ix.finished(<-ix.results); err != nil {
		return err
	}
	ix.offer(rc)
	return nil
}

// finished takes note of a result. A window that failed is tried again.
func (ix *index) finished(err error) error {
	if err != nil {
		ix.jobs <- ix.writing
		return fmt.Errorf("index: %w", err)
	}
	ix.writing = nil
	ix.asked.pin()
	return nil
}

// finish writes what is left and closes the index.
func (ix *index) finish(rc *recent) error {
	var err error
	if ix.writing != nil {
		err = <-ix.results
	}
	if err == nil && rc.active.through > 0 && !ix.incomplete {
		err = ix.write(rc.freeze())
	}
	return errors.Join(err, ix.close())
}

func (ix *index) close() error {
	if ix == nil {
		return nil
	}
	close(ix.jobs)
	return ix.conn.Close()
}

func (ix *index) write(w *window) error {
	if err := ix.transaction(w); err != nil {
		if !ix.conn.AutocommitEnabled() {
			_ = run(ix.conn.Prep("ROLLBACK"))
		}
		return err
	}
	return nil
}

func (ix *index) transaction(w *window) error {
	if err := run(ix.conn.Prep("BEGIN IMMEDIATE")); err != nil {
		return err
	}
	newest, err := ix.insert(w)
	if err != nil {
		return err
	}
	if err := run(ix.conn.Prep("DELETE FROM progress")); err != nil {
		return err
	}
	ix.through.BindInt64(1, int64(w.through))
	ix.through.BindBytes(2, w.last[:])
	ix.through.BindBytes(3, newest[:])
	if err := run(ix.through); err != nil {
		return err
	}
	if err := run(ix.conn.Prep("COMMIT")); err != nil {
		return err
	}
	ix.newest = newest
	return nil
}

// insert writes a window in order of the keys and returns the highest
// time-ordered id in the index.
func (ix *index) insert(w *window) (newest eventID, err error) {
	ids := slices.SortedFunc(maps.Keys(w.ids), func(a, b eventID) int { return bytes.Compare(a[:], b[:]) })
	err = ix.ids.insert(len(ids), func(s *sqlite.Stmt, param, i int) {
		s.BindBytes(param, ids[i][:])
		s.BindInt64(param+1, int64(w.ids[ids[i]]))
	})
	if err != nil {
		return newest, err
	}
	names := slices.Sorted(maps.Keys(w.heads))
	err = ix.streams.insert(len(names), func(s *sqlite.Stmt, param, i int) {
		h := w.heads[names[i]]
		s.BindText(param, names[i])
		s.BindInt64(param+1, int64(h.version))
		s.BindInt64(param+2, int64(h.last))
	})
	newest = ix.newest
	for _, id := range ids {
		if timeOrdered(id) && bytes.Compare(id[:], newest[:]) > 0 {
			newest = id
		}
	}
	return newest, err
}
