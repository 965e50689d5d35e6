package userstatus

import (
	"encoding/binary"
	"math"

	"zombiezen.com/go/sqlite"
)

// The list is what a page is chosen by, without the rows themselves: for each row
// its place, groups and times. All of a partner's millions is gone through in
// milliseconds, so it needs no index.

const placeWidth = 32

var list = layout{table: "userstatus_v3_list", width: placeWidth, most: 250, keep: 512} // fills a page of 8192

// place is what the list has of a row.
type place struct {
	seq         int64
	changed     int64 // last change of status, Unix nanoseconds
	due         int64 // Unix nanoseconds; 0: a person's turn
	facet, site uint32
}

func (p place) spot() spot { return spot{p.changed, p.seq} }

func (p place) record() (record [placeWidth]byte) {
	binary.LittleEndian.PutUint64(record[:], uint64(p.seq))
	binary.LittleEndian.PutUint64(record[8:], uint64(p.changed))
	binary.LittleEndian.PutUint64(record[16:], uint64(p.due))
	binary.LittleEndian.PutUint32(record[24:], p.facet)
	binary.LittleEndian.PutUint32(record[28:], p.site)
	return record
}

func placeOf(record []byte) place {
	_ = record[placeWidth-1]
	return place{
		seq:     numberAt(record, 0),
		changed: numberAt(record, 8),
		due:     numberAt(record, 16),
		facet:   binary.LittleEndian.Uint32(record[24:]),
		site:    binary.LittleEndian.Uint32(record[28:]),
	}
}

// places calls f with each place after seq until it says no.
func places(conn *sqlite.Conn, after int64, f func(place) bool) error {
	if after == math.MaxInt64 {
		return nil
	}
	return list.scan(conn, after, func(records []byte) bool {
		for i := list.lower(records, after+1); i < len(records); i += placeWidth {
			if !f(placeOf(records[i:])) {
				return false
			}
		}
		return true
	})
}

// placesBack calls f with each place, the last first.
func placesBack(conn *sqlite.Conn, f func(place)) error {
	return list.scanBack(conn, func(records []byte) bool {
		for i := len(records) - placeWidth; i >= 0; i -= placeWidth {
			f(placeOf(records[i:]))
		}
		return true
	})
}
