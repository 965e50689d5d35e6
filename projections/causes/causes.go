// Package causes answers: what stops our subscribers, how many, since when, and
// did those come through who failed by the same before? What the catalogue says
// of a cause is put beside it when it is asked for, not stored.
package causes

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/projections"
)

// Cause is one way in which subscribers of a template fail.
type Cause struct {
	Fingerprint    cause.Fingerprint
	Code           int    // Webex's; 0: none given
	Text           string // in normal form
	ProvisioningID string // the template
	Entry          cause.Entry

	Stopped   int       // subscribers that it stops now
	Ever      int       // subscribers that it has ever stopped
	Through   int       // of these, provisioned or updated after they had failed by it last
	Came      time.Time // when the last of them came through; zero: none has
	Recovered int       // of Through, those who came since Last
	First     time.Time // when it was seen first
	Last      time.Time // when it was seen last
}

// Suggestion is that the cause seems to be mended: Through subscribers with it
// came through since it was last seen, so the other Retry may as well.
type Suggestion struct {
	Through int
	Since   time.Time
	Retry   int
}

// Suggest returns what is worth trying. Of causes that everybody has to mend for
// themselves others' success says nothing.
func (c Cause) Suggest() (s Suggestion, ok bool) {
	s = Suggestion{Through: c.Recovered, Since: c.Last, Retry: c.Stopped}
	own := !c.Entry.Shared && c.Entry.Who != cause.Webex && c.Entry.ID != cause.Unknown
	return s, !own && c.Entry.Retry != cause.Never && c.Recovered > 0 && c.Stopped > 0
}

// Customer is how a cause affects one customer.
type Customer struct {
	SPEnterpriseID string
	Stopped, Ever  int // subscribers, as in Cause
}

// Filter says which causes are asked for: those for which every field that is not
// empty holds.
type Filter struct {
	ProvisioningID string
	SPEnterpriseID string // Stopped and Ever are then the customer's
	Past           bool   // those too that stop nobody now
	Limit          int    // 0: 100; at most 500
}

// List is the causes that stop most, and how many there are in all.
type List struct {
	Causes []Cause
	All    int
}

// Stopped is a subscriber that a cause stops now.
type Stopped struct {
	ID             uuid.UUID
	SPEnterpriseID string
	At             time.Time // since when
}

// Page says which part of the stopped is asked for, in the order of their ids.
type Page struct {
	Limit int       // 0: 50; at most 1000
	After uuid.UUID // the last of the page before
}

// ErrNotFound is said of a cause that the partner never had.
var ErrNotFound = domain.Reject(domain.NotFound, "No user was ever stopped by this cause.")

// Queries answers from the rows.
type Queries struct{ views *projections.Views }

// New returns queries over views that were opened with Model.
func New(v *projections.Views) *Queries { return &Queries{views: v} }
