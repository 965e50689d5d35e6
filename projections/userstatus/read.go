package userstatus

import (
	"slices"

	"zombiezen.com/go/sqlite"
)

// rowAt reads the row at a place in the list.
func rowAt(conn *sqlite.Conn, seq int64) (r Row, found bool, err error) {
	stmt, err := conn.Prepare("SELECT body FROM userstatus_v3_rows WHERE seq=?")
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

// wordSeqs returns, in order, the places of rows that may have a word, or one with
// this prefix; all that have one are among them.
func wordSeqs(conn *sqlite.Conn, partner, prefix string, whole bool) (seqs []int64, err error) {
	id, found, err := findName(conn, partner)
	if err != nil || !found {
		return nil, err
	}
	stmt, err := conn.Prepare("SELECT seqs FROM userstatus_v3_words WHERE partner=? AND entry>=? AND entry<?")
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
	if err == nil && len(prefix) > groupLetters && (!whole || hasDigit(prefix)) {
		first, last := rareKeys(id, cut(prefix, longestWord), whole)
		var few []int64
		few, err = rareTable.seqs(conn, first, last)
		seqs = append(seqs, few...)
	}
	slices.Sort(seqs)
	return slices.Compact(seqs), err
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
