package userstatus

import (
	"cmp"
	"slices"
)

// recent goes through rows in the order of their last change of status.
func (s *search) recent() error {
	wanted, narrowed, err := s.worded()
	switch {
	case err != nil:
		return err
	case narrowed && len(wanted) <= fewRows:
		return s.sorted(wanted)
	case s.size <= manyRows:
		return s.newest(wanted, narrowed)
	}
	facets, err := s.facets()
	if err != nil {
		return err
	}
	places, sure := s.customerPlaces(), s.grouped()
	m := merge{conn: s.conn, groups: facets, from: s.after, need: s.skip + s.limit + 1, query: byChange}
	return m.each(func(at spot, place int64) (done bool, err error) {
		switch {
		case !s.StatusChangedAfter.IsZero() && at.changed <= s.StatusChangedAfter.UnixNano():
			return true, nil
		case places != nil && !places[place], narrowed && !contains(wanted, at.seq):
			return false, nil
		}
		return s.add(at, sure)
	})
}

// newest collects where rows of the groups are in the list, and takes them in
// order.
func (s *search) newest(wanted []int64, narrowed bool) error {
	var all []spot
	m := s.merge(s.size)
	err := m.all(func(at spot) {
		if s.after.before(at, s.order) && (!narrowed || contains(wanted, at.seq)) {
			all = append(all, at)
		}
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b spot) int {
		if c := cmp.Compare(b.changed, a.changed); c != 0 {
			return c
		}
		return cmp.Compare(b.seq, a.seq)
	})
	sure := s.grouped()
	for _, at := range all {
		if done, err := s.add(at, sure); done || err != nil {
			return err
		}
	}
	return nil
}

// facets returns the groups over all customers whose rows may match.
func (s *search) facets() (ids []int64, err error) {
	if s.SPEnterpriseID == "" {
		return s.groups, nil
	}
	err = eachGroup(s.conn, s.partner, "", func(id int64, g Group) {
		if s.group(g) {
			ids = append(ids, id)
		}
	})
	return ids, err
}

// customerPlaces returns the groups as a set when a customer is given, or nil.
func (s *search) customerPlaces() map[int64]bool {
	if s.SPEnterpriseID == "" {
		return nil
	}
	set := make(map[int64]bool, len(s.groups))
	for _, id := range s.groups {
		set[id] = true
	}
	return set
}
