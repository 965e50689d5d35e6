package drift

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/projections"
)

// Scan is one comparison of Webex with the ledger.
type Scan struct {
	ID           uuid.UUID
	Version      int             // of the stream
	Position     domain.Position // of the stream's last entry
	Phase        drift.Phase
	Scheduled    bool
	By           string // who asked
	Reason       string // in the words of who asked
	Filter       drift.Filter
	Counts       drift.Counts
	Findings     int
	Broken       string // why it broke off
	Approvals    []Approval
	SupersededBy string // id of a later scan
	Began        time.Time
	Ended        time.Time // of the comparison; zero: not yet
	Changed      time.Time
}

// Approval is one decision about findings.
type Approval struct {
	By     string
	Reason string
	At     time.Time
}

// State is how far a finding is.
type State string

// The states.
const (
	Open       State = "open"     // waits for a decision
	Approved   State = "approved" // is about to be settled
	Done       State = State(drift.Done)
	Held       State = State(drift.Held)
	Refused    State = State(drift.Refused)
	Ignored    State = State(drift.Ignored)
	Superseded State = "superseded" // nobody decided before a later scan
)

// States lists all.
var States = []State{Open, Approved, Done, Held, Refused, Ignored, Superseded}

// Finding is one difference and what became of it.
type Finding struct {
	Number int
	Action drift.Action // approved; empty: none yet
	State  State
	Reason string // why it was held back or refused
	drift.Finding
}

// Tally is how many findings of a kind are in a state.
type Tally struct {
	Kind  drift.Kind
	State State
	N     int
}

// Filter narrows findings; empty fields do not.
type Filter struct {
	Kind  drift.Kind
	State State
}

// Queries answers from the rows.
type Queries struct{ views *projections.Views }

// New returns queries over views that were opened with Model.
func New(v *projections.Views) *Queries { return &Queries{views: v} }

// List returns the partner's scans, newest first, and where the next page begins;
// 0: there is none. before is the next of the page before; 0: the newest.
func (q *Queries) List(ctx context.Context, partner string, before, limit int) (scans []Scan, next int, err error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	last := 0
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, "SELECT body, began FROM drift_v1_scans WHERE partner=? AND began<? ORDER BY began DESC LIMIT ?", func(stmt *sqlite.Stmt) error {
			if len(scans) == limit {
				next = last
				return nil
			}
			var s Scan
			last = int(stmt.ColumnInt64(1))
			err := json.Unmarshal([]byte(stmt.ColumnText(0)), &s)
			scans = append(scans, s)
			return err
		}, partner, before, limit+1)
	})
	return scans, next, err
}

// Get returns one of the partner's scans, and how far its findings are.
//
// Errors: drift.ErrNotFound.
func (q *Queries) Get(ctx context.Context, partner string, id uuid.UUID) (s Scan, tallies []Tally, err error) {
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		if err := get(conn, partner, id, &s); err != nil {
			return err
		}
		return query(conn, "SELECT kind, state, COUNT(*) FROM drift_v1_findings WHERE scan=? GROUP BY kind, state ORDER BY kind, state", func(stmt *sqlite.Stmt) error {
			tallies = append(tallies, Tally{drift.Kind(stmt.ColumnText(0)), State(stmt.ColumnText(1)), stmt.ColumnInt(2)})
			return nil
		}, id.String())
	})
	return s, tallies, err
}

func get(conn *sqlite.Conn, partner string, id uuid.UUID, s *Scan) error {
	found, err := one(conn, "SELECT body FROM drift_v1_scans WHERE id=? AND partner=?", s, id.String(), partner)
	if err == nil && !found {
		err = drift.ErrNotFound
	}
	return err
}

// Findings returns findings of one of the partner's scans that match, by number,
// those after a number first, and the number after which the next page begins; 0:
// there is none.
//
// Errors: drift.ErrNotFound.
func (q *Queries) Findings(ctx context.Context, partner string, id uuid.UUID, f Filter, after, limit int) (found []Finding, next int, err error) {
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		if err := get(conn, partner, id, &Scan{}); err != nil {
			return err
		}
		const text = `SELECT n, action, state, reason, body FROM drift_v1_findings
			WHERE scan=?1 AND n>?2 AND (?3='' OR kind=?3) AND (?4='' OR state=?4) ORDER BY n LIMIT ?5`
		return query(conn, text, func(stmt *sqlite.Stmt) error {
			if len(found) == limit {
				next = found[limit-1].Number
				return nil
			}
			row := Finding{Number: stmt.ColumnInt(0), Action: drift.Action(stmt.ColumnText(1)), State: State(stmt.ColumnText(2)), Reason: stmt.ColumnText(3)}
			err := json.Unmarshal([]byte(stmt.ColumnText(4)), &row.Finding)
			found = append(found, row)
			return err
		}, id.String(), after, string(f.Kind), string(f.State), limit+1)
	})
	return found, next, err
}

// Attention returns how many findings of the partner's wait for a decision, by
// scan and kind, the newest scan first.
func (q *Queries) Attention(ctx context.Context, partner string) (waiting []Waiting, err error) {
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		const text = `SELECT s.id, f.kind, COUNT(*) FROM drift_v1_scans s JOIN drift_v1_findings f ON f.scan=s.id AND f.state=?
			WHERE s.partner=? AND json_extract(s.body, '$.Phase')=? GROUP BY s.began, s.id, f.kind ORDER BY s.began DESC, f.kind`
		return query(conn, text, func(stmt *sqlite.Stmt) error {
			id, err := uuid.Parse(stmt.ColumnText(0))
			waiting = append(waiting, Waiting{id, drift.Kind(stmt.ColumnText(1)), stmt.ColumnInt(2)})
			return err
		}, string(Open), partner, string(drift.Ready))
	})
	return waiting, err
}

// Waiting is findings of one kind of a scan on which nobody has decided.
type Waiting struct {
	Scan uuid.UUID
	Kind drift.Kind
	N    int
}
