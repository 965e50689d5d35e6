// Package drift answers: when was Webex compared with the ledger, what differed,
// what became of it, and what waits for somebody's decision?
package drift

import (
	"errors"
	"iter"
	"strings"

	"github.com/go-json-experiment/json"
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/projections"
)

// Model feeds the scans for drift and their findings.
var Model = projections.Model{
	Name: "drift.v1",
	Tables: []string{
		`CREATE TABLE drift_v1_scans(id TEXT PRIMARY KEY, partner TEXT NOT NULL, began INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID`,
		`CREATE TABLE drift_v1_findings(scan TEXT, n INTEGER, kind TEXT NOT NULL, propose TEXT NOT NULL, action TEXT NOT NULL,
			state TEXT NOT NULL, reason TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY(scan, n)) WITHOUT ROWID`,
	},
	Indexes: []string{
		`CREATE INDEX drift_v1_began ON drift_v1_scans(partner, began)`,
		`CREATE INDEX drift_v1_states ON drift_v1_findings(scan, state, kind)`,
	},
	Writer: func() projections.Writer { return writer{} },
	Dump:   dump,
}

// writer writes each entry as it comes; nothing is kept.
type writer struct{}

// Reset implements projections.Writer.
func (writer) Reset() {}

// Flush implements projections.Writer.
func (writer) Flush(*sqlite.Conn) error { return nil }

// Apply implements projections.Writer.
func (writer) Apply(conn *sqlite.Conn, entries []domain.Entry) (events int, err error) {
	for _, e := range entries {
		if !strings.HasPrefix(e.Stream, drift.StreamKind+"-") {
			continue
		}
		events++
		_, id, _ := domain.SplitStream(e.Stream)
		if err := apply(conn, id.String(), e); err != nil {
			return 0, err
		}
	}
	return events, nil
}

func apply(conn *sqlite.Conn, id string, e domain.Entry) error {
	if err := applyToScan(conn, id, e); err != nil {
		return err
	}
	switch ev := e.Event.(type) {
	case drift.Found:
		return addFindings(conn, id, ev.Findings)
	case drift.Approved:
		return approve(conn, id, ev)
	case drift.Settled:
		for _, o := range ev.Outcomes {
			if err := run(conn, "UPDATE drift_v1_findings SET state=?, reason=? WHERE scan=? AND n=?", string(o.Result), o.Reason, id, o.Finding); err != nil {
				return err
			}
		}
	case drift.Closed:
		return run(conn, "UPDATE drift_v1_findings SET state=? WHERE scan=? AND state=?", string(Superseded), id, string(Open))
	}
	return nil
}

func applyToScan(conn *sqlite.Conn, id string, e domain.Entry) error {
	var s Scan
	found, err := one(conn, "SELECT body FROM drift_v1_scans WHERE id=?", &s, id)
	if err != nil {
		return err
	}
	s = fold(s, e)
	body, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return err
	}
	if found {
		return run(conn, "UPDATE drift_v1_scans SET body=? WHERE id=?", string(body), id)
	}
	return run(conn, "INSERT INTO drift_v1_scans VALUES (?, ?, ?, ?)", id, e.Cause.Partner, int(e.Position), string(body))
}

// fold is a scan after one more entry.
func fold(s Scan, e domain.Entry) Scan {
	_, s.ID, _ = domain.SplitStream(e.Stream)
	s.Version, s.Position = e.Version, e.Position
	switch ev := e.Event.(type) {
	case drift.Started:
		s.Phase, s.Scheduled, s.Filter, s.Began, s.Changed, s.By = drift.Waiting, ev.Scheduled, ev.Filter, ev.At, ev.At, e.Cause.Actor
		s.Reason = e.Cause.Reason
	case drift.Progressed:
		s.Phase, s.Counts.Records, s.Counts.Users, s.Changed = drift.Reading, ev.Records, ev.Users, ev.At
	case drift.Found:
		s.Findings += len(ev.Findings)
		s.Changed = ev.At
	case drift.Finished:
		s.Phase, s.Counts, s.Changed, s.Ended = drift.Ready, ev.Counts, ev.At, ev.At
	case drift.Broken:
		s.Phase, s.Broken, s.Changed, s.Ended = drift.Failed, ev.Reason, ev.At, ev.At
	case drift.Approved:
		s.Approvals = append(s.Approvals, Approval{By: e.Cause.Actor, Reason: e.Cause.Reason, At: ev.At})
		s.Changed = ev.At
	case drift.Settled:
		s.Changed = ev.At
	case drift.Closed:
		s.Phase, s.SupersededBy, s.Changed = drift.Over, ev.SupersededBy, ev.At
	}
	return s
}

func addFindings(conn *sqlite.Conn, id string, findings []drift.Finding) error {
	n := 0
	if err := query(conn, "SELECT COALESCE(MAX(n), 0) FROM drift_v1_findings WHERE scan=?", func(stmt *sqlite.Stmt) error {
		n = stmt.ColumnInt(0)
		return nil
	}, id); err != nil {
		return err
	}
	for i, f := range findings {
		body, err := json.Marshal(f, json.Deterministic(true))
		if err != nil {
			return err
		}
		err = run(conn, "INSERT INTO drift_v1_findings VALUES (?, ?, ?, ?, '', ?, '', ?)", id, n+1+i, string(f.Kind), string(f.Propose), string(Open), string(body))
		if err != nil {
			return err
		}
	}
	return nil
}

// approve marks findings on which nobody had decided: by number, else by kind,
// else as proposed.
func approve(conn *sqlite.Conn, id string, e drift.Approved) error {
	const set = "UPDATE drift_v1_findings SET state=?1, action=?2 WHERE state=?3 AND scan=?4"
	for n, action := range e.Findings {
		if err := run(conn, set+" AND n=?5", string(Approved), string(action), string(Open), id, n); err != nil {
			return err
		}
	}
	for kind, action := range e.Kinds {
		if err := run(conn, set+" AND kind=?5", string(Approved), string(action), string(Open), id, string(kind)); err != nil {
			return err
		}
	}
	if !e.All {
		return nil
	}
	return run(conn, "UPDATE drift_v1_findings SET state=?, action=propose WHERE state=? AND scan=?", string(Approved), string(Open), id)
}

// dump yields scans and findings.
func dump(conn *sqlite.Conn) iter.Seq2[projections.Item, error] {
	return func(yield func(projections.Item, error) bool) {
		more := true
		give := func(stmt *sqlite.Stmt) error {
			if more = more && yield(projections.Item{Key: stmt.ColumnText(0), Row: stmt.ColumnText(1)}, nil); !more {
				return errEnough
			}
			return nil
		}
		err := query(conn, "SELECT id, partner || ' ' || began || ' ' || body FROM drift_v1_scans ORDER BY id", give)
		if err == nil {
			err = query(conn, `SELECT 'finding ' || scan || printf(' %08d', n), kind || ' ' || propose || ' ' || action || ' ' || state || ' ' || reason || ' ' || body
				FROM drift_v1_findings ORDER BY scan, n`, give)
		}
		if err != nil && more {
			yield(projections.Item{}, err)
		}
	}
}

var errEnough = errors.New("enough")
