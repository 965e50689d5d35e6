// Package pause holds what has to outlast the program about a lane to Webex, a
// partner's token and a family of the API: until when Webex asked to be left alone.
package pause

import (
	"time"

	"ledgerline/domain"
)

// Kind of the streams.
const Kind = "lane"

// Stream returns the name of the stream of a partner's lane.
func Stream(partner, family string) string {
	return domain.StreamName(Kind, partner, Kind, family)
}

// Paused: Webex asked not to be called before a time.
type Paused struct {
	Family string    `json:"family"` // of the API
	Until  time.Time `json:"until"`  // UTC
	Why    string    `json:"why"`
	At     time.Time `json:"at"` // UTC
}

// EventType returns the stored name.
func (Paused) EventType() string { return "lane.paused.v1" }

// Events lists one of each event of a lane, for the event codec.
var Events = []domain.Event{Paused{}}

// State is the latest pause. The zero value is none.
type State struct {
	Until time.Time
	Why   string
}

// Pause notes that Webex asked for a pause. One that ends no later than the latest
// changes nothing.
type Pause struct{ Paused }

// Decider is the rules.
var Decider = domain.Decider[State, Pause]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
func Decide(s State, c Pause) ([]domain.Event, error) {
	if !c.Until.After(s.Until) {
		return nil, nil
	}
	return []domain.Event{c.Paused}, nil
}

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	if p, ok := e.(Paused); ok {
		return State{Until: p.Until, Why: p.Why}
	}
	return s
}
