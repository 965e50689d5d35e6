package userstatus

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"zombiezen.com/go/sqlite"

	"ledgerline/projections"
)

// Model feeds the user status, the licence counts and the list of activations
// that are due.
var Model = projections.Model{
	Name: "userstatus.v3",
	Tables: []string{
		`CREATE TABLE userstatus_v3_rows(seq INTEGER PRIMARY KEY, body BLOB NOT NULL)`, // seq: place in the list
		list.create(),
		keysTable.create(),
		rareTable.create(),
		`CREATE TABLE userstatus_v3_words(partner INTEGER, entry TEXT, chunk INTEGER, seqs BLOB NOT NULL,
			PRIMARY KEY(partner, entry, chunk)) WITHOUT ROWID`,
		`CREATE TABLE userstatus_v3_names(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)`,
		`CREATE TABLE userstatus_v3_groups(id INTEGER PRIMARY KEY,
			partner INTEGER, customer INTEGER, template INTEGER, package INTEGER, status INTEGER, flow INTEGER,
			class INTEGER, open INTEGER, n INTEGER NOT NULL,
			UNIQUE(partner, customer, template, package, status, flow, class, open))`,
	},
	Writer: func() projections.Writer {
		w := &writer{}
		w.Reset()
		return w
	},
	Dump: dump,
}

// dump yields the counts of groups, the list, and the rows as they are served.
func dump(conn *sqlite.Conn) iter.Seq2[projections.Item, error] {
	return func(yield func(projections.Item, error) bool) {
		more := true
		give := func(key, row string) bool {
			more = more && yield(projections.Item{Key: key, Row: row}, nil)
			return more
		}
		names, err := dumpGroups(conn, give)
		if err == nil && more {
			err = places(conn, -1, func(p place) bool {
				return give(fmt.Sprintf("place %016x", p.seq), fmt.Sprintf("changed %d, due %d, %s, %s", p.changed, p.due, names[int64(p.facet)], names[int64(p.site)]))
			})
		}
		if err == nil && more {
			err = dumpRows(conn, give)
		}
		if err != nil && more {
			yield(projections.Item{}, err)
		}
	}
}

func dumpRows(conn *sqlite.Conn, give func(key, row string) bool) error {
	stmt, err := conn.Prepare("SELECT seq, body FROM userstatus_v3_rows ORDER BY seq")
	if err != nil {
		return err
	}
	return each(stmt, func() bool {
		var r Row
		r.decode(columnBytes(stmt, 1))
		return give(fmt.Sprintf("row %016x %s", stmt.ColumnInt64(0), r.Stream()), fmt.Sprintf("%+v", r))
	})
}

// dumpGroups returns what the groups are called.
func dumpGroups(conn *sqlite.Conn, give func(key, row string) bool) (names map[int64]string, err error) {
	stmt, err := conn.Prepare(groupQuery + " WHERE g.n <> 0")
	if err != nil {
		return nil, err
	}
	names, counts := map[int64]string{}, map[string]string{}
	err = each(stmt, func() bool {
		g := readGroup(stmt)
		n := g.N
		g.N = 0
		name := fmt.Sprintf("group %q %+v", stmt.ColumnText(9), g)
		names[stmt.ColumnInt64(0)], counts[name] = name, fmt.Sprint(n)
		return true
	})
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		if err != nil || !give(key, counts[key]) {
			break
		}
	}
	return names, err
}

// columnBytes returns a copy of a column.
func columnBytes(stmt *sqlite.Stmt, column int) string { return string(columnInto(stmt, column, nil)) }
