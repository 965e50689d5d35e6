package activation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func in(d time.Duration) time.Time { return noon.Add(d) }

type (
	state   = subscriber.State
	request = subscriber.RequestState
)

func TestNext(t *testing.T) {
	basic, premium := webex.Profile{UserID: "a", Package: "basic"}, webex.Profile{UserID: "a", Package: "premium"}
	send := func(kind subscriber.RequestKind) activation.Step { return activation.Send{Kind: kind} }
	wait := func(d time.Duration) activation.Step { return activation.Wait{Until: in(d)} }
	idle := func(kind subscriber.RequestKind, attempt int) request {
		return request{Kind: kind, Phase: subscriber.Idle, Attempt: attempt, At: noon}
	}
	following := request{Kind: subscriber.Provision, Phase: subscriber.Accepted, Attempt: 1, At: noon}
	for _, c := range []struct {
		name  string
		state state
		known activation.Known
		want  activation.Step
	}{
		{"nobody: nothing to do", state{}, activation.Known{}, activation.Rest{}},
		{"an address is awaited", state{Stage: subscriber.AwaitingEmail}, activation.Known{}, activation.Rest{}},
		{"its validation is awaited", state{Stage: subscriber.AwaitingValidation}, activation.Known{}, activation.Rest{}},
		{"a try failed", state{Stage: subscriber.Stopped, Profile: basic}, activation.Known{}, activation.Rest{}},
		{"gone", state{Stage: subscriber.Gone, Profile: basic}, activation.Known{}, activation.Rest{}},
		{"provisioned and nothing else wanted", state{Stage: subscriber.Live, Profile: basic, Applied: basic}, activation.Known{}, activation.Rest{}},

		{"a newcomer", state{Stage: subscriber.Ready}, activation.Known{}, send(subscriber.Provision)},
		{"a stale record goes first", state{Stage: subscriber.Ready, Stale: true, AdminFirst: true}, activation.Known{}, send(subscriber.Remove)},
		{"the administrator goes first", state{Stage: subscriber.Ready, AdminFirst: true}, activation.Known{}, activation.Wait{Until: in(activation.MaxPause), AdminFirst: true}},
		{"the administrator is active", state{Stage: subscriber.Ready, AdminFirst: true}, activation.Known{AdminActive: true}, send(subscriber.Provision)},
		{"a change", state{Stage: subscriber.Live, Profile: premium, Applied: basic}, activation.Known{}, send(subscriber.Update)},
		{"somebody leaves", state{Stage: subscriber.Leaving, WebexID: "w"}, activation.Known{}, send(subscriber.Remove)},
		{"somebody leaves whose provisioning is accepted", state{Stage: subscriber.Leaving, WebexID: "w", Request: following}, activation.Known{}, send(subscriber.Remove)},
		{"a consent mail", state{Stage: subscriber.AwaitingConsent, ConsentMail: true, Request: following}, activation.Known{}, send(subscriber.ResendConsent)},

		{"a request is being sent", state{Stage: subscriber.Ready, Request: request{Phase: subscriber.Started, At: noon}}, activation.Known{}, wait(activation.CallTime)},
		{"nobody recorded what became of it", state{Stage: subscriber.Ready, Request: request{Phase: subscriber.Started, At: noon}}, activation.Known{Now: in(activation.CallTime)}, activation.Lose{}},
		{"it was lost: let Webex finish", state{Stage: subscriber.Ready, Request: request{Phase: subscriber.Lost, At: noon}}, activation.Known{}, wait(activation.SettleTime)},
		{"it was lost: look it up", state{Stage: subscriber.Ready, Request: request{Phase: subscriber.Lost, At: noon}}, activation.Known{Now: in(activation.SettleTime)}, activation.LookUp{}},
		{"also for who is to leave", state{Stage: subscriber.Leaving, Request: request{Phase: subscriber.Lost, At: noon}}, activation.Known{Now: in(activation.SettleTime)}, activation.LookUp{}},

		{"Webex asked to wait", state{Stage: subscriber.Ready, Request: request{Kind: subscriber.Provision, Phase: subscriber.Postponed, Attempt: 1, Until: in(time.Minute)}}, activation.Known{}, wait(time.Minute)},
		{"the wait is over", state{Stage: subscriber.Ready, Request: request{Kind: subscriber.Provision, Phase: subscriber.Postponed, Attempt: 1, Until: noon}}, activation.Known{}, send(subscriber.Provision)},
		{"postponements cost no attempts", state{Stage: subscriber.Ready, Request: request{Kind: subscriber.Provision, Phase: subscriber.Postponed, Attempt: 99, Until: noon}}, activation.Known{}, send(subscriber.Provision)},
		{"the change that was to wait was taken back", state{Stage: subscriber.Live, Profile: basic, Applied: basic, Request: request{Kind: subscriber.Update, Phase: subscriber.Postponed, Attempt: 1, Until: in(time.Minute)}}, activation.Known{}, activation.Rest{}},

		{"the second attempt waits about a second", state{Stage: subscriber.Ready, Request: idle(subscriber.Provision, 1)}, activation.Known{}, wait(domain.Spread(time.Second, ""))},
		{"the fourth about eight", state{Stage: subscriber.Ready, Request: idle(subscriber.Provision, 4)}, activation.Known{}, wait(domain.Spread(8*time.Second, ""))},
		{"and then goes", state{Stage: subscriber.Ready, Request: idle(subscriber.Provision, 4)}, activation.Known{Now: in(10 * time.Second)}, send(subscriber.Provision)},
		{"unless its customer is held", state{Stage: subscriber.Ready, Request: idle(subscriber.Provision, 4)}, activation.Known{Now: in(10 * time.Second), Held: true}, activation.Wait{Until: in(10 * time.Second).Add(activation.MaxPause)}},
		{"a planned retry waits for its time", state{Stage: subscriber.Stopped, Profile: basic, RetryAt: in(time.Hour)}, activation.Known{}, wait(time.Hour)},
		{"and then starts", state{Stage: subscriber.Stopped, Profile: basic, RetryAt: noon}, activation.Known{}, activation.TryAgain{}},
		{"attempts of something else do not count", state{Stage: subscriber.Leaving, WebexID: "w", Request: idle(subscriber.Provision, 7)}, activation.Known{}, send(subscriber.Remove)},

		{"an accepted request is followed", state{Stage: subscriber.Ready, Request: following}, activation.Known{}, wait(time.Second)},
		{"after a second", state{Stage: subscriber.Ready, Request: following}, activation.Known{Now: in(time.Second)}, activation.Follow{}},
		{"then less and less often", state{Stage: subscriber.Ready, Request: following}, activation.Known{Polls: 3, LastPoll: noon}, wait(8 * time.Second)},
		{"but once a minute", state{Stage: subscriber.Live, Request: following}, activation.Known{Polls: 99, LastPoll: noon}, wait(activation.MaxPause)},
		{"where nobody waits a list may show it first", state{Stage: subscriber.Ready, Request: following}, activation.Known{Patience: 5 * time.Minute}, wait(5 * time.Minute)},
		{"then it is looked at alone, less and less often", state{Stage: subscriber.Ready, Request: following}, activation.Known{Patience: 5 * time.Minute, Polls: 1, LastPoll: noon}, wait(10 * time.Minute)},
		{"but four times an hour", state{Stage: subscriber.Live, Request: following}, activation.Known{Patience: 5 * time.Minute, Polls: 99, LastPoll: noon}, wait(activation.LatePause)},
		{"consent takes people longer", state{Stage: subscriber.AwaitingConsent, Request: following}, activation.Known{Polls: 99, LastPoll: noon}, wait(activation.ConsentPause)},
		{"a failed one is not followed", state{Stage: subscriber.Stopped, Request: following}, activation.Known{}, activation.Rest{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.known.Now.IsZero() {
				c.known.Now = noon
			}
			require.Equal(t, c.want, activation.Next(c.state, c.known))
		})
	}
}

func TestAnUnansweredRequestIsGivenUpWithAReason(t *testing.T) {
	s := state{Stage: subscriber.Ready, Request: request{Kind: subscriber.Provision, Attempt: activation.MaxAttempts, At: noon}}
	step := activation.Next(s, activation.Known{Now: noon})
	require.IsType(t, activation.GiveUp{}, step)
	require.NotEmpty(t, step.(activation.GiveUp).Why)
}

func TestDueSaysWhenToAskAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		state state
		at    time.Time
		open  bool
	}{
		{"never, while a person's turn it is", state{Stage: subscriber.Stopped, Changed: noon}, time.Time{}, false},
		{"never about nobody", state{}, time.Time{}, false},
		{"at once, while it is ours", state{Stage: subscriber.Ready, Changed: noon}, noon, true},
		{"at once where the administrator is awaited: who knows", state{Stage: subscriber.Ready, AdminFirst: true, Changed: noon}, noon, true},
		{"when a request must have ended", state{Stage: subscriber.Ready, Changed: noon, Request: request{Phase: subscriber.Started, At: noon}}, in(activation.CallTime), true},
		{"when Webex said", state{Stage: subscriber.Leaving, Changed: noon, Request: request{Phase: subscriber.Postponed, At: noon, Until: in(time.Hour)}}, in(time.Hour), true},
		{"never about a wait for what was taken back", state{Stage: subscriber.Live, Changed: noon, Request: request{Phase: subscriber.Postponed, At: noon, Until: in(time.Hour)}}, time.Time{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, open := activation.Due(c.state)
			require.Equal(t, c.open, open)
			require.Equal(t, c.at, at)
		})
	}
}
