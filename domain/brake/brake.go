// Package brake bounds what one administrator alone may take away from a
// customer by files: over 50 users, or 20 % of them, removed or given a lesser
// package within a day need the approval of a second one.
package brake

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Kind of the streams.
const Kind = "brake"

// The limits.
const (
	Most    = 50             // users
	Percent = 20             // of the customer's users
	Window  = 24 * time.Hour // in which they count together
)

// Stream returns the name of the stream of a partner's customer.
func Stream(partner, customer string) string { return domain.StreamName(Kind, partner, Kind, customer) }

// Reserved: a plan may take this much away.
type Reserved struct {
	Plan     uuid.UUID `json:"plan"`
	Customer string    `json:"customer"`
	N        int       `json:"n"`
	Users    int       `json:"users"`           // of the customer, before
	Second   bool      `json:"second,omitzero"` // a second administrator has approved; does not count
	At       time.Time `json:"at"`              // UTC
}

// EventType returns the stored name.
func (Reserved) EventType() string { return "brake.reserved.v1" }

// Events lists one of each event of a brake, for the event codec.
var Events = []domain.Event{Reserved{}}

// State is the reservations that may still count.
type State struct{ Reserved []Reserved }

// Reserve asks for leave to take away from a customer within the next day. Asking
// again in that time for the same plan, and for no more, changes nothing.
type Reserve struct{ Reserved }

// ErrOver is said when it is too much.
var ErrOver = domain.Reject(domain.Conflict, "More than 50 users or 20 % of the users of a customer would be removed or downgraded within a day. A second administrator has to approve it.")

// Decider is the rules.
var Decider = domain.Decider[State, Reserve]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
//
// Errors: ErrOver.
func Decide(s State, c Reserve) ([]domain.Event, error) {
	has := 0
	for _, r := range s.Reserved {
		if r.Plan == c.Plan && r.counts(c.At) {
			has += r.N
		}
	}
	switch {
	case c.N <= has:
		return nil, nil
	case !c.Second && Over(s.Taken(c.At)+c.N-has, c.Users):
		return nil, ErrOver
	}
	more := c.Reserved
	more.N -= has
	return []domain.Event{more}, nil
}

// Taken is how much was taken away in the window before a time by one
// administrator alone.
func (s State) Taken(at time.Time) (n int) {
	for _, r := range s.Reserved {
		if !r.Second && r.counts(at) {
			n += r.N
		}
	}
	return n
}

func (r Reserved) counts(at time.Time) bool { return r.At.After(at.Add(-Window)) }

// Over says whether n users are too many for one administrator to take away from a
// customer.
func Over(n, users int) bool { return n > Most || n*100 > users*Percent }

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	r, ok := e.(Reserved)
	if !ok {
		return s
	}
	var kept []Reserved
	for _, old := range s.Reserved {
		if old.counts(r.At) {
			kept = append(kept, old)
		}
	}
	return State{Reserved: append(kept, r)}
}
