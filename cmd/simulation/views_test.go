package simulation

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections/licences"
	"ledgerline/projections/userstatus"
)

// views is user status and licence counters, kept entry by entry in memory and
// some way behind the log.
type views struct {
	mu      sync.Mutex
	log     []domain.Entry
	applied int
	rows    map[string]*userstatus.Row
	tallies map[licences.Count]licences.Tally
}

func newViews() *views {
	return &views{rows: map[string]*userstatus.Row{}, tallies: map[licences.Count]licences.Tally{}}
}

// learn tells what is in the log, to be applied later.
func (v *views) learn(log []domain.Entry) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.log = log
}

// apply folds the first n entries, as far as that has not happened.
func (v *views) apply(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for ; v.applied < n; v.applied++ {
		e := v.log[v.applied]
		kind, id, _ := domain.SplitStream(e.Stream)
		if kind != subscriber.Kind {
			continue
		}
		r := v.rows[e.Stream]
		if r == nil {
			r = &userstatus.Row{ID: id, Partner: e.Cause.Partner}
			v.rows[e.Stream] = r
		}
		v.tally(r, -1)
		r.State = subscriber.Evolve(r.State, e.Event)
		r.Version, r.Position = e.Version, e.Position
		v.tally(r, +1)
	}
}

// tally counts a row in or out.
func (v *views) tally(r *userstatus.Row, n int) {
	if r.Lives == 0 {
		return
	}
	k := countOf(r)
	t := v.tallies[k]
	switch r.Class() {
	case userstatus.Assigned:
		t.Assigned += n
	case userstatus.Removed:
		t.Removed += n
	default:
		t.Pending += n
	}
	v.tallies[k] = t
	if t == (licences.Tally{}) {
		delete(v.tallies, k)
	}
}

// countOf names the counter of a row; the partner goes where nobody else is.
func countOf(r *userstatus.Row) licences.Count {
	return licences.Count{SPEnterpriseID: r.Partner + " " + r.SPEnterpriseID, ProvisioningID: r.ProvisioningID, Package: r.Profile.Package}
}

// open returns the subscribers for whom something is due, longest due first.
func (v *views) open() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	type due struct {
		stream string
		at     time.Time
	}
	var all []due
	for stream, r := range v.rows {
		if at, open := r.NextTry(); open {
			all = append(all, due{stream, at})
		}
	}
	slices.SortFunc(all, func(a, b due) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.stream, b.stream)) })
	var streams []string
	for _, d := range all {
		streams = append(streams, d.stream)
	}
	return streams
}

// checkViews compares what was kept with a rebuild from the log, and that with
// counting all over.
func (w *world) checkViews() {
	log := w.known()
	w.views.apply(len(log))
	rebuilt := newViews()
	rebuilt.learn(log)
	rebuilt.apply(len(log))
	counted := map[licences.Count]licences.Tally{}
	for stream, r := range rebuilt.rows {
		if kept := w.views.rows[stream]; kept == nil || !same(*kept, *r) {
			w.fail(viewsEqualRebuild, stream, "the row kept differs from the one rebuilt:\n%+v\n%+v", kept, r)
		}
		if r.Lives == 0 {
			continue
		}
		t := counted[countOf(r)]
		switch r.Status() {
		case webex.Removed:
			t.Removed++
		case webex.Provisioned, webex.Updating:
			t.Assigned++
		default:
			if r.PersonID != "" {
				t.Assigned++
			} else {
				t.Pending++
			}
		}
		counted[countOf(r)] = t
	}
	if !same(counted, w.views.tallies) {
		w.fail(viewsEqualRebuild, "", "licence counters are %+v, counted they are %+v", w.views.tallies, counted)
	}
}
