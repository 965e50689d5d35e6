// Package token holds the rules for bearer tokens of the API. A token's stream is
// named after the hash of its secret, so that whoever shows the secret is found
// without a search, and the secret itself is nowhere.
package token

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Scope is what a token may do.
type Scope string

// The scopes, with the names that Webex gives them, and one of ours.
// Source: https://developer.webex.com/docs/api/v1/broadworks-subscribers
const (
	Read  Scope = "spark-admin:broadworks_subscribers_read"
	Write Scope = "spark-admin:broadworks_subscribers_write"
	Admin Scope = "ledgerline:admin" // issue and revoke tokens, edit the licence table
)

// Scopes lists all of them.
var Scopes = []Scope{Read, Write, Admin}

// ID returns the id of the token with this secret.
func ID(secret string) uuid.UUID {
	sum := sha256.Sum256([]byte(secret))
	return domain.NameID("token", hex.EncodeToString(sum[:]))
}

// Stream returns the name of the stream of the token with this id.
func Stream(id uuid.UUID) string { return domain.StreamOf("token", id) }

// Issued: somebody got this token.
type Issued struct {
	Name    string          `json:"name"` // whom or what it is for
	Holder  domain.Personal `json:"holder,omitzero"`
	Partner string          `json:"partner"` // whose data it opens
	Role    string          `json:"role"`    // domain.RoleAdmin or domain.RoleProgram
	Scopes  []Scope         `json:"scopes"`
	Expires time.Time       `json:"expires,omitzero"` // UTC; zero: never
	At      time.Time       `json:"at"`               // UTC
}

// Revoked: the token opens nothing any more.
type Revoked struct {
	At time.Time `json:"at"` // UTC
}

// Events lists one of each event of a token, for the event codec.
var Events = []domain.Event{Issued{}, Revoked{}}

func (Issued) EventType() string  { return "token.issued.v1" }
func (Revoked) EventType() string { return "token.revoked.v1" }

// State is a token as it stands.
type State struct {
	Issued  Issued // zero: there is no such token
	Revoked bool
}

// Valid says whether the token opens anything at this instant.
func (s State) Valid(now time.Time) bool {
	return s.Issued.Partner != "" && !s.Revoked && (s.Issued.Expires.IsZero() || now.Before(s.Issued.Expires))
}

// May says whether the token has the scope.
func (s State) May(scope Scope) bool { return slices.Contains(s.Issued.Scopes, scope) }

// Command is something that a token's stream can be asked.
type Command interface{ tokenCommand() }

// Issue makes the token valid.
type Issue struct{ Issued }

// Revoke ends the token, which must be the partner's.
type Revoke struct {
	Partner string
	At      time.Time
}

// ErrNotFound is said of another partner's token too.
var ErrNotFound = domain.Reject(domain.NotFound, "There is no such token.")

// Decider is the rules.
var Decider = domain.Decider[State, Command]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Issue:
		return issue(s, c)
	case Revoke:
		return revoke(s, c)
	}
	panic(fmt.Sprintf("token: no rule for %T", c))
}

func issue(s State, c Issue) ([]domain.Event, error) {
	var f domain.Fields
	c.Name = strings.TrimSpace(c.Name)
	if c.Name == "" || utf8.RuneCountInString(c.Name) > 128 || strings.ContainsFunc(c.Name, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }) {
		f.Add("name", domain.Malformed, "must say whom or what the token is for, in 1 to 128 characters")
	}
	if c.Partner == "" {
		f.Add("partner", domain.Missing, "is missing")
	}
	if c.Role != domain.RoleAdmin && c.Role != domain.RoleProgram {
		f.Add("role", domain.Malformed, "must be admin or program")
	}
	if len(c.Scopes) == 0 {
		f.Add("scopes", domain.Missing, "is missing")
	}
	for _, scope := range c.Scopes {
		if !slices.Contains(Scopes, scope) {
			f.Add("scopes", domain.Malformed, fmt.Sprintf("%q is no scope; there are %s, %s and %s", scope, Read, Write, Admin))
		}
	}
	if !c.Expires.IsZero() && !c.Expires.After(c.At) {
		f.Add("expires", domain.Malformed, "must be in the future")
	}
	if err := f.Err(); err != nil || s.Issued.Partner != "" {
		return nil, err
	}
	return []domain.Event{c.Issued}, nil
}

func revoke(s State, c Revoke) ([]domain.Event, error) {
	switch {
	case s.Issued.Partner == "" || s.Issued.Partner != c.Partner:
		return nil, ErrNotFound
	case s.Revoked:
		return nil, nil
	}
	return []domain.Event{Revoked{At: c.At}}, nil
}

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Issued:
		s.Issued = e
	case Revoked:
		s.Revoked = true
	}
	return s
}

func (Issue) tokenCommand()  {}
func (Revoke) tokenCommand() {}
