package simulation

import (
	"context"
	"reflect"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func same[T any](a, b T) bool { return reflect.DeepEqual(a, b) }

// subscribers calls f with each subscriber as the log has it.
func (w *world) subscribers(f func(stream string, partner string, s subscriber.State)) {
	seen := map[string]bool{}
	for _, e := range w.known() {
		kind, _, _ := domain.SplitStream(e.Stream)
		if kind != subscriber.Kind || seen[e.Stream] {
			continue
		}
		seen[e.Stream] = true
		f(e.Stream, e.Cause.Partner, subscriber.Decider.Fold(w.stream(e.Stream)))
	}
}

func (w *world) stream(stream string) []domain.Entry {
	entries, err := w.log.ReadStream(context.Background(), stream)
	if err != nil {
		panic(err)
	}
	return entries
}

// checkResolved looks for requests of which nobody knows what became of them.
func (w *world) checkResolved() {
	w.subscribers(func(stream, _ string, s subscriber.State) {
		if s.Busy() && !w.retriedWithin(stream, time.Minute) {
			w.fail(resolvedIn15m, stream, "what became of a request to %s is not known %v after Webex is well", s.Request.Kind, resolving)
		}
	})
}

// checkAll judges what a world has come to.
func (w *world) checkAll() {
	w.checkLog()
	w.checkAcks()
	w.checkRetries()
	w.checkHolds()
	owned := map[string]map[string]bool{}
	for partner := range w.webex {
		owned[partner] = map[string]bool{}
	}
	w.subscribers(func(stream, partner string, s subscriber.State) {
		w.checkRest(stream, partner, s)
		w.checkAtWebex(stream, partner, s)
		if s.WebexID != "" {
			owned[partner][s.WebexID] = true
		}
	})
	for partner, x := range w.webex {
		for _, r := range x.records {
			if !owned[partner][r.ID] {
				w.fail(noOrphan, r.owner, "record %s of %s (%s) at Webex belongs to nobody", r.ID, r.UserID, r.Status)
			}
		}
	}
	w.checkViews()
}

// checkLog looks at the order of entries, and whether what each use case returned is
// what the log says.
func (w *world) checkLog() {
	versions, ids := map[string]int{}, map[uuid.UUID]bool{}
	var before domain.Entry
	for i, e := range w.known() {
		versions[e.Stream]++
		switch {
		case e.Version != versions[e.Stream]:
			w.fail(logOrder, e.Stream, "version %d comes where %d should be", e.Version, versions[e.Stream])
		case e.Position != domain.Position(i+1) || e.At.Before(before.At) || ids[e.ID]:
			w.fail(logOrder, e.Stream, "entry %d is out of order or there twice: %+v", i, e)
		}
		ids[e.ID], before = true, e
	}
	for _, a := range w.acks {
		if a.Version == 0 || a.twice { // of two copies at once one may tell of a version that another took
			continue
		}
		if entries := w.stream(a.stream); a.Version > len(entries) || !same(a.Value, subscriber.Decider.Fold(entries[:a.Version])) {
			w.fail(answersAgree, a.stream, "command %s returned what the log does not say at version %d", a.why.Command, a.Version)
		}
	}
}

// checkAcks looks for everything that was acknowledged.
func (w *world) checkAcks() {
	for _, a := range w.acks {
		there := a.Version > 0 && !a.Changed
		for _, e := range w.stream(a.stream) {
			_, onboarded := e.Event.(subscriber.Onboarded)
			there = there || a.why.Command != uuid.Nil && e.ID == a.why.Command || a.Version == 0 && onboarded && e.Cause.Request == a.why.Request
		}
		if !there {
			w.fail(acknowledgedIsRecorded, a.stream, "command %s of request %s was acknowledged and is lost", a.why.Command, a.why.Request)
		}
	}
}

// checkRest says whether a subscriber is where nothing but a person, or consent,
// can bring it further.
func (w *world) checkRest(stream, partner string, s subscriber.State) {
	_, id, _ := domain.SplitStream(stream)
	switch activation.Next(s, activation.Known{Now: w.end, AdminActive: true}).(type) {
	case activation.Rest:
		if s.Status() == "" && s.Lives > 0 || s.Stage == subscriber.Stopped && len(s.Errors) == 0 {
			w.fail(comesToRest, stream, "it rests without a word why: %+v", s)
		}
		if s.Stage == subscriber.AwaitingConsent || s.Stage == subscriber.Ready || s.Stage == subscriber.Leaving {
			w.fail(comesToRest, stream, "it rests as %s", s.Status())
		}
		w.count("ends as " + string(s.Status()))
		return
	case activation.Wait, activation.Follow:
		if s.RetryAt.After(w.end) {
			w.count("ends with a retry planned")
			return
		}
		if s.Stage == subscriber.AwaitingConsent && s.Request.Phase == subscriber.Accepted {
			w.count("ends as " + string(s.Status()))
			return
		}
	case activation.Send:
		c := customer.Decider.Fold(w.stream(customer.Stream(partner, s.SPEnterpriseID)))
		admin := subscriber.Decider.Fold(w.stream(domain.StreamOf(subscriber.Kind, c.Administrator)))
		if s.AdminFirst && s.Wants() == subscriber.Provision && !c.Lets(id) && admin.Here() && admin.PersonID == "" && admin.Wants() == "" && admin.SPEnterpriseID == s.SPEnterpriseID {
			w.count("ends waiting for the administrator")
			return
		}
	}
	due := s.RetryAt.After(w.end.Add(-starting))
	if due || s.RetryAt.IsZero() && w.retriedWithin(stream, retrying) {
		w.count("ends in a retry")
		return
	}
	w.fail(comesToRest, stream, "it is %s and not at rest: %+v", s.Status(), s)
}

// checkAtWebex compares a subscriber with what Webex has.
func (w *world) checkAtWebex(stream, partner string, s subscriber.State) {
	x := w.webex[partner]
	r := x.find(s.WebexID)
	switch {
	case s.WebexID != "" && r == nil:
		w.fail(webexAgrees, stream, "%s: Webex has no record %s", s.Status(), s.WebexID)
	case s.Stage == subscriber.Gone && (s.WebexID != "" || w.records(stream) > 0):
		w.fail(webexAgrees, stream, "it is removed, but at Webex")
	case s.Stage != subscriber.Live:
	case w.records(stream) != 1 || r.Status != webex.Provisioned || r.PersonID != s.PersonID:
		w.fail(webexAgrees, stream, "it is provisioned, but has %d records at Webex, and that is %s", w.records(stream), r.Status)
	case s.Applied != s.Profile || folded(r.Profile) != folded(s.Applied) || r.Email != s.Email || r.SPEnterpriseID != s.SPEnterpriseID:
		w.fail(webexAgrees, stream, "wanted, last known and at Webex differ:\n%+v\n%+v\n%+v", s.Profile, s.Applied, r.Request)
	}
}

// records counts what Webex has for a subscriber.
func (w *world) records(stream string) (n int) {
	for _, x := range w.webex {
		for _, r := range x.records {
			if r.owner == stream {
				n++
			}
		}
	}
	return n
}

// folded is a profile as it is compared: letters of another case do not make another
// user id.
func folded(p webex.Profile) webex.Profile {
	p.UserID = subscriber.FoldUserID(p.UserID)
	return p
}
