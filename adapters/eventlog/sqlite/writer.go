package sqlite

import (
	"bytes"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"

	"ledgerline/commands"
	"ledgerline/domain"
)

// writer is the one goroutine that changes the log.
type writer struct {
	*reader // on the writing connection, so it sees what is not committed yet
	index   *index
	recent  *recent
	words   *words
	now     func() time.Time

	begin, commit, insert *sqlite.Stmt

	head   domain.Position // of what is committed
	at     int64           // of the last record, Unix ms
	staged *window         // what this transaction adds
	block  block           // its last records, not inserted yet
	inTx   bool

	encoded []byte // the record at hand

	commits int64 // transactions so far
}

func newWriter(rd *reader, ix *index, rc *recent, now func() time.Time, head domain.Position, at int64) *writer {
	return &writer{
		reader: rd,
		index:  ix,
		recent: rc,
		words:  newWords(rd.conn),
		now:    now,
		begin:  rd.conn.Prep("BEGIN IMMEDIATE"),
		commit: rd.conn.Prep("COMMIT"),
		insert: rd.conn.Prep("INSERT INTO blocks VALUES (?, ?)"),
		head:   head,
		at:     at,
		staged: newWindow(),
	}
}

func (w *writer) run(q *queue) {
	for g := q.take(); g != nil; g = q.take() {
		w.answer(g)
		close(g.done)
		w.index.offer(w.recent)
	}
}

// answer carries out a group, all or nothing.
func (w *writer) answer(g *group) {
	at := max(w.at, w.now().UnixMilli())
	err := w.record(g, at)
	if err == nil {
		err = w.flush()
	}
	if err == nil && w.inTx {
		err = run(w.commit)
	}
	if err != nil {
		w.rollback()
		for _, r := range g.requests {
			r.position, r.err = 0, writeError(err)
		}
		return
	}
	if w.inTx {
		w.commits++
		w.inTx, w.at, w.head = false, at, w.staged.through
		w.words.keep()
		w.recent.add(w.staged)
		w.staged.reset()
	}
}

func (w *writer) record(g *group, at int64) error {
	if err := w.index.room(w.recent); err != nil {
		return err
	}
	for _, r := range g.requests {
		err := w.carryOut(r, at)
		switch {
		case errors.Is(err, commands.ErrStale), errors.Is(err, commands.ErrReused):
			r.err = err
		case err != nil:
			return err
		}
	}
	return nil
}

func (w *writer) rollback() {
	if !w.conn.AutocommitEnabled() {
		// An error here would mean that there is nothing to roll back.
		_ = run(w.conn.Prep("ROLLBACK"))
	}
	w.inTx = false
	w.block.reset()
	w.words.forget()
	clear(w.reader.words)
	w.staged.reset()
}

// carryOut decides one append and writes its records if there are any to write.
func (w *writer) carryOut(r *request, at int64) error {
	known, err := w.known(r)
	switch {
	case err != nil:
		return err
	case known:
		return nil
	}
	h, err := w.streamHead(r.stream)
	switch {
	case err != nil:
		return err
	case h.version != r.expected:
		return commands.ErrStale
	}
	if !w.inTx {
		if err := run(w.begin); err != nil {
			return err
		}
		w.inTx = true
	}
	return w.write(r, h, at)
}

// known reports whether r was recorded before, and then fills in its position.
func (w *writer) known(r *request) (bool, error) {
	n := 0
	for i, rec := range r.records {
		p, err := w.position(rec.ID)
		if err != nil {
			return false, err
		}
		if p == 0 {
			continue
		}
		if err := w.flush(); err != nil {
			return false, err
		}
		old, err := w.fetch(p)
		if err != nil {
			return false, err
		}
		if i != n || old.name() != r.stream || old.typ.text != rec.Type || !bytes.Equal(old.body, rec.Body) {
			return false, commands.ErrReused
		}
		n++
		r.position = p
	}
	if n != 0 && n != len(r.records) {
		return false, commands.ErrReused
	}
	return n != 0, nil
}

func (w *writer) write(r *request, h head, at int64) error {
	row := row{streamID: r.streamID, at: at}
	var err error
	if row.kind, err = w.words.intern(r.kind); err != nil {
		return err
	}
	for _, rec := range r.records {
		if row.typ, err = w.words.intern(rec.Type); err != nil {
			return err
		}
		if row.cause, err = w.words.repeated(r.cause); err != nil {
			return err
		}
		row.position = max(w.head, w.staged.through) + 1
		row.previous = h.last
		row.version = h.version + 1
		row.id = rec.ID
		row.body = rec.Body
		if w.encoded = row.append(w.encoded[:0]); !w.block.fits(w.encoded) {
			if err := w.flush(); err != nil {
				return err
			}
		}
		w.block.add(w.encoded)
		h = head{version: row.version, last: row.position}
		w.staged.ids[rec.ID] = row.position
		w.staged.through, w.staged.last = row.position, rec.ID
	}
	w.staged.heads[r.stream] = h
	r.position = h.last
	return nil
}

// flush inserts the records that are not inserted yet.
func (w *writer) flush() error {
	if w.block.count == 0 {
		return nil
	}
	w.insert.BindInt64(1, int64(w.staged.through))
	w.insert.BindBytes(2, w.block.bytes())
	w.block.reset()
	return run(w.insert)
}

// streamHead returns where a stream ends, this transaction included.
func (w *writer) streamHead(stream string) (head, error) {
	if h, ok := w.staged.heads[stream]; ok {
		return h, nil
	}
	if h, ok := w.recent.streamHead(stream); ok {
		return h, nil
	}
	return w.lookup.head(stream)
}

// position returns where an event id is recorded, this transaction included; 0:
// nowhere.
func (w *writer) position(id eventID) (domain.Position, error) {
	if p, ok := w.staged.ids[id]; ok {
		return p, nil
	}
	if p := w.recent.find(id); p != 0 || w.recent.isNewest(id) {
		return p, nil
	}
	return w.lookup.position(id)
}

func (w *writer) close() error {
	return errors.Join(w.index.finish(w.recent), w.reader.close())
}
