package explain

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// Facts are what is recorded about one user, oldest first.
type Facts struct {
	ID        uuid.UUID
	Entries   []domain.Entry            // of the user's stream
	Templates map[string][]domain.Entry // of the streams of templates, by provisioning id
	Customer  []domain.Entry            // of the stream of the user's customer; needed where its administrator comes first
	Held      string                    // why the next request of the user is held; empty: it is not
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
		t.add(Changed, OK, "Other details were asked for.", by, out(differing(before.Profile, t.state.Profile)))
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
	case subscriber.RetryPlanned:
		t.add(Retried, Waiting, "What failed passes by itself: the next try was planned.", out(values("try", strconv.Itoa(ev.Try), "notBefore", instant(ev.Until))))
	case subscriber.RetryStarted:
		t.add(Retried, OK, "The next try was begun, as planned.")
	case subscriber.RetryCancelled:
		t.add(Retried, Stopped, "The next try was cancelled.", by)
	case subscriber.Adopted:
		if t.state.Lives > before.Lives && !t.AllLives {
			t.steps = nil
		}
		t.accepted = t.state.Changed
		t.add(Found, OK, "Webex had a record of the user that the ledger did not know; it was taken over as it is there.", by, out(values("subscriberId", ev.WebexID)))
	case subscriber.SeenAtWebex:
		t.add(AtWebex, OK, "The record at Webex was found to have other values than the ledger knew.", by, out(differing(before.Applied, t.state.Applied)))
	case subscriber.StatusSeen:
		verdict := OK
		if t.state.Stage == subscriber.Stopped {
			verdict = Stopped
		}
		t.add(AtWebex, verdict, "The record at Webex was found in another status than the ledger knew.", by,
			out(values("status", string(ev.Status), "personId", ev.PersonID, "error", errorText(ev.Errors))))
	case subscriber.Removed:
		t.add(Removal, OK, "The user is no longer at Webex, as asked.")
	default:
		t.tellRequest(e, before)
	}
}

// differing are the values that are not as before.
func differing(before, after webex.Profile) []Value {
	var all []Value
	for _, f := range webex.UpdateCall("", before, after).Fields {
		all = append(all, Value{f.Name, quoted(f.Value)})
	}
	return all
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
