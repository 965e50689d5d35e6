package subscriber_test

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// What the tests of this package tell about, in the order in which it happens.

type (
	cases  = []domaintest.Case[subscriber.Command]
	events = []domain.Event
)

const (
	userID     = "anna@as0.example"
	enterprise = "SP1+acme"
	templateID = "NmMwZTFkNDA"
	email      = "anna@ent.example"
	webexID    = "webex-1"
	personID   = "person-1"
)

var another = uuid.MustParse("6970e6bb-7439-4ffb-ad34-d3ff0167ddad")

// at is so many minutes after the story begins.
func at(minutes int) time.Time {
	return time.Date(2026, 3, 1, 12, minutes, 0, 0, time.UTC)
}

// given strings events and lists of events together.
func given(parts ...any) events {
	var all events
	for _, p := range parts {
		switch p := p.(type) {
		case domain.Event:
			all = append(all, p)
		case events:
			all = append(all, p...)
		}
	}
	return slices.Clip(all)
}

func after(parts ...any) subscriber.State {
	return domaintest.Fold(subscriber.Decider, given(parts...))
}

// newcomer asks through the API for a user of a template that trusts e-mails.
func newcomer(changes ...func(*subscriber.Onboard)) subscriber.Onboard {
	c := subscriber.Onboard{
		Flow: subscriber.API, ProvisioningID: templateID, SPEnterpriseID: enterprise, Email: email, Language: "sv_SE", At: at(0),
		Terms:   &subscriber.Terms{ProvisioningID: templateID, DefaultPackage: "standard", TrustedEmails: true, FlowThrough: true},
		Profile: profile(),
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func profile() webex.Profile {
	return webex.Profile{
		UserID: userID, FirstName: "Anna", LastName: "Öberg", PrimaryPhoneNumber: "+46701234567", MobilePhoneNumber: "+359700000000",
		Extension: "1000", Timezone: "Europe/Stockholm", Package: "basic",
	}
}

// onboarded is what the newcomer becomes.
func onboarded(changes ...func(*subscriber.Onboarded)) subscriber.Onboarded {
	e := subscriber.Onboarded{
		Flow: subscriber.API, UserID: userID, SPEnterpriseID: enterprise, ProvisioningID: templateID, Package: "basic",
		FirstName: "Anna", LastName: "Öberg", Email: email, EmailTrusted: true, PrimaryPhoneNumber: "+46701234567",
		MobilePhoneNumber: "+359700000000", Extension: "1000", Language: "sv_SE", Timezone: "Europe/Stockholm", At: at(0),
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

// untrusted is a newcomer by flow-through whose address, if any, is not trusted.
func untrusted(email domain.Personal) subscriber.Onboarded {
	return onboarded(func(e *subscriber.Onboarded) { e.Flow, e.Email, e.EmailTrusted = subscriber.FlowThrough, email, false })
}

func started(kind subscriber.RequestKind, attempt int, tracking string) subscriber.RequestStarted {
	return subscriber.RequestStarted{Kind: kind, Attempt: attempt, TrackingID: tracking, At: at(1)}
}

func accepted(kind subscriber.RequestKind) subscriber.RequestAccepted {
	e := subscriber.RequestAccepted{Kind: kind, WebexID: webexID, TrackingID: "theirs", At: at(2)}
	if kind == subscriber.Remove || kind == subscriber.ResendConsent {
		e.WebexID = ""
	}
	return e
}

func lost(kind subscriber.RequestKind) subscriber.RequestLost {
	return subscriber.RequestLost{Kind: kind, Status: 502, Why: "bad gateway", TrackingID: "theirs", At: at(2)}
}

func postponed(kind subscriber.RequestKind) subscriber.RequestPostponed {
	return subscriber.RequestPostponed{Kind: kind, Status: 429, Until: at(5), TrackingID: "theirs", At: at(2)}
}

func refused(kind subscriber.RequestKind) subscriber.RequestRefused {
	return subscriber.RequestRefused{Kind: kind, Status: 400, Errors: taken, TrackingID: "theirs", At: at(2)}
}

var (
	taken = []webex.Error{{Code: 10022, Description: "The BroadWorks user ID is associated with an existing user."}}

	premium = subscriber.PackageChanged{Package: "premium", At: at(4)}
	leaves  = subscriber.DeletionRequested{At: at(4)}
	removed = subscriber.Removed{At: at(6)}

	// The stages that a subscriber goes through, each told from the beginning.
	awaitingEmail      = given(untrusted(""))
	awaitingValidation = given(awaitingEmail, subscriber.EmailSubmitted{Email: email, At: at(1)})
	ready              = given(onboarded())
	sending            = given(ready, started(subscriber.Provision, 1, "t1"))
	sent               = given(sending, accepted(subscriber.Provision))
	consent            = given(sent, subscriber.ConsentAwaited{At: at(3)})
	provisioned        = given(sent, subscriber.Provisioned{PersonID: personID, At: at(3)})
	failed             = given(sent, subscriber.ProvisioningFailed{Errors: taken, At: at(3)})
	updating           = given(provisioned, premium, started(subscriber.Update, 1, "t2"))
	updateFailed       = given(updating, accepted(subscriber.Update), subscriber.UpdateFailed{Errors: taken, At: at(5)})
	resending          = given(consent, subscriber.ConsentMailRequested{At: at(3)}, started(subscriber.ResendConsent, 1, "t3"))
	replacing          = given(failed, subscriber.ActivationRetried{Email: "new@ent.example", At: at(4)}, started(subscriber.Remove, 1, "t4"))
	leaving            = given(provisioned, leaves)
	removing           = given(leaving, started(subscriber.Remove, 1, "t5"))
	gone               = given(removing, accepted(subscriber.Remove), removed)
	vanished           = given(sent, subscriber.Vanished{At: at(3)})
)

// record is what Webex has after the newcomer was provisioned.
func record(status webex.Status, changes ...func(*webex.Subscriber)) webex.Subscriber {
	r := webex.Subscriber{
		ID: webexID, Status: status,
		Request: webex.Request{Profile: profile(), ProvisioningID: templateID, SPEnterpriseID: enterprise, Email: email},
	}
	r.Timezone = "" // Webex does not show it
	switch status {
	case webex.Provisioned:
		r.PersonID = personID
	case webex.Failed:
		r.Errors = taken
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}
