// Package customer holds the rules for one enterprise of a partner, which is one
// Webex organisation.
package customer

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Stream returns the name of the stream of a partner's enterprise.
func Stream(partner, spEnterpriseID string) string {
	return domain.StreamName("customer", partner, "customer", spEnterpriseID)
}

// AdministratorDesignated: this subscriber is the first of a customer whose
// template provisions the administrator first; the others wait for it.
type AdministratorDesignated struct {
	Subscriber uuid.UUID `json:"subscriber"`
	At         time.Time `json:"at"` // UTC
}

// AdministratorActivated: the designated administrator is provisioned.
type AdministratorActivated struct {
	At time.Time `json:"at"` // UTC
}

// AdministratorWithdrawn: the designated administrator was deleted before it
// became active; another may take its place.
type AdministratorWithdrawn struct {
	At time.Time `json:"at"` // UTC
}

// Events lists one of each event of a customer, for the event codec.
var Events = []domain.Event{AdministratorDesignated{}, AdministratorActivated{}, AdministratorWithdrawn{}}

func (AdministratorDesignated) EventType() string { return "customer.administrator_designated.v1" }
func (AdministratorActivated) EventType() string  { return "customer.administrator_activated.v1" }
func (AdministratorWithdrawn) EventType() string  { return "customer.administrator_withdrawn.v1" }

// State is what is known of the customer's first administrator.
type State struct {
	Administrator uuid.UUID // subscriber; uuid.Nil: none designated
	Active        bool      // it has been provisioned
}

// Lets says whether the activation of this subscriber may go on.
func (s State) Lets(id uuid.UUID) bool { return s.Active || s.Administrator == id }

// Command is something that a customer's stream can be asked.
type Command interface{ customerCommand() }

// Designate makes the subscriber the first administrator unless there is one.
type Designate struct {
	Subscriber uuid.UUID
	At         time.Time
}

// Activate says that the subscriber is provisioned.
type Activate struct {
	Subscriber uuid.UUID
	At         time.Time
}

// Withdraw says that the subscriber is gone.
type Withdraw struct {
	Subscriber uuid.UUID
	At         time.Time
}

// Decider is the rules.
var Decider = domain.Decider[State, Command]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Designate:
		if s.Administrator != uuid.Nil || c.Subscriber == uuid.Nil {
			return nil, nil
		}
		return []domain.Event{AdministratorDesignated{Subscriber: c.Subscriber, At: c.At}}, nil
	case Activate:
		if s.Active || s.Administrator != c.Subscriber || c.Subscriber == uuid.Nil {
			return nil, nil
		}
		return []domain.Event{AdministratorActivated{At: c.At}}, nil
	case Withdraw:
		if s.Active || s.Administrator != c.Subscriber || c.Subscriber == uuid.Nil {
			return nil, nil
		}
		return []domain.Event{AdministratorWithdrawn{At: c.At}}, nil
	}
	panic(fmt.Sprintf("customer: no rule for %T", c))
}

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case AdministratorDesignated:
		s.Administrator = e.Subscriber
	case AdministratorActivated:
		s.Active = true
	case AdministratorWithdrawn:
		s.Administrator = uuid.Nil
	}
	return s
}

func (Designate) customerCommand() {}
func (Activate) customerCommand()  {}
func (Withdraw) customerCommand()  {}
