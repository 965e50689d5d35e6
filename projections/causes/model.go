package causes

import (
	"iter"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/projections"
)

// Model feeds the causes.
var Model = projections.Model{
	Name: "causes.v1",
	Tables: []string{
		`CREATE TABLE causes_v1_causes(cause INTEGER PRIMARY KEY, partner TEXT NOT NULL, fingerprint TEXT NOT NULL,
			code INTEGER NOT NULL, text TEXT NOT NULL, template TEXT NOT NULL,
			now INTEGER NOT NULL, ever INTEGER NOT NULL, through INTEGER NOT NULL, came INTEGER NOT NULL, recovered INTEGER NOT NULL,
			first INTEGER NOT NULL, last INTEGER NOT NULL, UNIQUE(partner, fingerprint))`,
		`CREATE TABLE causes_v1_customers(cause INTEGER, customer TEXT, now INTEGER NOT NULL, ever INTEGER NOT NULL,
			PRIMARY KEY(cause, customer)) WITHOUT ROWID`,
		// whom a cause stops now
		`CREATE TABLE causes_v1_stopped(cause INTEGER, subscriber BLOB, customer TEXT NOT NULL, at INTEGER NOT NULL,
			PRIMARY KEY(cause, subscriber)) WITHOUT ROWID`,
		// whom it has ever stopped, and whether they came through after that
		`CREATE TABLE causes_v1_hits(subscriber BLOB, cause INTEGER, through INTEGER NOT NULL,
			PRIMARY KEY(subscriber, cause)) WITHOUT ROWID`,
		// subscribers that are stopped or leaving
		`CREATE TABLE causes_v1_stages(subscriber BLOB PRIMARY KEY, stage INTEGER NOT NULL, cause INTEGER NOT NULL) WITHOUT ROWID`,
		// of all subscribers: failures do not say to which template they belong
		`CREATE TABLE causes_v1_homes(subscriber BLOB PRIMARY KEY, place INTEGER NOT NULL) WITHOUT ROWID`,
		`CREATE TABLE causes_v1_places(place INTEGER PRIMARY KEY, template TEXT NOT NULL, customer TEXT NOT NULL, UNIQUE(template, customer))`,
	},
	Indexes: []string{`CREATE INDEX causes_v1_by_customer ON causes_v1_customers(customer)`},
	Writer:  func() projections.Writer { return &writer{places: map[place]int64{}} },
	Dump:    dump,
}

// dumps are the rows by name rather than by number, each in the order of keys.
var dumps = []string{
	`SELECT 'cause ' || partner || ' ' || fingerprint, concat_ws(' ', code, template, now, ever, through, came, recovered, first, last, text)
		FROM causes_v1_causes ORDER BY 1`,
	`SELECT 'customer ' || partner || ' ' || fingerprint || ' ' || customer, concat_ws(' ', u.now, u.ever)
		FROM causes_v1_customers u JOIN causes_v1_causes c USING(cause) ORDER BY 1`,
	`SELECT 'hit ' || hex(subscriber) || ' ' || partner || ' ' || fingerprint, h.through
		FROM causes_v1_hits h JOIN causes_v1_causes c USING(cause) ORDER BY 1`,
	`SELECT 'home ' || hex(subscriber), template || ' ' || customer
		FROM causes_v1_homes JOIN causes_v1_places USING(place) ORDER BY subscriber`,
	`SELECT 'stage ' || hex(subscriber), concat_ws(' ', stage, fingerprint)
		FROM causes_v1_stages s LEFT JOIN causes_v1_causes c USING(cause) ORDER BY subscriber`,
	`SELECT 'stopped ' || partner || ' ' || fingerprint || ' ' || hex(subscriber), concat_ws(' ', at, customer)
		FROM causes_v1_stopped s JOIN causes_v1_causes c USING(cause) ORDER BY 1`,
}

func dump(conn *sqlite.Conn) iter.Seq2[projections.Item, error] {
	return func(yield func(projections.Item, error) bool) {
		for _, query := range dumps {
			more, err := dumpTable(conn, query, func(i projections.Item) bool { return yield(i, nil) })
			if err != nil {
				yield(projections.Item{}, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

func dumpTable(conn *sqlite.Conn, query string, give func(projections.Item) bool) (more bool, err error) {
	stmt, err := conn.Prepare(query)
	if err != nil {
		return false, err
	}
	defer stmt.Reset()
	for {
		row, err := stmt.Step()
		if err != nil || !row {
			return err == nil, err
		}
		if !give(projections.Item{Key: stmt.ColumnText(0), Row: stmt.ColumnText(1)}) {
			return false, nil
		}
	}
}

// execute runs a statement; f, if any, is called for each row.
func execute(conn *sqlite.Conn, query string, f func(*sqlite.Stmt), args ...any) error {
	options := &sqlitex.ExecOptions{Args: args}
	if f != nil {
		options.ResultFunc = func(row *sqlite.Stmt) error { f(row); return nil }
	}
	return sqlitex.Execute(conn, query, options)
}
