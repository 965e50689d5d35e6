package subscriber_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func pointer[T any](v T) *T { return &v }

// adopted is what a record of the newcomer becomes.
func adopted(minute int, changes ...func(*subscriber.Adopted)) subscriber.Adopted {
	e := subscriber.Adopted{
		WebexID: webexID, UserID: userID, SPEnterpriseID: enterprise, ProvisioningID: templateID, Package: "basic",
		FirstName: "Anna", LastName: "Öberg", Email: email, PrimaryPhoneNumber: "+46701234567", MobilePhoneNumber: "+359700000000",
		Extension: "1000", At: at(minute),
	}
	for _, change := range changes {
		change(&e)
	}
	return e
}

func moved(r *webex.Subscriber) { r.ID = "webex-2" }

func TestARecordIsAdoptedAsItIsAtWebex(t *testing.T) {
	adopt := func(status webex.Status, changes ...func(*webex.Subscriber)) subscriber.Adopt {
		return subscriber.Adopt{Record: record(status, changes...), At: at(9)}
	}
	replacing := adopt(webex.Provisioned, moved)
	replacing.Replaces = webexID
	leaving := adopt(webex.PendingEmailInput)
	leaving.Leaving = true
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "one that is provisioned is provisioned here", When: adopt(webex.Provisioned),
			Then: events{adopted(9), subscriber.Provisioned{PersonID: personID, At: at(9)}}},
		{Name: "one that failed is stopped here", When: adopt(webex.Failed), Then: events{adopted(9), subscriber.ProvisioningFailed{Errors: taken, At: at(9)}}},
		{Name: "one that waits for consent waits here", When: adopt(webex.PendingUserMigration), Then: events{adopted(9), subscriber.ConsentAwaited{At: at(9)}}},
		{Name: "one that is on its way is followed", When: adopt(webex.Provisioning), Then: events{adopted(9)}},
		{Name: "one that waits for its address is left alone", When: adopt(webex.PendingEmailInput), Err: subscriber.ErrWaitsThere},
		{Name: "one that waits for its address can be adopted to be deleted", When: subscriber.All{leaving, subscriber.Delete{At: at(9)}},
			Then: events{adopted(9), subscriber.DeletionRequested{At: at(9)}}},
		{Name: "numbers are brought to E.164 and names lose spaces around them",
			When: adopt(webex.Provisioning, func(r *webex.Subscriber) { r.PrimaryPhoneNumber, r.FirstName = "46701234567", " Anna " }), Then: events{adopted(9)}},
		{Name: "who was removed comes back", Given: gone, When: adopt(webex.Provisioning), Then: events{adopted(9)}},
		{Name: "who was refused takes the record over", Given: given(sending, refused(subscriber.Provision)), When: adopt(webex.Provisioning), Then: events{adopted(9)}},
		{Name: "who has it already changes nothing", Given: provisioned, When: adopt(webex.Provisioned)},
		{Name: "another record than the one known is not taken for it", Given: provisioned, When: adopt(webex.Provisioned, moved), Err: subscriber.ErrOtherRecord},
		{Name: "another record replaces the one known when that is gone", Given: provisioned, When: replacing,
			Then: events{subscriber.Vanished{At: at(9)}, adopted(9, func(e *subscriber.Adopted) { e.WebexID = "webex-2" }), subscriber.Provisioned{PersonID: personID, At: at(9)}}},
		{Name: "nothing is adopted while a request is open", Given: sending, When: adopt(webex.Provisioned), Err: subscriber.ErrNotAtRest},
		{Name: "nothing is adopted while an update is due", Given: given(provisioned, premium), When: replacing, Err: subscriber.ErrNotAtRest},
		{Name: "who is about to be provisioned is not adopted", Given: ready, When: adopt(webex.Provisioned), Err: subscriber.ErrNotAtRest},
		{Name: "a name that belongs to another user is not adopted", Given: given(subscriber.NameClaimed{Subscriber: another, At: at(0)}), When: adopt(webex.Provisioned), Err: subscriber.ErrClaimed},
		{Name: "who has another user id by now is somebody else", Given: given(provisioned, subscriber.UserIDChanged{UserID: "anna2@as0.example", At: at(4)}),
			When: replacing, Err: subscriber.ErrRenamed},
		{Name: "a record without a user id is none", When: subscriber.Adopt{Record: webex.Subscriber{ID: webexID}, At: at(9)}, Err: subscriber.ErrNoRecord},
	})
	s := after(adopted(9), subscriber.Provisioned{PersonID: personID, At: at(9)})
	require.Equal(t, webex.Provisioned, s.Status())
	require.Equal(t, s.Profile, s.Applied)
	require.Empty(t, s.Wants(), "Webex is not asked for anything")
	require.Equal(t, subscriber.Remove, after(adopted(9), leaves).Wants())
	require.Equal(t, subscriber.SelfActivation, after(adopted(9, func(e *subscriber.Adopted) { e.SelfActivated = true })).Flow)
}

func TestWhatWebexHasIsRecordedAndThenPushedOrTaken(t *testing.T) {
	there := record(webex.Provisioned, func(r *webex.Subscriber) {
		r.Package, r.FirstName, r.MobilePhoneNumber = "premium", "Anne", ""
	})
	personal := func(s domain.Personal) *domain.Personal { return &s }
	seen := subscriber.SeenAtWebex{Package: pointer(webex.Package("premium")), FirstName: personal("Anne"), MobilePhoneNumber: personal(""), At: at(9)}
	see := subscriber.SeeAtWebex{Record: there, At: at(9)}
	take := subscriber.All{see, subscriber.TakeFromWebex{At: at(9)}}
	renamed := subscriber.SeeAtWebex{Record: record(webex.Provisioned, func(r *webex.Subscriber) {
		r.UserID, r.Email, r.SPEnterpriseID, r.ProvisioningID = "anna2@as0.example", "b@ent.example", "SP2", "b3RoZXI="
	}), At: at(9)}
	seenRenamed := subscriber.SeenAtWebex{UserID: personal("anna2@as0.example"), Email: personal("b@ent.example"), SPEnterpriseID: pointer("SP2"), ProvisioningID: pointer("b3RoZXI"), At: at(9)}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "what differs is recorded", Given: provisioned, When: see, Then: events{seen}},
		{Name: "what is written otherwise does not differ", Given: provisioned,
			When: subscriber.SeeAtWebex{Record: record(webex.Provisioned, func(r *webex.Subscriber) { r.PrimaryPhoneNumber, r.UserID = "+46 70 123 45 67", "ANNA@as0.example" }), At: at(9)}},
		{Name: "theirs becomes what is wanted", Given: provisioned, When: take,
			Then: events{seen, subscriber.PackageChanged{Package: "premium", At: at(9)}, subscriber.DetailsChanged{FirstName: personal("Anne"), MobilePhoneNumber: personal(""), At: at(9)}}},
		{Name: "another user id is taken, too", Given: provisioned, When: subscriber.All{renamed, subscriber.TakeFromWebex{At: at(9)}},
			Then: events{seenRenamed, subscriber.UserIDChanged{UserID: "anna2@as0.example", At: at(9)}}},
		{Name: "another record says nothing", Given: provisioned, When: subscriber.SeeAtWebex{Record: record(webex.Provisioned, moved), At: at(9)}, Err: subscriber.ErrOtherRecord},
		{Name: "nothing is seen while an update is due", Given: given(provisioned, premium), When: subscriber.SeeAtWebex{Record: record(webex.Provisioned), At: at(9)}},
		{Name: "what differs is not judged while an update is due", Given: given(provisioned, subscriber.PackageChanged{Package: "softphone", At: at(4)}), When: see, Err: subscriber.ErrNotAtRest},
		{Name: "who is stopped is not compared", Given: given(updating, refused(subscriber.Update)), When: see, Err: subscriber.ErrNotAtRest},
		{Name: "who is not at Webex takes nothing", Given: ready, When: subscriber.TakeFromWebex{At: at(9)}, Err: subscriber.ErrNotAtRest},
	})
	pushed := after(provisioned, seen)
	require.Equal(t, subscriber.Update, pushed.Wants(), "the update that mends it follows by itself")
	require.Equal(t, profile(), pushed.Profile)
	taken := after(provisioned, seen, subscriber.PackageChanged{Package: "premium", At: at(9)}, subscriber.DetailsChanged{FirstName: personal("Anne"), MobilePhoneNumber: personal(""), At: at(9)})
	require.Empty(t, taken.Wants())
	require.Equal(t, []any{"b@ent.example", "SP2", "b3RoZXI"}, []any{after(provisioned, seenRenamed).Email, after(provisioned, seenRenamed).SPEnterpriseID, after(provisioned, seenRenamed).ProvisioningID},
		"no update could change these")
}

func TestARecordThatIsGoneIsMadeAnewOrForgotten(t *testing.T) {
	absent := subscriber.SeeAbsent{WebexID: webexID, At: at(9)}
	vanished := subscriber.Vanished{At: at(9)}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "made anew", Given: provisioned, When: subscriber.All{absent, subscriber.RetryActivation{At: at(9)}},
			Then: events{vanished, subscriber.ActivationRetried{Email: email, At: at(9)}}},
		{Name: "forgotten", Given: provisioned, When: subscriber.All{absent, subscriber.Delete{At: at(9)}},
			Then: events{vanished, subscriber.DeletionRequested{At: at(9)}, subscriber.Removed{At: at(9)}}},
		{Name: "another record", Given: provisioned, When: subscriber.SeeAbsent{WebexID: "webex-0", At: at(9)}, Err: subscriber.ErrOtherRecord},
		{Name: "known to be gone", Given: gone, When: absent},
		{Name: "not at rest", Given: updating, When: absent, Err: subscriber.ErrNotAtRest},
		{Name: "nobody", When: absent, Err: subscriber.ErrNotFound},
	})
	require.Equal(t, subscriber.Provision, after(provisioned, vanished, subscriber.ActivationRetried{Email: email, At: at(9)}).Wants())
}

func TestAStatusThatChangedAtWebexIsFollowed(t *testing.T) {
	see := func(status webex.Status) subscriber.SeeStatus {
		return subscriber.SeeStatus{Record: record(status), At: at(9)}
	}
	failure := subscriber.StatusSeen{Status: webex.Failed, Errors: taken, At: at(9)}
	mended := subscriber.StatusSeen{Status: webex.Provisioned, PersonID: personID, At: at(9)}
	waits := subscriber.StatusSeen{Status: webex.PendingUserMigration, At: at(9)}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "a provisioned one failed", Given: provisioned, When: see(webex.Failed), Then: events{failure}},
		{Name: "a failed one was mended", Given: failed, When: see(webex.Provisioned), Then: events{mended}},
		{Name: "a failed update was mended", Given: updateFailed, When: see(webex.Provisioned), Then: events{mended}},
		{Name: "a provisioned one waits again", Given: provisioned, When: see(webex.PendingUserMigration), Then: events{waits}},
		{Name: "nothing new", Given: provisioned, When: see(webex.Provisioned)},
		{Name: "known to have failed", Given: failed, When: see(webex.Failed)},
		{Name: "a refused update left it as it was", Given: given(updating, refused(subscriber.Update)), When: see(webex.Provisioned)},
		{Name: "not at rest", Given: updating, When: see(webex.Failed), Err: subscriber.ErrNotAtRest},
		{Name: "another record", Given: provisioned, When: subscriber.SeeStatus{Record: record(webex.Failed, moved), At: at(9)}, Err: subscriber.ErrOtherRecord},
	})
	require.Equal(t, webex.Failed, after(provisioned, failure).Status())
	require.Equal(t, subscriber.Update, after(provisioned, failure, subscriber.ActivationRetried{Email: email, At: at(9)}).Wants())
	require.Equal(t, webex.Provisioned, after(failed, mended).Status())
	require.Equal(t, subscriber.Update, after(updateFailed, mended).Wants(), "what is wanted since is carried to Webex")
	require.Equal(t, webex.Provisioned, after(provisioned, waits, subscriber.Provisioned{PersonID: personID, At: at(10)}).Status())
}

func TestTheRulesOfDriftKeepTheLawsInEveryStage(t *testing.T) {
	for _, when := range []subscriber.Command{
		subscriber.Adopt{Record: record(webex.Provisioned), At: at(9)},
		subscriber.Adopt{Record: record(webex.Failed, moved), Replaces: webexID, At: at(9)},
		subscriber.All{subscriber.Adopt{Record: record(webex.Provisioned), Leaving: true, At: at(9)}, subscriber.Delete{At: at(9)}},
		subscriber.SeeAtWebex{Record: record(webex.Provisioned, func(r *webex.Subscriber) { r.LastName = "Berg" }), At: at(9)},
		subscriber.All{subscriber.SeeAtWebex{Record: record(webex.Provisioned, func(r *webex.Subscriber) { r.UserID = "b@as0.example" }), At: at(9)}, subscriber.TakeFromWebex{At: at(9)}},
		subscriber.All{subscriber.SeeAbsent{WebexID: webexID, At: at(9)}, subscriber.RetryActivation{At: at(9)}},
		subscriber.All{subscriber.SeeAbsent{WebexID: webexID, At: at(9)}, subscriber.Delete{At: at(9)}},
		subscriber.SeeStatus{Record: record(webex.Failed), At: at(9)},
		subscriber.SeeStatus{Record: record(webex.Provisioned), At: at(9)},
	} {
		for _, stage := range stages {
			domaintest.Laws(t, subscriber.Decider, stage.given, when)
		}
	}
}
