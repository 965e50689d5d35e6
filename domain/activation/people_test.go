package activation_test

import (
	"time"

	"pgregory.net/rapid"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func onboard(t *rapid.T, now time.Time) subscriber.Onboard {
	return subscriber.Onboard{
		Flow:           rapid.SampledFrom([]subscriber.Flow{subscriber.API, subscriber.API, subscriber.FlowThrough, subscriber.SelfActivation}).Draw(t, "flow"),
		Terms:          &subscriber.Terms{DefaultPackage: "basic", FlowThrough: true, SelfActivation: true, AdminFirst: rapid.Bool().Draw(t, "admin first")},
		ProvisioningID: "dGVtcGxhdGU", SPEnterpriseID: "SP1+acme", Email: rapid.SampledFrom([]string{"a@ent.example", "b@ent.example", ""}).Draw(t, "email"),
		Profile: webex.Profile{UserID: "anna@as0.example", FirstName: "Anna", LastName: "Öberg", PrimaryPhoneNumber: "+46701234567", Extension: "1", Timezone: "UTC"},
		At:      now,
	}
}

// person draws something that somebody asks for, often what brings things further.
func person(t *rapid.T, s subscriber.State, now time.Time) subscriber.Command {
	if rapid.Bool().Draw(t, "sensible") {
		switch s.Stage {
		case subscriber.Gone:
			return onboard(t, now)
		case subscriber.Stopped:
			return subscriber.RetryActivation{Email: s.Email, At: now}
		case subscriber.AwaitingEmail:
			return subscriber.SubmitEmail{Email: "a@ent.example", At: now}
		case subscriber.AwaitingValidation:
			return subscriber.ValidateEmail{Email: s.Email, At: now}
		case subscriber.AwaitingConsent:
			return subscriber.RequestConsentMail{At: now}
		}
	}
	return anything(t, s, now)
}

func anything(t *rapid.T, s subscriber.State, now time.Time) subscriber.Command {
	email := rapid.SampledFrom([]string{"a@ent.example", "b@ent.example", ""}).Draw(t, "email")
	text := rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "extension")
	change := subscriber.ChangePackage{Package: rapid.SampledFrom(webex.Packages).Draw(t, "package"), At: now}
	return rapid.SampledFrom([]subscriber.Command{
		change,
		change,
		subscriber.SubmitEmail{Email: email, At: now},
		subscriber.ValidateEmail{Email: s.Email, At: now},
		subscriber.RetryActivation{Email: email, At: now},
		onboard(t, now),
		subscriber.ChangeDetails{Extension: &text, At: now},
		subscriber.ChangeUserID{UserID: rapid.SampledFrom([]string{"anna@as0.example", "anna2@as0.example"}).Draw(t, "user id"), At: now},
		subscriber.RequestConsentMail{At: now},
		subscriber.Delete{At: now},
		subscriber.StartRequest{ // by another node, which judged an older state and dies
			Kind:     rapid.SampledFrom([]subscriber.RequestKind{subscriber.Provision, subscriber.Update, subscriber.Remove, subscriber.ResendConsent}).Draw(t, "kind"),
			Tracking: "another node at " + now.Format(time.TimeOnly), At: now,
		},
		subscriber.RecordStatus{Record: webex.Subscriber{ID: "webex-0", Status: webex.Provisioned}, Found: true, At: now},
	}).Draw(t, "command")
}
