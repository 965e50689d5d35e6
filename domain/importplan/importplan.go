package importplan

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Kind of the streams.
const Kind = "import"

// ID returns the id of a partner's n-th plan of a file with these settings; the
// first is 1.
func ID(partner string, p Planned, n int) uuid.UUID {
	of := p.File
	if p.Undoes != uuid.Nil {
		of = p.Undoes.String()
	}
	return domain.NameID(partner, Kind, of, p.Customer, p.Template, string(p.Behaviour), strconv.Itoa(n))
}

// Stream returns the name of the stream of an import.
func Stream(id uuid.UUID) string { return domain.StreamOf(Kind, id) }

// RowCommand returns the id of the command that a row of an import is. Ids of rows
// that follow each other do so too, so that a log finds them side by side.
func RowCommand(id uuid.UUID, row int) uuid.UUID {
	id[6] = id[6]&0x0f | 0x80 // version 8: made as its maker likes
	binary.BigEndian.PutUint32(id[10:], uint32(row))
	id[14], id[15] = 0, 0 // for domain.EventID
	return id
}

// Lifetime is for how long a plan may be approved and started.
const Lifetime = 24 * time.Hour

// Status is where an import stands.
type Status string

// The statuses.
const (
	Waiting  Status = "planned"   // approvals are missing
	Ready    Status = "approved"  // may be applied
	Applying Status = "applying"  // being carried out
	Stopped  Status = "paused"    // somebody, or the brake, stopped it for now
	Ended    Status = "finished"  // carried out
	Given    Status = "cancelled" // given up, before or half way
	Expired  Status = "expired"   // not started in time
)

// Statuses lists them.
var Statuses = []Status{Waiting, Ready, Applying, Stopped, Ended, Given, Expired}

// State is what the rules ask about. The zero value was never planned.
type State struct {
	Planned
	Approvals []Approved
	Started   time.Time // zero: not yet
	Paused    bool
	Brake     bool   // the brake asked for a second administrator
	Reason    string // of the pause
	Cancelled time.Time
	Finished  time.Time
	Done      Done
	Changed   time.Time
}

// Status says where the import stands at a time.
func (s State) Status(now time.Time) Status {
	switch {
	case !s.Cancelled.IsZero():
		return Given
	case !s.Finished.IsZero():
		return Ended
	case s.Paused:
		return Stopped
	case !s.Started.IsZero():
		return Applying
	case !now.Before(s.Expires):
		return Expired
	case len(s.Missing()) > 0:
		return Waiting
	}
	return Ready
}

// Missing returns which approvals it still needs.
func (s State) Missing() []ApprovalKind {
	needed := []ApprovalKind{Whole}
	if s.Counts.Missing > 0 {
		needed = append(needed, Removals)
	}
	if s.Braked > 0 || s.Brake {
		needed = append(needed, Second)
	}
	return slices.DeleteFunc(needed, s.Has)
}

// Has says whether there is an approval of this kind.
func (s State) Has(kind ApprovalKind) bool {
	return slices.ContainsFunc(s.Approvals, func(a Approved) bool { return a.Kind == kind })
}

// Errors of imports.
var (
	ErrNotFound    = domain.Reject(domain.NotFound, "There is no such import.")
	ErrExpired     = domain.Reject(domain.Conflict, "This plan has expired; things may have changed since. Plan the file again.")
	ErrOver        = domain.Reject(domain.Conflict, "This import has ended.")
	ErrNotStarted  = domain.Reject(domain.Conflict, "This import was not started. Apply it first.")
	ErrNotNeeded   = domain.Reject(domain.Conflict, "This plan does not need this approval.")
	ErrSamePerson  = domain.Reject(domain.Forbidden, "Who planned or approved this import cannot be the second to approve it. Another administrator has to.")
	ErrAdminNeeded = domain.Reject(domain.Forbidden, "Only an administrator can be the second to approve.")
	ErrApproval    = domain.Reject(domain.Conflict, "This plan is not approved. Approve it first.")
	ErrRemovals    = domain.Reject(domain.Conflict, "This plan removes users who are missing from the file, which needs an approval of its own. Approve the removals too.")
	ErrSecond      = domain.Reject(domain.Conflict, "This plan removes or downgrades more than 50 users or 20 % of the users of a customer. A second administrator has to approve it.")
)

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Planned:
		s.Planned, s.Changed = e, e.At
	case Approved:
		s.Approvals, s.Changed = append(slices.Clone(s.Approvals), e), e.At
	case Started:
		s.Started, s.Changed = e.At, e.At
	case Progressed:
		s.Done, s.Changed = e.Done, e.At
	case Paused:
		s.Paused, s.Reason, s.Changed = true, e.Reason, e.At
		s.Brake = s.Brake || e.Brake
	case Resumed:
		s.Paused, s.Reason, s.Changed = false, "", e.At
	case Cancelled:
		s.Cancelled, s.Paused, s.Changed = e.At, false, e.At
	case Finished:
		s.Finished, s.Paused, s.Done, s.Changed = e.At, false, e.Done, e.At
	}
	return s
}
