package explain

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// tellRequest is tell for what became of requests to Webex.
func (t *teller) tellRequest(e domain.Entry, before subscriber.State) {
	r, at := before.Request, t.state.Changed
	switch ev := e.Event.(type) {
	case subscriber.RequestStarted:
		t.started(ev)
	case subscriber.RequestAccepted:
		if ev.Kind == subscriber.Provision || ev.Kind == subscriber.Update {
			t.accepted = at
		}
		name, what := Reply, accepted[ev.Kind]
		switch {
		case ev.Found && r.Phase == subscriber.Started:
			what = "Webex has no such record any more: there is nothing left to remove."
		case ev.Found:
			name, what = LookedUp, foundDone[ev.Kind]
		}
		t.add(name, OK, what, answers(r, ev.TrackingID, at), out(values("subscriberId", ev.WebexID)))
	case subscriber.RequestPostponed:
		what := "Webex asked to wait; nothing was carried out."
		switch ev.Status {
		case 0:
			what = "The request was not sent: Webex could not be reached, or had asked for a pause."
		case http.StatusUnauthorized:
			what = "Webex did not accept Ledgerline's own credentials; nothing was carried out."
		}
		t.add(Reply, Waiting, what, answers(r, ev.TrackingID, at), out(values("status", statusText(ev.Status), "notBefore", instant(ev.Until))))
	case subscriber.RequestRefused:
		t.refused(ev, before)
	case subscriber.Quarantined:
		t.add(Reply, Stopped, "Ledgerline gave up: the request never got an answer.", answers(r, "", at), out(values("attempts", strconv.Itoa(ev.Attempts), "why", ev.Reason)))
	case subscriber.RequestLost:
		what := "No reply tells what became of the request; Webex is asked before anything is repeated."
		if ev.Status == http.StatusConflict {
			what = "Webex says that it has something like this already, which may be the request itself; Webex is asked for the user."
		}
		t.add(Reply, Unknown, what, answers(r, ev.TrackingID, at), out(values("status", statusText(ev.Status), "why", ev.Why)))
	case subscriber.RequestAbsent:
		t.add(LookedUp, OK, foundNot[ev.Kind], answers(r, "", at))
	case subscriber.ConsentAwaited:
		t.add(Consent, Waiting, "The address has an account elsewhere; its owner was asked by mail to let it move.", t.since(at))
	case subscriber.ConsentGiven:
		t.add(Consent, OK, "The owner of the account let it move.", t.since(at))
	case subscriber.Provisioned:
		t.add(Following, OK, "The record at Webex is provisioned.", t.since(at), out(values("personId", ev.PersonID)))
	case subscriber.ProvisioningFailed:
		t.add(Following, Stopped, "Webex gave up provisioning in the background.", t.since(at), out(values("error", errorText(ev.Errors))))
	case subscriber.Updated:
		t.add(Following, OK, "The record at Webex shows the change.", t.since(at))
	case subscriber.UpdateFailed:
		t.add(Following, Stopped, "Webex gave up the change in the background.", t.since(at), out(values("error", errorText(ev.Errors))))
	case subscriber.Vanished:
		name := map[subscriber.Phase]Name{subscriber.Started: Reply, subscriber.Lost: LookedUp}[r.Phase]
		t.add(cmp.Or(name, Following), Stopped, "The record is gone from Webex, and nobody here asked for that.", answers(r, "", at))
	default:
		t.add(Other, Unknown, "This program does not know the event "+e.Event.EventType()+".", func(s *Step) { s.At = e.At })
	}
}

// since tells how long Webex took after it accepted the request.
func (t *teller) since(at time.Time) func(*Step) {
	accepted := t.accepted
	return func(s *Step) {
		if !accepted.IsZero() {
			s.Took = at.Sub(accepted)
		}
	}
}

func (t *teller) started(e subscriber.RequestStarted) {
	first := e.Kind == subscriber.Provision && !t.told(Request)
	if first && t.state.AdminFirst {
		if c, evidence := t.administrator(t.entry.Position); c.Lets(t.ID) {
			t.add(Administrator, OK, administratorWords(c, t.ID), func(s *Step) { s.Proof = append(evidence, s.Proof...) })
		}
	}
	if first {
		t.add(Precheck, Skipped, "Ledgerline asks Webex for a precheck only when somebody wants one, and does not record it.", func(s *Step) { s.At, s.Proof = time.Time{}, nil })
	}
	t.add(Request, OK, "A "+requestNouns[e.Kind]+" was started."+attempt(e.Attempt), in(callValues(t.state.Call(e.Kind))),
		func(s *Step) { s.OurTracking, s.Attempt = e.TrackingID, e.Attempt })
}

// told says whether there is a step of this name in the present life.
func (t *teller) told(name Name) bool {
	for _, s := range t.steps {
		if s.Name == name && s.Life == t.state.Lives {
			return true
		}
	}
	return false
}

func (t *teller) refused(e subscriber.RequestRefused, before subscriber.State) {
	r := before.Request
	name, what, status := Reply, "Webex refused the request.", e.Status
	switch {
	case e.Status == 0:
		what = "Ledgerline stopped trying."
	case r.Phase == subscriber.Lost && e.Status == http.StatusConflict && e.TrackingID == "":
		name, what, status = LookedUp, "What Webex has already keeps the request from succeeding.", 0
		if e.Kind == subscriber.ResendConsent {
			what = "A look cannot show whether the mail was sent."
		}
	}
	t.add(name, Stopped, what, answers(r, e.TrackingID, t.state.Changed),
		out(values("status", statusText(status), "error", errorText(e.Errors))))
}
