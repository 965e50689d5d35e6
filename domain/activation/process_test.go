package activation_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/domain"
	"ledgerline/domain/activation"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// The laws of the process, in histories of one subscriber in which people ask for
// things in any order while Webex answers, postpones, refuses, loses and fails as
// it likes and the program dies now and then.
func TestTheProcessKeepsItsLawsWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &program{t: t, now: noon, polls: map[string]int{}}
		p.ask(onboard(t, p.now))
		for range rapid.IntRange(30, 80).Draw(t, "turns") {
			p.now = p.now.Add(time.Duration(rapid.SampledFrom([]int{2, 1, 0, 10, 60}).Draw(t, "seconds")) * time.Second)
			switch rapid.SampledFrom([]string{"engine", "engine", "engine", "engine", "engine", "engine", "person", "person", "webex", "late", "vanish"}).Draw(t, "turn") {
			case "engine":
				if wait, ok := p.step(false).(activation.Wait); ok && rapid.Bool().Draw(t, "later") {
					p.now = wait.Until
					p.step(false)
				}
			case "person":
				p.ask(person(t, p.state, p.now))
			case "webex":
				p.remote.work(t, false)
			case "late":
				p.deliver()
			case "vanish":
				p.drifted, p.remote.record = p.remote.made, nil
			}
		}
		p.finish()
	})
}

// TestALeavingSubscriberEndsGone whatever was under way when it was deleted.
func TestALeavingSubscriberEndsGone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &program{t: t, now: noon, polls: map[string]int{}}
		p.ask(onboard(t, p.now))
		for range rapid.IntRange(5, 30).Draw(t, "turns") {
			p.step(false)
			p.remote.work(t, false)
			if rapid.Bool().Draw(t, "person") {
				p.ask(person(t, p.state, p.now))
			}
		}
		p.ask(subscriber.Delete{At: p.now})
		for range rapid.IntRange(0, 10).Draw(t, "turns") {
			if _, gaveUp := p.next().(activation.GiveUp); gaveUp {
				break // the one way to stop a removal
			}
			p.step(false)
			p.remote.work(t, false)
		}
		p.finish()
		if p.state.Stage == subscriber.Stopped {
			p.ask(subscriber.Delete{At: p.now}) // a refusal is for a person, who asks again
			p.finish()
		}
		require.Contains(t, []subscriber.Stage{subscriber.Gone, subscriber.Absent}, p.state.Stage)
	})
}

// program is Ledgerline as far as one subscriber goes.
type program struct {
	t      *rapid.T
	now    time.Time
	events []domain.Event
	state  subscriber.State
	remote remote
	polls  map[string]int
	sends  int
	late   []subscriber.Command // answers that arrive when nobody waits for them any more

	// drifted is how many records Webex had made when somebody else removed the
	// last, which shows when it is read or changed and not before.
	drifted int
}

// ask gives a command and checks every law of rules on it.
func (p *program) ask(c subscriber.Command) error {
	recorded, err := subscriber.Decide(p.state, c)
	if domain.AsRejection(err) == nil {
		require.NoError(p.t, err)
	}
	if len(p.events) < 25 { // the laws of long histories are those of short ones, at a price
		domaintest.Laws(p.t, subscriber.Decider, slices.Clip(p.events), c)
	}
	for _, e := range recorded {
		if started, ok := e.(subscriber.RequestStarted); ok {
			require.False(p.t, p.state.Busy(), "never two requests open: %s", started.Kind)
			require.Equal(p.t, p.state.Wants(), started.Kind, "nothing is sent that is not wanted")
		}
		p.state = subscriber.Evolve(p.state, e)
		p.events = append(p.events, e)
	}
	p.consistent()
	return err
}

// consistent checks what holds after every event.
func (p *program) consistent() {
	s := p.state
	require.Equal(p.t, s, domaintest.Fold(subscriber.Decider, p.events))
	switch s.Stage {
	case subscriber.Stopped:
		require.NotEmpty(p.t, s.Errors, "who is stopped is told why")
	case subscriber.Gone:
		require.Empty(p.t, s.WebexID+s.PersonID)
		require.Equal(p.t, subscriber.RequestState{}, s.Request)
	case subscriber.Leaving:
		require.True(p.t, s.WebexID != "" || s.Busy(), "who has nothing at Webex is gone")
	case subscriber.AwaitingEmail, subscriber.AwaitingValidation:
		require.Empty(p.t, s.Wants(), "nothing is sent before an address is validated")
	}
	later := activation.Known{Now: s.Changed.Add(24 * time.Hour), AdminActive: true}
	_, rests := activation.Next(s, later).(activation.Rest)
	_, open := activation.Due(s)
	require.Equal(p.t, open, !rests, "what is due is done, and what is done is due")
}

func (p *program) next() activation.Step {
	k := activation.Known{Now: p.now, AdminActive: true, Polls: p.polls[p.state.Request.TrackingID]}
	if k.Polls > 0 {
		k.LastPoll = p.now.Add(-activation.ConsentPause)
	}
	return activation.Next(p.state, k)
}

// step does what is next, as commands.Driver does. works: Webex does what it is
// asked, and tells.
func (p *program) step(works bool) activation.Step {
	step, r := p.next(), p.state.Request
	switch step := step.(type) {
	case activation.Wait:
		require.True(p.t, step.Until.After(p.now), "a wait ends later")
		if works {
			p.now = step.Until
		}
	case activation.Send:
		p.send(step.Kind, works)
	case activation.Lose:
		p.ask(subscriber.RecordLost{Tracking: r.TrackingID, Why: "Ledgerline stopped before it could record the reply.", At: p.now})
	case activation.LookUp:
		record, found := p.lookUp(r.Kind)
		p.ask(subscriber.RecordFound{Tracking: r.TrackingID, Found: found, Record: record, At: p.now})
	case activation.Follow:
		p.polls[r.TrackingID]++
		p.remote.work(p.t, works)
		record, found := p.read(p.state.WebexID)
		p.ask(subscriber.RecordStatus{Found: found, Record: record, At: p.now})
	case activation.GiveUp:
		require.NotEmpty(p.t, step.Why)
		p.ask(subscriber.RecordRefused{Tracking: r.TrackingID, Errors: []webex.Error{{Description: step.Why}}, At: p.now})
		require.Equal(p.t, subscriber.Stopped, p.state.Stage)
	}
	return step
}

func (p *program) lookUp(kind subscriber.RequestKind) (webex.Subscriber, bool) {
	if kind != subscriber.Provision {
		return p.read(p.state.WebexID)
	}
	if r := p.remote.record; r != nil && r.UserID == p.state.Sent.UserID {
		return p.remote.shown(), true
	}
	return webex.Subscriber{}, false
}

func (p *program) read(id string) (webex.Subscriber, bool) {
	if r := p.remote.record; r != nil && r.ID == id {
		return p.remote.shown(), true
	}
	return webex.Subscriber{}, false
}

func (p *program) send(kind subscriber.RequestKind, works bool) {
	p.sends++
	tracking := fmt.Sprintf("LEDGERLINE_%d", p.sends)
	require.NoError(p.t, p.ask(subscriber.StartRequest{Kind: kind, Tracking: tracking, At: p.now}))
	require.ErrorIs(p.t, p.ask(subscriber.StartRequest{Kind: kind, Tracking: "another node", At: p.now}), subscriber.ErrInProgress)
	if kind == subscriber.Provision {
		require.Nil(p.t, p.remote.record, "nobody is provisioned who may be there already")
	} else {
		require.NotEmpty(p.t, p.state.WebexID, "%s of a record that is not known", kind)
	}
	fates := []string{"answered", "answered", "answered", "answered", "answered", "postponed", "refused", "conflict", "reply lost", "request lost", "died before", "died after", "answered late", "not carried out, which is told late"}
	if works {
		fates = fates[:1]
	}
	s := p.state
	asked := webex.Request{Profile: s.Profile, ProvisioningID: s.ProvisioningID, SPEnterpriseID: s.SPEnterpriseID, Email: s.Email, Language: s.Language}
	switch rapid.SampledFrom(fates).Draw(p.t, "fate of "+string(kind)) {
	case "answered":
		p.ask(p.outcome(tracking, p.remote.carryOut(kind, asked, s.WebexID)))
	case "answered late":
		p.late = append(p.late, p.outcome(tracking, p.remote.carryOut(kind, asked, s.WebexID)))
	case "not carried out, which is told late":
		p.late = append(p.late, p.outcome(tracking, reply{status: rapid.SampledFrom([]int{429, 400, 0}).Draw(p.t, "status")}))
	case "postponed":
		p.ask(p.outcome(tracking, reply{status: 429}))
	case "refused":
		p.ask(p.outcome(tracking, reply{status: 400}))
	case "conflict":
		p.ask(p.outcome(tracking, reply{status: 409}))
	case "reply lost":
		p.remote.carryOut(kind, asked, s.WebexID)
		p.ask(p.outcome(tracking, reply{}))
	case "request lost":
		p.ask(p.outcome(tracking, reply{}))
	case "died after":
		p.remote.carryOut(kind, asked, s.WebexID)
	}
}

// outcome is what the driver records of a reply.
func (p *program) outcome(tracking string, r reply) subscriber.Command {
	switch {
	case r.status == 0:
		return subscriber.RecordLost{Tracking: tracking, Why: "connection reset", At: p.now}
	case r.status < 300:
		return subscriber.RecordAccepted{Tracking: tracking, Record: r.record, At: p.now}
	case r.status == http.StatusTooManyRequests:
		return subscriber.RecordPostponed{Tracking: tracking, Status: r.status, Until: p.now.Add(30 * time.Second), At: p.now}
	case r.status == http.StatusConflict:
		return subscriber.RecordLost{Tracking: tracking, Status: r.status, Why: "conflict", At: p.now}
	}
	return subscriber.RecordRefused{Tracking: tracking, Status: r.status, Errors: []webex.Error{{Code: 1001, Description: "no"}}, At: p.now}
}

// deliver lets one of the late answers arrive.
func (p *program) deliver() {
	if len(p.late) == 0 {
		return
	}
	before, answer := p.state, p.late[0]
	p.late = p.late[1:]
	p.ask(answer)
	if tracking := trackingOf(answer); tracking != before.Request.TrackingID {
		require.Equal(p.t, before, p.state, "answers to earlier requests change nothing")
	}
}

func trackingOf(answer subscriber.Command) string {
	switch a := answer.(type) {
	case subscriber.RecordAccepted:
		return a.Tracking
	case subscriber.RecordPostponed:
		return a.Tracking
	case subscriber.RecordRefused:
		return a.Tracking
	case subscriber.RecordLost:
		return a.Tracking
	}
	return ""
}

// finish lets Webex work, and checks where the process comes to rest.
func (p *program) finish() {
	const bound = 200
	for n := 0; ; n++ {
		require.Less(p.t, n, bound, "the process comes to an end")
		if _, rests := p.step(true).(activation.Rest); rests {
			break
		}
	}
	for len(p.late) > 0 {
		before := p.state
		p.deliver()
		require.Equal(p.t, before, p.state, "late answers change nothing")
	}
	s := p.state
	switch s.Stage {
	case subscriber.Live:
		require.Equal(p.t, s.Profile, s.Applied)
		if p.remote.record == nil && p.drifted == p.remote.made {
			return
		}
		require.NotNil(p.t, p.remote.record)
		require.Equal(p.t, s.Profile, p.remote.record.Profile, "Webex has what is wanted")
		require.Equal(p.t, s.Email, p.remote.record.Email)
	case subscriber.Gone:
		require.Nil(p.t, p.remote.record, "nothing is left at Webex")
	case subscriber.Absent, subscriber.AwaitingEmail, subscriber.AwaitingValidation, subscriber.Stopped:
	default:
		p.t.Fatalf("at rest in stage %d", s.Stage)
	}
}
