// Package audit answers: who did what, when, through what and why, and what was
// there before? The rows are an index of all entries, for paging and filtering;
// what changed is computed from the log when it is asked for.
package audit

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
	"ledgerline/projections"
)

// Model feeds the audit history.
var Model = projections.Model{
	Name: "audit.v1",
	Tables: []string{
		`CREATE TABLE audit_v1_pages(page INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL)`,
		// which pages have an entry with some value; see tag
		`CREATE TABLE audit_v1_tags(tag INTEGER, page INTEGER, PRIMARY KEY(tag, page)) WITHOUT ROWID`,
	},
	Writer: func() projections.Writer { return &writer{} },
	Dump:   dump,
}

// writer fills pages.
type writer struct {
	open     *page          // the last one; nil: to be read
	tags     map[int64]bool // of open, as far as they are known to be written
	full     []*page        // to be written before open
	prepared int            // entries that pages have got before Apply was called
	buf      []byte
}

// Reset implements projections.Writer.
func (w *writer) Reset() { *w = writer{buf: w.buf} }

// Prepare implements projections.Preparer: it puts entries on pages.
func (w *writer) Prepare(entries []domain.Entry) {
	if w.open == nil {
		return // has to be read first
	}
	w.add(entries)
	w.prepared = len(entries)
}

// Apply implements projections.Writer.
func (w *writer) Apply(conn *sqlite.Conn, entries []domain.Entry) (events int, err error) {
	if w.open == nil {
		if w.open, err = lastPage(conn); err != nil {
			return 0, err
		}
	}
	w.add(entries[w.prepared:])
	w.prepared = 0
	for _, p := range w.full {
		if err := w.write(conn, p); err != nil {
			return 0, err
		}
		w.tags = nil
	}
	w.full = w.full[:0]
	return len(entries), nil
}

func (w *writer) add(entries []domain.Entry) {
	for i := range entries {
		if len(w.open.items) == entriesPerPage {
			w.full = append(w.full, w.open)
			w.open.finish()
			w.open = newPage(w.open.number + 1)
		}
		w.open.add(&entries[i])
	}
}

// Flush implements projections.Writer.
func (w *writer) Flush(conn *sqlite.Conn) error {
	if w.open == nil || len(w.open.items) == 0 {
		return nil
	}
	return w.write(conn, w.open)
}

// write writes a page, and those of its tags that are not known to be written.
func (w *writer) write(conn *sqlite.Conn, p *page) error {
	put, err := conn.Prepare("INSERT INTO audit_v1_pages VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET body=excluded.body")
	if err != nil {
		return err
	}
	w.buf = p.encode(w.buf[:0])
	put.BindInt64(1, p.number)
	put.BindInt64(2, int64(p.items[0].position))
	put.BindInt64(3, p.items[0].at)
	put.BindBytes(4, w.buf)
	if err := run(put); err != nil {
		return err
	}
	tags := p.found
	if tags == nil {
		tags = p.tags()
	}
	add, err := conn.Prepare("INSERT OR IGNORE INTO audit_v1_tags VALUES (?, ?)")
	if err != nil {
		return err
	}
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if w.tags[tag] {
			continue
		}
		add.BindInt64(1, tag)
		add.BindInt64(2, p.number)
		if err := run(add); err != nil {
			return err
		}
	}
	w.tags = tags
	return nil
}

// finish prepares a page that is full for being written.
func (p *page) finish() {
	p.found = p.tags()
	p.index, p.causes = nil, nil
}

// tags returns those of the page: of each partner, and of each other value that
// can be asked for, by partner.
func (p *page) tags() map[int64]bool {
	tags := map[int64]bool{}
	seen := map[[3]int]bool{}
	for _, it := range p.items {
		of := it.texts[partner]
		for _, i := range tagged {
			k := [3]int{i, of, it.texts[i]}
			if !seen[k] {
				seen[k] = true
				tags[tag(i, p.texts[of], p.texts[it.texts[i]])] = true
			}
		}
	}
	return tags
}

var tagged = []int{partner, actor, role, surface, eventType, request}

// tag is FNV-1a of what text it is, the partner and the text. It is stored, so it
// must not change while the model has this version.
func tag(what int, partner, text string) int64 {
	h := (uint64(14695981039346656037) ^ uint64(what)) * 1099511628211
	for _, s := range []string{partner, text} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return int64(h)
}

func lastPage(conn *sqlite.Conn) (*page, error) {
	stmt, err := conn.Prepare("SELECT page, body FROM audit_v1_pages ORDER BY page DESC LIMIT 1")
	if err != nil {
		return nil, err
	}
	p := newPage(1)
	err = each(stmt, func() bool {
		p = decode(stmt.ColumnInt64(0), columnBytes(stmt, 1))
		return false
	})
	return p, err
}

// dump yields the entries as the index has them.
func dump(conn *sqlite.Conn) iter.Seq2[projections.Item, error] {
	return func(yield func(projections.Item, error) bool) {
		more := true
		stmt, err := conn.Prepare("SELECT page, body FROM audit_v1_pages ORDER BY page")
		if err == nil {
			err = each(stmt, func() bool {
				p := decode(stmt.ColumnInt64(0), columnBytes(stmt, 1))
				for _, it := range p.items {
					if more = more && yield(projections.Item{Key: fmt.Sprintf("%016x", uint64(it.position)), Row: fmt.Sprintf("%+v", p.record(it))}, nil); !more {
						return false
					}
				}
				return true
			})
		}
		if err != nil && more {
			yield(projections.Item{}, err)
		}
	}
}

// run executes a statement that returns no rows.
func run(stmt *sqlite.Stmt) error {
	_, err := stmt.Step()
	if reset := stmt.Reset(); err == nil {
		err = reset
	}
	return err
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

func columnBytes(stmt *sqlite.Stmt, column int) []byte {
	buf := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, buf)
	return buf
}
