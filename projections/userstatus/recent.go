package userstatus

import "slices"

// recent goes through rows in the order of their last change of status: it takes
// the first of them out of the list, and more when these do not fill the page.
func (s *search) recent() error {
	wanted, narrowed, err := s.worded()
	if err != nil {
		return err
	}
	if narrowed && len(wanted) <= fewRows {
		return s.sorted(wanted)
	}
	need, sure := s.skip+s.limit+1, s.grouped()
	if !sure {
		need = max(4*need, leastTaken)
	}
	for {
		first := best{need: need, before: s.before}
		among, next := s.among(), back(wanted, narrowed)
		err := placesBack(s.conn, func(p place) {
			if at := p.spot(); among.has(p) && s.before(s.after, at) && first.may(at) && next(p.seq) {
				first.add(at)
			}
		})
		if err != nil {
			return err
		}
		all := first.sorted()
		for _, at := range all {
			if done, err := s.add(at, sure); done || err != nil {
				return err
			}
		}
		if len(all) < need {
			return nil
		}
		s.after, need = all[need-1], 4*need
	}
}

const leastTaken = 1000

// best keeps the first of many places.
type best struct {
	need   int
	before func(a, b spot) bool
	all    []spot
	last   spot // of those that are needed, as far as is known
	full   bool
}

func (b *best) may(at spot) bool { return !b.full || b.before(at, b.last) }

func (b *best) add(at spot) {
	b.all = append(b.all, at)
	if len(b.all) > 2*b.need+leastTaken {
		b.all = b.sorted()
		b.last, b.full = b.all[b.need-1], true
	}
}

func (b *best) sorted() []spot {
	slices.SortFunc(b.all, func(x, y spot) int {
		switch {
		case b.before(x, y):
			return -1
		case b.before(y, x):
			return 1
		}
		return 0
	})
	return b.all[:min(b.need, len(b.all))]
}

// among says which places of the list can be of matching rows.
type among struct {
	groups []bool // by number
	site   bool   // the groups are of one customer
	since  int64
}

func (a *among) has(p place) bool {
	group := p.facet
	if a.site {
		group = p.site
	}
	return int(group) < len(a.groups) && a.groups[group] && p.changed > a.since
}

// forth and back return what says whether a place is wanted, when it is asked of
// places in order, or in the reverse order.
func forth(wanted []int64, narrowed bool) func(seq int64) bool {
	return func(seq int64) bool {
		if !narrowed {
			return true
		}
		for len(wanted) > 0 && wanted[0] < seq {
			wanted = wanted[1:]
		}
		return len(wanted) > 0 && wanted[0] == seq
	}
}

func back(wanted []int64, narrowed bool) func(seq int64) bool {
	return func(seq int64) bool {
		if !narrowed {
			return true
		}
		for len(wanted) > 0 && wanted[len(wanted)-1] > seq {
			wanted = wanted[:len(wanted)-1]
		}
		return len(wanted) > 0 && wanted[len(wanted)-1] == seq
	}
}
