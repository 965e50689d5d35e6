package explain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/explain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

func retry(address string) func(time.Time) subscriber.Command {
	return func(at time.Time) subscriber.Command { return subscriber.RetryActivation{Email: address, At: at} }
}

func remove(at time.Time) subscriber.Command { return subscriber.Delete{At: at} }

func premium(at time.Time) subscriber.Command {
	return subscriber.ChangePackage{Package: "premium", At: at}
}

func (s *story) postponed(status int) *story {
	s.t.Helper()
	return s.do(func(at time.Time) subscriber.Command {
		return subscriber.RecordPostponed{Tracking: s.state.Request.TrackingID, Status: status, Until: at.Add(time.Minute), WebexSays: s.theirs(), At: at}
	})
}

func (s *story) admin() *story {
	return s.as("token:7f3a", domain.RoleAdmin, domain.SurfaceCLI, "asked by telephone")
}

// stories are histories that end wherever a user can come to stand.
var stories = []struct {
	name     string
	template func(*template.Settings)
	tell     func(*story)
	verdict  explain.Verdict
	from     explain.Whom
}{
	{"just onboarded", nil, func(s *story) { s.onboard() }, explain.Waiting, explain.TheEngine},
	{"e-mail awaited", untrusted, func(s *story) {
		s.onboard(func(c *subscriber.Onboard) { c.Email = "" })
	}, explain.Waiting, explain.TheUser},
	{"e-mail from BroadWorks not trusted", untrusted, func(s *story) {
		s.onboard(func(c *subscriber.Onboard) { c.Flow = subscriber.FlowThrough })
	}, explain.Waiting, explain.TheUser},
	{"validation awaited", untrusted, func(s *story) {
		s.onboard(func(c *subscriber.Onboard) { c.Email, c.Flow = "", subscriber.SelfActivation })
		s.as("token:portal", domain.RoleSubscriber, domain.SurfaceAPI, "").do(func(at time.Time) subscriber.Command {
			return subscriber.SubmitEmail{Email: email, At: at}
		})
	}, explain.Waiting, explain.TheUser},
	{"validated", untrusted, func(s *story) {
		s.onboard(func(c *subscriber.Onboard) { c.Flow = subscriber.SelfActivation })
		s.do(func(at time.Time) subscriber.Command { return subscriber.ValidateEmail{Email: email, At: at} })
	}, explain.Waiting, explain.TheEngine},
	{"request on its way", nil, func(s *story) { s.onboard().start(subscriber.Provision) }, explain.Waiting, explain.Webex},
	{"refused 400", nil, func(s *story) { s.onboard().start(subscriber.Provision).refuse(400) }, explain.Stopped, explain.AnAdmin},
	{"conflict 409 of another user", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).lose(409).find(true, func(r *webex.Subscriber) { r.Email = "other@ent.example" })
	}, explain.Stopped, explain.AnAdmin},
	{"conflict 409 with nothing found", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).lose(409).find(false)
	}, explain.Stopped, explain.AnAdmin},
	{"lost", nil, func(s *story) { s.onboard().start(subscriber.Provision).lose(0) }, explain.Unknown, explain.TheEngine},
	{"lost and found", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).lose(502).find(true).shows(webex.Provisioned)
	}, explain.OK, explain.Nobody},
	{"lost and absent and repeated", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).lose(502).find(false).later(time.Minute).start(subscriber.Provision).accepted()
	}, explain.Waiting, explain.Webex},
	{"lost and absent eight times", nil, func(s *story) {
		s.onboard()
		for range 8 {
			s.later(2 * time.Minute).start(subscriber.Provision).lose(504).find(false)
		}
		s.do(func(at time.Time) subscriber.Command {
			why := []webex.Error{{Description: "Webex did not answer, several times."}}
			return subscriber.RecordRefused{Tracking: s.state.Request.TrackingID, Errors: why, At: at}
		})
	}, explain.Stopped, explain.AnAdmin},
	{"postponed 429", nil, func(s *story) { s.onboard().start(subscriber.Provision).postponed(429) }, explain.Waiting, explain.TheEngine},
	{"postponed unsent then sent", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).postponed(0).later(time.Minute).start(subscriber.Provision).accepted()
	}, explain.Waiting, explain.Webex},
	{"credentials refused", nil, func(s *story) { s.onboard().start(subscriber.Provision).postponed(401) }, explain.Waiting, explain.TheEngine},
	{"late background error", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).accepted().shows(webex.Failed)
	}, explain.Stopped, explain.AnAdmin},
	{"retried after a late error", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).accepted().shows(webex.Failed).admin().do(retry("anna.o@ent.example"))
		s.start(subscriber.Remove).do(func(at time.Time) subscriber.Command {
			return subscriber.RecordAccepted{Tracking: s.state.Request.TrackingID, WebexSays: s.theirs(), At: at}
		}).start(subscriber.Provision).accept(webex.Provisioned)
	}, explain.OK, explain.Nobody},
	{"consent awaited", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).accepted().shows(webex.PendingUserMigration)
	}, explain.Waiting, explain.TheOwner},
	{"consent mail asked for again", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).accepted().shows(webex.PendingUserMigration)
		s.admin().do(func(at time.Time) subscriber.Command { return subscriber.RequestConsentMail{At: at} })
		s.start(subscriber.ResendConsent).lose(502).find(true)
	}, explain.Waiting, explain.TheOwner},
	{"consent given", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).accepted().shows(webex.PendingUserMigration).shows(webex.Provisioned)
	}, explain.OK, explain.Nobody},
	{"admin first", adminFirst, func(s *story) {
		s.onboard().customerSays(customer.AdministratorDesignated{Subscriber: first, At: s.now})
	}, explain.Waiting, explain.CustomerAdmin},
	{"admin first and nobody designated", adminFirst, func(s *story) { s.onboard() }, explain.Waiting, explain.TheEngine},
	{"admin first and active", adminFirst, func(s *story) {
		s.customerSays(customer.AdministratorDesignated{Subscriber: first, At: s.now}).admin().onboard()
		s.customerSays(customer.AdministratorActivated{At: s.now}).start(subscriber.Provision).accepted()
	}, explain.Waiting, explain.Webex},
	{"the administrator itself", adminFirst, func(s *story) {
		s.onboard().customerSays(customer.AdministratorDesignated{Subscriber: me, At: s.now}).start(subscriber.Provision)
	}, explain.Waiting, explain.Webex},
	{"provisioned", nil, func(s *story) { s.provisioned() }, explain.OK, explain.Nobody},
	{"update under way", nil, func(s *story) {
		s.provisioned().admin().do(premium).start(subscriber.Update).accept(webex.Updating)
	}, explain.Waiting, explain.Webex},
	{"details updated", nil, func(s *story) {
		s.provisioned().admin().do(func(at time.Time) subscriber.Command {
			mobile, none := "+46701234567", ""
			return subscriber.ChangeDetails{PrimaryPhoneNumber: &mobile, Extension: &none, At: at}
		}).start(subscriber.Update).lose(502).find(true, func(r *webex.Subscriber) { r.Status = webex.Updating }).shows(webex.Provisioned)
	}, explain.OK, explain.Nobody},
	{"update failed", nil, func(s *story) {
		s.provisioned().admin().do(premium).start(subscriber.Update).accept(webex.Updating).shows(webex.Failed)
	}, explain.Stopped, explain.AnAdmin},
	{"retry planned", nil, func(s *story) { s.onboard().start(subscriber.Provision).accepted().breaks() }, explain.Waiting, explain.TheEngine},
	{"retried as planned", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).accepted().breaks().later(time.Hour).do(func(at time.Time) subscriber.Command { return subscriber.TryAgain{At: at} })
	}, explain.Waiting, explain.TheEngine},
	{"retry cancelled", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).accepted().breaks().admin().do(func(at time.Time) subscriber.Command { return subscriber.CancelRetry{At: at} })
	}, explain.Stopped, explain.AnAdmin},
	{"given up", nil, func(s *story) {
		s.onboard().start(subscriber.Provision).lose(0).find(false).do(func(at time.Time) subscriber.Command {
			return subscriber.Quarantine{Tracking: s.state.Request.TrackingID, Reason: "Webex did not answer, several times.", At: at}
		})
	}, explain.Stopped, explain.AnAdmin},
	{"adopted", nil, func(s *story) {
		s.admin().do(func(at time.Time) subscriber.Command {
			r := webex.Subscriber{ID: webexID, Status: webex.Provisioned, PersonID: "person-1", LastStatusChange: noon}
			r.Request = webex.Request{ProvisioningID: templateID, SPEnterpriseID: enterprise, Email: email}
			r.Profile = webex.Profile{UserID: "anna@as0.example", FirstName: "Anna", LastName: "Öberg", Extension: "1000", Package: "basic"}
			return subscriber.Adopt{Record: r, At: at}
		})
	}, explain.OK, explain.Nobody},
	{"other package at Webex", nil, func(s *story) {
		s.provisioned().admin().do(func(at time.Time) subscriber.Command {
			r := s.record(webex.Provisioned)
			r.Package = "premium"
			return subscriber.SeeAtWebex{Record: r, At: at}
		})
	}, explain.Waiting, explain.TheEngine},
	{"failed at Webex meanwhile", nil, func(s *story) {
		s.provisioned().admin().do(func(at time.Time) subscriber.Command {
			return subscriber.SeeStatus{Record: s.record(webex.Failed), At: at}
		})
	}, explain.Stopped, explain.AnAdmin},
	{"user id changed", nil, func(s *story) {
		s.provisioned().admin().do(func(at time.Time) subscriber.Command {
			return subscriber.ChangeUserID{UserID: "anna.o@as0.example", At: at}
		})
	}, explain.Waiting, explain.TheEngine},
	{"vanished", nil, func(s *story) {
		s.provisioned().admin().do(premium).start(subscriber.Update).refuse(404)
	}, explain.Stopped, explain.AnAdmin},
	{"leaving", nil, func(s *story) { s.provisioned().admin().do(remove).start(subscriber.Remove) }, explain.Waiting, explain.Webex},
	{"gone", nil, func(s *story) {
		s.provisioned().admin().do(remove).start(subscriber.Remove).do(func(at time.Time) subscriber.Command {
			return subscriber.RecordRefused{Tracking: s.state.Request.TrackingID, Status: 404, WebexSays: s.theirs(), At: at}
		})
	}, explain.Stopped, explain.Nobody},
	{"onboarded again", nil, func(s *story) {
		s.onboard().do(remove).later(time.Hour).admin().onboard().start(subscriber.Provision).accept(webex.Provisioned)
	}, explain.OK, explain.Nobody},
	{"name given to another", nil, func(s *story) {
		s.onboard().do(remove).do(func(at time.Time) subscriber.Command { return subscriber.ClaimName{Subscriber: first, At: at} })
	}, explain.Stopped, explain.Nobody},
}

func TestWhatHappenedIsTold(t *testing.T) {
	for _, c := range stories {
		t.Run(c.name, func(t *testing.T) {
			s := newStory(t)
			if c.template != nil {
				s = newStory(t, c.template)
			}
			c.tell(s)
			x := s.explain()
			s.lawful(x)
			require.Equal(t, c.verdict, x.Verdict, text(x))
			require.Equal(t, c.from, x.Awaited.From)
			require.Equal(t, s.state.Status(), x.Status)
			golden(t, c.name, text(x))
		})
	}
}

func TestEveryBeginningOfAStoryCanBeExplained(t *testing.T) {
	for _, c := range stories {
		s := newStory(t)
		if c.template != nil {
			s = newStory(t, c.template)
		}
		c.tell(s)
		for n := 1; n <= len(s.entries); n++ {
			part := *s
			part.entries = s.entries[:n]
			part.lawful(explain.Recorded(part.facts()))
		}
	}
}

func TestAllLivesAreToldWhenAskedFor(t *testing.T) {
	s := newStory(t).onboard().do(remove).later(time.Hour).onboard()
	f := s.facts()
	f.AllLives = true
	golden(t, "all lives", text(explain.Recorded(f)))
	require.Equal(t, 2, explain.Recorded(f).Lives)
}

func TestTheTemplateIsToldAsItWasThen(t *testing.T) {
	s := newStory(t).onboard()
	changed := s.settings
	changed.DefaultPackage = "basic"
	s.append(&s.templates, template.Changed{Settings: changed, At: s.now})
	for _, step := range s.explain().Steps {
		if step.Name == explain.Allowed {
			require.Contains(t, step.Input, explain.Value{Name: "defaultPackage", Value: "standard"})
			require.Equal(t, domain.Position(1), step.Proof[0].Position)
		}
	}
}

func TestAnEventOfANewerProgramIsNamed(t *testing.T) {
	s := newStory(t).onboard()
	s.append(&s.entries, domain.Unknown{Type: "subscriber.dreamt.v1", Data: []byte("{}")})
	x := s.explain()
	s.lawful(x)
	step := x.Steps[len(x.Steps)-2] // before the request that is due
	require.Equal(t, explain.Other, step.Name)
	require.Contains(t, step.What, "subscriber.dreamt.v1")
}
