// Package domain holds the words that all rules of Ledgerline share.
//
// Glossary:
//
//	partner     the service provider's organisation; the outermost boundary of data
//	customer    one enterprise of the partner, one Webex organisation
//	template    onboarding template: how the subscribers of a customer come to Webex
//	subscriber  one BroadWorks user on its way to, in, or out of Webex
//	package     what is sold (softphone, basic, standard, premium)
//	licence     what a package entitles to
//	activation  the process that takes a subscriber to provisioned or to a named stop
//	drift       what Webex has otherwise than the ledger, without anybody having asked
//	cause       who did it, acting as what, via which surface, for which reason
//	entry       an event as recorded in the log
//	position    place of an entry in the whole log; order of positions = order of commits
package domain

import (
	"encoding/binary"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Event is one fact, in the form in which it is stored. Its type name is
// written out ("subscriber.onboarded.v1"), so that renaming the Go type is safe.
type Event interface{ EventType() string }

// Unknown is an event that this program has no type for, kept as it was read:
// written by a newer version, it is passed on and shown, never dropped.
type Unknown struct {
	Type string // as stored
	Data []byte // as stored
}

// EventType returns the stored name.
func (u Unknown) EventType() string { return u.Type }

// Personal is a value that says who somebody is: a name, an address, a number.
// Fields of events that hold such values are declared with this type, which is
// how the event codec finds them. It is masked in logs.
type Personal string

// LogValue hides all but the first letter.
func (p Personal) LogValue() slog.Value {
	if p == "" {
		return slog.StringValue("")
	}
	return slog.StringValue(string([]rune(string(p))[:1]) + "***")
}

// Position is a place in the whole log. Order of positions is order of commits:
// nothing ever appears below a position that somebody has read. 0 is before the
// first entry. Positions may have gaps.
type Position uint64

// String is the number in decimal.
func (p Position) String() string { return strconv.FormatUint(uint64(p), 10) }

// Entry is an event as recorded.
type Entry struct {
	Position Position
	Stream   string    // "<kind>-<uuid>"
	Version  int       // of the stream after this event; the first is 1
	ID       uuid.UUID // EventID(command, index)
	At       time.Time // when the log recorded it, UTC, milliseconds; never less than that of a lower position
	Cause    Cause
	Event    Event
}

// Cause says who did something and why. It is recorded beside each event.
type Cause struct {
	Partner string `json:"partner"`           // whose data it is
	Actor   string `json:"actor"`             // account, for example "token:7f3a", "engine"
	Role    string `json:"role"`              // acting as: RoleAdmin, RoleProgram, ...
	Surface string `json:"surface"`           // through: SurfaceAPI, SurfaceCLI, ...
	Reason  string `json:"reason,omitempty"`  // in the actor's own words
	Request string `json:"request,omitempty"` // id of the request, import or job that it was part of

	// Command identifies what was asked, for ever: the same command again
	// changes nothing. It is recorded as the ids of its events (EventID), not
	// with the cause. Zero: a new one is made.
	Command uuid.UUID `json:"-"`
}

// Roles that somebody can act in.
const (
	RoleAdmin      = "admin"      // a person of the partner, through a token
	RoleProgram    = "program"    // a system of the partner
	RoleSubscriber = "subscriber" // the person concerned
	RoleEngine     = "engine"     // Ledgerline itself, carrying out what was asked before
)

// Surfaces through which something can be asked.
const (
	SurfaceAPI    = "api"    // /api
	SurfaceV1     = "v1"     // the Webex-shaped API
	SurfaceCLI    = "cli"    // command line
	SurfaceCSV    = "csv"    // a row of an imported file
	SurfaceBulk   = "bulk"   // one of many, in one action on all of them
	SurfaceEngine = "engine" // nobody asked: the process went on
)

// EventID returns the id of the i-th event (from 0) that a command records.
// That of the first is the command's own id.
func EventID(command uuid.UUID, i int) uuid.UUID {
	low := binary.BigEndian.Uint16(command[14:])
	binary.BigEndian.PutUint16(command[14:], low+uint16(i))
	return command
}

// StreamName returns the name of the stream about the thing of this kind that
// the parts identify, the partner first. Same parts, same name.
func StreamName(kind string, parts ...string) string {
	return kind + "-" + NameID(parts...).String()
}

// StreamOf returns the name of the stream of this kind with this id.
func StreamOf(kind string, id uuid.UUID) string { return kind + "-" + id.String() }

// SplitStream is the reverse of StreamOf; ok is false for any other text.
func SplitStream(stream string) (kind string, id uuid.UUID, ok bool) {
	kind, text, found := strings.Cut(stream, "-")
	if !found || kind == "" || len(text) != 36 {
		return "", uuid.UUID{}, false
	}
	id, err := uuid.Parse(text)
	return kind, id, err == nil && id.String() == text
}

// NameID returns a UUIDv5 of the parts. Parts are told apart by their length,
// so ("a", "bc") and ("ab", "c") differ.
func NameID(parts ...string) uuid.UUID {
	var name []byte
	for _, p := range parts {
		name = binary.AppendUvarint(name, uint64(len(p)))
		name = append(name, p...)
	}
	return uuid.NewSHA1(namespace, name)
}

// namespace of all ids that are derived from names. It must never change.
var namespace = uuid.MustParse("8f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84")

// Decider is the rules of one kind of stream as two pure functions.
type Decider[S, C any] struct {
	// Decide answers a command with the events to record.
	Decide func(S, C) ([]Event, error)
	// Evolve returns the state after one more event. It cannot fail: an event
	// that it does not know leaves the state as it was.
	Evolve func(S, Event) S
	// Events lists one of each event that Decide may record.
	Events []Event
}

// Fold returns the state after all entries.
func (d Decider[S, C]) Fold(entries []Entry) S {
	var s S
	for _, e := range entries {
		s = d.Evolve(s, e.Event)
	}
	return s
}
