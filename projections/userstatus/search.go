package userstatus

import (
	"math"
	"slices"

	"zombiezen.com/go/sqlite"

	"ledgerline/domain/subscriber"
)

const (
	fewMatches = 20 // are not narrowed further
	rowPrice   = 5  // of reading a row, in steps along an index
)

var (
	fewRows     = 5_000   // are read and sorted rather than searched for
	manyRows    = 100_000 // are not sorted
	mostChanges = 100_000 // more are not collected
)

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
// or when they are much fewer, through those that text and changes leave.
func (s *search) listed() error {
	wanted, narrowed, err := s.narrow()
	if err != nil {
		return err
	}
	if narrowed && len(wanted)*rowPrice < s.size {
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
	m := s.merge(s.skip + s.limit + 1)
	sure := s.grouped()
	return m.each(func(at spot, _ int64) (done bool, err error) {
		if narrowed && !contains(wanted, at.seq) {
			return false, nil
		}
		return s.add(at, sure)
	})
}

// merge goes through the groups in the order of creation.
func (s *search) merge(need int) merge {
	m := merge{conn: s.conn, groups: s.groups, after: -1, since: math.MinInt64, need: need, query: byFacet}
	if s.SPEnterpriseID != "" {
		m.query = byPlace
	}
	if s.order == ByCreated {
		m.after = s.after.seq
	}
	if !s.CreatedAfter.IsZero() {
		m.after = max(m.after, firstSeq(s.CreatedAfter)-1)
	}
	if !s.StatusChangedAfter.IsZero() {
		m.since = s.StatusChangedAfter.UnixNano()
	}
	return m
}

func contains(sorted []int64, seq int64) bool {
	_, found := slices.BinarySearch(sorted, seq)
	return found
}

// narrow returns the only rows that can match, in order, if text or changes tell.
func (s *search) narrow() (wanted []int64, narrowed bool, err error) {
	if wanted, narrowed, err = s.worded(); err != nil {
		return nil, false, err
	}
	if s.StatusChangedAfter.IsZero() || s.SPEnterpriseID != "" || s.size <= fewRows {
		return wanted, narrowed, nil
	}
	seqs, complete, err := changedSeqs(s.conn, s.groups, s.StatusChangedAfter.UnixNano())
	if err != nil || !complete {
		return wanted, narrowed, err
	}
	return intersect(wanted, seqs, narrowed), true, nil
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
