// Package hold holds the rules for keeping requests from Webex: of one customer,
// of one template, or of a whole partner. Somebody asks for that, or Ledgerline
// itself when users fail alike, one after the other: then that is one finding
// with one reason, and not as many failures as the customer has users.
package hold

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Kind of the streams.
const Kind = "hold"

// Scope is whose requests are held.
type Scope struct {
	Kind ScopeKind `json:"kind"`
	Name string    `json:"name"` // of the customer or template; empty for a partner
}

// ScopeKind says what a scope's name is of.
type ScopeKind string

// The kinds of scopes.
const (
	Customer ScopeKind = "customer" // spEnterpriseId: no user of it is provisioned
	Template ScopeKind = "template" // provisioningId: no user of it is provisioned
	Partner  ScopeKind = "partner"  // nothing at all is asked of Webex that changes something
)

// Stream returns the name of the stream of a scope.
func Stream(partner string, of Scope) string { return domain.StreamOf(Kind, ID(partner, of)) }

// ID returns the id of a scope.
func ID(partner string, of Scope) uuid.UUID {
	return domain.NameID(partner, Kind, string(of.Kind), of.Name)
}

// Placed: requests are held from now on.
type Placed struct {
	Scope       Scope     `json:"scope"`
	Reason      string    `json:"reason"`
	Fingerprint string    `json:"fingerprint,omitzero"` // of the cause that users failed by
	Failures    int       `json:"failures,omitzero"`    // in a row; 0: somebody asked for the hold
	At          time.Time `json:"at"`                   // UTC
}

// Lifted: requests go on.
type Lifted struct {
	At time.Time `json:"at"` // UTC
}

// Events lists one of each event of a hold, for the event codec.
var Events = []domain.Event{Placed{}, Lifted{}}

func (Placed) EventType() string { return "hold.placed.v1" }
func (Lifted) EventType() string { return "hold.lifted.v1" }

// State is what is known of a scope. The zero value is not held.
type State struct {
	Held bool
	Placed
	Lifted time.Time // zero: never
}

// Command is something that a scope can be asked.
type Command interface{ holdCommand() }

// Place holds requests. On a scope that is held it changes nothing.
type Place struct {
	Scope       Scope
	Reason      string
	Fingerprint string
	Failures    int
	At          time.Time
}

// Lift lets them go on.
type Lift struct{ At time.Time }

// MaxText is how many characters a reason or a name may have.
const MaxText = 500

// Decider is the rules.
var Decider = domain.Decider[State, Command]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
//
// Errors: Invalid with fields.
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Place:
		return place(s, c)
	case Lift:
		if !s.Held {
			return nil, nil
		}
		return []domain.Event{Lifted{At: c.At}}, nil
	}
	panic(fmt.Sprintf("hold: no rule for %T", c))
}

func place(s State, c Place) ([]domain.Event, error) {
	var f domain.Fields
	reason := strings.TrimSpace(c.Reason)
	switch {
	case reason == "":
		f.Add("reason", domain.Missing, "is missing; say why, for those who wait")
	case utf8.RuneCountInString(reason) > MaxText:
		f.Add("reason", domain.TooLong, fmt.Sprintf("must have at most %d characters", MaxText))
	case strings.ContainsFunc(reason, unicode.IsControl):
		f.Add("reason", domain.Malformed, "must not contain line breaks or other control characters")
	}
	switch c.Scope.Kind {
	case Customer, Template:
		if c.Scope.Name == "" {
			f.Add("name", domain.Missing, "is missing; give the customer's spEnterpriseId or the template's provisioningId")
		} else if utf8.RuneCountInString(c.Scope.Name) > MaxText {
			f.Add("name", domain.TooLong, fmt.Sprintf("must have at most %d characters", MaxText))
		} else if strings.ContainsFunc(c.Scope.Name, unicode.IsControl) {
			f.Add("name", domain.Malformed, "must not contain line breaks or other control characters")
		}
	case Partner:
		if c.Scope.Name != "" {
			f.Add("name", domain.Malformed, "must be left out for the whole partner")
		}
	default:
		f.Add("kind", domain.Malformed, "must be one of customer, template, partner")
	}
	if err := f.Err(); err != nil || s.Held {
		return nil, err
	}
	return []domain.Event{Placed{Scope: c.Scope, Reason: reason, Fingerprint: c.Fingerprint, Failures: c.Failures, At: c.At}}, nil
}

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Placed:
		return State{Held: true, Placed: e, Lifted: s.Lifted}
	case Lifted:
		s.Held, s.Lifted = false, e.At
	}
	return s
}

func (Place) holdCommand() {}
func (Lift) holdCommand()  {}
