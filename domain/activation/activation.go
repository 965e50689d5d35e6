// Package activation is the process that takes a subscriber to provisioned, to
// another wish fulfilled, or to a named stop: what to do now, judged by recorded
// facts alone. So a program that was stopped half way goes on from exactly there.
package activation

import (
	"time"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// Limits of the process.
const (
	// CallTime is how long one request to Webex may take, tries to connect
	// included. One that was started longer ago than this is lost.
	CallTime = 45 * time.Second
	// SettleTime passes between losing a request and looking it up, so that
	// Webex can finish what it may have begun.
	SettleTime = 3 * time.Second
	// MaxAttempts of one request in a row whose outcome was unknown and that
	// turned out not to have been carried out.
	MaxAttempts = 8
	// MaxPause is the longest time between two looks at an accepted request while
	// somebody waits for it, and between two attempts.
	MaxPause = time.Minute
	// LatePause is the longest time between two looks at one that the list of its
	// template does not show.
	LatePause = 15 * time.Minute
	// ConsentPause is the same while a person's consent is awaited.
	ConsentPause = time.Hour
)

// Known is what Next may look at beside the subscriber's own facts.
type Known struct {
	Now time.Time
	// Polls of the request now accepted, and when the last was. They are not
	// recorded: a program that starts anew polls once more, which is harmless.
	Polls    int
	LastPoll time.Time
	// Held: somebody keeps the next request from Webex.
	Held bool
	// AdminActive: the customer's administrator is active, or is this subscriber.
	AdminActive bool
	// Patience is how long an accepted request is left to whoever reads the list
	// of its template before it is looked at alone; 0: somebody waits, it is
	// looked at alone from the beginning.
	Patience time.Duration
}

// Step is what to do now: Rest, Wait, Send, LookUp, Follow, Lose or GiveUp.
type Step interface{ step() }

// Rest: nothing until somebody asks for something.
type Rest struct{}

// Wait: nothing before Until. AdminFirst says that the customer's administrator
// is awaited; its activation is worth a look before.
type Wait struct {
	Until      time.Time
	AdminFirst bool
}

// TryAgain: start anew what failed, as planned.
type TryAgain struct{}

// Send: record the intent, make the request, record what became of it.
type Send struct{ Kind subscriber.RequestKind }

// Lose: a request was started and nobody lived to record what became of it.
type Lose struct{}

// LookUp: find out what became of a lost request, as subscriber.RecordFound says.
type LookUp struct{}

// Follow: see how far Webex is with what it accepted.
type Follow struct{}

// GiveUp: stop trying and say why.
type GiveUp struct{ Why string }

// Next says what to do now.
func Next(s subscriber.State, k Known) Step {
	r := s.Request
	switch r.Phase {
	case subscriber.Started:
		return after(r.At.Add(CallTime), k.Now, Lose{})
	case subscriber.Lost:
		return after(r.At.Add(SettleTime), k.Now, LookUp{})
	case subscriber.Accepted:
		if Follows(s) {
			return after(k.nextPoll(s), k.Now, Follow{})
		}
	}
	return send(s, k)
}

// Follows says whether the end of an accepted request is awaited.
func Follows(s subscriber.State) bool {
	return s.Stage == subscriber.Ready || s.Stage == subscriber.Live || s.Stage == subscriber.AwaitingConsent && !s.ConsentMail
}

// send decides which request is due, if any.
func send(s subscriber.State, k Known) Step {
	kind := s.Wants()
	switch {
	case !s.RetryAt.IsZero():
		return after(s.RetryAt, k.Now, TryAgain{})
	case kind == "":
		return Rest{}
	case k.Held:
		return Wait{Until: k.Now.Add(MaxPause)}
	case kind == subscriber.Provision && s.AdminFirst && !k.AdminActive:
		return Wait{Until: k.Now.Add(MaxPause), AdminFirst: true}
	case s.Request.Phase == subscriber.Postponed:
		return after(s.Request.Until, k.Now, Send{Kind: kind})
	case s.Request.Kind != kind || s.Request.Attempt == 0:
		return Send{Kind: kind}
	case s.Request.Attempt >= MaxAttempts:
		return GiveUp{Why: "Webex did not answer, several times. Retry the activation when Webex works again."}
	}
	pause := min(time.Second<<min(s.Request.Attempt-1, 16), MaxPause)
	return after(s.Request.At.Add(domain.Spread(pause, s.Request.TrackingID)), k.Now, Send{Kind: kind})
}

func (k Known) nextPoll(s subscriber.State) time.Time {
	first, longest := time.Second, MaxPause
	if k.Patience > 0 {
		first, longest = k.Patience, LatePause
	}
	if s.Stage == subscriber.AwaitingConsent {
		longest = ConsentPause
	}
	if k.Polls == 0 {
		return s.Request.At.Add(min(first, longest))
	}
	return k.LastPoll.Add(min(first<<min(k.Polls, 16), longest))
}

func after(due, now time.Time, then Step) Step {
	if now.Before(due) {
		return Wait{Until: due}
	}
	return then
}

// Due says when to ask Next about a subscriber, judged at its last event. open
// is false while only a person can bring it further.
func Due(s subscriber.State) (at time.Time, open bool) {
	switch step := Next(s, Known{Now: s.Changed, AdminActive: true}).(type) {
	case Rest:
		return time.Time{}, false
	case Wait:
		return step.Until, true
	}
	return s.Changed, true
}

func (Rest) step()     {}
func (Wait) step()     {}
func (Send) step()     {}
func (TryAgain) step() {}
func (Lose) step()     {}
func (LookUp) step()   {}
func (Follow) step()   {}
func (GiveUp) step()   {}
