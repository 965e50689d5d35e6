package subscriber_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func TestSubmitEmail(t *testing.T) {
	submit := subscriber.SubmitEmail{Email: " new@ent.example ", At: at(9)}
	submitted := events{subscriber.EmailSubmitted{Email: "new@ent.example", At: at(9)}}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "an address that was asked for", Given: awaitingEmail, When: submit, Then: submitted},
		{Name: "another one before the first was validated", Given: awaitingValidation, When: submit, Then: submitted},
		{Name: "another one after a failure", Given: failed, When: submit, Then: submitted},
		{Name: "the same again", Given: awaitingValidation, When: subscriber.SubmitEmail{Email: email, At: at(9)}},
		{Name: "no address", Given: awaitingEmail, When: subscriber.SubmitEmail{Email: "anna", At: at(9)}, Err: domaintest.Wrong{"email": domain.Malformed}},
		{Name: "nothing", Given: awaitingEmail, When: subscriber.SubmitEmail{At: at(9)}, Err: subscriber.ErrEmailNeeded},
	})
	s := after(failed, submitted)
	require.Equal(t, webex.PendingEmailValidation, s.Status())
	require.False(t, s.EmailTrusted)
	require.Empty(t, s.Wants(), "nothing is sent before the address is validated")
	s = after(failed, submitted, subscriber.EmailValidated{At: at(10)})
	require.Equal(t, subscriber.Remove, s.Wants(), "the failed record, whose address cannot change, goes first")
}

func TestValidateEmail(t *testing.T) {
	validate := func(address string) subscriber.ValidateEmail {
		return subscriber.ValidateEmail{Email: address, At: at(9)}
	}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "the mail was answered", Given: awaitingValidation, When: validate(email), Then: events{subscriber.EmailValidated{At: at(9)}}},
		{Name: "an older mail was answered", Given: awaitingValidation, When: validate("old@ent.example"), Err: subscriber.ErrNotThisEmail},
		{Name: "the mail is answered again", Given: given(awaitingValidation, subscriber.EmailValidated{At: at(3)}), When: validate(email)},
		{Name: "an address of BroadWorks that nobody entered", Given: given(untrusted(email)), When: validate(email), Err: subscriber.ErrEmailNotAsked},
		{Name: "nothing, where nothing was entered", Given: awaitingEmail, When: validate(""), Err: subscriber.ErrEmailNotAsked},
	})
	require.Equal(t, subscriber.Provision, after(awaitingValidation, subscriber.EmailValidated{At: at(9)}).Wants())
}

func TestRetryActivation(t *testing.T) {
	retry := func(address string) subscriber.RetryActivation {
		return subscriber.RetryActivation{Email: address, At: at(9)}
	}
	retried := func(address domain.Personal) events {
		return events{subscriber.ActivationRetried{Email: address, At: at(9)}}
	}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "after a failure, with the address it has", Given: failed, When: retry(""), Then: retried(email)},
		{Name: "after a failure, with another", Given: failed, When: retry("new@ent.example"), Then: retried("new@ent.example")},
		{Name: "an address that was never entered", Given: awaitingEmail, When: retry("new@ent.example"), Then: retried("new@ent.example")},
		{Name: "an address in place of one that was not validated", Given: awaitingValidation, When: retry("new@ent.example"), Then: retried("new@ent.example")},
		{Name: "who enters an address vouches for it, be it the one not validated", Given: awaitingValidation, When: retry(email), Then: retried(email)},
		{Name: "but nobody vouches by saying nothing", Given: awaitingValidation, When: retry(""), Err: subscriber.ErrEmailNeeded},
		{Name: "nor for an untrusted one of BroadWorks", Given: given(untrusted(email)), When: retry(""), Err: subscriber.ErrEmailNeeded},
		{Name: "while consent is awaited, with another address", Given: consent, When: retry("new@ent.example"), Then: retried("new@ent.example")},
		{Name: "no address", Given: failed, When: retry("anna"), Err: domaintest.Wrong{"email": domain.Malformed}},
		{Name: "a try that is under way", Given: sent, When: retry("ANNA@ent.example")},
		{Name: "a change that failed", Given: updateFailed, When: retry(""), Then: retried(email)},
		{Name: "a change that failed, with another address", Given: updateFailed, When: retry("new@ent.example"), Err: subscriber.ErrEmailFixed},
	})

	for _, from := range []events{failed, consent, sent} {
		s := after(from, retried("new@ent.example"))
		require.Equal(t, webex.Provisioning, s.Status())
		require.Equal(t, "new@ent.example", s.Email)
		require.True(t, s.EmailTrusted)
		require.Empty(t, s.Errors)
		require.Equal(t, subscriber.Remove, s.Wants(), "the stale record is removed first")
	}
	s := after(updateFailed, retried(email))
	require.Equal(t, webex.Updating, s.Status())
	require.Equal(t, subscriber.Update, s.Wants(), "what is provisioned is not removed")
	s = after(sent, subscriber.Provisioned{At: at(3)}, premium, started(subscriber.Update, 1, "t2"), refused(subscriber.Update), retried(email))
	require.Equal(t, subscriber.Update, s.Wants(), "nor if Webex did not name the person")
}

func TestRetryStopped(t *testing.T) {
	retry := func(c subscriber.RetryStopped) subscriber.RetryStopped { c.At = at(9); return c }
	taken, retried := cause.Of(taken, templateID), events{subscriber.ActivationRetried{Email: email, At: at(9)}}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "whom this cause stops", Given: failed, When: retry(subscriber.RetryStopped{Cause: taken}), Then: retried},
		{Name: "at this customer", Given: failed, When: retry(subscriber.RetryStopped{Cause: taken, Customer: enterprise}), Then: retried},
		{Name: "at another customer", Given: failed, When: retry(subscriber.RetryStopped{Cause: taken, Customer: "other"}), Err: subscriber.ErrOtherCause},
		{Name: "whom another cause stops", Given: vanished, When: retry(subscriber.RetryStopped{Cause: taken}), Err: subscriber.ErrOtherCause},
		{Name: "whom nothing stops", Given: provisioned, When: retry(subscriber.RetryStopped{Cause: taken}), Err: subscriber.ErrOtherCause},
		{Name: "whose change failed", Given: updateFailed, When: retry(subscriber.RetryStopped{Cause: taken}), Then: retried},
		{Name: "whose change was refused", Given: given(updating, refused(subscriber.Update)), When: retry(subscriber.RetryStopped{Cause: taken}), Then: retried},
		{Name: "whose removal was refused", Given: given(removing, refused(subscriber.Remove)), When: retry(subscriber.RetryStopped{Cause: taken}), Err: subscriber.ErrRemovalRefused},
		{Name: "nobody is stopped by nothing", Given: ready, When: retry(subscriber.RetryStopped{}), Err: subscriber.ErrOtherCause},
		{Name: "an address that nobody vouched for", Given: given(untrusted(email), refused(subscriber.Provision)), When: retry(subscriber.RetryStopped{Cause: taken}), Err: subscriber.ErrEmailNeeded},
	})
}

func TestChangePackage(t *testing.T) {
	change := func(p webex.Package) subscriber.ChangePackage {
		return subscriber.ChangePackage{Package: p, At: at(4)}
	}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "another package", Given: provisioned, When: change(" Premium "), Then: events{premium}},
		{Name: "before provisioning", Given: awaitingEmail, When: change("premium"), Then: events{premium}},
		{Name: "the one that is there", Given: provisioned, When: change("basic")},
		{Name: "none", Given: provisioned, When: change(""), Err: domaintest.Wrong{"package": domain.Missing}},
		{Name: "one that does not exist", Given: provisioned, When: change("gold"), Err: domaintest.Wrong{"package": domain.Malformed}},
	})
	require.Equal(t, webex.PendingEmailInput, after(awaitingEmail, premium).Status())
}

// Section 12.5 of the domain reference: absent keeps, empty removes, a number or
// an extension remains.
func TestChangeDetails(t *testing.T) {
	text := func(s string) *string { return &s }
	personal := func(s domain.Personal) *domain.Personal { return &s }
	onlyNumber := given(onboarded(func(e *subscriber.Onboarded) { e.Extension = "" }))
	onlyExtension := given(onboarded(func(e *subscriber.Onboarded) { e.PrimaryPhoneNumber = "" }))
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "nothing", Given: provisioned, When: subscriber.ChangeDetails{At: at(4)}},
		{
			Name: "what is there already", Given: provisioned,
			When: subscriber.ChangeDetails{FirstName: text(" Anna "), PrimaryPhoneNumber: text("46 70 123 45 67"), Extension: text("1000"), Timezone: text("Europe/Stockholm"), At: at(4)},
		},
		{
			Name: "everything", Given: provisioned,
			When: subscriber.ChangeDetails{
				FirstName: text("Bo"), LastName: text(" Berg "), PrimaryPhoneNumber: text("+46 70-123 45 68"), MobilePhoneNumber: text("46701234569"),
				Extension: text("0042"), Timezone: text("UTC"), At: at(4),
			},
			Then: events{subscriber.DetailsChanged{
				FirstName: personal("Bo"), LastName: personal("Berg"), PrimaryPhoneNumber: personal("+46701234568"), MobilePhoneNumber: personal("+46701234569"),
				Extension: personal("0042"), Timezone: text("UTC"), At: at(4),
			}},
		},
		{
			Name: "only what differs is recorded", Given: provisioned,
			When: subscriber.ChangeDetails{FirstName: text("Anna"), LastName: text("Berg"), At: at(4)},
			Then: events{subscriber.DetailsChanged{LastName: personal("Berg"), At: at(4)}},
		},
		{
			Name: "a mobile number is removed", Given: provisioned, When: subscriber.ChangeDetails{MobilePhoneNumber: text(" "), At: at(4)},
			Then: events{subscriber.DetailsChanged{MobilePhoneNumber: personal(""), At: at(4)}},
		},
		{
			Name: "the number goes while the extension remains", Given: provisioned, When: subscriber.ChangeDetails{PrimaryPhoneNumber: text(""), At: at(4)},
			Then: events{subscriber.DetailsChanged{PrimaryPhoneNumber: personal(""), At: at(4)}},
		},
		{
			Name: "the extension goes while the number remains", Given: provisioned, When: subscriber.ChangeDetails{Extension: text(""), At: at(4)},
			Then: events{subscriber.DetailsChanged{Extension: personal(""), At: at(4)}},
		},
		{
			Name: "one takes the place of the other", Given: onlyNumber, When: subscriber.ChangeDetails{PrimaryPhoneNumber: text(""), Extension: text("7"), At: at(4)},
			Then: events{subscriber.DetailsChanged{PrimaryPhoneNumber: personal(""), Extension: personal("7"), At: at(4)}},
		},
		{Name: "both cannot go", Given: provisioned, When: subscriber.ChangeDetails{PrimaryPhoneNumber: text(""), Extension: text(""), At: at(4)}, Err: subscriber.ErrNumberNeeded},
		{Name: "nor the number that is alone", Given: onlyNumber, When: subscriber.ChangeDetails{PrimaryPhoneNumber: text(""), At: at(4)}, Err: subscriber.ErrNumberNeeded},
		{Name: "nor the extension that is alone", Given: onlyExtension, When: subscriber.ChangeDetails{Extension: text(""), At: at(4)}, Err: subscriber.ErrNumberNeeded},
		{Name: "a name cannot be removed", Given: provisioned, When: subscriber.ChangeDetails{FirstName: text(""), At: at(4)}, Err: domaintest.Wrong{"firstName": domain.Missing}},
		{
			Name: "everything that is wrong is told", Given: provisioned,
			When: subscriber.ChangeDetails{
				LastName: text("two\nlines"), PrimaryPhoneNumber: text("0701234567"), MobilePhoneNumber: text("4.67E+10"),
				Extension: text("12a"), Timezone: text("Mars/Olympus"), At: at(4),
			},
			Err: domaintest.Wrong{"lastName": domain.Malformed, "primaryPhoneNumber": domain.Malformed, "mobilePhoneNumber": domain.Malformed,
				"extension": domain.Malformed, "timezone": domain.Malformed},
		},
		{Name: "an extension has an end", Given: provisioned, When: subscriber.ChangeDetails{Extension: text(strings.Repeat("1", 21)), At: at(4)}, Err: domaintest.Wrong{"extension": domain.Malformed}},
	})
}

func TestChangeUserID(t *testing.T) {
	change := func(id string) subscriber.ChangeUserID { return subscriber.ChangeUserID{UserID: id, At: at(4)} }
	renamed := subscriber.UserIDChanged{UserID: "anna2@as0.example", At: at(4)}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "another id", Given: provisioned, When: change(" anna2@as0.example "), Then: events{renamed}},
		{Name: "the one that is there", Given: provisioned, When: change(userID)},
		{Name: "none", Given: provisioned, When: change(" "), Err: domaintest.Wrong{"userId": domain.Missing}},
		{Name: "too long a one", Given: provisioned, When: change(strings.Repeat("x", 162)), Err: domaintest.Wrong{"userId": domain.TooLong}},
		{Name: "no text", Given: provisioned, When: change("a\nb"), Err: domaintest.Wrong{"userId": domain.Malformed}},
	})
	s := after(provisioned, renamed)
	require.Equal(t, subscriber.Update, s.Wants())
	require.Equal(t, userID, s.Applied.UserID, "Webex has it under the old id until it is updated")
}

func TestSeveralChangesAreOneOrNone(t *testing.T) {
	domaintest.Run(t, subscriber.Decider, cases{
		{
			Name: "all of them", Given: provisioned,
			When: subscriber.All{subscriber.ChangePackage{Package: "premium", At: at(4)}, subscriber.ChangeUserID{UserID: "anna2@as0.example", At: at(4)}},
			Then: events{premium, subscriber.UserIDChanged{UserID: "anna2@as0.example", At: at(4)}},
		},
		{
			Name: "or none", Given: provisioned,
			When: subscriber.All{subscriber.ChangePackage{Package: "premium", At: at(4)}, subscriber.ChangeUserID{At: at(4)}},
			Err:  domaintest.Wrong{"userId": domain.Missing},
		},
	})
}

func TestDelete(t *testing.T) {
	remove := subscriber.Delete{At: at(4)}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "somebody at Webex is to be removed", Given: provisioned, When: remove, Then: events{leaves}},
		{Name: "somebody whose request is in flight may be there", Given: sending, When: remove, Then: events{leaves}},
		{Name: "so may somebody whose request was lost", Given: given(sending, lost(subscriber.Provision)), When: remove, Then: events{leaves}},
		{Name: "a failed record is removed", Given: failed, When: remove, Then: events{leaves}},
		{Name: "somebody who never came is gone at once", Given: awaitingEmail, When: remove, Then: events{leaves, subscriber.Removed{At: at(4)}}},
		{Name: "once is enough", Given: leaving, When: remove},
		{Name: "gone is gone", Given: gone, When: remove},
	})
	require.Equal(t, webex.Removing, after(leaving).Status())
	require.Equal(t, webex.Removed, after(gone).Status())
	require.False(t, after(leaving).Here())
	require.Equal(t, subscriber.Remove, after(leaving).Wants())
	require.Empty(t, after(gone).Wants())
}

func TestConsentMail(t *testing.T) {
	ask := subscriber.RequestConsentMail{At: at(4)}
	requested := subscriber.ConsentMailRequested{At: at(4)}
	domaintest.Run(t, subscriber.Decider, cases{
		{Name: "who is awaited gets another mail", Given: consent, When: ask, Then: events{requested}},
		{Name: "one at a time", Given: given(consent, requested), When: ask},
		{Name: "and another after that", Given: given(resending, accepted(subscriber.ResendConsent)), When: ask, Then: events{requested}},
		{Name: "nobody else gets one", Given: provisioned, When: ask, Err: subscriber.ErrConsentNotAsked},
	})
	require.Equal(t, subscriber.ResendConsent, after(consent, requested).Wants())
}

func TestACommandWithoutARuleIsAProgrammersMistake(t *testing.T) {
	require.Panics(t, func() { _, _ = subscriber.Decide(subscriber.State{}, struct{ subscriber.Command }{}) })
}
