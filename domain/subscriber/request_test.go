package subscriber_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func TestStartRequest(t *testing.T) {
	start := func(kind subscriber.RequestKind, tracking string) subscriber.StartRequest {
		return subscriber.StartRequest{Kind: kind, Tracking: tracking, At: at(9)}
	}
	begun := func(kind subscriber.RequestKind, attempt int) events {
		return events{subscriber.RequestStarted{Kind: kind, Attempt: attempt, TrackingID: "new", At: at(9)}}
	}
	absent := given(ready, started(subscriber.Provision, 3, "t1"), lost(subscriber.Provision), subscriber.RequestAbsent{Kind: subscriber.Provision, At: at(3)})
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "a newcomer is provisioned", Given: ready, When: start(subscriber.Provision, "new"), Then: begun(subscriber.Provision, 1)},
		{Name: "the same start is one start", Given: sending, When: start(subscriber.Provision, "t1")},
		{Name: "a second one is not begun", Given: sending, When: start(subscriber.Provision, "new"), Err: subscriber.ErrInProgress},
		{Name: "nor after the first was accepted", Given: sent, When: start(subscriber.Provision, "new"), Err: subscriber.ErrNotDue},
		{Name: "nor for somebody who was deleted meanwhile", Given: given(ready, leaves, removed), When: start(subscriber.Provision, "new"), Err: subscriber.ErrNotDue},
		{Name: "a try after one that left no trace is the next attempt", Given: absent, When: start(subscriber.Provision, "new"), Then: begun(subscriber.Provision, 4)},
		{Name: "the tracking id of an earlier try starts nothing silently", Given: absent, When: start(subscriber.Provision, "t1"),
			Then: events{subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 4, TrackingID: "t1", At: at(9)}}},
		{Name: "one after a postponement is the same attempt", Given: given(sending, postponed(subscriber.Provision)), When: start(subscriber.Provision, "new"), Then: begun(subscriber.Provision, 1)},
		{
			Name:  "and not before the time that Webex asked for",
			Given: given(sending, postponed(subscriber.Provision)),
			When:  subscriber.StartRequest{Kind: subscriber.Provision, Tracking: "new", At: at(4)},
			Err:   subscriber.ErrNotDue,
		},
		{Name: "a failed record goes before the next try", Given: given(failed, subscriber.ActivationRetried{Email: "new@ent.example", At: at(4)}), When: start(subscriber.Remove, "new"), Then: begun(subscriber.Remove, 1)},
		{Name: "not after it", Given: given(failed, subscriber.ActivationRetried{Email: "new@ent.example", At: at(4)}), When: start(subscriber.Provision, "new"), Err: subscriber.ErrNotDue},
		{Name: "a change is carried over", Given: given(provisioned, premium), When: start(subscriber.Update, "new"), Then: begun(subscriber.Update, 1)},
		{Name: "one that was taken back is not", Given: given(provisioned, premium, subscriber.PackageChanged{Package: "basic", At: at(5)}), When: start(subscriber.Update, "new"), Err: subscriber.ErrNotDue},
	})
}

func TestATimeZoneThatMayHaveBeenSetIsSentAgain(t *testing.T) {
	zone := func(name string, minutes int) subscriber.DetailsChanged {
		return subscriber.DetailsChanged{Timezone: &name, At: at(minutes)}
	}
	lostThere := given(provisioned, zone("Asia/Tokyo", 4), started(subscriber.Update, 1, "t2"), lost(subscriber.Update), subscriber.RequestAbsent{Kind: subscriber.Update, At: at(6)})
	require.Equal(t, subscriber.Update, after(lostThere).Wants())
	back := given(lostThere, zone("Europe/Stockholm", 7))
	s := after(back)
	require.Equal(t, subscriber.Update, s.Wants(), "also if the old one is wanted again: Webex may have the other")
	require.NotEqual(t, s.Applied.Timezone, s.Profile.Timezone)
	domaintest.Run(t, subscriber.Decider, cases{{
		Name: "and a record does not prove it", Given: given(back, started(subscriber.Update, 2, "t3"), lost(subscriber.Update)),
		When: subscriber.RecordFound{Tracking: "t3", Found: true, Record: record(webex.Provisioned), At: at(9)},
		Then: events{subscriber.RequestAbsent{Kind: subscriber.Update, At: at(9)}},
	}})
	require.Empty(t, after(back, started(subscriber.Update, 2, "t3"), accepted(subscriber.Update), subscriber.Updated{At: at(9)}).Wants())
}

func TestWebexTakesARequest(t *testing.T) {
	accept := func(tracking string, r webex.Subscriber) subscriber.RecordAccepted {
		return subscriber.RecordAccepted{Tracking: tracking, Record: r, WebexSays: "theirs", At: at(2)}
	}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "which is not yet success", Given: sending, When: accept("t1", record(webex.Provisioning)), Then: events{accepted(subscriber.Provision)}},
		{
			Name: "and may say at once that consent is awaited", Given: sending, When: accept("t1", record(webex.PendingUserMigration)),
			Then: events{accepted(subscriber.Provision), subscriber.ConsentAwaited{At: at(2)}},
		},
		{
			Name: "or that all is done", Given: sending, When: accept("t1", record(webex.Provisioned)),
			Then: events{accepted(subscriber.Provision), subscriber.Provisioned{PersonID: personID, At: at(2)}},
		},
		{
			Name: "without saying which record it made: that is not known then", Given: sending, When: accept("t1", webex.Subscriber{}),
			Then: events{subscriber.RequestLost{Kind: subscriber.Provision, Why: "Webex accepted the request without saying which record it made.", TrackingID: "theirs", At: at(2)}},
		},
		{Name: "the reply to a lost one arrives after all", Given: given(sending, lost(subscriber.Provision)), When: accept("t1", record(webex.Provisioning)), Then: events{accepted(subscriber.Provision)}},
		{Name: "the reply to an update shows the record as it was, so it is followed", Given: updating, When: accept("t2", record(webex.Provisioned)), Then: events{accepted(subscriber.Update)}},
		{
			Name: "a removal is done when it is taken", Given: removing, When: accept("t5", webex.Subscriber{}),
			Then: events{accepted(subscriber.Remove), subscriber.Removed{At: at(2)}},
		},
		{Name: "that of a failed record makes way for the next try", Given: replacing, When: accept("t4", webex.Subscriber{}), Then: events{accepted(subscriber.Remove)}},
		{
			Name: "unless the user is to leave by now", Given: given(replacing, leaves), When: accept("t4", webex.Subscriber{}),
			Then: events{accepted(subscriber.Remove), subscriber.Removed{At: at(2)}},
		},
		{Name: "the consent mail is on its way", Given: resending, When: accept("t3", webex.Subscriber{}), Then: events{accepted(subscriber.ResendConsent)}},
		{Name: "a user who was deleted meanwhile is not gone yet", Given: given(sending, leaves), When: accept("t1", record(webex.Provisioning)), Then: events{accepted(subscriber.Provision)}},
	})

	s := after(replacing, accepted(subscriber.Remove))
	require.Equal(t, subscriber.Provision, s.Wants())
	require.Empty(t, s.WebexID)
	s = after(resending, accepted(subscriber.ResendConsent))
	require.Equal(t, webex.PendingUserMigration, s.Status())
	require.False(t, s.ConsentMail)
	require.Equal(t, subscriber.Accepted, s.Request.Phase, "provisioning is followed on")
	s = after(sending, leaves, accepted(subscriber.Provision))
	require.Equal(t, subscriber.Remove, s.Wants(), "what was made by a request in flight is removed")
}

func TestWebexAsksToWait(t *testing.T) {
	domaintest.Run(t, subscriber.Decider, cases{
		{
			Name: "so the request is sent again later", Given: sending,
			When: subscriber.RecordPostponed{Tracking: "t1", Status: 429, Until: at(5), WebexSays: "theirs", At: at(2)},
			Then: events{postponed(subscriber.Provision)},
		},
		{
			Name: "a user who is to leave and was not let in is gone", Given: given(sending, leaves),
			When: subscriber.RecordPostponed{Tracking: "t1", Status: 429, Until: at(5), WebexSays: "theirs", At: at(2)},
			Then: events{postponed(subscriber.Provision), subscriber.Removed{At: at(2)}},
		},
	})
	require.Equal(t, webex.Provisioning, after(sending, postponed(subscriber.Provision)).Status())
}

func TestWebexSaysNo(t *testing.T) {
	refuse := func(tracking string, status int) subscriber.RecordRefused {
		return subscriber.RecordRefused{Tracking: tracking, Status: status, Errors: taken, WebexSays: "theirs", At: at(2)}
	}
	with := func(kind subscriber.RequestKind, status int) subscriber.RequestRefused {
		e := refused(kind)
		e.Status = status
		return e
	}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "to a newcomer", Given: sending, When: refuse("t1", 400), Then: events{refused(subscriber.Provision)}},
		{Name: "404 to a newcomer is about the template", Given: sending, When: refuse("t1", 404), Then: events{with(subscriber.Provision, 404)}},
		{Name: "to a change", Given: updating, When: refuse("t2", 400), Then: events{refused(subscriber.Update)}},
		{Name: "to a change of a record that is gone", Given: updating, When: refuse("t2", 404), Then: events{subscriber.Vanished{At: at(2)}}},
		{Name: "to a removal", Given: removing, When: refuse("t5", 403), Then: events{with(subscriber.Remove, 403)}},
		{
			Name: "to a removal of a record that is gone: the aim is reached", Given: removing, When: refuse("t5", 404),
			Then: events{subscriber.RequestAccepted{Kind: subscriber.Remove, TrackingID: "theirs", Found: true, At: at(2)}, subscriber.Removed{At: at(2)}},
		},
		{Name: "to a consent mail", Given: resending, When: refuse("t3", 400), Then: events{refused(subscriber.ResendConsent)}},
		{Name: "to a consent mail for a record that is gone", Given: resending, When: refuse("t3", 410), Then: events{subscriber.Vanished{At: at(2)}}},
		{
			Name: "a user who is to leave and was refused is gone", Given: given(sending, leaves), When: refuse("t1", 400),
			Then: events{refused(subscriber.Provision), subscriber.Removed{At: at(2)}},
		},
		{Name: "a refused change does not keep anybody from leaving", Given: given(updating, leaves), When: refuse("t2", 400), Then: events{refused(subscriber.Update)}},
		{
			Name: "who is stopped is told that no reason was given", Given: sending,
			When: subscriber.RecordRefused{Tracking: "t1", Status: 403, At: at(2)},
			Then: events{subscriber.RequestRefused{Kind: subscriber.Provision, Status: 403, Errors: []webex.Error{{Description: "Webex gave no reason."}}, At: at(2)}},
		},
		{
			Name: "Ledgerline gives up on what left no trace, several times", Given: given(sending, lost(subscriber.Provision), subscriber.RequestAbsent{Kind: subscriber.Provision, At: at(3)}),
			When: subscriber.RecordRefused{Tracking: "t1", Errors: taken, At: at(9)},
			Then: events{subscriber.RequestRefused{Kind: subscriber.Provision, Errors: taken, At: at(9)}},
		},
	})
	require.Equal(t, webex.Failed, after(updating, refused(subscriber.Update)).Status())
	require.Equal(t, taken, after(updating, refused(subscriber.Update)).Errors)
	require.Equal(t, webex.Failed, after(removing, refused(subscriber.Remove)).Status(), "a removal that is refused is for a person")
	require.Equal(t, subscriber.Remove, after(removing, refused(subscriber.Remove), leaves).Wants(), "who can ask for it again")
	require.Equal(t, webex.PendingUserMigration, after(resending, refused(subscriber.ResendConsent)).Status())
	require.Equal(t, subscriber.Remove, after(updating, leaves, refused(subscriber.Update)).Wants())
}

func TestALostRequestIsLookedUp(t *testing.T) {
	conflict := func(kind subscriber.RequestKind) subscriber.RequestLost {
		return subscriber.RequestLost{Kind: kind, Status: 409, Why: "exists already", TrackingID: "theirs", At: at(2)}
	}
	unknown := given(sending, lost(subscriber.Provision))
	found := func(tracking string, r webex.Subscriber) subscriber.RecordFound {
		return subscriber.RecordFound{Tracking: tracking, Found: r.ID != "", Record: r, At: at(3)}
	}
	yes := func(kind subscriber.RequestKind, id string) subscriber.RequestAccepted {
		return subscriber.RequestAccepted{Kind: kind, WebexID: id, Found: true, At: at(3)}
	}
	no := func(kind subscriber.RequestKind) subscriber.RequestAbsent {
		return subscriber.RequestAbsent{Kind: kind, At: at(3)}
	}
	says := func(kind subscriber.RequestKind, text string) subscriber.RequestRefused {
		return subscriber.RequestRefused{Kind: kind, Status: 409, Errors: []webex.Error{{Description: text}}, At: at(3)}
	}
	differs := func(what string) events {
		return events{says(subscriber.Provision, "Webex has this BroadWorks user already, with another "+what+". Remove it there, then retry the activation.")}
	}
	updated := record(webex.Provisioned, func(r *webex.Subscriber) { r.Package, r.PrimaryPhoneNumber = "premium", "+46-70-123-4567" })
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "provisioning left no trace", Given: unknown, When: found("t1", webex.Subscriber{}), Then: events{no(subscriber.Provision)}},
		{Name: "provisioning was carried out", Given: unknown, When: found("t1", record(webex.Provisioning)), Then: events{yes(subscriber.Provision, webexID)}},
		{
			Name: "and is done", Given: unknown, When: found("t1", record(webex.Provisioned)),
			Then: events{yes(subscriber.Provision, webexID), subscriber.Provisioned{PersonID: personID, At: at(3)}},
		},
		{
			Name: "or has failed", Given: unknown, When: found("t1", record(webex.Failed)),
			Then: events{yes(subscriber.Provision, webexID), subscriber.ProvisioningFailed{Errors: taken, At: at(3)}},
		},
		{Name: "the record has another address", Given: unknown, When: found("t1", record("provisioned", func(r *webex.Subscriber) { r.Email = "bo@ent.example" })), Then: differs("e-mail address")},
		{Name: "the record is another enterprise's", Given: unknown, When: found("t1", record("provisioned", func(r *webex.Subscriber) { r.SPEnterpriseID = "SP1+other" })), Then: differs("enterprise")},
		{Name: "the record has another package", Given: unknown, When: found("t1", record("provisioned", func(r *webex.Subscriber) { r.Package = "premium" })), Then: differs("package")},
		{Name: "the record is of another template", Given: unknown, When: found("t1", record("provisioned", func(r *webex.Subscriber) { r.ProvisioningID = "b3RoZXI" })), Then: differs("template")},
		{
			Name: "the same values, written otherwise", Given: unknown,
			When: found("t1", record(webex.Provisioning, func(r *webex.Subscriber) {
				r.UserID, r.Email, r.ProvisioningID, r.PrimaryPhoneNumber = "ANNA@as0.example", "Anna@ENT.example", templateID+"=", "+46-70-123-4567"
			})),
			Then: events{yes(subscriber.Provision, webexID)},
		},
		{Name: "409 was our own success", Given: given(sending, conflict(subscriber.Provision)), When: found("t1", record(webex.Provisioning)), Then: events{yes(subscriber.Provision, webexID)}},
		{Name: "409 was about something else", Given: given(sending, conflict(subscriber.Provision)), When: found("t1", webex.Subscriber{}), Then: events{says(subscriber.Provision, "exists already")}},
		{
			Name: "409 without a word is a conflict too", When: found("t1", webex.Subscriber{}),
			Given: given(sending, subscriber.RequestLost{Kind: subscriber.Provision, Status: 409, At: at(2)}),
			Then:  events{says(subscriber.Provision, "Webex says that this conflicts with something it has already.")},
		},

		{Name: "an update was carried out", Given: given(updating, lost(subscriber.Update)), When: found("t2", updated), Then: events{yes(subscriber.Update, webexID), subscriber.Updated{At: at(3)}}},
		{Name: "an update is being carried out", Given: given(updating, lost(subscriber.Update)), When: found("t2", record(webex.Updating)), Then: events{yes(subscriber.Update, webexID)}},
		{
			Name: "an update was carried out and failed", Given: given(updating, lost(subscriber.Update)), When: found("t2", record(webex.Failed)),
			Then: events{yes(subscriber.Update, webexID), subscriber.UpdateFailed{Errors: taken, At: at(3)}},
		},
		{Name: "an update left no trace", Given: given(updating, lost(subscriber.Update)), When: found("t2", record(webex.Provisioned)), Then: events{no(subscriber.Update)}},
		{Name: "an update was in conflict", Given: given(updating, conflict(subscriber.Update)), When: found("t2", record(webex.Provisioned)), Then: events{says(subscriber.Update, "exists already")}},
		{Name: "an updated record is gone", Given: given(updating, lost(subscriber.Update)), When: found("t2", webex.Subscriber{}), Then: events{subscriber.Vanished{At: at(3)}}},

		{Name: "a removal was carried out", Given: given(removing, lost(subscriber.Remove)), When: found("t5", webex.Subscriber{}), Then: events{yes(subscriber.Remove, ""), subscriber.Removed{At: at(3)}}},
		{Name: "a removal left no trace", Given: given(removing, lost(subscriber.Remove)), When: found("t5", record(webex.Provisioned)), Then: events{no(subscriber.Remove)}},
		{Name: "a removal was in conflict", Given: given(removing, conflict(subscriber.Remove)), When: found("t5", record(webex.Provisioned)), Then: events{says(subscriber.Remove, "exists already")}},

		{
			Name: "nobody can tell of a consent mail", Given: given(resending, lost(subscriber.ResendConsent)), When: found("t3", record(webex.PendingUserMigration)),
			Then: events{says(subscriber.ResendConsent, "It is not known whether the consent mail was sent. Ask for it again if it does not arrive.")},
		},
		{Name: "nor is one needed where the record is gone", Given: given(resending, lost(subscriber.ResendConsent)), When: found("t3", webex.Subscriber{}), Then: events{subscriber.Vanished{At: at(3)}}},

		{Name: "who is to leave and left no trace is gone", Given: given(unknown, leaves), When: found("t1", webex.Subscriber{}), Then: events{no(subscriber.Provision), subscriber.Removed{At: at(3)}}},
		{Name: "who is to leave and was provisioned is to be removed", Given: given(unknown, leaves), When: found("t1", record(webex.Provisioning)), Then: events{yes(subscriber.Provision, webexID)}},
		{
			Name: "who is to leave does not take somebody else's record along", Given: given(unknown, leaves),
			When: found("t1", record("provisioned", func(r *webex.Subscriber) { r.Email = "bo@ent.example" })),
			Then: events{differs("e-mail address")[0], subscriber.Removed{At: at(3)}},
		},
	})
	require.Equal(t, webex.Provisioning, after(unknown).Status(), "an unknown outcome shows as the status before the reply")
	require.Equal(t, webex.Updating, after(updating, lost(subscriber.Update)).Status())
}

func TestReasonsThatAreRecordedDoNotSayWhoSomebodyIs(t *testing.T) {
	recorded, err := subscriber.Decide(after(sending, lost(subscriber.Provision)), subscriber.RecordFound{
		Tracking: "t1", Found: true, At: at(3), Record: record("provisioned", func(r *webex.Subscriber) { r.Email, r.UserID = "bo@ent.example", "bo@as0.example" }),
	})
	require.NoError(t, err)
	text := recorded[0].(subscriber.RequestRefused).Errors[0].Description
	for _, secret := range []string{"bo@ent.example", "bo@as0.example", email, userID} {
		require.False(t, strings.Contains(text, secret), text)
	}
}

func TestFollowing(t *testing.T) {
	status := func(r webex.Subscriber) subscriber.RecordStatus {
		return subscriber.RecordStatus{Found: true, Record: r, At: at(5)}
	}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "an account elsewhere needs consent", Given: sent, When: status(record(webex.PendingUserMigration)), Then: events{subscriber.ConsentAwaited{At: at(5)}}},
		{Name: "consent is given", Given: consent, When: status(record(webex.Provisioning)), Then: events{subscriber.ConsentGiven{At: at(5)}}},
		{Name: "consent is given and all is done", Given: consent, When: status(record(webex.Provisioned)), Then: events{subscriber.ConsentGiven{At: at(5)}, subscriber.Provisioned{PersonID: personID, At: at(5)}}},
		{Name: "consent is refused", Given: consent, When: status(record(webex.Failed)), Then: events{subscriber.ProvisioningFailed{Errors: taken, At: at(5)}}},
		{Name: "still awaited is nothing new", Given: consent, When: status(record(webex.PendingUserMigration))},
		{
			Name: "a failure without a reason has one all the same", Given: sent, When: status(record(webex.Failed, func(r *webex.Subscriber) { r.Errors = nil })),
			Then: events{subscriber.ProvisioningFailed{Errors: []webex.Error{{Description: "Webex gave no reason."}}, At: at(5)}},
		},
		{
			Name: "one who is to leave is removed although it is provisioned", Given: given(sent, leaves), When: status(record(webex.Provisioned)),
			Then: events{subscriber.Provisioned{PersonID: personID, At: at(5)}},
		},
		{
			Name: "one who is to leave and has vanished is gone", Given: given(sent, leaves), When: subscriber.RecordStatus{At: at(5)},
			Then: events{subscriber.Vanished{At: at(5)}, subscriber.Removed{At: at(5)}},
		},
	})
	s := after(resending, accepted(subscriber.ResendConsent), subscriber.ConsentMailRequested{At: at(4)}, subscriber.ConsentGiven{At: at(5)}, subscriber.ConsentAwaited{At: at(6)})
	require.False(t, s.ConsentMail, "a mail that was asked for before consent was given is not sent after it")
	require.Equal(t, subscriber.Remove, after(sent, leaves, subscriber.Provisioned{PersonID: personID, At: at(5)}).Wants())

	s = after(vanished)
	require.Equal(t, webex.Failed, s.Status())
	require.NotEmpty(t, s.Errors)
	require.Empty(t, s.WebexID)
	require.Equal(t, subscriber.Provision, after(vanished, subscriber.ActivationRetried{Email: email, At: at(5)}).Wants(), "there is nothing to remove")
}

func TestAChangeWhileProvisioningIsCarriedOverAfterwards(t *testing.T) {
	s := after(sent, premium, subscriber.Provisioned{PersonID: personID, At: at(5)})
	require.Equal(t, webex.Updating, s.Status())
	require.Equal(t, subscriber.Update, s.Wants())
	require.Equal(t, domain.Personal("basic"), domain.Personal(s.Applied.Package))

	s = after(ready, premium, started(subscriber.Provision, 1, "t1"), accepted(subscriber.Provision), subscriber.Provisioned{PersonID: personID, At: at(5)})
	require.Equal(t, webex.Provisioned, s.Status(), "one before it goes along")
	require.Equal(t, webex.Package("premium"), s.Applied.Package)

	s = after(updating, subscriber.PackageChanged{Package: "standard", At: at(5)}, accepted(subscriber.Update), subscriber.Updated{At: at(6)})
	require.Equal(t, webex.Package("premium"), s.Applied.Package, "what was sent is there")
	require.Equal(t, subscriber.Update, s.Wants(), "what was asked since follows")

	s = after(updating, subscriber.PackageChanged{Package: "basic", At: at(5)}, accepted(subscriber.Update), subscriber.Updated{At: at(6)})
	require.Equal(t, subscriber.Update, s.Wants(), "taking a change back that was sent is a change")
}
