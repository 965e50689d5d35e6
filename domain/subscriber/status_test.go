package subscriber_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Section 5 of the domain reference: the time of the last status moves with each
// change of status and with nothing else, that of creation never.
func TestTheStatusAndItsTimesAlongALife(t *testing.T) {
	type moment struct {
		event  domain.Event
		status webex.Status
		since  int
	}
	for _, life := range []struct {
		name    string
		moments []moment
	}{
		{"self-activated, provisioned, changed, removed, back", []moment{
			{onboarded(func(e *subscriber.Onboarded) { e.Flow, e.Email, e.EmailTrusted = subscriber.SelfActivation, "", false }), "pending_email_input", 0},
			{subscriber.EmailSubmitted{Email: "anan@ent.example", At: at(1)}, "pending_email_validation", 1},
			{subscriber.EmailSubmitted{Email: email, At: at(2)}, "pending_email_validation", 1},
			{subscriber.EmailValidated{At: at(3)}, "provisioning", 3},
			{subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "a", At: at(4)}, "provisioning", 3},
			{subscriber.RequestLost{Kind: subscriber.Provision, Why: "reset", At: at(5)}, "provisioning", 3},
			{subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: webexID, Found: true, At: at(6)}, "provisioning", 3},
			{subscriber.ConsentAwaited{At: at(7)}, "pending_user_migration", 7},
			{subscriber.ConsentMailRequested{At: at(8)}, "pending_user_migration", 7},
			{subscriber.RequestStarted{Kind: subscriber.ResendConsent, Attempt: 1, TrackingID: "b", At: at(9)}, "pending_user_migration", 7},
			{subscriber.RequestAccepted{Kind: subscriber.ResendConsent, At: at(10)}, "pending_user_migration", 7},
			{subscriber.ConsentGiven{At: at(11)}, "provisioning", 11},
			{subscriber.Provisioned{PersonID: personID, At: at(12)}, "provisioned", 12},
			{subscriber.PackageChanged{Package: "premium", At: at(13)}, "updating", 13},
			{subscriber.RequestStarted{Kind: subscriber.Update, Attempt: 1, TrackingID: "c", At: at(14)}, "updating", 13},
			{subscriber.RequestAccepted{Kind: subscriber.Update, WebexID: webexID, At: at(15)}, "updating", 13},
			{subscriber.Updated{At: at(16)}, "provisioned", 16},
			{subscriber.DeletionRequested{At: at(17)}, "removing", 17},
			{subscriber.RequestStarted{Kind: subscriber.Remove, Attempt: 1, TrackingID: "d", At: at(18)}, "removing", 17},
			{subscriber.RequestAccepted{Kind: subscriber.Remove, At: at(19)}, "removing", 17},
			{subscriber.Removed{At: at(19)}, "removed", 19},
			{onboarded(func(e *subscriber.Onboarded) { e.At = at(20) }), "provisioning", 20},
		}},
		{"refused, retried, failed, retried, provisioned, not updated, retried", []moment{
			{onboarded(), "provisioning", 0},
			{subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "a", At: at(1)}, "provisioning", 0},
			{subscriber.RequestPostponed{Kind: subscriber.Provision, Status: 429, Until: at(2), At: at(1)}, "provisioning", 0},
			{subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "b", At: at(2)}, "provisioning", 0},
			{subscriber.RequestRefused{Kind: subscriber.Provision, Status: 400, Errors: taken, At: at(3)}, "error", 3},
			{subscriber.ActivationRetried{Email: email, At: at(4)}, "provisioning", 4},
			{subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "c", At: at(5)}, "provisioning", 4},
			{subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: webexID, At: at(6)}, "provisioning", 4},
			{subscriber.ProvisioningFailed{Errors: taken, At: at(7)}, "error", 7},
			{subscriber.PackageChanged{Package: "premium", At: at(8)}, "error", 7},
			{subscriber.ActivationRetried{Email: email, At: at(9)}, "provisioning", 9},
			{subscriber.RequestStarted{Kind: subscriber.Remove, Attempt: 1, TrackingID: "d", At: at(10)}, "provisioning", 9},
			{subscriber.RequestAccepted{Kind: subscriber.Remove, At: at(11)}, "provisioning", 9},
			{subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "e", At: at(12)}, "provisioning", 9},
			{subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: "webex-2", At: at(13)}, "provisioning", 9},
			{subscriber.Provisioned{PersonID: personID, At: at(14)}, "provisioned", 14},
			{subscriber.UserIDChanged{UserID: "anna2@as0.example", At: at(15)}, "updating", 15},
			{subscriber.RequestStarted{Kind: subscriber.Update, Attempt: 1, TrackingID: "f", At: at(16)}, "updating", 15},
			{subscriber.RequestAccepted{Kind: subscriber.Update, WebexID: "webex-2", At: at(17)}, "updating", 15},
			{subscriber.UpdateFailed{Errors: taken, At: at(18)}, "error", 18},
			{subscriber.ActivationRetried{Email: email, At: at(19)}, "updating", 19},
			{subscriber.Vanished{At: at(20)}, "error", 20},
		}},
	} {
		t.Run(life.name, func(t *testing.T) {
			var s subscriber.State
			created := life.moments[0]
			for _, m := range life.moments {
				s = subscriber.Evolve(s, m.event)
				if s.Lives == 2 {
					created = m
				}
				require.Equal(t, m.status, s.Status(), m.event.EventType())
				require.Equal(t, at(m.since), s.StatusChanged, m.event.EventType())
				require.Equal(t, at(created.since), s.Created, m.event.EventType())
			}
		})
	}
	require.Empty(t, subscriber.State{}.Status())
	require.Empty(t, after(subscriber.NameClaimed{Subscriber: another, At: at(0)}).Status(), "a claimed id is nobody's status")
	require.Equal(t, time.Time{}, after(subscriber.NameClaimed{Subscriber: another, At: at(0)}).StatusChanged)
}

func TestStatusesAreWebexsOwnWhileTheUserIsHere(t *testing.T) {
	for _, stage := range stages {
		if s := after(stage.given); s.Here() {
			require.Contains(t, webex.Statuses, s.Status(), stage.name)
		}
	}
}
