package subscriber_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// stages are all in which something can be asked.
var stages = []struct {
	name  string
	given events
}{
	{"absent", nil},
	{"claimed", given(subscriber.NameClaimed{Subscriber: another, At: at(0)})},
	{"awaitingEmail", awaitingEmail},
	{"awaitingValidation", awaitingValidation},
	{"ready", ready},
	{"sending", sending},
	{"postponed", given(sending, postponed(subscriber.Provision))},
	{"lost", given(sending, lost(subscriber.Provision))},
	{"lostAbsent", given(sending, lost(subscriber.Provision), subscriber.RequestAbsent{Kind: subscriber.Provision, At: at(3)})},
	{"refused", given(sending, refused(subscriber.Provision))},
	{"sent", sent},
	{"consent", consent},
	{"resending", resending},
	{"failed", failed},
	{"replacing", replacing},
	{"provisioned", provisioned},
	{"updating", updating},
	{"updateSent", given(updating, accepted(subscriber.Update))},
	{"updateFailed", updateFailed},
	{"vanished", vanished},
	{"retryPlanned", retryPlanned},
	{"quarantined", quarantined},
	{"leaving", leaving},
	{"removing", removing},
	{"removeRefused", given(removing, refused(subscriber.Remove))},
	{"gone", gone},
}

// TestEveryCommandInEveryStage pins what each command does wherever it is given,
// and checks the laws there. Read a row as: in this stage, this is recorded, or
// the rule says this (with a "!"), or nothing changes ("-").
func TestEveryCommandInEveryStage(t *testing.T) {
	text := func(s string) *string { return &s }
	for _, c := range []struct {
		name string
		when subscriber.Command
		want string
	}{
		{"onboard", newcomer(), `
			absent                Onboarded
			claimed               !ErrClaimed
			awaitingEmail         !ErrExists
			leaving removing      !ErrLeaving
			gone                  Onboarded
			*                     -
			replacing             !ErrExists
			updating updateSent updateFailed !ErrExists
		`},
		{"submit e-mail", subscriber.SubmitEmail{Email: "other@ent.example", At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			awaitingEmail awaitingValidation     EmailSubmitted
			refused failed vanished retryPlanned quarantined EmailSubmitted
			provisioned updating updateSent updateFailed removeRefused !ErrEmailFixed
			*                                    !ErrEmailNotAsked
		`},
		{"validate e-mail", subscriber.ValidateEmail{Email: "ANNA@ent.example", At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			awaitingEmail replacing              !ErrNotThisEmail
			awaitingValidation                   EmailValidated
			*                                    -
		`},
		{"retry with another address", subscriber.RetryActivation{Email: "other@ent.example", At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			provisioned updating updateSent      !ErrNothingToRetry
			updateFailed removeRefused           !ErrEmailFixed
			sending lost resending replacing     !ErrInProgress
			*                                    ActivationRetried
		`},
		{"retry with the same address", subscriber.RetryActivation{At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			awaitingEmail awaitingValidation     !ErrEmailNeeded
			provisioned updating updateSent      !ErrNothingToRetry
			resending                            !ErrInProgress
			consent refused failed vanished updateFailed removeRefused retryPlanned quarantined ActivationRetried
			*                                    -
		`},
		{"retry what one cause stops", subscriber.RetryStopped{Cause: cause.Of(taken, templateID), At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			refused failed updateFailed          ActivationRetried
			removeRefused                        !ErrRemovalRefused
			*                                    !ErrOtherCause
		`},
		{"change package", subscriber.ChangePackage{Package: " Softphone ", At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			updateFailed removeRefused           PackageChanged+ActivationRetried
			*                                    PackageChanged
		`},
		{"change details", subscriber.ChangeDetails{Extension: text("0042"), At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			updateFailed removeRefused           DetailsChanged+ActivationRetried
			*                                    DetailsChanged
		`},
		{"change user id", subscriber.ChangeUserID{UserID: "anna2@as0.example", At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			updateFailed removeRefused           UserIDChanged+ActivationRetried
			*                                    UserIDChanged
		`},
		{"claim name", subscriber.ClaimName{Subscriber: another, At: at(9)}, `
			absent gone                          NameClaimed
			claimed                              -
			*                                    !ErrUserIDTaken
		`},
		{"release name", subscriber.ReleaseName{Subscriber: another, At: at(9)}, `
			claimed                              NameReleased
			*                                    -
		`},
		{"request consent mail", subscriber.RequestConsentMail{At: at(9)}, `
			absent claimed leaving removing gone !ErrNotFound
			consent                              ConsentMailRequested
			resending                            -
			*                                    !ErrConsentNotAsked
		`},
		{"delete", subscriber.Delete{At: at(9)}, `
			absent claimed                       !ErrNotFound
			leaving removing gone                -
			awaitingEmail awaitingValidation ready postponed lostAbsent refused vanished quarantined DeletionRequested+Removed
			*                                    DeletionRequested
		`},
		{"start provisioning", subscriber.StartRequest{Kind: subscriber.Provision, Tracking: "new", At: at(9)}, `
			ready postponed lostAbsent           RequestStarted
			sending lost resending replacing updating removing !ErrInProgress
			*                                    !ErrNotDue
		`},
		{"start an update", subscriber.StartRequest{Kind: subscriber.Update, Tracking: "new", At: at(9)}, `
			sending lost resending replacing updating removing !ErrInProgress
			*                                    !ErrNotDue
		`},
		{"start a removal", subscriber.StartRequest{Kind: subscriber.Remove, Tracking: "new", At: at(9)}, `
			leaving                              RequestStarted
			sending lost resending replacing updating removing !ErrInProgress
			*                                    !ErrNotDue
		`},
		{"a late acceptance", subscriber.RecordAccepted{Tracking: "earlier", Record: record("provisioned"), At: at(9)}, `* -`},
		{"a late refusal", subscriber.RecordRefused{Tracking: "earlier", Status: 400, Errors: taken, At: at(9)}, `* -`},
		{"a late postponement", subscriber.RecordPostponed{Tracking: "earlier", Status: 429, Until: at(19), At: at(9)}, `* -`},
		{"a late loss", subscriber.RecordLost{Tracking: "earlier", Why: "reset", At: at(9)}, `* -`},
		{"a late look-up", subscriber.RecordFound{Tracking: "earlier", At: at(9)}, `* -`},
		{"an answer to nothing", subscriber.RecordRefused{Status: 400, Errors: taken, At: at(9)}, `* -`},
		{"a status of another record", subscriber.RecordStatus{Record: record("error", func(r *webex.Subscriber) { r.ID = "webex-0" }), Found: true, At: at(9)}, `* -`},
		{"the absence of another record", subscriber.RecordStatus{Record: webex.Subscriber{ID: "webex-0"}, At: at(9)}, `* -`},
		{"a status from before", subscriber.RecordStatus{Record: record("provisioned"), Found: true, At: at(0)}, `* -`},
		{"a status that nobody knows", subscriber.RecordStatus{Record: record("resting"), Found: true, At: at(9)}, `* -`},
		{"a vanished record", subscriber.RecordStatus{At: at(9)}, `
			sent consent updateSent              Vanished
			*                                    -
		`},
		{"an error in the background", subscriber.RecordStatus{Record: record("error"), Found: true, At: at(9)}, `
			sent consent                         ProvisioningFailed
			updateSent                           UpdateFailed
			*                                    -
		`},
		{"success in the background", subscriber.RecordStatus{Record: record("provisioned"), Found: true, At: at(9)}, `
			sent                                 Provisioned
			consent                              ConsentGiven+Provisioned
			updateSent                           Updated
			*                                    -
		`},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := parse(c.want)
			for _, stage := range stages {
				expected, ok := want[stage.name]
				if !ok {
					expected = want["*"]
				}
				require.Equal(t, expected, told(subscriber.Decide(after(stage.given), c.when)), "in stage %s", stage.name)
				domaintest.Laws(t, subscriber.Decider, stage.given, c.when)
			}
		})
	}
}

// parse reads lines of "stage stage ... outcome".
func parse(text string) map[string]string {
	want := map[string]string{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		for i := range len(words) - 1 {
			want[words[i]] = words[len(words)-1]
		}
	}
	return want
}

// told puts an answer in one word.
func told(recorded []domain.Event, err error) string {
	if err != nil {
		for name, known := range map[string]error{
			"ErrExists": subscriber.ErrExists, "ErrClaimed": subscriber.ErrClaimed, "ErrLeaving": subscriber.ErrLeaving,
			"ErrNotFound": subscriber.ErrNotFound, "ErrEmailNotAsked": subscriber.ErrEmailNotAsked, "ErrEmailFixed": subscriber.ErrEmailFixed,
			"ErrNotThisEmail": subscriber.ErrNotThisEmail, "ErrNothingToRetry": subscriber.ErrNothingToRetry, "ErrInProgress": subscriber.ErrInProgress,
			"ErrConsentNotAsked": subscriber.ErrConsentNotAsked, "ErrUserIDTaken": subscriber.ErrUserIDTaken, "ErrEmailNeeded": subscriber.ErrEmailNeeded,
			"ErrNotDue": subscriber.ErrNotDue, "ErrOtherCause": subscriber.ErrOtherCause, "ErrRemovalRefused": subscriber.ErrRemovalRefused,
		} {
			if err == known {
				return "!" + name
			}
		}
		return "!" + err.Error()
	}
	if len(recorded) == 0 {
		return "-"
	}
	var names []string
	for _, e := range recorded {
		names = append(names, strings.TrimPrefix(fmt.Sprintf("%T", e), "subscriber."))
	}
	return strings.Join(names, "+")
}
