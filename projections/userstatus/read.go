package userstatus

import (
	"slices"

	"zombiezen.com/go/sqlite"
)

// rowAt reads the row at a place in the list.
func rowAt(conn *sqlite.Conn, seq int64) (r Row, found bool, err error) {
	stmt, err := conn.Prepare("SELECT body FROM userstatus_v1_rows WHERE seq=?")
	if err != nil {
		return Row{}, false, err
	}
	bind(stmt, seq)
	err = each(stmt, func() bool {
		r.decode(columnBytes(stmt, 0))
		found = true
		return false
	})
	return r, found, err
}

// keySeqs returns the places of the rows that a key leads to.
func keySeqs(conn *sqlite.Conn, key int64) (seqs []int64, err error) {
	stmt, err := conn.Prepare("SELECT seq FROM userstatus_v1_keys WHERE key=? ORDER BY seq")
	if err != nil {
		return nil, err
	}
	bind(stmt, key)
	err = each(stmt, func() bool {
		seqs = append(seqs, stmt.ColumnInt64(0))
		return true
	})
	return seqs, err
}

// wordSeqs returns, in order, the places of rows that may have a word, or one with
// this prefix; all that have one are among them.
func wordSeqs(conn *sqlite.Conn, partner, prefix string, whole bool) (seqs []int64, err error) {
	id, found, err := findName(conn, partner)
	if err != nil || !found {
		return nil, err
	}
	stmt, err := conn.Prepare("SELECT seqs FROM userstatus_v1_words WHERE partner=? AND entry>=? AND entry<?")
	if err != nil {
		return nil, err
	}
	from, below := lookup(prefix, whole)
	stmt.BindInt64(1, id)
	stmt.BindText(2, from)
	stmt.BindText(3, below)
	var buf []byte
	err = each(stmt, func() bool {
		buf = slices.Grow(buf[:0], stmt.ColumnLen(0))[:stmt.ColumnLen(0)]
		stmt.ColumnBytes(0, buf)
		unpack(buf, func(seq int64) { seqs = append(seqs, seq) })
		return true
	})
	slices.Sort(seqs)
	return slices.Compact(seqs), err
}

// changedSeqs returns, in order, the places of rows of the facets whose status
// changed after an instant; complete is false when they are too many.
func changedSeqs(conn *sqlite.Conn, facets []int64, after int64) (seqs []int64, complete bool, err error) {
	stmt, err := conn.Prepare("SELECT seq FROM userstatus_v1_rows WHERE facet=? AND changed>?")
	if err != nil {
		return nil, false, err
	}
	for _, facet := range facets {
		bind(stmt, facet, after)
		err := each(stmt, func() bool {
			seqs = append(seqs, stmt.ColumnInt64(0))
			return len(seqs) <= mostChanges
		})
		if err != nil || len(seqs) > mostChanges {
			return nil, false, err
		}
	}
	slices.Sort(seqs)
	return seqs, true, nil
}

// intersect returns what is in both, or b when a says nothing.
func intersect(a, b []int64, aCounts bool) []int64 {
	if !aCounts {
		return b
	}
	both := a[:0]
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			both = append(both, a[i])
			i, j = i+1, j+1
		}
	}
	return both
}
