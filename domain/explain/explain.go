// Package explain tells the story of one user as a chain of steps: found, allowed
// by the template, prechecked, asked of Webex, answered, followed. What happened is
// told from recorded facts alone; what would happen, from the rules that would
// decide it.
package explain

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Verdict says how a step left things.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"      // it goes on from here
	Stopped Verdict = "stopped" // it does not, until somebody acts
	Waiting Verdict = "waiting" // it goes on by itself, or when somebody does what is awaited
	Unknown Verdict = "unknown" // nobody knows yet
	Skipped Verdict = "skipped" // not done, for the reason given
)

// Name is what kind of step it is.
type Name string

// The names, roughly in the order of a chain.
const (
	Input         Name = "input"         // the values, cleaned and checked
	Found         Name = "found"         // the user in the ledger
	Allowed       Name = "allowed"       // by the onboarding template
	Email         Name = "email"         // an address from the user
	Administrator Name = "administrator" // of the customer, who comes first
	Precheck      Name = "precheck"      // POST /broadworks/subscribers/validate
	Request       Name = "request"       // sent to Webex
	Reply         Name = "reply"         // of Webex
	LookedUp      Name = "looked_up"     // what became of a lost request
	Following     Name = "following"     // of what Webex accepted, to its end
	Consent       Name = "consent"       // of the owner of an account elsewhere
	Retried       Name = "retried"       // a new try was asked for
	Changed       Name = "changed"       // other values were asked for
	Removal       Name = "removal"       // was asked for, or is done
	AtWebex       Name = "at_webex"      // the record there, read now
	Other         Name = "other"         // anything else that was recorded
)

// Names lists all of them.
var Names = []Name{
	Input, Found, Allowed, Email, Administrator, Precheck, Request, Reply, LookedUp, Following, Consent, Retried, Changed,
	Removal, AtWebex, Other,
}

// Explanation is the chain of one user.
type Explanation struct {
	Verdict Verdict
	What    string // the answer in one sentence
	Status  webex.Status
	Lives   int // how often onboarded
	Awaited Awaited
	Steps   []Step
}

// Awaited is what has to happen next, and by whom.
type Awaited struct {
	From Whom
	What string
	Next time.Time // when Ledgerline looks or tries again; zero: not by itself
}

// Whom somebody waits for.
type Whom string

// Those who can be waited for.
const (
	Nobody        Whom = "nobody"
	TheUser       Whom = "user"
	TheOwner      Whom = "account_owner"          // of the account elsewhere
	AnAdmin       Whom = "administrator"          // of the partner
	CustomerAdmin Whom = "customer_administrator" // the customer's first user
	TheEngine     Whom = "ledgerline"
	Webex         Whom = "webex"
)

// Step is one link of the chain. Values of Input and Output may say who somebody
// is; What does not, but for what Webex itself says.
type Step struct {
	Name          Name
	Verdict       Verdict
	What          string // one plain sentence
	Life          int    // which time of being onboarded; 0: none
	Attempt       int    // of a request; 0: not one
	Input, Output []Value
	Differences   []Difference // between the ledger and Webex
	OurTracking   string
	WebexTracking string
	At            time.Time     // zero: not yet
	Took          time.Duration // 0: not known
	Proof         []Proof       // entries of the log that say so
}

// Value is a named value. Values that are empty are left out.
type Value struct{ Name, Value string }

// Difference is a value that is not the same in the ledger and at Webex.
type Difference struct{ Field, Ledger, Webex string }

// Proof names an entry of the log.
type Proof struct {
	Position domain.Position
	ID       uuid.UUID
	Type     string
}

// values makes a list of names and values in turn, without those that are empty.
func values(pairs ...string) []Value {
	var all []Value
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all = append(all, Value{pairs[i], pairs[i+1]})
		}
	}
	return all
}

func proof(entries ...domain.Entry) []Proof {
	var all []Proof
	for _, e := range entries {
		all = append(all, Proof{Position: e.Position, ID: e.ID, Type: e.Event.EventType()})
	}
	return all
}
