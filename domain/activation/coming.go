package activation

import (
	"time"

	"ledgerline/domain/subscriber"
)

// What says what the process does next.
type What string

// What can come next.
const (
	Sending       What = "attempt"       // a request goes to Webex, for the first time or again
	Reply         What = "reply"         // to a request that is being sent; without one it counts as lost
	LookingUp     What = "look-up"       // whether Webex carried out a request that was lost
	Polling       What = "poll"          // how far Webex is with what it accepted
	Retrying      What = "retry"         // of what failed, as the engine has planned
	Administrator What = "administrator" // of the customer is awaited
	Lifting       What = "hold"          // somebody has to lift the hold
)

// Coming is what the process does next for a subscriber. Its zero value: nothing, or
// only a person can bring it further.
type Coming struct {
	What    What
	At      time.Time // not before; zero: as soon as its turn comes, or not known
	Attempt int       // which one it will be, of Sending and Retrying
	Of      int       // how many there are at most; 0: as many as it takes
}

// Comes says what comes next. Known is as for Next.
func Comes(s subscriber.State, k Known) Coming {
	r := s.Request
	c := Coming{}
	switch step := Next(s, k).(type) {
	case Wait:
		c.At = step.Until
		if step.AdminFirst {
			return Coming{What: Administrator}
		}
	case Rest, GiveUp:
		return c
	}
	switch kind := s.Wants(); {
	case r.Phase == subscriber.Started:
		c.What = Reply
	case r.Phase == subscriber.Lost:
		c.What = LookingUp
	case !s.RetryAt.IsZero():
		c.What, c.Attempt, c.Of = Retrying, s.Tries, subscriber.MaxTries
	case r.Phase == subscriber.Accepted && Follows(s):
		c.What = Polling
	case k.Held:
		return Coming{What: Lifting}
	case r.Phase == subscriber.Postponed:
		c.What, c.Attempt = Sending, max(r.Attempt, 1)
	case r.Kind != kind:
		c.What, c.Attempt, c.Of = Sending, 1, MaxAttempts
	default:
		c.What, c.Attempt, c.Of = Sending, r.Attempt+1, MaxAttempts
	}
	return c
}
