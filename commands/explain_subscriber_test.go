package commands_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog/memory"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/explain"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// readOnly is a Webex whose writes are a programmer's mistake.
type readOnly struct {
	commands.Webex
	refuses error // prechecks
	silent  error // reads
	asked   []string
}

func (r *readOnly) Validate(context.Context, webex.Request, string) (commands.Receipt, error) {
	r.asked = append(r.asked, "validate")
	return commands.Receipt{TrackingID: "ROUTER_1"}, r.refuses
}

func (r *readOnly) Subscriber(ctx context.Context, id string) (webex.Subscriber, bool, error) {
	r.asked = append(r.asked, "subscriber")
	if r.silent != nil {
		return webex.Subscriber{}, false, r.silent
	}
	return r.Webex.Subscriber(ctx, id)
}

func (r *readOnly) FindSubscriber(ctx context.Context, userID string) (webex.Subscriber, bool, error) {
	r.asked = append(r.asked, "find "+userID)
	if r.silent != nil {
		return webex.Subscriber{}, false, r.silent
	}
	return r.Webex.FindSubscriber(ctx, userID)
}

func (r *readOnly) Provision(context.Context, webex.Request, string) (webex.Subscriber, commands.Receipt, error) {
	panic("an explanation provisions")
}

func (r *readOnly) Update(context.Context, string, webex.Profile, webex.Profile, string) (webex.Subscriber, commands.Receipt, error) {
	panic("an explanation updates")
}

func (r *readOnly) Remove(context.Context, string, string) (commands.Receipt, error) {
	panic("an explanation removes")
}

func (r *readOnly) ResendConsent(context.Context, string, string) (commands.Receipt, error) {
	panic("an explanation sends a mail")
}

// onlyRead puts a Webex without writes in the place of the world's, and a log that
// nothing can be appended to.
func (w *world) onlyRead() *readOnly {
	w.t.Helper()
	r := &readOnly{Webex: w.webex}
	w.service.Webex = func(string) commands.Webex { return r }
	w.service.Log = noAppends{w.log, w.t}
	return r
}

type noAppends struct {
	commands.EventLog
	t *testing.T
}

func (l noAppends) Append(context.Context, string, int, domain.Cause, ...domain.Event) (domain.Position, error) {
	l.t.Error("an explanation records something")
	return 0, errors.New("no")
}

func (w *world) head() domain.Position {
	head, err := w.log.(*memory.Log).Head(w.t.Context())
	require.NoError(w.t, err)
	return head
}

func names(x explain.Explanation) (all []explain.Name) {
	for _, s := range x.Steps {
		all = append(all, s.Name)
	}
	return all
}

func last(x explain.Explanation) explain.Step { return x.Steps[len(x.Steps)-1] }

func TestAnExplanationIsWhatTheEngineRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.answer = func(kind string, n int) fault {
			if n == 1 {
				return fault{err: &commands.WebexError{Outcome: commands.Unknown, Status: 502, Message: "bad gateway", TrackingID: "ROUTER_7"}, lost: true}
			}
			return fault{}
		}
		id := w.onboard(request(1, trustedID, "fine@ent.example"))
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		x, err := w.service.ExplainSubscriber(t.Context(), commands.ExplainSubscriber{ID: id}, nordic)
		require.NoError(t, err)
		require.Equal(t, explain.OK, x.Verdict)
		require.Equal(t, []explain.Name{
			explain.Found, explain.Allowed, explain.Precheck, explain.Request, explain.Reply, explain.LookedUp, explain.Following,
		}, names(x))
		require.Equal(t, "ROUTER_7", x.Steps[4].WebexTracking)
		require.Regexp(t, "^LEDGERLINE_", x.Steps[4].OurTracking)
		require.Equal(t, x.Steps[3].OurTracking, x.Steps[4].OurTracking)
		require.Len(t, x.Steps[1].Proof, 2, "the template and the onboarding")
	})
}

func TestALiveExplanationOnlyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.onboard(request(1, trustedID, "fine@ent.example"))
		ready := w.onboard(request(2, trustedID, "ready@ent.example"))
		unasked := w.onboard(request(3, untrustedID, ""))
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		head := w.head()
		reads := w.onlyRead()
		explained := func(id uuid.UUID) explain.Explanation {
			reads.asked = nil
			x, err := w.service.ExplainSubscriber(t.Context(), commands.ExplainSubscriber{ID: id, Live: true}, nordic)
			require.NoError(t, err)
			return x
		}
		x := explained(id)
		require.Equal(t, explain.OK, x.Verdict, last(x).What)
		require.Equal(t, []string{"subscriber", "find user1@as0.example"}, reads.asked)
		require.Equal(t, []explain.Verdict{explain.OK, explain.OK}, []explain.Verdict{x.Steps[len(x.Steps)-2].Verdict, last(x).Verdict})

		for i, r := range w.webex.records {
			r.Package = "premium"
			w.webex.records[i] = r
		}
		x = explained(id)
		require.Equal(t, explain.Stopped, x.Verdict)
		require.Equal(t, []explain.Difference{{Field: "package", Ledger: "basic", Webex: "premium"}}, x.Steps[len(x.Steps)-2].Differences)

		reads.refuses = &commands.WebexError{Outcome: commands.Refused, Status: 400, Message: "taken", TrackingID: "ROUTER_2"}
		x = explained(ready)
		require.Equal(t, []string{"validate", "find user2@as0.example"}, reads.asked)
		check := x.Steps[len(x.Steps)-2]
		require.Equal(t, explain.Stopped, check.Verdict)
		require.Equal(t, "ROUTER_2", check.WebexTracking)
		require.Regexp(t, "^LEDGERLINE_", check.OurTracking)

		x = explained(unasked)
		require.Equal(t, []string{"find user3@as0.example"}, reads.asked, "without an address there is nothing to precheck")
		require.Equal(t, explain.Skipped, x.Steps[len(x.Steps)-2].Verdict)

		for name, err := range map[string]error{
			"silent":     &commands.WebexError{Outcome: commands.Unknown, Status: 503},
			"no access":  &commands.WebexError{Outcome: commands.Refused, Status: 401},
			"bad query":  &commands.WebexError{Outcome: commands.Refused, Status: 400, Message: "no"},
			"throttled":  &commands.WebexError{Outcome: commands.NotDone, Status: 429},
			"out of use": context.DeadlineExceeded,
		} {
			reads.silent = err
			x = explained(id)
			require.Equal(t, explain.Unknown, last(x).Verdict, name)
			require.Contains(t, last(x).What, "says nothing about the user", name)
			require.Equal(t, explain.OK, x.Verdict, "what the ledger knows stands")
		}
		w.service.Webex = func(string) commands.Webex { return nil }
		x = explained(ready)
		require.Contains(t, last(x).What, "no access to Webex")
		require.Empty(t, x.Steps[len(x.Steps)-2].OurTracking, "nothing was sent")
		require.Equal(t, head, w.head())
	})
}

func TestAQuestionThatWasNotAskedIsNotCalledUnanswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.service.Lanes = &commands.Lanes{}
		id := w.onboard(request(1, trustedID, "fine@ent.example"))
		reads := w.onlyRead()
		reads.refuses = &commands.WebexError{Outcome: commands.NotDone, Status: 429, RetryAfter: 10 * time.Minute}
		for range 2 {
			x, err := w.service.ExplainSubscriber(t.Context(), commands.ExplainSubscriber{ID: id, Live: true}, nordic)
			require.NoError(t, err)
			require.Equal(t, explain.Unknown, last(x).Verdict)
			require.Contains(t, last(x).What, "Webex wants to be left alone until")
		}
	})
}

func TestAHeldRequestIsExplainedByItsHold(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "fine@ent.example"))
	of := hold.Scope{Kind: hold.Customer, Name: w.state(id).SPEnterpriseID}
	held, _, err := w.service.PlaceHold(t.Context(), of, "wrong account at Webex", cause(nordic))
	require.NoError(t, err)
	explained := func() explain.Explanation {
		x, err := w.service.ExplainSubscriber(t.Context(), commands.ExplainSubscriber{ID: id}, nordic)
		require.NoError(t, err)
		return x
	}
	x := explained()
	require.Equal(t, explain.Waiting, x.Verdict)
	require.Contains(t, x.What, "is held: wrong account at Webex.")
	require.Equal(t, explain.AnAdmin, x.Awaited.From)
	require.Zero(t, x.Awaited.Next)
	require.Empty(t, last(x).Output, "no time at which it is due")
	_, err = w.service.LiftHold(t.Context(), held, cause(nordic))
	require.NoError(t, err)
	require.Equal(t, explain.TheEngine, explained().Awaited.From)
}

func TestOnlyUsersOfThePartnerAreExplained(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "fine@ent.example"))
	for _, c := range []struct {
		id      uuid.UUID
		partner string
	}{{id, "other"}, {uuid.New(), nordic}} {
		_, err := w.service.ExplainSubscriber(t.Context(), commands.ExplainSubscriber{ID: c.id}, c.partner)
		require.ErrorIs(t, err, subscriber.ErrNotFound)
	}
}

func TestAPlannedOnboardingLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.onboard(request(1, trustedID, "fine@ent.example"))
		w.onboard(request(2, adminFirstID, "admin@ent.example"))
		head := w.head()
		reads := w.onlyRead()
		plan := func(req commands.OnboardSubscriber) explain.Explanation {
			reads.asked = nil
			x, err := w.service.ExplainOnboarding(t.Context(), req, nordic)
			require.NoError(t, err)
			require.Equal(t, head, w.head())
			return x
		}
		x := plan(request(9, trustedID, "new@ent.example"))
		require.Equal(t, explain.OK, x.Verdict, x.What)
		require.Equal(t, []string{"validate"}, reads.asked)
		require.Equal(t, []explain.Name{
			explain.Input, explain.Found, explain.Allowed, explain.Precheck, explain.Request, explain.Reply, explain.Following,
		}, names(x))
		require.Equal(t, "ROUTER_1", x.Steps[3].WebexTracking)

		require.Equal(t, explain.OK, plan(request(1, trustedID, "fine@ent.example")).Verdict)
		require.Empty(t, reads.asked, "who is here is not prechecked")
		require.Equal(t, explain.Stopped, plan(request(9, "bm9uZQ", "new@ent.example")).Verdict)
		require.Empty(t, reads.asked)
		x = plan(request(9, adminFirstID, "new@ent.example"))
		require.Equal(t, explain.Waiting, x.Verdict)
		require.Equal(t, explain.CustomerAdmin, x.Awaited.From)
		reads.refuses = &commands.WebexError{Outcome: commands.Conflict, Status: 409, Message: "taken"}
		require.Equal(t, explain.Stopped, plan(request(9, trustedID, "new@ent.example")).Verdict)
		reads.refuses = errors.New("broken")
		require.Equal(t, explain.Unknown, plan(request(9, trustedID, "new@ent.example")).Verdict)
	})
}

// What the plan says is what happens.
func TestThePlannedRequestIsTheOneThatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		req := request(1, untrustedID, "New@ent.example")
		req.PrimaryPhoneNumber = "46 70-123 45 67"
		planned, err := w.service.ExplainOnboarding(t.Context(), req, nordic)
		require.NoError(t, err)
		id := w.onboard(req)
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		happened, err := w.service.ExplainSubscriber(t.Context(), commands.ExplainSubscriber{ID: id}, nordic)
		require.NoError(t, err)
		of := func(x explain.Explanation, name explain.Name) explain.Step {
			for _, s := range x.Steps {
				if s.Name == name {
					return s
				}
			}
			t.Fatalf("no step %s", name)
			return explain.Step{}
		}
		require.Equal(t, of(planned, explain.Request).Input, of(happened, explain.Request).Input)
		require.Equal(t, of(planned, explain.Allowed).Output, of(happened, explain.Allowed).Output)
		sent := webex.Call{}
		for _, r := range w.webex.records {
			sent = webex.ProvisionCall(r.Request)
		}
		for i, f := range sent.Fields {
			require.Equal(t, explain.Value{Name: f.Name, Value: f.Value}, of(planned, explain.Request).Input[i+2])
		}
	})
}
