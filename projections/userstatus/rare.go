package userstatus

import (
	"cmp"
	"slices"

	"zombiezen.com/go/sqlite"
)

// Words with a digit, parts of user ids and addresses mostly, belong to one row or
// a few. These are keys like others, in the order of the alphabet: the number of
// the partner, then the first letters of the word. A word of many rows is in lists.

var rareTable = layout{table: "userstatus_v3_rare", width: keyWidth, most: 120, keep: 2048}

const rareLetters = 10 // 37 to the 10th, and the partner, fit 63 bits

var mostRare = 64 // rows by one key; further ones are in lists

// rare is a word that a row gains.
type rare struct {
	keyed
	partner int64
	word    string
}

// hasDigit says whether a word is taken for rare.
func hasDigit(word string) bool {
	for i := range len(word) {
		if word[i] <= '9' && word[i] >= '0' {
			return true
		}
	}
	return false
}

// rareKeys returns the first and the last key of words with a prefix; those of a
// word on its own are the same.
func rareKeys(partner int64, prefix string, whole bool) (first, last int64) {
	first = partner & 0x3ff
	last = first
	for i := range rareLetters {
		letter, most := int64(0), int64(36)
		if i < len(prefix) {
			letter = letterNumber(prefix[i])
			most = letter
		} else if whole {
			most = 0
		}
		first, last = first*37+letter, last*37+most
	}
	return first, last
}

// letterNumber is 1 to 36. Letters of other alphabets share numbers.
func letterNumber(b byte) int64 {
	switch {
	case '0' <= b && b <= '9':
		return int64(b-'0') + 1
	case 'a' <= b && b <= 'z':
		return int64(b-'a') + 11
	}
	return int64(b)%36 + 1
}

// flushRare writes the rare words and returns those that are not, after all.
func flushRare(conn *sqlite.Conn, table *packed, words []rare) (common []rare, err error) {
	slices.SortFunc(words, func(a, b rare) int { return cmp.Or(compare(a.key, b.key), compare(a.seq, b.seq)) })
	for _, w := range words {
		n, err := table.count(conn, w.key)
		if err != nil {
			return nil, err
		}
		if n >= mostRare {
			common = append(common, w)
			continue
		}
		record := w.record()
		if err := table.put(conn, record[:], false); err != nil {
			return nil, err
		}
	}
	return common, table.flush(conn)
}
