package explain

import (
	"cmp"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
)

// Facts are what is recorded about one user, oldest first.
type Facts struct {
	ID        uuid.UUID
	Entries   []domain.Entry            // of the user's stream
	Templates map[string][]domain.Entry // of the streams of templates, by provisioning id
	Customer  []domain.Entry            // of the stream of the user's customer; needed where its administrator comes first
	AllLives  bool                      // not just the present, or last, time of being onboarded
	Now       time.Time
}

// Recorded tells what happened and what is awaited.
func Recorded(f Facts) Explanation {
	t := teller{Facts: f}
	for _, e := range f.Entries {
		t.tell(e)
	}
	x := t.present()
	x.Steps = t.steps
	return x
}

// teller follows a stream and makes steps of what it says.
type teller struct {
	Facts
	state    subscriber.State
	entry    domain.Entry // the one being told
	accepted time.Time    // when the request that is followed was accepted
	steps    []Step
}

// add makes a step of the entry that is being told.
func (t *teller) add(name Name, verdict Verdict, what string, more ...func(*Step)) {
	s := Step{Name: name, Verdict: verdict, What: what, Life: t.state.Lives, At: t.state.Changed, Proof: proof(t.entry)}
	for _, add := range more {
		add(&s)
	}
	t.steps = append(t.steps, s)
}

func in(v []Value) func(*Step)  { return func(s *Step) { s.Input = append(s.Input, v...) } }
func out(v []Value) func(*Step) { return func(s *Step) { s.Output = append(s.Output, v...) } }

func answers(r subscriber.RequestState, theirs string, at time.Time) func(*Step) {
	return func(s *Step) {
		s.OurTracking, s.WebexTracking, s.Attempt = r.TrackingID, theirs, r.Attempt
		if r.Phase == subscriber.Started {
			s.Took = at.Sub(r.At)
		}
	}
}

func (t *teller) tell(e domain.Entry) {
	before := t.state
	t.state, t.entry = subscriber.Evolve(before, e.Event), e
	by := in(askedBy(e.Cause))
	switch ev := e.Event.(type) {
	case subscriber.Onboarded:
		t.onboarded(ev, before)
	case subscriber.EmailSubmitted:
		t.add(Email, Waiting, "The user entered an address, and has to show that it is theirs.", by, out(values("email", string(ev.Email))))
	case subscriber.EmailValidated:
		t.add(Email, OK, "The user showed that the address is theirs.", by, out(values("email", t.state.Email)))
	case subscriber.ActivationRetried:
		what := "A new try was asked for."
		if t.state.Stale {
			what = "A new try was asked for; the record of the one before has to be removed from Webex first, or mended."
		}
		t.add(Retried, OK, what, by, out(values("email", string(ev.Email))))
	case subscriber.PackageChanged:
		t.add(Changed, OK, "Another package was asked for.", by, out(values("package", string(ev.Package), "before", string(before.Profile.Package))))
	case subscriber.DetailsChanged:
		t.add(Changed, OK, "Other details were asked for.", by, out(changedValues(before, t.state)))
	case subscriber.UserIDChanged:
		t.add(Changed, OK, "Another BroadWorks user id was asked for.", by, out(values("userId", string(ev.UserID), "before", before.Profile.UserID)))
	case subscriber.NameClaimed:
		t.add(Other, OK, "This BroadWorks user id was given to another user, whose id was changed to it.", by, out(values("user", ev.Subscriber.String())))
	case subscriber.NameReleased:
		t.add(Other, OK, "This BroadWorks user id is free again.", by)
	case subscriber.ConsentMailRequested:
		t.add(Consent, Waiting, "The consent mail was asked for once more.", by)
	case subscriber.DeletionRequested:
		t.add(Removal, OK, "The removal from Webex was asked for.", by)
	case subscriber.Removed:
		t.add(Removal, OK, "The user is no longer at Webex, as asked.")
	default:
		t.tellRequest(e, before)
	}
}

func changedValues(before, after subscriber.State) []Value {
	var all []Value
	old := subscriber.State{Profile: before.Profile}.Wanted()
	for _, v := range onboardingValues(subscriber.State{Profile: after.Profile}.Wanted(), "") {
		if !has(onboardingValues(old, ""), v) {
			all = append(all, v)
		}
	}
	for _, v := range onboardingValues(old, "") {
		if !named(onboardingValues(subscriber.State{Profile: after.Profile}.Wanted(), ""), v.Name) {
			all = append(all, Value{v.Name, "(removed)"})
		}
	}
	return all
}

func has(all []Value, v Value) bool {
	for _, have := range all {
		if have == v {
			return true
		}
	}
	return false
}

func named(all []Value, name string) bool {
	for _, have := range all {
		if have.Name == name {
			return true
		}
	}
	return false
}

// onboarded begins a life: found, allowed, and what the address lacks.
func (t *teller) onboarded(e subscriber.Onboarded, before subscriber.State) {
	if !t.AllLives {
		t.steps = nil
	}
	what := "The user was not known yet; onboarding was asked for."
	if before.Lives > 0 {
		what = "The user had been here before and was gone; onboarding was asked for again."
	}
	t.add(Found, OK, what, in(askedBy(t.entry.Cause)), in(onboardingValues(t.state.Wanted(), e.Flow)))
	settings, evidence := t.template(e.ProvisioningID)
	t.add(Allowed, OK, allowedBy[e.Flow], in(settings), out(values(
		"package", string(e.Package), "emailTrusted", yesNo(e.EmailTrusted), "administratorFirst", yesNo(e.AdminFirst),
	)), func(s *Step) { s.Proof = append(evidence, s.Proof...) })
	if what := lacking(t.state); what != "" {
		t.add(Email, Waiting, what)
	}
}

// lacking says what the address lacks; empty: nothing.
func lacking(s subscriber.State) string {
	switch {
	case s.Stage == subscriber.AwaitingEmail && s.Email == "":
		return "No address is known, so the user is to enter one."
	case s.Stage == subscriber.AwaitingEmail:
		return "The template does not trust the address from BroadWorks, so the user is to enter one."
	case s.Stage == subscriber.AwaitingValidation:
		return "The user is to show that the address is theirs."
	}
	return ""
}

// template returns what a template said when the entry being told was recorded.
func (t *teller) template(provisioningID string) ([]Value, []Proof) {
	var then []domain.Entry
	for _, e := range t.Templates[provisioningID] {
		if e.Position < t.entry.Position {
			then = append(then, e)
		}
	}
	if len(then) == 0 {
		return nil, nil
	}
	return settingsValues(template.Decider.Fold(then)), proof(then[len(then)-1])
}

// administrator returns what was known of the customer's administrator before a
// position; 0: now.
func (t *teller) administrator(before domain.Position) (customer.State, []Proof) {
	var then []domain.Entry
	for _, e := range t.Customer {
		if before == 0 || e.Position < before {
			then = append(then, e)
		}
	}
	if len(then) == 0 {
		return customer.State{}, nil
	}
	return customer.Decider.Fold(then), proof(then[len(then)-1])
}

// tellRequest is tell for what became of requests to Webex.
func (t *teller) tellRequest(e domain.Entry, before subscriber.State) {
	r, at := before.Request, t.state.Changed
	switch ev := e.Event.(type) {
	case subscriber.RequestStarted:
		t.started(ev)
	case subscriber.RequestAccepted:
		t.accepted = at
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
		s.Took = at.Sub(accepted)
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

func administratorWords(c customer.State, id uuid.UUID) string {
	switch {
	case c.Administrator == id:
		return "The user is the customer's first, and so its administrator: nobody has to be waited for."
	case c.Active:
		return "The customer's administrator is active, so the others may follow."
	}
	return "The customer's administrator comes first and is not active yet."
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
