package causes

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// place is where a subscriber belongs.
type place struct{ template, customer string }

// mostPlaces is how many places a writer remembers the numbers of.
const mostPlaces = 4096

// home returns where a subscriber belongs; nowhere when it was never onboarded.
func (b *batch) home(id uuid.UUID) (p place, err error) {
	read := func(row *sqlite.Stmt) { p = place{row.ColumnText(0), row.ColumnText(1)} }
	if number, ok := b.homes[id]; ok {
		err = execute(b.conn, "SELECT template, customer FROM causes_v1_places WHERE place=?", read, number)
		return p, err
	}
	err = execute(b.conn, "SELECT template, customer FROM causes_v1_homes JOIN causes_v1_places USING(place) WHERE subscriber=?", read, id[:])
	return p, err
}

// place returns the number of a place, new ones included.
func (b *batch) place(p place) (number int64, err error) {
	if number, ok := b.places[p]; ok {
		return number, nil
	}
	err = execute(b.conn, "SELECT place FROM causes_v1_places WHERE template=? AND customer=?", func(row *sqlite.Stmt) {
		number = row.ColumnInt64(0)
	}, p.template, p.customer)
	if err == nil && number == 0 {
		err = execute(b.conn, "INSERT INTO causes_v1_places VALUES (NULL, ?, ?)", nil, p.template, p.customer)
		number = b.conn.LastInsertRowID()
	}
	if err != nil {
		return 0, err
	}
	if len(b.places) >= mostPlaces {
		clear(b.places)
	}
	b.places[p] = number
	return number, nil
}

// writeHomes writes where those belong who were onboarded, in order, which
// touches each page of the table once.
func (b *batch) writeHomes() error {
	byID := func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
	put, err := b.conn.Prepare("INSERT INTO causes_v1_homes VALUES (?, ?) ON CONFLICT DO UPDATE SET place=excluded.place")
	if err != nil {
		return err
	}
	for _, id := range slices.SortedFunc(maps.Keys(b.homes), byID) {
		put.BindBytes(1, id[:])
		put.BindInt64(2, b.homes[id])
		if _, err := put.Step(); err != nil {
			return errors.Join(err, put.Reset())
		}
		if err := put.Reset(); err != nil {
			return err
		}
	}
	return nil
}
