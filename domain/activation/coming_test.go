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

func TestComes(t *testing.T) {
	basic, premium := webex.Profile{UserID: "a", Package: "basic"}, webex.Profile{UserID: "a", Package: "premium"}
	provision := func(phase subscriber.Phase, attempt int) request {
		return request{Kind: subscriber.Provision, Phase: phase, Attempt: attempt, At: noon, Until: in(time.Hour)}
	}
	held := activation.Known{Held: true, AdminActive: true}
	for _, c := range []struct {
		name  string
		state state
		known activation.Known
		want  activation.Coming
	}{
		{"nobody", state{}, activation.Known{}, activation.Coming{}},
		{"a person's turn", state{Stage: subscriber.AwaitingEmail}, activation.Known{}, activation.Coming{}},
		{"nothing to do", state{Stage: subscriber.Live, Profile: basic, Applied: basic}, activation.Known{}, activation.Coming{}},
		{"a newcomer", state{Stage: subscriber.Ready}, activation.Known{}, activation.Coming{What: activation.Sending, Attempt: 1, Of: activation.MaxAttempts}},
		{"a newcomer who is held", state{Stage: subscriber.Ready}, held, activation.Coming{What: activation.Lifting}},
		{"a newcomer who waits for the administrator", state{Stage: subscriber.Ready, AdminFirst: true}, activation.Known{}, activation.Coming{What: activation.Administrator}},
		{"a change", state{Stage: subscriber.Live, Profile: premium, Applied: basic}, activation.Known{}, activation.Coming{What: activation.Sending, Attempt: 1, Of: activation.MaxAttempts}},
		{"a request that is being sent", state{Stage: subscriber.Ready, Request: provision(subscriber.Started, 1)}, activation.Known{}, activation.Coming{What: activation.Reply, At: in(activation.CallTime)}},
		{"one that nobody lived to record", state{Stage: subscriber.Ready, Request: provision(subscriber.Started, 1)}, activation.Known{Now: in(time.Hour)}, activation.Coming{What: activation.Reply}},
		{"a lost request", state{Stage: subscriber.Ready, Request: provision(subscriber.Lost, 1)}, activation.Known{}, activation.Coming{What: activation.LookingUp, At: in(activation.SettleTime)}},
		{"a lost request of who is held", state{Stage: subscriber.Ready, Request: provision(subscriber.Lost, 1)}, held, activation.Coming{What: activation.LookingUp, At: in(activation.SettleTime)}},
		{"an accepted request", state{Stage: subscriber.Ready, Request: provision(subscriber.Accepted, 1)}, activation.Known{}, activation.Coming{What: activation.Polling, At: in(time.Second)}},
		{"an accepted request of before a new address", state{Stage: subscriber.Ready, Stale: true, WebexID: "w", Request: provision(subscriber.Accepted, 1)}, activation.Known{}, activation.Coming{What: activation.Polling, At: in(time.Second)}},
		{"consent that is awaited", state{Stage: subscriber.AwaitingConsent, Request: provision(subscriber.Accepted, 1)}, activation.Known{}, activation.Coming{What: activation.Polling, At: in(time.Second)}},
		{"somebody who leaves meanwhile", state{Stage: subscriber.Leaving, WebexID: "w", Request: provision(subscriber.Accepted, 1)}, activation.Known{}, activation.Coming{What: activation.Sending, Attempt: 1, Of: activation.MaxAttempts}},
		{"a postponed request", state{Stage: subscriber.Ready, Request: provision(subscriber.Postponed, 3)}, activation.Known{}, activation.Coming{What: activation.Sending, At: in(time.Hour), Attempt: 3}},
		{"a request that never arrived", state{Stage: subscriber.Ready, Request: provision(subscriber.Idle, 3)}, activation.Known{}, activation.Coming{What: activation.Sending, At: noon.Add(domain.Spread(4*time.Second, "")), Attempt: 4, Of: activation.MaxAttempts}},
		{"one too many", state{Stage: subscriber.Ready, Request: provision(subscriber.Idle, activation.MaxAttempts)}, activation.Known{}, activation.Coming{}},
		{"a planned retry", state{Stage: subscriber.Stopped, RetryAt: in(time.Hour), Tries: 2}, activation.Known{}, activation.Coming{What: activation.Retrying, At: in(time.Hour), Attempt: 2, Of: subscriber.MaxTries}},
		{"a planned retry that is due", state{Stage: subscriber.Stopped, RetryAt: noon, Tries: 2}, activation.Known{}, activation.Coming{What: activation.Retrying, Attempt: 2, Of: subscriber.MaxTries}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.known.Now.IsZero() {
				c.known.Now = noon
			}
			require.Equal(t, c.want, activation.Comes(c.state, c.known))
		})
	}
}
