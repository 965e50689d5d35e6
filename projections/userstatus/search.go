package userstatus

import (
	"cmp"
	"math"
	"slices"

	"zombiezen.com/go/sqlite"

	"ledgerline/domain/subscriber"
)

const fewMatches = 20 // are not narrowed further

var fewRows = 5_000 // are read and sorted rather than searched for

// search finds one page of a list. Its ways differ in which rows they look at;
// a row that may not match is compared with the condition.
type search struct {
	condition
	order Order
	after spot
	skip  int
	limit int // one more is looked for, to know whether there is a next page

	conn   *sqlite.Conn
	groups []int64 // whose rows may match: places when a customer is given, else facets
	size   int     // rows in them

	rows   []Row
	places []spot // of rows
}

func (s *search) before(a, b spot) bool { return a.before(b, s.order) }

func (s *search) run(conn *sqlite.Conn) error {
	s.conn = conn
	if !s.CreatedAfter.IsZero() && s.order == ByCreated {
		s.after.seq = max(s.after.seq, firstSeq(s.CreatedAfter)-1)
	}
	if s.UserID != "" || s.PersonID != "" {
		seqs, err := s.identified()
		if err != nil {
			return err
		}
		return s.sorted(seqs)
	}
	err := eachGroup(conn, s.partner, s.SPEnterpriseID, func(id int64, g Group) {
		if s.group(g) {
			s.groups = append(s.groups, id)
			s.size += g.N
		}
	})
	if err != nil || s.size == 0 {
		return err
	}
	if s.order == ByStatusChange {
		return s.recent()
	}
	return s.listed()
}

// identified returns the places of rows that may have the user id or person id. A
// user id is found by the stream that is named after it, and, as it may have been
// changed, by its words.
func (s *search) identified() ([]int64, error) {
	if s.UserID == "" {
		return keySeqs(s.conn, personKey(s.partner, s.PersonID))
	}
	seqs, err := keySeqs(s.conn, idKey(subscriber.ID(s.partner, s.UserID)))
	if err != nil {
		return nil, err
	}
	worded, _, err := s.whole(s.userID)
	seqs = append(seqs, worded...)
	slices.Sort(seqs)
	return slices.Compact(seqs), err
}

// whole returns the only rows that can have all words of a text, in order.
func (s *search) whole(text string) (wanted []int64, narrowed bool, err error) {
	for _, word := range words(text) {
		found, err := wordSeqs(s.conn, s.partner, word, true)
		if err != nil {
			return nil, false, err
		}
		wanted, narrowed = intersect(wanted, found, narrowed), true
		if len(wanted) <= fewMatches {
			break
		}
	}
	return wanted, narrowed, nil
}

// sorted reads a few rows and puts those that match in order.
func (s *search) sorted(seqs []int64) error {
	type found struct {
		row  Row
		spot spot
	}
	var all []found
	for _, seq := range seqs {
		r, ok, err := rowAt(s.conn, seq)
		if err != nil {
			return err
		}
		at := spot{r.StatusChanged.UnixNano(), seq}
		if ok && s.row(&r) && s.after.before(at, s.order) {
			all = append(all, found{r, at})
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		switch {
		case a.spot.before(b.spot, s.order):
			return -1
		case b.spot.before(a.spot, s.order):
			return 1
		}
		return 0
	})
	for _, f := range all[min(s.skip, len(all)):] {
		if len(s.rows) > s.limit {
			break
		}
		s.rows, s.places = append(s.rows, f.row), append(s.places, f.spot)
	}
	return nil
}

// listed goes through rows in the order of creation: through those of the groups,
// or when they are much fewer, through those that the text leaves.
func (s *search) listed() error {
	wanted, narrowed, err := s.worded()
	if err != nil {
		return err
	}
	if narrowed && len(wanted) <= fewRows {
		from, found := slices.BinarySearch(wanted, s.after.seq)
		if found {
			from++
		}
		for _, seq := range wanted[from:] {
			if done, err := s.add(spot{seq: seq}, false); done || err != nil {
				return err
			}
		}
		return nil
	}
	sure, among, next := s.grouped(), s.among(), forth(wanted, narrowed)
	var done bool
	var failed error
	err = places(s.conn, s.after.seq, func(p place) bool {
		if among.has(p) && next(p.seq) {
			done, failed = s.add(p.spot(), sure)
		}
		return !done && failed == nil
	})
	return cmp.Or(failed, err)
}

// among returns the places that the groups, and the time of the last change, leave.
func (s *search) among() among {
	a := among{site: s.SPEnterpriseID != "", since: math.MinInt64}
	if len(s.groups) > 0 {
		a.groups = make([]bool, slices.Max(s.groups)+1)
	}
	for _, id := range s.groups {
		a.groups[id] = true
	}
	if !s.StatusChangedAfter.IsZero() {
		a.since = s.StatusChangedAfter.UnixNano()
	}
	return a
}

// worded returns the only rows that can match, in order, if text or address tell.
func (s *search) worded() (wanted []int64, narrowed bool, err error) {
	wanted, narrowed, err = s.whole(s.email)
	for _, prefix := range s.prefixes {
		if err != nil || narrowed && len(wanted) <= fewMatches {
			break
		}
		var found []int64
		found, err = wordSeqs(s.conn, s.partner, prefix, false)
		wanted, narrowed = intersect(wanted, found, narrowed), true
	}
	return wanted, narrowed, err
}

// add takes the next row, if it matches, which is sure when nothing but its group
// is asked about.
func (s *search) add(at spot, sure bool) (done bool, err error) {
	if sure && s.skip > 0 {
		s.skip--
		return false, nil
	}
	r, ok, err := rowAt(s.conn, at.seq)
	if err != nil || !ok || !sure && !s.row(&r) {
		return false, err
	}
	if s.skip > 0 {
		s.skip--
		return false, nil
	}
	s.rows, s.places = append(s.rows, r), append(s.places, at)
	return len(s.rows) > s.limit, nil
}
