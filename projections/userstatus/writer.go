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
const rowsKept = 8_000

// mostDirty is how many rows may differ from the tables. Rows that have fallen out
// of memory were used longer ago than that many others, so they do not.
const mostDirty = 6_000

// Keys and words are kept until the transaction ends, or until they are many.
const (
	mostKeys    = 100_000
	mostIndexed = 30_000 // rows whose words are kept
)

// writer folds entries into rows, in memory, and writes each row once per batch.
type writer struct {
	young, old map[uuid.UUID]*kept // rows used since, and before, the last change of generations
	dirty      []*kept
	fresh      map[uuid.UUID]int64 // places of rows that are in the table and whose keys are not
	groups     groups
	words      postings
	list, keys packed
	changes    keyChanges
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
	place
	personID            string
	userID, email       string
	firstName, lastName string
}

// Reset implements projections.Writer.
func (w *writer) Reset() {
	w.young, w.old = map[uuid.UUID]*kept{}, nil
	w.dirty, w.fresh = nil, map[uuid.UUID]int64{}
	w.groups.reset()
	w.words.reset()
	w.list, w.keys = packed{layout: list}, packed{layout: keysTable}
	w.list.reset()
	w.keys.reset()
	w.changes = keyChanges{}
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
	switch e.Event.(type) {
	case subscriber.Onboarded, subscriber.Adopted:
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
			if err := w.load(conn, k); err != nil {
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

// load reads a row from the tables, if it is there.
func (w *writer) load(conn *sqlite.Conn, k *kept) error {
	if seq, ok := w.fresh[k.row.ID]; ok {
		_, err := w.loadAt(conn, k, seq)
		return err
	}
	key := idKey(k.row.ID)
	b, _, err := w.keys.find(conn, key)
	if err != nil {
		return err
	}
	for i := w.keys.lower(b.records, key); i < len(b.records) && numberAt(b.records, i) == key; i += keyWidth {
		if found, err := w.loadAt(conn, k, numberAt(b.records, i+8)); found || err != nil {
			return err
		}
	}
	return nil
}

// loadAt reads a row if it is at this place.
func (w *writer) loadAt(conn *sqlite.Conn, k *kept, seq int64) (found bool, err error) {
	r, found, err := rowAt(conn, seq)
	if err != nil || !found || r.ID != k.row.ID {
		return false, err
	}
	record, err := w.list.get(conn, seq)
	if err != nil {
		return false, err
	}
	k.row, k.seq, k.written = r, seq, written{place: place{seq: seq}}
	if record != nil {
		k.written.place = placeOf(record)
	}
	k.written.remember(&k.row)
	return true, nil
}

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
	if err := w.list.flush(conn); err != nil {
		return err
	}
	if err := w.changes.flush(conn, &w.keys); err != nil {
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
			w.fresh[k.row.ID] = k.seq
		}
		if err := w.write(conn, table, k); err != nil {
			return err
		}
	}
	clear(w.dirty)
	w.dirty = w.dirty[:0]
	w.words.index()
	if len(w.changes.added) > mostKeys || w.words.rows > mostIndexed {
		return w.writeRest(conn)
	}
	return nil
}

// write brings the tables up to date with one row.
func (w *writer) write(conn *sqlite.Conn, t table, k *kept) (err error) {
	r, was := &k.row, k.written
	due, open := activation.Due(r.State)
	now := written{place: place{seq: k.seq, changed: r.StatusChanged.UnixNano()}}
	if open {
		now.due = due.UnixNano()
	}
	if now.facet, now.site, err = w.groups.of(conn, r, open); err != nil {
		return err
	}
	w.groups.move(was.facet, now.facet)
	w.groups.move(was.site, now.site)
	now.remember(r)
	w.changes.move(r, was, now)
	if was.seq != now.seq || was.userID != now.userID || was.email != now.email || was.firstName != now.firstName || was.lastName != now.lastName {
		partner, err := w.groups.name(conn, r.Partner)
		if err != nil {
			return err
		}
		w.words.move(partner, was, now)
	}
	if err := w.enlist(conn, was.place, now.place); err != nil {
		return err
	}
	w.body = r.encode(w.body[:0])
	k.written = now
	return t.put(was.seq, now.seq, w.body)
}

// enlist puts a row into its place in the list.
func (w *writer) enlist(conn *sqlite.Conn, was, now place) error {
	if was == now {
		return nil
	}
	if was.seq != 0 && was.seq != now.seq {
		record := was.record()
		if err := w.list.remove(conn, record[:], true); err != nil {
			return err
		}
	}
	record := now.record()
	return w.list.put(conn, record[:], true)
}
