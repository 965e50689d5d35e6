package explain

import (
	"errors"
	"slices"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// Plan is an onboarding that nobody has asked for yet.
type Plan struct {
	ID       uuid.UUID          // that the user would have
	Given    subscriber.Onboard // as it was sent
	Asked    subscriber.Onboard // cleaned, with the template's terms
	Repairs  []string           // that cleaning made
	Before   subscriber.State   // of whoever has the user id
	New      bool               // something would be recorded
	Refused  error              // by the rules: a rejection; nil: they let it pass
	Template template.State
	Customer customer.State
	Precheck *Answer // nil: Webex was not asked
}

// Precheckable says whether it makes sense to ask Webex what it would say, and
// with what.
func (p Plan) Precheckable() (webex.Request, bool) {
	after, ok := p.after()
	return after.Wanted(), ok && after.Email != ""
}

// after is the state that onboarding would leave behind; ok is false where it
// would leave nothing.
func (p Plan) after() (s subscriber.State, ok bool) {
	events, err := subscriber.Decide(p.Before, p.Asked)
	if p.Refused != nil || !p.New || err != nil {
		return s, false
	}
	s = p.Before
	for _, e := range events {
		s = subscriber.Evolve(s, e)
	}
	return s, true
}

// Explain tells what would happen, as far as it can be known without effect.
func (p Plan) Explain() Explanation {
	steps := []Step{p.input(), p.found(), p.allowed()}
	after, ok := p.after()
	if !ok {
		for _, name := range []Name{Precheck, Request, Reply, Following} {
			steps = append(steps, Step{Name: name, Verdict: Skipped, What: "Not reached."})
		}
		return p.conclude(steps, Awaited{From: Nobody})
	}
	waits := Awaited{From: Nobody}
	if after.AdminFirst {
		step := p.administrator()
		steps = append(steps, step)
		if step.Verdict == Waiting {
			waits = Awaited{From: CustomerAdmin, What: "The customer's first user is to become active."}
		}
	}
	if what := lacking(after); what != "" {
		steps = append(steps, Step{Name: Email, Verdict: Waiting, What: what})
		waits = Awaited{From: TheUser, What: what}
	}
	return p.conclude(append(steps, p.effects(after, waits)...), waits)
}

// conclude gives the answer that the steps lead to.
func (p Plan) conclude(steps []Step, waits Awaited) Explanation {
	x := Explanation{Verdict: OK, What: "The user would be onboarded and provisioned.", Lives: p.Before.Lives, Status: p.Before.Status(), Awaited: waits, Steps: steps}
	rank := map[Verdict]int{Waiting: 1, Unknown: 2, Stopped: 3}
	for _, s := range steps {
		if s.Name == Request || rank[s.Verdict] <= rank[x.Verdict] {
			continue // a request only waits for what another step says
		}
		x.Verdict = s.Verdict
		switch s.Verdict {
		case Waiting:
			x.What = "The user would be onboarded, and then wait: " + s.What
		case Unknown:
			x.What = "The ledger would take the user; what Webex would say is not known: " + s.What
		case Stopped:
			x.What = "This would be refused: " + s.What
			if s.Name == Precheck {
				x.What = "The ledger would take the user, but " + s.What
			}
			x.Awaited = Awaited{From: Nobody}
		}
	}
	if x.Verdict == OK && !p.New {
		x.What = "The user is onboarded already with these values; asking again would change nothing."
	}
	return x
}

// ofTemplate says whether a problem of a field is one with what the template lets.
func ofTemplate(f domain.FieldError, terms *subscriber.Terms) bool {
	switch f.Field {
	case "provisioningId", "package":
		return true
	}
	return f.Field == "email" && f.Class == domain.Missing && terms != nil
}

// problems are what is wrong with the values, or with what the template says to
// them.
func (p Plan) problems(template bool) []Value {
	var all []Value
	if no := domain.AsRejection(p.Refused); no != nil {
		for _, f := range no.Fields {
			if ofTemplate(f, p.Asked.Terms) == template {
				all = append(all, Value{f.Field, f.Problem})
			}
		}
	}
	return all
}

func request(c subscriber.Onboard) webex.Request {
	return webex.Request{Profile: c.Profile, ProvisioningID: c.ProvisioningID, SPEnterpriseID: c.SPEnterpriseID, Email: c.Email, Language: c.Language}
}

func (p Plan) input() Step {
	step := Step{Name: Input, Verdict: OK, What: "The values are complete and in the right form.", Input: onboardingValues(request(p.Given), p.Given.Flow)}
	for _, repair := range p.Repairs {
		step.What = "The values are complete; some were repaired."
		step.Output = append(step.Output, Value{"repaired", repair})
	}
	for _, v := range onboardingValues(request(p.Asked), p.Asked.Flow) {
		if !slices.Contains(step.Input, v) {
			step.Output = append(step.Output, v)
		}
	}
	if problems := p.problems(false); len(problems) > 0 {
		step.Verdict, step.What, step.Output = Stopped, "Some values need correcting: "+valueText(problems), append(step.Output, problems...)
	}
	return step
}

func valueText(all []Value) string {
	text := ""
	for i, v := range all {
		if i > 0 {
			text += "; "
		}
		text += v.Name + ": " + v.Value
	}
	return sentence(text)
}

// found tells whether the user is there already.
func (p Plan) found() Step {
	s := p.Before
	step := Step{Name: Found, Verdict: OK, Input: values("userId", p.Asked.Profile.UserID), Output: values("status", string(s.Status()))}
	if s.Lives > 0 || p.New {
		step.Output = append(step.Output, values("id", p.ID.String())...)
	}
	wrong := domain.AsRejection(p.Refused)
	switch {
	case p.Asked.Profile.UserID == "":
		step.Verdict, step.What = Skipped, "Nobody can be looked for without a user id."
	case state(p.Refused):
		step.Verdict, step.What = Stopped, wrong.Text
	case s.Here() && wrong == nil:
		step.What = "The user is onboarded already, with these values."
	case s.Here():
		step.What = "The user is onboarded already; whether with these values can be told when they are right."
	case s.Stage == subscriber.Leaving:
		step.Verdict, step.What = Stopped, subscriber.ErrLeaving.Text
	case s.Lives > 0:
		step.What = "The user was here before and is gone; it would be onboarded again."
	default:
		step.What = "The user is not known yet."
	}
	return step
}

// state says whether a refusal is for what is recorded under the user id.
func state(err error) bool {
	for _, is := range []error{subscriber.ErrExists, subscriber.ErrClaimed, subscriber.ErrRenamed, subscriber.ErrLeaving} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

func (p Plan) allowed() Step {
	step := Step{Name: Allowed, Verdict: OK, What: allowedBy[p.Asked.Flow], Input: values("provisioningId", p.Asked.ProvisioningID, "flow", string(p.Asked.Flow))}
	if p.Asked.Terms != nil {
		step.Input = append(step.Input, settingsValues(p.Template)...)
	}
	problems := p.problems(true)
	switch {
	case len(problems) > 0:
		step.Verdict, step.What, step.Output = Stopped, valueText(problems), problems
	case p.Asked.Terms == nil:
		step.Verdict, step.What = Stopped, "No onboarding template has this provisioning id."
	case errors.Is(p.Refused, subscriber.ErrFlowThrough), errors.Is(p.Refused, subscriber.ErrSelfActivate):
		step.Verdict, step.What = Stopped, domain.AsRejection(p.Refused).Text
	default:
		if s, ok := p.after(); ok {
			step.Output = values("package", string(s.Profile.Package), "emailTrusted", yesNo(s.EmailTrusted), "administratorFirst", yesNo(s.AdminFirst))
		}
	}
	return step
}

func (p Plan) administrator() Step {
	step := Step{Name: Administrator, Verdict: OK, Output: values("user", administratorID(p.Customer))}
	switch {
	case p.Customer.Administrator == uuid.Nil:
		step.What = "The user would be the customer's first, and so its administrator; those who come after wait for it."
		return step
	case !p.Customer.Lets(p.ID):
		step.Verdict = Waiting
	}
	step.What = administratorWords(p.Customer, p.ID)
	return step
}
