package explain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/customer"
	"ledgerline/domain/explain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// plan is an onboarding on top of a story, as the use case puts it together.
func (s *story) plan(change ...func(*subscriber.Onboard)) explain.Plan {
	given := subscriber.Onboard{
		Flow: subscriber.API, ProvisioningID: templateID, SPEnterpriseID: enterprise, Email: email, At: s.now.Add(time.Minute),
		Profile: webex.Profile{UserID: "anna@as0.example", FirstName: "Anna", LastName: "Öberg", PrimaryPhoneNumber: "46 70 123 45 67"},
	}
	for _, c := range change {
		c(&given)
	}
	p := explain.Plan{ID: me, Given: given, Before: s.state, Template: template.Decider.Fold(s.templates), Customer: customer.Decider.Fold(s.customer)}
	p.Asked, p.Repairs = given.Clean()
	if p.Asked.ProvisioningID == templateID {
		p.Asked.Terms = terms(s.settings)
	}
	events, err := subscriber.Decide(s.state, p.Asked)
	p.New, p.Refused = len(events) > 0, err
	return p
}

func TestWhatWouldHappenIsTold(t *testing.T) {
	refuses := answer(explain.Stopped)
	refuses.Status, refuses.Errors = 400, taken
	for name, c := range map[string]struct {
		template func(*template.Settings)
		tell     func(*story)
		ask      func(*subscriber.Onboard)
		answer   explain.Answer
		verdict  explain.Verdict
		stops    []explain.Name
		prechecked,
		sent bool
	}{
		"a newcomer": {answer: answer(explain.OK), verdict: explain.OK, prechecked: true, sent: true},
		"a newcomer who was here before": {
			tell:   func(s *story) { s.onboard().do(remove) },
			answer: answer(explain.OK), verdict: explain.OK, prechecked: true, sent: true,
		},
		"refused by Webex":  {answer: refuses, verdict: explain.Stopped, stops: []explain.Name{explain.Precheck}, prechecked: true, sent: true},
		"Webex is silent":   {answer: answer(explain.Unknown), verdict: explain.Unknown, prechecked: true, sent: true},
		"unknown template":  {ask: func(c *subscriber.Onboard) { c.ProvisioningID = "bm9uZQ" }, verdict: explain.Stopped, stops: []explain.Name{explain.Allowed}},
		"no template named": {ask: func(c *subscriber.Onboard) { c.ProvisioningID = "" }, verdict: explain.Stopped, stops: []explain.Name{explain.Allowed}},
		"package not allowed": {
			ask: func(c *subscriber.Onboard) { c.Profile.Package = "gold" }, verdict: explain.Stopped, stops: []explain.Name{explain.Allowed},
		},
		"e-mail needed":        {ask: func(c *subscriber.Onboard) { c.Email = "" }, verdict: explain.Stopped, stops: []explain.Name{explain.Allowed}},
		"wrong values":         {ask: func(c *subscriber.Onboard) { c.Email, c.Profile.FirstName = "a@b@c", "" }, verdict: explain.Stopped, stops: []explain.Name{explain.Input}},
		"wrong in every place": {ask: func(c *subscriber.Onboard) { c.ProvisioningID, c.Profile.UserID = "bm9uZQ", "" }, verdict: explain.Stopped, stops: []explain.Name{explain.Input, explain.Allowed}},
		"flow-through is off": {
			template: func(s *template.Settings) { s.FlowThrough = false },
			ask:      func(c *subscriber.Onboard) { c.Flow = subscriber.FlowThrough }, verdict: explain.Stopped, stops: []explain.Name{explain.Allowed},
		},
		"self-activation is off": {ask: func(c *subscriber.Onboard) { c.Flow = subscriber.SelfActivation }, verdict: explain.Stopped, stops: []explain.Name{explain.Allowed}},
		"e-mail would be asked for": {
			template: untrusted, ask: func(c *subscriber.Onboard) { c.Email = "" }, verdict: explain.Waiting, sent: true,
		},
		"e-mail would be validated": {
			template: untrusted, ask: func(c *subscriber.Onboard) { c.Flow = subscriber.SelfActivation },
			answer: answer(explain.OK), verdict: explain.Waiting, prechecked: true, sent: true,
		},
		"administrator would be awaited": {
			template: adminFirst, tell: func(s *story) { s.customerSays(customer.AdministratorDesignated{Subscriber: first, At: s.now}) },
			answer: answer(explain.OK), verdict: explain.Waiting, prechecked: true, sent: true,
		},
		"would be the administrator": {template: adminFirst, answer: answer(explain.OK), verdict: explain.OK, prechecked: true, sent: true},
		"there with these values": {
			tell: func(s *story) {
				s.onboard(func(c *subscriber.Onboard) { c.Profile.Extension, c.Profile.PrimaryPhoneNumber = "", "+46701234567" })
			},
			verdict: explain.OK,
		},
		"there with other values": {
			tell: func(s *story) { s.onboard() }, ask: func(c *subscriber.Onboard) { c.Profile.LastName = "Berg" },
			verdict: explain.Stopped, stops: []explain.Name{explain.Found},
		},
		"there and wrong values": {
			tell: func(s *story) { s.onboard() }, ask: func(c *subscriber.Onboard) { c.Profile.LastName = "" },
			verdict: explain.Stopped, stops: []explain.Name{explain.Input},
		},
		"leaving just now": {tell: func(s *story) { s.provisioned().do(remove) }, verdict: explain.Stopped, stops: []explain.Name{explain.Found}},
		"user id of another": {
			tell: func(s *story) {
				s.do(func(at time.Time) subscriber.Command { return subscriber.ClaimName{Subscriber: first, At: at} })
			},
			verdict: explain.Stopped, stops: []explain.Name{explain.Found},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			if c.template != nil {
				s = newStory(t, c.template)
			}
			if c.tell != nil {
				c.tell(s)
			}
			p := s.plan()
			if c.ask != nil {
				p = s.plan(c.ask)
			}
			_, askable := p.Precheckable()
			require.Equal(t, c.prechecked, askable)
			if askable {
				p.Precheck = &c.answer
			}
			x := p.Explain()
			require.Equal(t, c.verdict, x.Verdict, text(x))
			var stops []explain.Name
			for _, step := range x.Steps {
				require.NotEmpty(t, step.What, step.Name)
				require.Empty(t, step.Proof, "nothing is recorded")
				switch {
				case step.Verdict == explain.Stopped:
					stops = append(stops, step.Name)
				case step.Name == explain.Request:
					require.Equal(t, c.sent, step.Verdict != explain.Skipped)
				}
			}
			require.Equal(t, c.stops, stops, text(x))
			golden(t, "plan "+name, text(x))
		})
	}
}

// What the rules would refuse, the plan refuses, and the other way round.
func TestAPlanStopsWhereTheRulesDo(t *testing.T) {
	changes := []func(*subscriber.Onboard){
		func(*subscriber.Onboard) {}, func(c *subscriber.Onboard) { c.Email = "" }, func(c *subscriber.Onboard) { c.Email = "x" },
		func(c *subscriber.Onboard) { c.Flow = subscriber.FlowThrough }, func(c *subscriber.Onboard) { c.Flow = subscriber.SelfActivation },
		func(c *subscriber.Onboard) { c.ProvisioningID = "x" }, func(c *subscriber.Onboard) { c.Profile.UserID = "" },
		func(c *subscriber.Onboard) { c.Profile.Package = "x" }, func(c *subscriber.Onboard) { c.Profile.LastName = "Berg" },
		func(c *subscriber.Onboard) { c.Language = "xx_yy" }, func(c *subscriber.Onboard) { c.Profile.UserID = "b@as0.example" },
	}
	for _, c := range stories {
		s := newStory(t)
		if c.template != nil {
			s = newStory(t, c.template)
		}
		c.tell(s)
		for i, change := range changes {
			p := s.plan(change)
			require.Equal(t, p.Refused != nil, p.Explain().Verdict == explain.Stopped, "%s, change %d: %v\n%s", c.name, i, p.Refused, text(p.Explain()))
		}
	}
}
