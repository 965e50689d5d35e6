package projections

import (
	"context"
	"iter"

	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
)

// Rows is a read model of few rows, which are kept as JSON: a key, a pure fold,
// and two queries. Models with many rows, or with other ways to find them, have
// tables of their own.
type Rows[R any] struct {
	Name string // "<what>.v<version>"
	// Concerns says whether an entry touches a row; the row's key is the stream.
	Concerns func(domain.Entry) bool
	Fold     func(R, domain.Entry) R
}

// Model returns what Options.Models wants.
func (r Rows[R]) Model() Model {
	return Model{
		Name:   r.Name,
		Tables: []string{"CREATE TABLE " + r.table() + "(stream TEXT PRIMARY KEY, partner TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID"},
		Writer: func() Writer { return rowsWriter[R]{r} },
		Dump:   r.dump,
	}
}

// One returns the partner's row of a stream.
func (r Rows[R]) One(ctx context.Context, v *Views, partner, stream string) (row R, found bool, err error) {
	err = v.Read(ctx, func(conn *sqlite.Conn) error {
		return r.each(conn, "SELECT body, stream FROM "+r.table()+" WHERE stream=? AND partner=?", func(_ string, got R) bool {
			row, found = got, true
			return false
		}, stream, partner)
	})
	return row, found, err
}

// All returns the partner's rows.
func (r Rows[R]) All(ctx context.Context, v *Views, partner string) (rows []R, err error) {
	err = v.Read(ctx, func(conn *sqlite.Conn) error {
		return r.each(conn, "SELECT body, stream FROM "+r.table()+" WHERE partner=?", func(_ string, row R) bool {
			rows = append(rows, row)
			return true
		}, partner)
	})
	return rows, err
}

func (r Rows[R]) table() string { return Model{Name: r.Name}.prefix() + "rows" }

func (r Rows[R]) dump(conn *sqlite.Conn) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		stmt, err := conn.Prepare("SELECT stream, partner, body FROM " + r.table() + " ORDER BY stream")
		if err != nil {
			yield(Item{}, err)
			return
		}
		defer stmt.Reset()
		for {
			more, err := stmt.Step()
			if err != nil {
				yield(Item{}, err)
				return
			}
			if !more || !yield(Item{Key: stmt.ColumnText(0), Row: stmt.ColumnText(1) + " " + stmt.ColumnText(2)}, nil) {
				return
			}
		}
	}
}

func (r Rows[R]) each(conn *sqlite.Conn, query string, f func(stream string, row R) bool, args ...string) error {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return err
	}
	defer stmt.Reset()
	for i, a := range args {
		stmt.BindText(i+1, a)
	}
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		var row R
		if err := json.Unmarshal([]byte(stmt.ColumnText(0)), &row); err != nil {
			return err
		}
		if !f(stmt.ColumnText(1), row) {
			return nil
		}
	}
}

type rowsWriter[R any] struct{ rows Rows[R] }

// Reset implements Writer; nothing is kept.
func (w rowsWriter[R]) Reset() {}

// Flush implements Writer; Apply leaves nothing.
func (w rowsWriter[R]) Flush(*sqlite.Conn) error { return nil }

// Apply implements Writer.
func (w rowsWriter[R]) Apply(conn *sqlite.Conn, entries []domain.Entry) (events int, err error) {
	type touched struct {
		row     R
		partner string
	}
	rows := map[string]*touched{}
	for _, e := range entries {
		if !w.rows.Concerns(e) {
			continue
		}
		t, ok := rows[e.Stream]
		if !ok {
			t = &touched{partner: e.Cause.Partner}
			rows[e.Stream] = t
			err := w.rows.each(conn, "SELECT body, stream FROM "+w.rows.table()+" WHERE stream=?", func(_ string, row R) bool {
				t.row = row
				return false
			}, e.Stream)
			if err != nil {
				return 0, err
			}
		}
		t.row = w.rows.Fold(t.row, e)
		events++
	}
	put, err := conn.Prepare("INSERT INTO " + w.rows.table() + " VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body=excluded.body")
	if err != nil {
		return 0, err
	}
	for stream, t := range rows {
		body, err := json.Marshal(t.row)
		if err != nil {
			return 0, err
		}
		put.BindText(1, stream)
		put.BindText(2, t.partner)
		put.BindText(3, string(body))
		if _, err := put.Step(); err != nil {
			return 0, err
		}
		if err := put.Reset(); err != nil {
			return 0, err
		}
	}
	return events, nil
}
