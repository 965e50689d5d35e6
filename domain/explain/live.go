package explain

import (
	"net/http"
	"strings"
	"time"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Answer is what a question to Webex came to.
type Answer struct {
	Verdict       Verdict // OK, Stopped: Webex would refuse, Unknown: it gave no answer, Skipped: it was not asked
	Why           string  // for Unknown and Skipped: a sentence
	Status        int     // HTTP; 0: none to tell
	Errors        []webex.Error
	OurTracking   string
	WebexTracking string
	At            time.Time
	Took          time.Duration
}

// Look is a record at Webex that was read now.
type Look struct {
	Answer
	Found  bool
	Record webex.Subscriber
}

// Live is what Webex was asked now, without effect.
type Live struct {
	Precheck *Answer // nil: there was no reason to ask
	ByID     *Look   // nil: no record is known
	ByUserID *Look
}

// With adds what Webex says now to what was recorded of a user, whose state is s.
func (x Explanation) With(s subscriber.State, l Live) Explanation {
	if l.Precheck != nil {
		step := precheck(s.Wanted(), *l.Precheck)
		if (s.WebexID != "" || s.Busy()) && step.Verdict == Stopped {
			step.What += " It may mean the record of this very user, which Webex has, or may have."
		}
		x.Steps = append(x.Steps, step)
	}
	if l.ByID != nil {
		x.Steps = append(x.Steps, byID(s, *l.ByID))
	}
	if l.ByUserID != nil {
		x.Steps = append(x.Steps, byUserID(s, *l.ByUserID))
	}
	for _, step := range x.Steps {
		if step.Name == AtWebex && step.Verdict == Stopped && x.Verdict == OK {
			x.Verdict = Stopped
			x.What = "The ledger has the user at Webex, with all that was asked for, but Webex now says otherwise: " + step.What
		}
	}
	return x
}

func (a Answer) step(name Name, what string, input []Value) Step {
	s := Step{
		Name: name, Verdict: a.Verdict, What: what, Input: input, At: a.At, Took: a.Took,
		OurTracking: a.OurTracking, WebexTracking: a.WebexTracking,
		Output: values("status", statusText(a.Status), "error", errorText(a.Errors)),
	}
	if a.Verdict == Unknown || a.Verdict == Skipped {
		s.What = a.Why
	}
	return s
}

// precheck is the step of asking Webex whether a provisioning would be refused.
func precheck(r webex.Request, a Answer) Step {
	what := "Webex sees nothing against provisioning this user now. It may still refuse later: the precheck reserves nothing."
	if a.Verdict == Stopped {
		what = "Webex would refuse to provision this user now: " + sentence(errorText(a.Errors))
	}
	if a.Verdict == Skipped {
		return a.step(Precheck, what, nil)
	}
	return a.step(Precheck, what, callValues(webex.ValidateCall(r)))
}

func byID(s subscriber.State, l Look) Step {
	step := l.step(AtWebex, "", values("method", http.MethodGet, "path", webex.Call{Path: []string{"broadworks", "subscribers", s.WebexID}}.Address()))
	switch {
	case l.Verdict != OK:
	case !l.Found:
		step.Verdict, step.What = Stopped, "Webex has no record any more with the id that the ledger knows."
	default:
		step.Output = append(step.Output, recordValues(l.Record)...)
		step.Differences = Compare(s, l.Record)
		step.Verdict, step.What = judge(s, step.Differences)
	}
	return step
}

func judge(s subscriber.State, d []Difference) (Verdict, string) {
	switch {
	case len(d) == 0:
		return OK, "The record at Webex is as the ledger has it."
	case underWay(s):
		return Waiting, "The record at Webex is not as the ledger has it, as it may be while a request is under way: " + fieldNames(d) + "."
	}
	return Stopped, "The record at Webex is not as the ledger has it: " + fieldNames(d) + "."
}

func underWay(s subscriber.State) bool {
	return s.Wants() != "" || s.Busy() || s.Request.Phase == subscriber.Accepted
}

func byUserID(s subscriber.State, l Look) Step {
	step := l.step(AtWebex, "", values("method", http.MethodGet, "path", "/broadworks/subscribers", "userId", AskedUserID(s)))
	switch {
	case l.Verdict != OK:
	case !l.Found && s.WebexID == "":
		step.What = "Webex has no record with this user id, and the ledger knows of none."
	case !l.Found:
		step.Verdict, step.What = Stopped, "Webex has no record with this user id, although the ledger knows of one."
	case l.Record.ID == s.WebexID:
		step.What = "The record with this user id is the one that the ledger knows."
	case s.Busy():
		step.Verdict, step.What = Unknown, "Webex has a record with this user id, which may be that of the request without a reply."
	default:
		step.Verdict, step.What = Stopped, "Webex has a record with this user id that the ledger does not know."
	}
	if l.Found {
		step.Output = append(step.Output, recordValues(l.Record)...)
	}
	return step
}

// AskedUserID is the user id under which Webex has the record, as far as known.
func AskedUserID(s subscriber.State) string {
	return known(s).UserID
}

// known is what the record at Webex should say: as applied, as sent, as wanted.
func known(s subscriber.State) webex.Profile {
	for _, p := range []webex.Profile{s.Applied, s.Sent} {
		if p != (webex.Profile{}) {
			return p
		}
	}
	return s.Profile
}

func recordValues(r webex.Subscriber) []Value {
	all := values("subscriberId", r.ID, "personId", r.PersonID, "status", string(r.Status), "lastStatusChange", instant(r.LastStatusChange))
	return append(append(all, onboardingValues(r.Request, "")...), values("error", errorText(r.Errors))...)
}

// Compare says in what a record at Webex is not as the ledger has it. Values are
// compared by what they mean; those that Webex does not show are not compared.
func Compare(s subscriber.State, r webex.Subscriber) []Difference {
	p := known(s)
	var all []Difference
	differ := func(field, ledger, there string, form func(string) string) {
		if form(ledger) != form(there) {
			all = append(all, Difference{field, ledger, there})
		}
	}
	same := func(text string) string { return text }
	padded := func(text string) string { return strings.TrimRight(text, "=") }
	shown := func(field, ledger, there string, form func(string) string) {
		if there != "" {
			differ(field, ledger, there, form)
		}
	}
	differ("status", string(s.Status()), string(r.Status), same)
	differ("userId", p.UserID, r.UserID, subscriber.FoldUserID)
	differ("spEnterpriseId", s.SPEnterpriseID, r.SPEnterpriseID, same)
	shown("provisioningId", s.ProvisioningID, r.ProvisioningID, padded)
	differ("package", string(p.Package), string(r.Package), same)
	differ("firstName", p.FirstName, r.FirstName, same)
	differ("lastName", p.LastName, r.LastName, same)
	differ("email", s.Email, r.Email, subscriber.CanonicalEmail)
	differ("primaryPhoneNumber", p.PrimaryPhoneNumber, r.PrimaryPhoneNumber, number)
	differ("mobilePhoneNumber", p.MobilePhoneNumber, r.MobilePhoneNumber, number)
	differ("extension", p.Extension, r.Extension, same)
	shown("timezone", p.Timezone, r.Timezone, same)
	if s.PersonID != "" {
		shown("personId", s.PersonID, r.PersonID, padded)
	}
	return all
}

func number(text string) string {
	if e164, _, problem := subscriber.ParseNumber(text); problem == "" {
		return e164
	}
	return text
}

func fieldNames(d []Difference) string {
	names := make([]string, len(d))
	for i, f := range d {
		names[i] = f.Field
	}
	return strings.Join(names, ", ")
}
