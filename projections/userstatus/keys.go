package userstatus

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// Keys find rows by what identifies them: a 64-bit hash of the value, then the
// row's place in the list. What is found is compared with the row.

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

// flush writes what was noted, in the order of the index.
func (c *keyChanges) flush(conn *sqlite.Conn) error {
	for _, change := range []struct {
		keys      []keyed
		statement string
	}{
		{c.removed, "DELETE FROM userstatus_v1_keys WHERE key=? AND seq=?"},
		{c.added, "INSERT OR IGNORE INTO userstatus_v1_keys VALUES (?, ?)"},
	} {
		slices.SortFunc(change.keys, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
		stmt, err := conn.Prepare(change.statement)
		if err != nil {
			return err
		}
		for _, k := range change.keys {
			if err := run(stmt, k.key, k.seq); err != nil {
				return err
			}
		}
	}
	c.removed, c.added = c.removed[:0], c.added[:0]
	return nil
}
