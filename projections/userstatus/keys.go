package userstatus

import (
	"encoding/binary"
	"slices"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// Keys find rows by what identifies them: a 64-bit hash of the value, then the
// row's place in the list. What is found is compared with the row.

const keyWidth = 16

var keysTable = layout{table: "userstatus_v3_keys", width: keyWidth, most: 120, keep: 2048} // as keys come at random, blocks are small

// idKey is of a subscriber's id, which is a hash already.
func idKey(id uuid.UUID) int64 { return int64(binary.BigEndian.Uint64(id[:8])) }

func personKey(partner, personID string) int64 { return hash("person", partner, personID) }

// hash is FNV-1a of the parts. It is stored, so it must not change.
func hash(parts ...string) int64 {
	h := uint64(14695981039346656037)
	for _, p := range parts {
		for i := range len(p) {
			h = (h ^ uint64(p[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return int64(h)
}

// keyChanges collects what a batch changes about keys.
type keyChanges struct{ removed, added []keyed }

// keyed is a key and where it leads.
type keyed struct{ key, seq int64 }

func (k keyed) record() (record [keyWidth]byte) {
	binary.LittleEndian.PutUint64(record[:], uint64(k.key))
	binary.LittleEndian.PutUint64(record[8:], uint64(k.seq))
	return record
}

// move notes the keys that a row gains and loses.
func (c *keyChanges) move(r *Row, was, now written) {
	moved := was.seq != now.seq
	one := func(before, after int64, had, has, same bool) {
		if had && (moved || !same) {
			c.removed = append(c.removed, keyed{before, was.seq})
		}
		if has && (moved || !same) {
			c.added = append(c.added, keyed{after, now.seq})
		}
	}
	if moved {
		one(idKey(r.ID), idKey(r.ID), was.seq != 0, true, true)
	}
	if (moved || was.personID != now.personID) && was.personID+now.personID != "" {
		one(personKey(r.Partner, was.personID), personKey(r.Partner, now.personID), was.personID != "", now.personID != "", false)
	}
}

// flush adds what was noted to the keys, in their order.
func (c *keyChanges) flush(conn *sqlite.Conn, keys *packed) error {
	for _, change := range []struct {
		keys []keyed
		do   func(*sqlite.Conn, []byte, bool) error
	}{{c.removed, keys.remove}, {c.added, keys.put}} {
		slices.SortFunc(change.keys, func(a, b keyed) int { return compare(a.key, b.key) })
		for _, k := range change.keys {
			record := k.record()
			if err := change.do(conn, record[:], false); err != nil {
				return err
			}
		}
	}
	c.removed, c.added = c.removed[:0], c.added[:0]
	return keys.flush(conn)
}

// keySeqs returns the places of the rows that a key leads to, in order.
func keySeqs(conn *sqlite.Conn, key int64) (seqs []int64, err error) {
	seqs, err = keysTable.seqs(conn, key, key)
	slices.Sort(seqs)
	return seqs, err
}

// seqs returns the places that the keys from first to last lead to.
func (l layout) seqs(conn *sqlite.Conn, first, last int64) (seqs []int64, err error) {
	err = l.scan(conn, first, func(records []byte) bool {
		i := l.lower(records, first)
		for ; i < len(records) && numberAt(records, i) <= last; i += l.width {
			seqs = append(seqs, numberAt(records, i+8))
		}
		return i == len(records)
	})
	return seqs, err
}
