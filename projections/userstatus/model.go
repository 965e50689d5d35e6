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
	Name: "userstatus.v1",
	Tables: []string{
		`CREATE TABLE userstatus_v1_rows(
			seq     INTEGER PRIMARY KEY, -- place in the list
			facet   INTEGER NOT NULL,
			place   INTEGER NOT NULL,
			changed INTEGER NOT NULL,    -- last change of status, Unix nanoseconds
			due     INTEGER,             -- Unix nanoseconds; NULL: a person's turn
			body    BLOB NOT NULL)`,
		`CREATE TABLE userstatus_v1_keys(key INTEGER, seq INTEGER, PRIMARY KEY(key, seq)) WITHOUT ROWID`,
		`CREATE TABLE userstatus_v1_words(partner INTEGER, entry TEXT, chunk INTEGER, seqs BLOB NOT NULL,
			PRIMARY KEY(partner, entry, chunk)) WITHOUT ROWID`,
		`CREATE TABLE userstatus_v1_names(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)`,
		`CREATE TABLE userstatus_v1_groups(id INTEGER PRIMARY KEY,
			partner INTEGER, customer INTEGER, template INTEGER, package INTEGER, status INTEGER, flow INTEGER,
			class INTEGER, open INTEGER, n INTEGER NOT NULL,
			UNIQUE(partner, customer, template, package, status, flow, class, open))`,
	},
	Indexes: []string{
		`CREATE INDEX userstatus_v1_by_facet ON userstatus_v1_rows(facet, seq, changed)`,
		`CREATE INDEX userstatus_v1_by_place ON userstatus_v1_rows(place, seq, changed)`,
		`CREATE INDEX userstatus_v1_by_change ON userstatus_v1_rows(facet, changed, seq, place)`,
		`CREATE INDEX userstatus_v1_by_due ON userstatus_v1_rows(due) WHERE due IS NOT NULL`,
	},
	Writer: func() projections.Writer {
		w := &writer{}
		w.Reset()
		return w
	},
	Dump: dump,
}

// dump yields the rows as they are served, then the counts of groups.
func dump(conn *sqlite.Conn) iter.Seq2[projections.Item, error] {
	return func(yield func(projections.Item, error) bool) {
		more := true
		give := func(key, row string) bool {
			more = yield(projections.Item{Key: key, Row: row}, nil)
			return more
		}
		err := dumpGroups(conn, give)
		if err == nil && more {
			err = dumpRows(conn, give)
		}
		if err != nil && more {
			yield(projections.Item{}, err)
		}
	}
}

func dumpRows(conn *sqlite.Conn, give func(key, row string) bool) error {
	stmt, err := conn.Prepare("SELECT seq, changed, due, body FROM userstatus_v1_rows ORDER BY seq")
	if err != nil {
		return err
	}
	return each(stmt, func() bool {
		var r Row
		r.decode(columnBytes(stmt, 3))
		return give(fmt.Sprintf("row %016x %s", stmt.ColumnInt64(0), r.Stream()),
			fmt.Sprintf("changed %d, due %s, %+v", stmt.ColumnInt64(1), stmt.ColumnText(2), r))
	})
}

func dumpGroups(conn *sqlite.Conn, give func(key, row string) bool) error {
	stmt, err := conn.Prepare(groupQuery + " WHERE g.n <> 0")
	if err != nil {
		return err
	}
	counts := map[string]string{}
	err = each(stmt, func() bool {
		g := readGroup(stmt)
		n := g.N
		g.N = 0
		counts[fmt.Sprintf("group %q %+v", stmt.ColumnText(9), g)] = fmt.Sprint(n)
		return true
	})
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		if err != nil || !give(key, counts[key]) {
			break
		}
	}
	return err
}

// columnBytes returns a copy of a column.
func columnBytes(stmt *sqlite.Stmt, column int) string {
	buf := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, buf)
	return string(buf)
}
