package simulation

import (
	"time"

	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
)

// Allowances for programs whose clocks differ, that are about to do something, or
// that have just begun.
const (
	differing = time.Second      // between two clocks
	starting  = 5 * time.Second  // until a retry that is due has started
	retrying  = 10 * time.Minute // until one that has started has come to rest
	judged    = 10 * time.Second // from the judgement by which a request is begun to its beginning
)

// retriedWithin says whether the engine has just tried again for a subscriber.
func (w *world) retriedWithin(stream string, d time.Duration) bool {
	for i, e := range w.known() {
		if _, ok := e.Event.(subscriber.RetryStarted); ok && e.Stream == stream && time.Now().Add(-d).Before(w.times[i]) {
			return true
		}
	}
	return false
}

// checkRetries looks for retries that the engine had not planned for that time, for
// too many of them, and for requests after a retry was cancelled.
func (w *world) checkRetries() {
	type plan struct {
		until     time.Time // zero: none stands
		tries     int       // since somebody asked for something, or it came through
		cancelled bool
	}
	plans := map[string]*plan{}
	for i, e := range w.known() {
		p := plans[e.Stream]
		if p == nil {
			p = &plan{}
			plans[e.Stream] = p
		}
		if e.Cause.Role != domain.RoleEngine {
			p.tries, p.cancelled = 0, false
		}
		switch ev := e.Event.(type) {
		case subscriber.Provisioned, subscriber.Updated:
			p.tries = 0
		case subscriber.RetryPlanned:
			p.until = ev.Until
		case subscriber.Onboarded, subscriber.EmailSubmitted, subscriber.ActivationRetried, subscriber.DeletionRequested:
			p.until = time.Time{}
		case subscriber.RetryCancelled:
			p.until, p.cancelled = time.Time{}, true
		case subscriber.RequestStarted:
			if p.cancelled {
				w.fail(retryAsPlanned, e.Stream, "a request is begun although the retry was cancelled")
			}
		case subscriber.RetryStarted:
			if p.tries++; p.tries > subscriber.MaxTries {
				w.fail(retryAsPlanned, e.Stream, "it is tried again for the %dth time, and nobody asked", p.tries)
			}
			if at := w.times[i]; p.until.IsZero() || at.Before(p.until.Add(-differing)) {
				w.fail(retryAsPlanned, e.Stream, "it is tried again at %v, planned was %v", at.Sub(w.began), p.until.Sub(w.began))
			}
			p.until = time.Time{}
		}
	}
}

// checkHolds looks for requests that were begun while a hold stood, of which every
// program had been told.
func (w *world) checkHolds() {
	standing := map[string][]outage{}
	for i, e := range w.known() {
		at := standing[e.Stream]
		switch e.Event.(type) {
		case hold.Placed:
			standing[e.Stream] = append(at, outage{w.times[i].Add(judged), w.end})
		case hold.Lifted:
			at[len(at)-1].to = w.times[i].Add(-differing)
		}
	}
	states := map[string]subscriber.State{}
	for _, e := range w.known() {
		if kind, _, _ := domain.SplitStream(e.Stream); kind != subscriber.Kind {
			continue
		}
		s := states[e.Stream]
		states[e.Stream] = subscriber.Evolve(s, e.Event)
		began, ok := e.Event.(subscriber.RequestStarted)
		if !ok {
			continue
		}
		scopes := []hold.Scope{{Kind: hold.Partner}}
		if began.Kind == subscriber.Provision {
			scopes = append(scopes, hold.Scope{Kind: hold.Customer, Name: s.SPEnterpriseID}, hold.Scope{Kind: hold.Template, Name: s.ProvisioningID})
		}
		for _, scope := range scopes {
			for _, o := range standing[hold.Stream(e.Cause.Partner, scope)] {
				if o.holds(began.At) {
					w.fail(holdIsHeeded, e.Stream, "a request to %s is begun at %v, while the %s is held from %v to %v",
						began.Kind, began.At.Sub(w.began), scope.Kind, o.from.Add(-judged).Sub(w.began), o.to.Add(differing).Sub(w.began))
				}
			}
		}
	}
}
