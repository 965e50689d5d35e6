package importplan

import (
	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Verdict says what becomes of a row.
type Verdict string

// The verdicts.
const (
	Create        Verdict = "create"    // the user is onboarded
	Change        Verdict = "change"    // values are changed
	ChangePackage Verdict = "package"   // the package is changed, and other values perhaps
	Delete        Verdict = "delete"    // the user leaves Webex
	Unchanged     Verdict = "unchanged" // things are as asked already
	Reject        Verdict = "reject"    // see Problems and Reason
)

// Verdicts lists them.
var Verdicts = []Verdict{Create, Change, ChangePackage, Delete, Unchanged, Reject}

// Row is the verdict on one row of a plan.
type Row struct {
	Number  int       `json:"row"` // as a spreadsheet shows it, the header is 1; missing users are numbered on from the last
	UserID  string    `json:"userId"`
	Verdict Verdict   `json:"verdict"`
	ID      uuid.UUID `json:"id,omitzero"` // of the subscriber; zero: the row was rejected before that was known
	Version int       `json:"version"`     // of the subscriber's stream, as it was judged

	Customer string        `json:"customer,omitempty"`    // spEnterpriseId of the user
	From     webex.Package `json:"fromPackage,omitempty"` // of the user before; empty: none
	To       webex.Package `json:"toPackage,omitempty"`   // after; empty: none

	Changes  []FieldChange       `json:"changes,omitempty"`  // of create: every value that the user gets
	Missing  bool                `json:"missing,omitempty"`  // the user is to be removed because the file does not have it
	Repairs  []string            `json:"repairs,omitempty"`  // what was mended, in words
	Notes    []string            `json:"notes,omitempty"`    // what cannot be undone, in words
	Reason   string              `json:"reason,omitempty"`   // of a rejection, all of it in one line
	Problems []domain.FieldError `json:"problems,omitempty"` // of a rejection, field by field
}

// FieldChange is one value, under its name in the Webex API.
type FieldChange struct {
	Field string `json:"field"`
	Old   string `json:"old"` // empty: none
	New   string `json:"new"` // empty: none
}

// Downgrade says whether the row changes the package to a lesser one.
func (r Row) Downgrade() bool {
	return r.Verdict == ChangePackage && downgrade(r.From, r.To)
}

// Braking says whether the row counts for the brake.
func (r Row) Braking() bool { return r.Verdict == Delete || r.Downgrade() }

// Add counts a row.
func (c *Counts) Add(r Row) {
	if r.Missing {
		c.Missing++
	} else {
		c.Rows++
	}
	switch r.Verdict {
	case Create:
		c.Create++
	case Change:
		c.Change++
	case ChangePackage:
		c.Package++
	case Delete:
		c.Delete++
	case Unchanged:
		c.Unchanged++
	case Reject:
		c.Reject++
	}
	if len(r.Repairs) > 0 && r.Verdict != Reject {
		c.Repaired++
	}
	if r.Downgrade() {
		c.Downgrade++
	}
}
