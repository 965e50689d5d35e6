package userstatus

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/subscriber"
)

// rowsKept is how many rows stay in memory between batches at most, in each of
// two generations.
const rowsKept = 12_000

// mostDirty is how many rows may differ from the tables. Rows that have fallen out
// of memory were used longer ago than that many others, so they do not.
const mostDirty = 8_000

// Keys and words are kept until the transaction ends, or until they are many.
const (
	mostKeys    = 1_500_000
	mostIndexed = 250_000 // rows whose words are kept
)

// writer folds entries into rows, in memory, and writes each row once per batch.
type writer struct {
	young, old map[uuid.UUID]*kept // rows used since, and before, the last change of generations
	dirty      []*kept
	fresh      map[int64]int64 // places, by key, of rows that are in the table and whose keys are not
	groups     groups
	words      postings
	keys       keyChanges
	body       []byte
}

// kept is a row as it is now and what is known of it in the tables.
type kept struct {
	row     Row
	seq     int64 // 0: not onboarded yet
	dirty   bool
	written written
}

// written is what the tables say of a row.
type written struct {
	seq, facet, place, changed, due int64
	personID                        string
	userID, email                   string
	firstName, lastName             string
}

// Reset implements projections.Writer.
func (w *writer) Reset() {
	w.young, w.old = map[uuid.UUID]*kept{}, nil
	w.dirty, w.fresh = nil, map[int64]int64{}
	w.groups.reset()
	w.words.reset()
	w.keys = keyChanges{}
}

// Apply implements projections.Writer.
func (w *writer) Apply(conn *sqlite.Conn, entries []domain.Entry) (events int, err error) {
	for i := range entries {
		e := &entries[i]
		if !strings.HasPrefix(e.Stream, subscriber.Kind+"-") {
			continue
		}
		_, id, ok := domain.SplitStream(e.Stream)
		if !ok {
			continue
		}
		k, err := w.row(conn, id, e.Version == 1)
		if err != nil {
			return 0, err
		}
		k.apply(e)
		if !k.dirty {
			k.dirty = true
			w.dirty = append(w.dirty, k)
		}
		events++
		if len(w.dirty) < mostDirty {
			continue
		}
		if err := w.writeRows(conn); err != nil {
			return 0, err
		}
	}
	return events, nil
}

// apply folds one entry.
func (k *kept) apply(e *domain.Entry) {
	r := &k.row
	r.State = subscriber.Evolve(r.State, e.Event)
	if r.Lives == 0 {
		r.State = subscriber.State{} // only claims of its name so far
		return
	}
	if r.Partner == "" {
		r.Partner = e.Cause.Partner
	}
	r.Version, r.Position = e.Version, e.Position
	if _, ok := e.Event.(subscriber.Onboarded); ok {
		k.seq = r.seq(e.Position)
	}
}

// row returns a row from memory, or from the tables unless it is new.
func (w *writer) row(conn *sqlite.Conn, id uuid.UUID, isNew bool) (*kept, error) {
	if k, ok := w.young[id]; ok {
		return k, nil
	}
	k, ok := w.old[id]
	if !ok {
		k = &kept{row: Row{ID: id}}
		if !isNew {
			if err := k.load(conn, w.fresh[idKey(id)]); err != nil {
				return nil, err
			}
		}
	}
	if len(w.young) >= rowsKept {
		w.old, w.young = w.young, make(map[uuid.UUID]*kept, rowsKept)
	}
	w.young[id] = k
	return k, nil
}

// load reads a row from the tables, if it is there; seq is its place, or 0 if it
// has to be looked up.
func (k *kept) load(conn *sqlite.Conn, seq int64) error {
	query, arg := byKey, idKey(k.row.ID)
	if seq != 0 {
		query, arg = bySeq, seq
	}
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	bind(stmt, arg)
	return each(stmt, func() bool {
		var r Row
		r.decode(columnBytes(stmt, 5))
		if r.ID != k.row.ID {
			return true
		}
		k.row, k.seq = r, stmt.ColumnInt64(0)
		k.written = written{seq: k.seq, facet: stmt.ColumnInt64(1), place: stmt.ColumnInt64(2), changed: stmt.ColumnInt64(3), due: stmt.ColumnInt64(4)}
		k.written.remember(&k.row)
		return false
	})
}

const (
	bySeq = "SELECT seq, facet, place, changed, coalesce(due, 0), body FROM userstatus_v1_rows WHERE seq=?"
	byKey = `SELECT r.seq, r.facet, r.place, r.changed, coalesce(r.due, 0), r.body
		FROM userstatus_v1_keys k CROSS JOIN userstatus_v1_rows r ON r.seq=k.seq WHERE k.key=?`
)

// remember keeps what the keys and words of the row were made of.
func (t *written) remember(r *Row) {
	t.personID, t.userID, t.email = r.PersonID, r.Profile.UserID, r.Email
	t.firstName, t.lastName = r.Profile.FirstName, r.Profile.LastName
}

// Flush implements projections.Writer.
func (w *writer) Flush(conn *sqlite.Conn) error {
	if err := w.writeRows(conn); err != nil {
		return err
	}
	return w.writeRest(conn)
}

// writeRest writes keys, words and counts.
func (w *writer) writeRest(conn *sqlite.Conn) error {
	clear(w.fresh)
	if err := w.keys.flush(conn); err != nil {
		return err
	}
	if err := w.words.flush(conn); err != nil {
		return err
	}
	return w.groups.flush(conn)
}

// writeRows writes the rows that changed.
func (w *writer) writeRows(conn *sqlite.Conn) error {
	slices.SortFunc(w.dirty, func(a, b *kept) int { return cmp.Compare(a.seq, b.seq) })
	table, err := prepare(conn)
	if err != nil {
		return err
	}
	for _, k := range w.dirty {
		k.dirty = false
		if k.seq == 0 {
			continue
		}
		if k.written.seq != k.seq {
			w.fresh[idKey(k.row.ID)] = k.seq
		}
		if err := w.write(conn, table, k); err != nil {
			return err
		}
	}
	clear(w.dirty)
	w.dirty = w.dirty[:0]
	w.words.index()
	if len(w.keys.added) > mostKeys || w.words.rows > mostIndexed {
		return w.writeRest(conn)
	}
	return nil
}

// write brings the tables up to date with one row.
func (w *writer) write(conn *sqlite.Conn, t table, k *kept) (err error) {
	r, was := &k.row, k.written
	due, open := activation.Due(r.State)
	now := written{seq: k.seq, changed: r.StatusChanged.UnixNano()}
	if open {
		now.due = due.UnixNano()
	}
	if now.facet, now.place, err = w.groups.of(conn, r, open); err != nil {
		return err
	}
	w.groups.move(was.facet, now.facet)
	w.groups.move(was.place, now.place)
	now.remember(r)
	w.keys.move(r, was, now)
	if was.seq != now.seq || was.userID != now.userID || was.email != now.email || was.firstName != now.firstName || was.lastName != now.lastName {
		partner, err := w.groups.name(conn, r.Partner)
		if err != nil {
			return err
		}
		w.words.move(partner, was, now)
	}
	w.body = r.encode(w.body[:0])
	k.written = now
	return t.put(was, now, w.body)
}
