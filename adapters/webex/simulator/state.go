package simulator

import (
	"cmp"
	"slices"
	"strings"
)

// state is everything that the simulator knows, indexed in memory.
type state struct {
	seq         int64 // of the newest record, removed ones included
	shelves     map[string]*shelf
	emails      map[string][]*record // of all partners: an address is one person
	enterprises map[[2]string]bool   // partner and enterprise: those that have an organisation
	counts      map[[2]string]Count  // partner and user
}

func newState() *state {
	return &state{
		shelves:     map[string]*shelf{},
		emails:      map[string][]*record{},
		enterprises: map[[2]string]bool{},
		counts:      map[[2]string]Count{},
	}
}

// shelf holds the records of one partner.
type shelf struct {
	order       []*record // by Seq
	ids         map[string]*record
	users       map[string][]*record // also under the name that an update will give
	persons     map[string][]*record
	enterprises map[string][]*record
	finals      map[string][]*record // by the status in which their course ends
	journal     []*record            // by Steps[0].At; a record counts where it says that it is logged
	span        int64                // longest course of any record so far, in ms
}

func (st *state) shelf(partner string) *shelf {
	sh := st.shelves[partner]
	if sh == nil {
		sh = &shelf{
			ids:         map[string]*record{},
			users:       map[string][]*record{},
			persons:     map[string][]*record{},
			enterprises: map[string][]*record{},
			finals:      map[string][]*record{},
		}
		st.shelves[partner] = sh
	}
	return sh
}

// find returns a partner's record; nil: none. Padding of ids is accepted.
func (st *state) find(partner, id string) *record {
	if sh := st.shelves[partner]; sh != nil {
		return sh.ids[strings.TrimRight(id, "=")]
	}
	return nil
}

// named returns the record, of any partner, with an id or, where that makes but
// one, a user id; nil: none.
func (st *state) named(name string) *record {
	var found []*record
	for partner, sh := range st.shelves {
		if r := st.find(partner, name); r != nil {
			return r
		}
		found = append(found, sh.users[fold(name)]...)
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// put replaces old by r. Either may be nil: created, removed.
func (st *state) put(old, r *record) {
	if old != nil {
		st.index(old, without, keysOf(r))
	}
	if r == nil {
		delete(st.shelf(old.Partner).ids, old.ID)
		return
	}
	st.seq = max(st.seq, r.Seq)
	st.index(r, with, keys{})
	sh := st.shelf(r.Partner)
	sh.ids[r.ID] = r
	sh.span = max(sh.span, r.Steps[len(r.Steps)-1].At-r.Steps[0].At)
	if old != nil && old.Steps[0].At == r.Steps[0].At {
		r.logged = old.logged
		sh.journal[r.logged] = r
		return
	}
	r.logged = len(sh.journal)
	sh.journal = append(sh.journal, r)
	if len(sh.journal) > 2*len(sh.order)+1000 {
		sh.compact()
	}
}

// keys are what a record is found by; empty ones are not indexed.
type keys struct{ seq, user, nextUser, person, enterprise, email, final string }

func keysOf(r *record) keys {
	if r == nil {
		return keys{}
	}
	k := keys{
		seq:        "all",
		user:       fold(r.Profile.UserID),
		person:     r.PersonID,
		enterprise: r.SPEnterpriseID,
		email:      fold(r.Email),
		final:      r.Steps[len(r.Steps)-1].Status,
	}
	if r.Next != nil && fold(r.Next.UserID) != k.user {
		k.nextUser = fold(r.Next.UserID)
	}
	return k
}

// index changes the lists that a record is in, but for those under keys that
// stay: there the newer version is going to take the place of the older.
func (st *state) index(r *record, change func([]*record, *record) []*record, stay keys) {
	sh, k := st.shelf(r.Partner), keysOf(r)
	set := func(index map[string][]*record, key, stays string) {
		if key == "" || key == stays {
			return
		}
		if list := change(index[key], r); len(list) > 0 {
			index[key] = list
		} else {
			delete(index, key)
		}
	}
	if stay.seq == "" {
		sh.order = change(sh.order, r)
	}
	set(sh.users, k.user, stay.user)
	set(sh.users, k.nextUser, stay.nextUser)
	set(sh.persons, k.person, stay.person)
	set(sh.enterprises, k.enterprise, stay.enterprise)
	set(sh.finals, k.final, stay.final)
	set(st.emails, k.email, stay.email)
}

func with(list []*record, r *record) []*record {
	i, found := slices.BinarySearchFunc(list, r, bySeq)
	if found {
		list[i] = r
		return list
	}
	return slices.Insert(list, i, r)
}

func without(list []*record, r *record) []*record {
	if i, found := slices.BinarySearchFunc(list, r, bySeq); found {
		return slices.Delete(list, i, i+1)
	}
	return list
}

func bySeq(a, b *record) int { return cmp.Compare(a.Seq, b.Seq) }

// changedAfter returns, by Seq, at least all records whose status changed after
// a time: whatever began so long ago that it must be over is left out.
func (sh *shelf) changedAfter(at int64) []*record {
	from, _ := slices.BinarySearchFunc(sh.journal, at-sh.span, func(r *record, t int64) int {
		return cmp.Compare(r.Steps[0].At, t)
	})
	if len(sh.journal)-from > len(sh.order)/2 {
		return sh.order
	}
	var out []*record
	for i := from; i < len(sh.journal); i++ {
		if sh.current(i) {
			out = append(out, sh.journal[i])
		}
	}
	slices.SortFunc(out, bySeq)
	return out
}

// inStatus returns, by Seq, at least all records with one of the statuses:
// those that end in it, and those that were still on their way at a time.
func (sh *shelf) inStatus(statuses []string, at int64) []*record {
	out := sh.changedAfter(at)
	for _, s := range statuses {
		if len(out)+len(sh.finals[s]) > len(sh.order)/2 {
			return sh.order
		}
		out = slices.Concat(out, sh.finals[s])
	}
	slices.SortFunc(out, bySeq)
	return slices.Compact(out)
}

func (sh *shelf) current(i int) bool {
	r := sh.journal[i]
	return r.logged == i && sh.ids[r.ID] == r
}

// compact drops what is out of date from the journal and puts it in order.
func (sh *shelf) compact() {
	kept := make([]*record, 0, len(sh.order))
	for i, r := range sh.journal {
		if sh.current(i) {
			kept = append(kept, r)
		}
	}
	slices.SortStableFunc(kept, func(a, b *record) int { return cmp.Compare(a.Steps[0].At, b.Steps[0].At) })
	for i, r := range kept {
		r.logged = i
	}
	sh.journal = kept
}

func fold(s string) string { return strings.ToLower(s) }

// newest is the latest time at which anything was asked, in ms.
func (st *state) newest() (at int64) {
	for _, sh := range st.shelves {
		if n := len(sh.journal); n > 0 {
			at = max(at, sh.journal[n-1].Steps[0].At)
		}
	}
	return at
}
