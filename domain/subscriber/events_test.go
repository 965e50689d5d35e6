package subscriber_test

import (
	"testing"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func TestStoredEventsAreReadAsEver(t *testing.T) {
	zone := "UTC"
	personal := func(s domain.Personal) *domain.Personal { return &s }
	domaintest.Golden(t, subscriber.Events,
		onboarded(func(e *subscriber.Onboarded) { e.AdminFirst = true }),
		subscriber.EmailSubmitted{Email: email, At: at(1)},
		subscriber.EmailValidated{At: at(1)},
		subscriber.ActivationRetried{Email: email, At: at(1)},
		premium,
		subscriber.DetailsChanged{
			FirstName: personal("Bo"), LastName: personal("Berg"), PrimaryPhoneNumber: personal(""), MobilePhoneNumber: personal("+46701234569"),
			Extension: personal("0042"), Timezone: &zone, At: at(1),
		},
		subscriber.UserIDChanged{UserID: "anna2@as0.example", At: at(1)},
		subscriber.NameClaimed{Subscriber: another, At: at(1)},
		subscriber.NameReleased{At: at(1)},
		subscriber.ConsentMailRequested{At: at(1)},
		leaves,
		started(subscriber.Provision, 1, "LEDGERLINE_1"),
		subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: webexID, TrackingID: "ROUTER_1", Found: true, At: at(2)},
		subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: webexID, StatusAt: at(1), TrackingID: "ROUTER_1", Found: true, At: at(2)},
		postponed(subscriber.Update),
		refused(subscriber.Remove),
		lost(subscriber.ResendConsent),
		subscriber.RequestAbsent{Kind: subscriber.Provision, At: at(3)},
		subscriber.ConsentAwaited{At: at(3)},
		subscriber.ConsentGiven{At: at(3)},
		subscriber.Provisioned{PersonID: personID, At: at(3)},
		subscriber.ProvisioningFailed{Errors: taken, At: at(3)},
		subscriber.Updated{At: at(3)},
		subscriber.UpdateFailed{Errors: taken, At: at(3)},
		subscriber.Vanished{At: at(3)},
		removed,
		subscriber.RetryPlanned{Try: 1, Until: at(5), At: at(3)},
		subscriber.RetryStarted{At: at(5)},
		subscriber.RetryCancelled{At: at(4)},
		subscriber.Quarantined{Kind: subscriber.Provision, Attempts: 8, Reason: "Webex did not answer.", At: at(3)},
		adopted(3, func(e *subscriber.Adopted) { e.SelfActivated = true }),
		subscriber.SeenAtWebex{
			UserID: personal("anna2@as0.example"), FirstName: personal("Bo"), LastName: personal("Berg"), PrimaryPhoneNumber: personal(""),
			MobilePhoneNumber: personal("+46701234569"), Extension: personal("0042"), Email: personal("b@ent.example"),
			SPEnterpriseID: pointer("SP2"), ProvisioningID: pointer("b3RoZXI"), Package: pointer(webex.Package("premium")), At: at(3),
		},
		subscriber.StatusSeen{Status: webex.Failed, PersonID: personID, Errors: taken, At: at(3)},
	)
}

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) {
	domaintest.Personal(t, subscriber.Events)
}
