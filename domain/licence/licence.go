// Package licence holds which licences each package entitles to. It is data that
// every partner can edit: names and contents of packages change, and the table
// that Ledgerline starts with is not confirmed by Webex.
package licence

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Stream returns the name of the stream of a partner's table.
func Stream(partner string) string { return domain.StreamName("licences", partner, "licences") }

// Table says which licences each package entitles to.
type Table map[webex.Package][]string

// Default is the table of partners who have not changed it, from the feature
// matrix of the Solution Guide as far as it is known; see section 7 of the
// domain reference for its uncertainty.
var Default = Table{
	"softphone": {"Calling"},
	"basic":     {"Calling", "Messaging", "Meetings 100 (space)"},
	"standard":  {"Calling", "Messaging", "Meetings 100 (space)", "Meetings 100 (personal room)"},
	"premium":   {"Calling", "Messaging", "Meetings 300 (space)", "Meetings 1000 (personal room)"},
}

// Set: from now on the package entitles to these licences.
type Set struct {
	Package  webex.Package `json:"package"`
	Licences []string      `json:"licences"`
	At       time.Time     `json:"at"` // UTC
}

// Events lists one of each event of the table, for the event codec.
var Events = []domain.Event{Set{}}

func (Set) EventType() string { return "licences.set.v1" }

// State is what was changed against Default.
type State struct{ Changed Table }

// Of returns the licences of a package, Default where nothing was changed.
func (s State) Of(p webex.Package) []string {
	if licences, ok := s.Changed[p]; ok {
		return licences
	}
	return Default[p]
}

// SetLicences changes what one package entitles to.
type SetLicences struct {
	Package  webex.Package
	Licences []string
	At       time.Time
}

// Decider is the rules.
var Decider = domain.Decider[State, SetLicences]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
func Decide(s State, c SetLicences) ([]domain.Event, error) {
	var f domain.Fields
	if !c.Package.Valid() {
		f.Add("package", domain.Malformed, "must be one of softphone, basic, standard, premium")
	}
	names := make([]string, 0, len(c.Licences))
	for i, name := range c.Licences {
		name = strings.TrimSpace(name)
		if name == "" || utf8.RuneCountInString(name) > 128 || strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
			f.Add(fmt.Sprintf("licences[%d]", i), domain.Malformed, "must be a name of 1 to 128 characters")
		}
		if slices.Contains(names, name) {
			f.Add(fmt.Sprintf("licences[%d]", i), domain.Malformed, "is there twice")
		}
		names = append(names, name)
	}
	if err := f.Err(); err != nil || slices.Equal(names, s.Of(c.Package)) {
		return nil, err
	}
	return []domain.Event{Set{Package: c.Package, Licences: names, At: c.At}}, nil
}

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	if e, ok := e.(Set); ok {
		changed := Table{e.Package: e.Licences}
		for p, licences := range s.Changed {
			if p != e.Package {
				changed[p] = licences
			}
		}
		s.Changed = changed
	}
	return s
}
