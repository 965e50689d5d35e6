// Package importplan holds the rules for changing many users by one file: what
// would become of each row is worked out and recorded as a plan, the plan is
// approved, and then carried out exactly as it was shown. Undoing one is a plan in
// the other direction.
package importplan

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// What is written here is stored for good. A field may be added at any time; to
// change what one means, add the next version of the event beside it. All times
// are UTC. Rows are not in the log: they are in a file named after its SHA-256.

// Planned: it is worked out what a file would change.
type Planned struct {
	By        string    `json:"by"`                 // account
	Undoes    uuid.UUID `json:"undoes,omitzero"`    // the import that this plan takes back; zero: it is one of a file
	FileName  string    `json:"fileName,omitzero"`  // as the client called it
	File      string    `json:"file,omitzero"`      // SHA-256 of the file as it was sent, in hex
	Plan      string    `json:"plan"`               // SHA-256 of the rows with their verdicts, in hex
	Customer  string    `json:"customer,omitzero"`  // spEnterpriseId of rows that give none
	Template  string    `json:"template,omitzero"`  // provisioningId of rows that give none
	Behaviour Behaviour `json:"behaviour,omitzero"` // empty for undoing

	Position domain.Position `json:"position"` // of the log when the rows were judged

	Counts    Counts           `json:"counts"`
	Customers []CustomerEffect `json:"customers,omitzero"` // those with most removals and downgrades first, MostCustomers at most
	Packages  []Effect         `json:"packages,omitzero"`  // of all customers concerned
	Licences  []Effect         `json:"licences,omitzero"`  // of all customers concerned
	Braked    int              `json:"braked"`             // customers for whom a second administrator has to approve
	Calls     int              `json:"calls"`              // to Webex that it takes at least
	ETA       time.Duration    `json:"eta,format:nano"`
	Unsafe    bool             `json:"unsafe"` // rows could not be read, so that nobody is removed for being missing
	Expires   time.Time        `json:"expires"`
	At        time.Time        `json:"at"`
}

// Approved: somebody agrees.
type Approved struct {
	Kind ApprovalKind `json:"kind"`
	By   string       `json:"by"`
	At   time.Time    `json:"at"`
}

// Started: the plan is being carried out from now on.
type Started struct {
	At time.Time `json:"at"`
}

// Progressed: all rows up to one are done.
type Progressed struct {
	Done Done      `json:"done"`
	Held []Held    `json:"held,omitzero"` // rows since the event before that were held back
	At   time.Time `json:"at"`
}

// Paused: no further rows are carried out for now.
type Paused struct {
	Reason string    `json:"reason,omitzero"`
	Brake  bool      `json:"brake,omitzero"` // the brake asks for a second administrator
	At     time.Time `json:"at"`
}

// Resumed: it goes on.
type Resumed struct {
	At time.Time `json:"at"`
}

// Cancelled: rows that are not done stay as they are, for good.
type Cancelled struct {
	At time.Time `json:"at"`
}

// Finished: every row is done.
type Finished struct {
	Done Done      `json:"done"`
	At   time.Time `json:"at"`
}

// Events lists one of each event of an import, for the event codec.
var Events = []domain.Event{Planned{}, Approved{}, Started{}, Progressed{}, Paused{}, Resumed{}, Cancelled{}, Finished{}}

func (Planned) EventType() string    { return "import.planned.v1" }
func (Approved) EventType() string   { return "import.approved.v1" }
func (Started) EventType() string    { return "import.started.v1" }
func (Progressed) EventType() string { return "import.progressed.v1" }
func (Paused) EventType() string     { return "import.paused.v1" }
func (Resumed) EventType() string    { return "import.resumed.v1" }
func (Cancelled) EventType() string  { return "import.cancelled.v1" }
func (Finished) EventType() string   { return "import.finished.v1" }

// Behaviour says what a file is.
type Behaviour string

// The behaviours.
const (
	Merge Behaviour = "merge" // users to add and to change
	Sync  Behaviour = "sync"  // all users of the customers and templates that it names: who is missing is removed
)

// ApprovalKind says what somebody agrees to.
type ApprovalKind string

// The kinds.
const (
	Whole    ApprovalKind = "plan"     // the plan; each needs it
	Removals ApprovalKind = "removals" // that users are removed who are missing from the file
	Second   ApprovalKind = "second"   // more removals and downgrades than the brake lets through; another administrator
)

// Counts is how many rows have each verdict.
type Counts struct {
	Rows      int `json:"rows"` // of the file; those that are missing from it not counted
	Create    int `json:"create"`
	Change    int `json:"change"`
	Package   int `json:"package"` // changes of the package, of other values too or not
	Delete    int `json:"delete"`  // missing ones included
	Unchanged int `json:"unchanged"`
	Reject    int `json:"reject"`
	Repaired  int `json:"repaired"`  // rows that are not rejected in which something was mended
	Missing   int `json:"missing"`   // users to be removed because the file does not have them
	Downgrade int `json:"downgrade"` // changes to a lesser package
}

// Changes is how many rows change something.
func (c Counts) Changes() int { return c.Create + c.Change + c.Package + c.Delete }

// CustomerEffect is what a plan does to one customer.
type CustomerEffect struct {
	Customer   string   `json:"customer"` // spEnterpriseId
	Users      int      `json:"users"`    // before
	Creates    int      `json:"creates"`
	Deletions  int      `json:"deletions"`
	Downgrades int      `json:"downgrades"`
	Braked     bool     `json:"braked"`            // a second administrator has to approve
	Packages   []Effect `json:"packages,omitzero"` // only those that change
}

// Effect is how many hold a package or licence, waiting ones included.
type Effect struct {
	Name   string `json:"name"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

// MostCustomers is how many customers are told of in the event; the file of rows
// has all of them.
const MostCustomers = 200

// Done is how far an import is.
type Done struct {
	Rows      int             `json:"rows"`   // of the plan, missing ones included, whatever their verdict
	Offset    int64           `json:"offset"` // in the file of rows, of the next
	Created   int             `json:"created"`
	Changed   int             `json:"changed"` // packages included
	Deleted   int             `json:"deleted"`
	Unchanged int             `json:"unchanged"`
	Rejected  int             `json:"rejected"`
	Held      int             `json:"held"`
	Position  domain.Position `json:"position"` // of the last entry recorded for it
}

// Held is a row that was not carried out.
type Held struct {
	Row    int       `json:"row"` // as in the plan
	ID     uuid.UUID `json:"id"`  // of the subscriber
	Reason string    `json:"reason"`
}

// downgrade says whether a package is a lesser one than before.
func downgrade(from, to webex.Package) bool {
	return from != "" && to != "" && rank(to) < rank(from)
}

func rank(p webex.Package) int {
	for i, known := range webex.Packages {
		if p == known {
			return i
		}
	}
	return -1
}
