package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

func importPlanCommand() *cobra.Command {
	var o planOptions
	c := &cobra.Command{
		Use: "plan FILE", Short: "Plan what a file would change, and keep the plan",
		Long: `Plan what a file would change, show it, and keep it for a day: others can look at
it, approve it and apply it by its id. Nobody is changed. - reads standard input.`,
		Example: `  ledgerline import plan users.csv
  ledgerline import plan all-of-lyon.csv --behaviour sync`,
		Args:    arguments(cobra.ExactArgs(1)),
		PreRunE: func(*cobra.Command, []string) error { return o.check() },
		RunE: firstVerb(func(c *cli, args []string) error {
			users, p, err := c.planned(args[0], o)
			if err != nil {
				return err
			}
			defer users.close()
			return c.showPlanned(p.ID)
		}),
	}
	o.flags(c)
	return c
}

// showPlanned shows a plan that was made, and what comes next.
func (c *cli) showPlanned(id string) error {
	p, whole, err := c.getImport(id)
	if err != nil {
		return err
	}
	if c.json {
		return c.line(whole)
	}
	fmt.Fprintf(c.out, "Import %s\n", p.ID)
	err = c.printPlan(c.out, p)
	c.sayNext(p)
	return err
}

// sayNext tells what can be done with an import.
func (c *cli) sayNext(p importPlan) {
	switch {
	case p.needs("removals"):
		c.say("To approve it: ledgerline import approve %s --removals", p.ID)
	case p.needs("plan"):
		c.say("To approve it: ledgerline import approve %s", p.ID)
	}
	if p.needs("second") {
		c.say("A second administrator, somebody else than %s, has to approve it, too: ledgerline import approve %s --second --token-file FILE", p.approvers(), p.ID)
	}
	switch p.Status {
	case "planned", "approved":
		c.say("To carry it out before %s: ledgerline import apply %s", when(p.Expires), p.ID)
	case "paused":
		c.say("To let it go on: ledgerline import resume %s", p.ID)
	case "applying":
		c.say("To follow it: ledgerline import show %s --watch", p.ID)
	case "finished", "cancelled":
		if p.Done.Created+p.Done.Changed+p.Done.Deleted > 0 {
			c.say("To take it back: ledgerline import undo %s", p.ID)
		}
		if p.Undoes == "" && p.Done.Rejected+p.Done.Held > 0 {
			c.say("For the rows that were not carried out, as a file: ledgerline import rejected %s FILE", p.ID)
		}
	}
}

func importShowCommand() *cobra.Command {
	var verdict, rows string
	var watch bool
	c := &cobra.Command{
		Use: "show IMPORT", Short: "Show an import: what it would change, who approved it, how far it is",
		Long: `Show an import: what it would change, who approved it, and how far it is. With
--rows all also each row with its verdict, field by field; --verdict chooses some
of create, change, package, delete, unchanged, reject.`,
		Example: `  ledgerline import show 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e
  ledgerline import show 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e --verdict delete,package`,
		Args: arguments(cobra.ExactArgs(1)),
		PreRunE: func(*cobra.Command, []string) error {
			if rows != "" && rows != "all" {
				return usageError{fmt.Errorf("--rows must be all, not %q", rows)}
			}
			return nil
		},
		RunE: verb(func(c *cli, args []string) error {
			p, _, err := c.getImport(args[0])
			if err != nil {
				return err
			}
			if watch && p.Status == "applying" {
				if err := c.followImport(p); err != nil {
					return err
				}
			}
			return c.showImport(p.ID, verdict, rows == "all")
		}),
	}
	c.Flags().StringVar(&rows, "rows", "", "all: each row, too")
	c.Flags().StringVar(&verdict, "verdict", "", "also the rows with these verdicts, separated by commas")
	c.Flags().BoolVar(&watch, "watch", false, "first show how it gets on, until it has ended; Ctrl-C ends only the showing")
	return c
}

func (c *cli) showImport(id, verdict string, all bool) error {
	p, whole, err := c.getImport(id)
	if err != nil {
		return err
	}
	var rows []planRow
	texts := []json.RawMessage{}
	if all || verdict != "" {
		query := url.Values{}
		if verdict != "" {
			query.Set("verdict", verdict)
		}
		if rows, texts, _, err = c.rowsOf(id, query, 0); err != nil {
			return err
		}
	}
	if c.json {
		var errors struct {
			Items []json.RawMessage `json:"items"`
		}
		if _, err := c.get(c.ctx, importPath(id)+"/errors", nil, &errors); err != nil {
			return err
		}
		return c.line(map[string]any{"import": whole, "errors": errors.Items, "rows": texts})
	}
	c.facts(p.facts())
	if err := c.printPlan(c.out, p); err != nil {
		return err
	}
	for _, row := range rows {
		fmt.Fprintln(c.out, plain(row.String(), false))
	}
	c.sayNext(p)
	return nil
}

func (p importPlan) facts() [][2]string {
	var approvals []string
	for _, a := range p.Approvals {
		approvals = append(approvals, fmt.Sprintf("%s by %s, %s", a.Kind, a.By, when(a.At)))
	}
	status := p.Status + because(p.Reason)
	if len(p.Needs) > 0 {
		status += "; needs approval: " + strings.Join(p.Needs, ", ")
	}
	done, expires := "", ""
	if p.Started != "" {
		done = fmt.Sprintf("%d of %d: %s", p.Done.Rows, p.rows(), p.Done.outcome())
		if p.Progress != nil && p.Progress.Rate > 0 {
			done += fmt.Sprintf(" %.0f rows a second, %s left.", p.Progress.Rate, span(p.Progress.ETA))
		}
	} else if p.Cancelled == "" {
		expires = when(p.Expires)
	}
	return [][2]string{
		{"Import", p.ID}, {"File", p.FileName}, {"Undoes", p.Undoes}, {"Undone by", strings.Join(p.Undone, ", ")}, {"Behaviour", p.Behaviour},
		{"Status", status}, {"Planned", when(p.Planned) + " by " + p.By}, {"Approved", strings.Join(approvals, "; ")}, {"Expires", expires},
		{"Started", shownWhen(p.Started)}, {"Ended", shownWhen(p.Finished + p.Cancelled)}, {"Done", done},
	}
}

// shownWhen is when for an instant that there may be none of.
func shownWhen(text string) string {
	if text == "" {
		return ""
	}
	return when(text)
}

// String is a row in one line.
func (r planRow) String() string {
	parts := []string{fmt.Sprintf("row %d: %s %s", r.Row, r.Verdict, r.UserID)}
	if len(r.Changes) > 0 {
		parts = append(parts, strings.TrimPrefix(r.changeLines()[0], r.UserID+": "))
	}
	for _, text := range append(append(append([]string{}, r.Repairs...), r.Notes...), r.Reason, r.Held) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

func importListCommand() *cobra.Command {
	var status string
	var awaiting bool
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List imports, newest first",
		Example: "  ledgerline import list --awaiting",
		Args:    arguments(cobra.NoArgs),
		RunE: verb(func(c *cli, _ []string) error {
			if limit < 0 {
				return usageError{errors.New("--limit must not be negative; 0 means all")}
			}
			query := url.Values{}
			if status != "" {
				query.Set("status", status)
			}
			if awaiting {
				query.Set("awaiting", "true")
			}
			return c.listImports(query, limit)
		}),
	}
	c.Flags().StringVar(&status, "status", "", "only these, separated by commas: planned, approved, applying, paused, finished, cancelled, expired")
	c.Flags().BoolVar(&awaiting, "awaiting", false, "only those that wait for an approval")
	c.Flags().IntVar(&limit, "limit", 20, "at most so many; 0: all")
	return c
}

func (c *cli) listImports(query url.Values, limit int) error {
	var rows [][]string
	more, err := c.each(c.ctx, "/api/imports", query, limit, func(item json.RawMessage) error {
		if c.json {
			return c.line(item)
		}
		var p importPlan
		err := json.Unmarshal(item, &p)
		file := p.FileName
		if p.Undoes != "" {
			file = "undo of " + p.Undoes
		}
		rows = append(rows, []string{p.ID, when(p.Planned), p.Status, fmt.Sprint(p.Counts.Rows), fmt.Sprint(p.Counts.changes()), fmt.Sprint(p.Counts.Reject), p.By, file})
		return err
	})
	if err != nil {
		return err
	}
	if !c.json && len(rows) > 0 {
		c.table([]string{"IMPORT", "PLANNED", "STATUS", "ROWS", "CHANGES", "REJECTED", "BY", "FILE"}, rows)
	}
	switch {
	case more:
		c.say("There are more; --limit 0 shows all.")
	case !c.json && len(rows) == 0:
		c.say("There are no such imports.")
	}
	return nil
}

func importApproveCommand() *cobra.Command {
	var removals, second bool
	c := &cobra.Command{
		Use: "approve IMPORT", Short: "Approve a plan",
		Long: `Approve a plan. --removals also agrees that users are removed who are missing from
the file. --second is the approval of a second administrator where the brake asks
for one: somebody else than who planned and approved it, with a token of their own.`,
		Example: `  ledgerline import approve 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e
  ledgerline import approve 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e --second --token-file mine`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			body := map[string]bool{}
			if removals {
				body["removals"] = true
			}
			if second {
				body["second"] = true
			}
			p, err := c.importStep(args[0], "approve", body)
			if err != nil {
				return err
			}
			return c.showStep(p, "The plan is approved.")
		}),
	}
	c.Flags().BoolVar(&removals, "removals", false, "the plan, and that users are removed who are missing from the file")
	c.Flags().BoolVar(&second, "second", false, "what the brake asks for, as the second administrator")
	return c
}

// showStep shows where a step left an import.
func (c *cli) showStep(p importPlan, done string) error {
	if c.json {
		_, whole, err := c.getImport(p.ID)
		if err != nil {
			return err
		}
		return c.line(whole)
	}
	fmt.Fprintln(c.out, done)
	c.sayNext(p)
	return nil
}

func importApplyCommand() *cobra.Command {
	var o carryOutOptions
	var detach bool
	c := &cobra.Command{
		Use: "apply IMPORT", Short: "Carry out a plan, and follow it",
		Long: `Carry out a plan, and show how it gets on. A plan that is not approved yet is shown
first, and you are asked. Ctrl-C ends only the showing.`,
		Example: `  ledgerline import apply 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e
  ledgerline import apply 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e --detach`,
		Args: arguments(cobra.ExactArgs(1)),
		PreRunE: func(c *cobra.Command, _ []string) error {
			asJSON, _ := c.Flags().GetBool("json")
			return o.check(asJSON)
		},
		RunE: verb(func(c *cli, args []string) error {
			if err := c.canWait(o.wait); err != nil {
				return err
			}
			p, _, err := c.getImport(args[0])
			switch {
			case err != nil:
				return err
			case !detach && p.Status == "planned":
				return c.carryOut(nil, p, o)
			}
			if p, err = c.importStep(p.ID, "apply", nil); err != nil {
				return err
			}
			if detach {
				return c.showStep(p, "The import is being carried out.")
			}
			return c.finish(nil, p, o)
		}),
	}
	o.flags(c)
	c.Flags().BoolVar(&detach, "detach", false, "do not wait for its end")
	return c
}

// importSteps are verbs that need no more than an import.
func importStepCommand(verbName, short, long, done string) *cobra.Command {
	return &cobra.Command{
		Use: verbName + " IMPORT", Short: short, Long: long,
		Example: "  ledgerline import " + verbName + " 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			p, err := c.importStep(args[0], verbName, nil)
			if err != nil {
				return err
			}
			return c.showStep(p, done)
		}),
	}
}

func importPauseCommand() *cobra.Command {
	return importStepCommand("pause", "Stop an import for now", "Stop an import for now. What is done stays done.", "The import is paused.")
}

func importResumeCommand() *cobra.Command {
	return importStepCommand("resume", "Let a paused import go on", "Let a paused import go on where it stopped.", "The import goes on.")
}

func importCancelCommand() *cobra.Command {
	return importStepCommand("cancel", "Give an import or a plan up",
		"Give an import or a plan up. Rows that are not done stay as they are, for good; what is\ndone stays done, and can be undone.", "The import is cancelled.")
}

func importUndoCommand() *cobra.Command {
	var o carryOutOptions
	var planOnly bool
	c := &cobra.Command{
		Use: "undo IMPORT", Short: "Take an import back",
		Long: `Take an import back: who was created is deleted, what was changed is changed back,
who was deleted is onboarded again. This is a plan in the other direction, which
is shown, approved and carried out like any other. What cannot be undone is said;
users who were changed since are left alone.`,
		Example: `  ledgerline import undo 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e --plan-only`,
		Args:    arguments(cobra.ExactArgs(1)),
		PreRunE: func(c *cobra.Command, _ []string) error {
			asJSON, _ := c.Flags().GetBool("json")
			return o.check(asJSON)
		},
		RunE: verb(func(c *cli, args []string) error {
			if err := c.canWait(o.wait); err != nil {
				return err
			}
			p, err := c.importStep(args[0], "undo", nil)
			switch {
			case err != nil:
				return err
			case planOnly:
				return c.showPlanned(p.ID)
			}
			return c.carryOut(nil, p, o)
		}),
	}
	o.flags(c)
	c.Flags().BoolVar(&planOnly, "plan-only", false, "only plan it, and show what would come of it")
	return c
}

func importRejectedCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rejected IMPORT FILE", Short: "Write the rows that were rejected or held back to a file, with the reasons",
		Long: `Write the rows that were rejected or held back to a file: the same columns as the
file that was imported, and one more with the reason. Corrected, it can be
imported as it is. - writes to standard output.`,
		Example: "  ledgerline import rejected 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e users.rejected.csv",
		Args:    arguments(cobra.ExactArgs(2)),
		RunE: verb(func(c *cli, args []string) (err error) {
			reply, err := c.do(c.ctx, http.MethodGet, importPath(args[0])+"/rejected.csv", nil, nil, "")
			if err != nil {
				return noImport(args[0], err)
			}
			defer reply.Body.Close()
			if args[1] == "-" {
				_, err = io.Copy(c.out, reply.Body)
				return err
			}
			file, err := os.OpenFile(args[1], os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
			if err != nil {
				return err
			}
			_, err = io.Copy(file, reply.Body)
			return errors.Join(err, file.Close())
		}),
	}
}
