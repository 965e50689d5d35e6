package drift

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// StreamKind is the kind of a scan's stream.
const StreamKind = "drift"

// ID returns the id of the scan that a command asked for.
func ID(partner string, command uuid.UUID) uuid.UUID {
	return domain.NameID(partner, StreamKind, command.String())
}

// Stream returns the name of the stream of a scan.
func Stream(id uuid.UUID) string { return domain.StreamOf(StreamKind, id) }

// Filter narrows a scan; empty fields do not.
type Filter struct {
	ProvisioningID string `json:"provisioningId,omitzero"` // template
	SPEnterpriseID string `json:"spEnterpriseId,omitzero"` // customer
}

// Covers says whether a scan looks at all that another looks at.
func (f Filter) Covers(g Filter) bool { return f == (Filter{}) || f == g }

// Counts is what a scan looked at.
type Counts struct {
	Records    int          `json:"records"`             // of Webex, each counted once
	Users      int          `json:"users"`               // of the ledger that have a record at Webex
	InMotion   int          `json:"inMotion"`            // not judged: something was under way, or changed since the scan began
	Unreadable int          `json:"unreadable,omitzero"` // records without a user id, or too large to be kept
	Kinds      map[Kind]int `json:"kinds,omitzero"`      // findings
}

// Result is what became of a finding.
type Result string

// The results.
const (
	Done    Result = "done"
	Held    Result = "held"    // held back: the user or its record changed since the scan
	Refused Result = "refused" // a rule said no
	Ignored Result = "ignored" // as approved
)

// Outcome is what became of one finding.
type Outcome struct {
	Finding int    `json:"finding"` // its number
	Result  Result `json:"result"`
	Reason  string `json:"reason,omitzero"` // of Held and Refused
}

// Phase is how far a scan is.
type Phase string

// The phases.
const (
	None    Phase = ""
	Waiting Phase = "waiting" // asked for
	Reading Phase = "reading" // somebody carries it out, or did until it died
	Failed  Phase = "broken"
	Ready   Phase = "finished" // findings can be approved, and are being settled once they are
	Over    Phase = "closed"
)

// Mark is how far a finding is.
type Mark struct {
	Action   Action // approved; empty: not yet
	Approval int    // which approval it was, from 1
	Result   Result // empty: not yet settled
}

// State is what the rules ask about.
type State struct {
	Phase     Phase
	Scheduled bool
	Filter    Filter
	Counts    Counts // so far
	Reason    string // why it is broken
	Began     time.Time
	Changed   time.Time

	batches   []batch
	marks     []Mark // by number less 1
	approvals int
	unsettled int // findings
	promised  int // of those: approved
}

type batch struct {
	first    int // number of its first finding
	findings []Finding
}

// Command is something that a scan can be asked.
type Command interface{ driftCommand() }

// Commands of a scan.
type (
	// Start asks for it.
	Start struct {
		Scheduled bool
		Filter    Filter
		At        time.Time
	}
	// Progress takes it up, or says that it goes on.
	Progress struct {
		Records, Users int
		At             time.Time
	}
	// Report adds findings.
	Report struct {
		Findings []Finding
		At       time.Time
	}
	// Finish says that everything was compared.
	Finish struct {
		Counts Counts
		At     time.Time
	}
	// Break says that it ended before that.
	Break struct {
		Reason string
		At     time.Time
	}
	// Approve says what is to be done about findings on which nobody has decided.
	Approve struct {
		All      bool
		Kinds    map[Kind]Action
		Findings map[int]Action
		At       time.Time
	}
	// Settle says what became of findings that were approved.
	Settle struct {
		Outcomes []Outcome
		At       time.Time
	}
	// Supersede closes it because a later scan has seen the same users.
	Supersede struct {
		By uuid.UUID
		At time.Time
	}
)

// Errors of scans.
var (
	ErrNotFound    = domain.Reject(domain.NotFound, "There is no such scan.")
	ErrNotFinished = domain.Reject(domain.Conflict, "This scan is not finished. Wait until it is, then approve.")
	ErrBroken      = domain.Reject(domain.Conflict, "This scan broke off, so nothing of it can be settled. Scan again.")
	ErrClosed      = domain.Reject(domain.Conflict, "This scan is closed: a later one has replaced it, or everything is settled.")
	ErrDecided     = domain.Reject(domain.Conflict, "Something else was approved for one of these findings before. Leave it out.")
	ErrSettling    = domain.Reject(domain.Conflict, "Findings of this scan are being settled.")
	ErrNotReading  = domain.Reject(domain.Conflict, "This scan is not being carried out any more.")
)

// Decider is the rules.
var Decider = domain.Decider[State, Command]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Start:
		if s.Phase != None {
			return nil, nil
		}
		return []domain.Event{Started{Scheduled: c.Scheduled, Filter: c.Filter, At: c.At}}, nil
	case Progress:
		return progress(s, c)
	case Report:
		return report(s, c)
	case Finish:
		return finish(s, c)
	case Break:
		if s.Phase != Waiting && s.Phase != Reading {
			return nil, nil
		}
		return []domain.Event{Broken{Reason: c.Reason, At: c.At}}, nil
	case Approve:
		return approve(s, c)
	case Settle:
		return settle(s, c)
	case Supersede:
		switch {
		case s.Phase != Ready:
			return nil, nil
		case s.promised > 0:
			return nil, ErrSettling
		}
		return []domain.Event{Closed{SupersededBy: c.By.String(), At: c.At}}, nil
	}
	panic(fmt.Sprintf("drift: no rule for %T", c))
}

func (Start) driftCommand()     {}
func (Progress) driftCommand()  {}
func (Report) driftCommand()    {}
func (Finish) driftCommand()    {}
func (Break) driftCommand()     {}
func (Approve) driftCommand()   {}
func (Settle) driftCommand()    {}
func (Supersede) driftCommand() {}
