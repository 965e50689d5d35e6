package explain

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain/activation"
	"ledgerline/domain/subscriber"
)

// present tells how things stand and adds the steps that are under way.
func (t *teller) present() Explanation {
	s := t.state
	x := Explanation{Status: s.Status(), Lives: s.Lives, Awaited: Awaited{From: Nobody}}
	due, _ := activation.Due(s)
	switch {
	case s.Stage == subscriber.Absent:
		x.Verdict, x.What = Stopped, "The user is not onboarded."
	case s.Stage == subscriber.Gone:
		x.Verdict, x.What = Stopped, "The user was removed, as asked. Onboard the user again to bring it back."
	case s.Request.Phase == subscriber.Lost:
		x.Verdict, x.What = Unknown, "Nobody knows yet whether Webex carried out the "+requestNouns[s.Request.Kind]+"; Webex is asked before anything is repeated."
		x.Awaited = Awaited{From: TheEngine, What: "Ledgerline asks Webex what became of the request.", Next: due}
		t.pending(LookedUp, "Webex is asked what became of the request.", due)
	case s.Request.Phase == subscriber.Started:
		x.Verdict, x.What = Waiting, "A "+requestNouns[s.Request.Kind]+" is on its way to Webex."
		x.Awaited = Awaited{From: Webex, What: "Webex is to reply. Without a reply by then, the request counts as lost and is looked up.", Next: due}
		t.pending(Reply, "No reply is recorded yet; without one by then, the request counts as lost and is looked up.", due)
	case !s.RetryAt.IsZero():
		x.Verdict, x.What = Waiting, "The last try failed, and is repeated by itself: "+sentence(errorText(s.Errors))
		x.Awaited = Awaited{From: TheEngine, What: "Ledgerline tries again. Retry the activation to do so now, or cancel the next try.", Next: s.RetryAt}
	case s.Quarantined:
		x.Verdict, x.What = Stopped, "Ledgerline gave up: "+sentence(errorText(s.Errors))
		x.Awaited = Awaited{From: AnAdmin, What: "Somebody is to retry the activation when Webex answers again."}
	case s.Stage == subscriber.Stopped && s.PersonID != "":
		x.Verdict, x.What = Stopped, "The user is at Webex, but the last change failed: "+sentence(errorText(s.Errors))
		x.Awaited = Awaited{From: AnAdmin, What: "Somebody is to ask for other values, or retry the activation to send the change again."}
	case s.Stage == subscriber.Stopped:
		x.Verdict, x.What = Stopped, "The last try failed: "+sentence(errorText(s.Errors))
		x.Awaited = Awaited{From: AnAdmin, What: "Somebody is to mend the cause and retry the activation, or delete the user."}
	case s.Stage == subscriber.AwaitingEmail:
		x.Verdict, x.What = Waiting, lacking(s)
		x.Awaited = Awaited{From: TheUser, What: "The user is to enter an e-mail address."}
	case s.Stage == subscriber.AwaitingValidation:
		x.Verdict, x.What = Waiting, lacking(s)
		x.Awaited = Awaited{From: TheUser, What: "The user is to validate the e-mail address."}
	default:
		t.underWay(&x, due)
	}
	return x
}

// underWay is present for those whom the engine can bring further, or who are at
// the end.
func (t *teller) underWay(x *Explanation, due time.Time) {
	s := t.state
	wants := s.Wants()
	x.Verdict = Waiting
	switch {
	case wants != "" && t.Held != "":
		x.What = "A " + requestNouns[wants] + " is the next to be sent, and is held: " + sentence(t.Held)
		x.Awaited = Awaited{From: AnAdmin, What: "Somebody is to lift the hold."}
		t.pending(Request, "A "+requestNouns[wants]+" is to be sent when the hold is lifted.", time.Time{}, in(callValues(s.Call(wants))))
	case wants == subscriber.Provision && s.AdminFirst && t.waitsForAdministrator():
		x.What = "The customer's administrator comes first and is not active yet."
		x.Awaited = Awaited{From: CustomerAdmin, What: "The customer's first user is to become active."}
	case wants != "":
		x.What = "A " + requestNouns[wants] + " is the next to be sent."
		x.Awaited = Awaited{From: TheEngine, What: "Ledgerline sends a " + requestNouns[wants] + ".", Next: due}
		t.pending(Request, "A "+requestNouns[wants]+" is to be sent.", due, in(callValues(s.Call(wants))))
	case s.Stage == subscriber.AwaitingConsent:
		x.What = "The address has an account elsewhere, and its owner has not yet let it move."
		x.Awaited = Awaited{From: TheOwner, What: "The owner of the account is to let it move; a mail asked for that.", Next: t.coming(due)}
	case s.Request.Phase == subscriber.Accepted:
		x.What = "Webex accepted the " + requestNouns[s.Request.Kind] + " and has not finished it, as far as is known."
		x.Awaited = Awaited{From: Webex, What: "Webex is to finish; Ledgerline looks from time to time.", Next: t.coming(due)}
		t.pending(Following, "Webex is asked from time to time how far it is; looks that showed nothing new are not recorded.", time.Time{})
	case s.Stage == subscriber.Live:
		x.Verdict, x.What = OK, "The user is at Webex, with all that was asked for."
	default:
		x.What = "The user is being removed from Webex."
	}
}

// waitsForAdministrator says whether the customer's administrator keeps the user
// waiting, and adds the step that says so.
func (t *teller) waitsForAdministrator() bool {
	c, evidence := t.administrator(0)
	if c.Administrator == uuid.Nil || c.Lets(t.ID) { // the first to be looked at becomes it
		return false
	}
	what := administratorWords(c, t.ID)
	t.steps = append(t.steps, Step{
		Name: Administrator, Verdict: Waiting, What: what, Life: t.state.Lives, Proof: evidence,
		Output: values("user", administratorID(c)),
	})
	return true
}

// coming is a time that is yet to come, or zero: looks after the first are not
// recorded, so the next cannot be told from the log.
func (t *teller) coming(at time.Time) time.Time {
	if at.After(t.Now) {
		return at
	}
	return time.Time{}
}

// pending adds a step that is yet to be done.
func (t *teller) pending(name Name, what string, due time.Time, more ...func(*Step)) {
	s := Step{Name: name, Verdict: Waiting, What: what, Life: t.state.Lives, Proof: proof(t.entry), Output: values("due", instant(due))}
	if name != Request {
		s.OurTracking, s.Attempt = t.state.Request.TrackingID, t.state.Request.Attempt
	}
	for _, add := range more {
		add(&s)
	}
	t.steps = append(t.steps, s)
}
