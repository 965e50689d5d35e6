package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
)

// Rows and counts as `import --json` prints them.
type (
	importCounts struct {
		Rows      int `json:"rows"`
		Created   int `json:"created"`
		Unchanged int `json:"unchanged"`
		Rejected  int `json:"rejected"`
	}
	importRow struct {
		Row     int      `json:"row"`
		UserID  string   `json:"userId"`
		Verdict string   `json:"verdict"`
		Reason  string   `json:"reason,omitempty"`
		Repairs []string `json:"repairs,omitempty"`
	}
)

// importResult is what `import --json` prints.
type importResult struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	File   string `json:"file"`
	DryRun bool   `json:"dryRun"`
	importCounts
	Changed int `json:"changed"`
	Deleted int `json:"deleted"`
	Held    int `json:"held"`
	importToGo
	Repaired     int         `json:"repaired"`
	Repairs      []string    `json:"repairs,omitempty"` // the first few
	RejectedFile string      `json:"rejectedFile,omitempty"`
	Reasons      []*reason   `json:"reasons"`
	Verdicts     []importRow `json:"verdicts"`        // rejected, held and repaired rows, or all
	Users        *userCounts `json:"users,omitempty"` // with --wait: how far they are in the end

	counts string // where the server counts how far they are
}

// resultOf puts together what came of an import, or would.
func (c *cli) resultOf(users *userFile, p importPlan, all bool) (r importResult, err error) {
	r = importResult{
		ID: p.ID, Status: p.Status, File: p.FileName, Repaired: p.Counts.Repaired, Reasons: []*reason{}, Verdicts: []importRow{},
		importCounts: importCounts{Rows: p.rows(), Created: p.Counts.Create, Unchanged: p.Counts.Unchanged, Rejected: p.Counts.Reject},
		Changed:      p.Counts.Change + p.Counts.Package, Deleted: p.Counts.Delete, importToGo: importToGo{ToGo: p.Calls, ETA: p.ETA},
	}
	if users != nil {
		r.File = users.name
	}
	if d := p.Done; p.Started != "" {
		r.importCounts = importCounts{Rows: d.Rows, Created: d.Created, Unchanged: d.Unchanged, Rejected: d.Rejected}
		r.Changed, r.Deleted, r.Held, r.counts = d.Changed, d.Deleted, d.Held, p.countsAt()
		r.importToGo, err = c.toGo(r.counts)
	}
	if err == nil && p.Counts.Reject > 0 {
		r.Reasons, err = c.reasonsOf(p.ID)
	}
	if err == nil && c.json {
		err = c.verdicts(&r, all)
	}
	return r, err
}

// verdicts reads the rows that are worth telling.
func (c *cli) verdicts(r *importResult, all bool) error {
	queries := []url.Values{{"verdict": {"reject"}}, {"held": {"true"}}, {"repaired": {"true"}}}
	if all {
		queries = []url.Values{{}}
	}
	for _, query := range queries {
		rows, _, _, err := c.rowsOf(r.ID, query, 0)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if query.Get("repaired") != "" && (row.Verdict == "reject" || row.Held != "") {
				continue
			}
			told := importRow{Row: row.Row, UserID: row.UserID, Verdict: row.Verdict, Reason: row.Reason, Repairs: row.Repairs}
			if row.Held != "" {
				told.Verdict, told.Reason = "held", row.Held
			}
			r.Verdicts = append(r.Verdicts, told)
			for _, repair := range row.Repairs {
				if row.Verdict != "reject" && len(r.Repairs) < rowsPerReason {
					r.Repairs = append(r.Repairs, fmt.Sprintf("row %d: %s", row.Row, repair))
				}
			}
		}
	}
	return nil
}

// printDryRun tells what would come of an import.
func (c *cli) printDryRun(users *userFile, p importPlan, all bool) error {
	if c.json {
		r, err := c.resultOf(users, p, all)
		if err != nil {
			return err
		}
		r.DryRun = true
		if err := c.line(r); err != nil {
			return err
		}
	} else {
		if err := c.printPlan(c.out, p); err != nil {
			return err
		}
		c.say("Nothing was changed.")
		if p.Counts.changes() > 0 {
			c.say("To carry it out: ledgerline import %s%s", users.name, p.flags(true))
		}
	}
	if p.Counts.Reject > 0 {
		return silentError{exitSome}
	}
	return nil
}

// printResult tells what came of an import; rejected and held rows make it an error.
func (c *cli) printResult(r importResult, p importPlan) error {
	if c.json {
		if err := c.line(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintln(c.out, p.Done.outcome())
		c.printToGo(c.out, r)
	}
	if p.Status != "finished" {
		c.say("The import is %s%s.", p.Status, because(p.Reason))
		if p.Status == "paused" {
			c.sayNext(p)
		}
	}
	if r.RejectedFile != "" {
		c.say("The rows that were not carried out are in %s, with the reasons. Correct them there, then: ledgerline import %s%s", r.RejectedFile, r.RejectedFile, p.flags(false))
	}
	if r.Created+r.Changed+r.Deleted > 0 {
		c.sayRecorded()
		c.say("To follow them: ledgerline users list --exclude-provisioned\nTo take it back: ledgerline import undo %s", p.ID)
	}
	switch {
	case p.needs("second"):
		return silentError{exitWaits}
	case r.Rejected+r.Held > 0 || p.Status != "finished":
		return silentError{exitSome}
	}
	return nil
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// printToGo tells what an import leaves to be done at Webex. Where no server runs
// nobody knows the rate.
func (c *cli) printToGo(out io.Writer, r importResult) {
	if r.ToGo > 0 && !c.local {
		fmt.Fprintf(out, "Webex: %s to go, about %s.\n", count(r.ToGo, "user", "users"), span(r.ETA))
	}
}

// printWaited waits for the users of an import and tells how far they are then.
func (c *cli) printWaited(r importResult) error {
	if err := c.out.Flush(); err != nil {
		return err
	}
	held, err := c.waitForUsers(&r)
	if err != nil {
		c.say("The import is recorded and goes on at the server. To follow it: ledgerline webex lanes --watch")
		if errors.Is(err, context.Canceled) {
			err = silentError{exitStopped}
		}
		if c.json {
			return cmp.Or(err, c.line(r))
		}
		return err
	}
	if held || r.Rejected+r.Held > 0 {
		err = silentError{exitSome}
	}
	if c.json {
		return cmp.Or(c.line(r), err)
	}
	fmt.Fprintf(c.out, "Users onboarded while it ran: %s.\n", r.Users)
	return err
}
