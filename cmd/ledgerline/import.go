package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func importCommand() *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Onboard, change and remove the users of a CSV file",
		Long: `Onboard, change and remove the users of a CSV file. First it is planned, which
changes nobody, and shown what would become of each row: field by field, licences
before and after, and how long Webex takes. Then you are asked, and the plan is
carried out exactly as it was shown, each row on its own. Users who are there
already with the same values are left alone; users who were changed after the
plan are held back, not overwritten.

With --behaviour sync the file is all there is of the customers and templates
that it names, and whoever is missing from it is removed; --removals agrees to
that. Where more than 50 users of a customer, or more than 20 % of them, would be
removed or moved to a lesser package, a second administrator has to approve; the
exit code is then 6, and nothing was changed.

Rows of users.csv that are rejected or held back are written to
users.rejected.csv, with the reasons beside them. Correct them there and import
that file; the exit code is 5 as long as there are any.

With --wait it goes on when all rows are recorded, and shows how the users get
through at Webex. Ctrl-C ends only the showing.

- reads standard input.

The first line names the columns: userId, spEnterpriseId, provisioningId,
firstName and lastName, and where wanted email, package, primaryPhoneNumber,
mobilePhoneNumber, extension, language, timezone. Columns are separated by
commas, semicolons or tabs.`,
		Example: `  ledgerline import users.csv
  ledgerline import users.csv --dry-run
  ledgerline import users.csv --yes --wait --reason "move of site Lyon"
  ledgerline import plan users.csv
  ledgerline import undo 0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e`,
		Args: arguments(cobra.ExactArgs(1)),
		PreRunE: func(c *cobra.Command, _ []string) error {
			asJSON, _ := c.Flags().GetBool("json")
			return o.check(asJSON)
		},
		RunE: firstVerb(func(c *cli, args []string) error { return importFile(c, args[0], o) }),
	}
	o.carryOutOptions.flags(c)
	o.planOptions.flags(c)
	c.Flags().BoolVarP(&o.dryRun, "dry-run", "n", false, "only show what would come of it")
	c.AddCommand(importPlanCommand(), importShowCommand(), importListCommand(), importApproveCommand(), importApplyCommand(),
		importPauseCommand(), importResumeCommand(), importCancelCommand(), importUndoCommand(), importRejectedCommand())
	return c
}

// importOptions are the flags of import.
type importOptions struct {
	planOptions
	carryOutOptions
	dryRun bool
}

// carryOutOptions say how a plan is carried out.
type carryOutOptions struct {
	yes, removals, wait bool
	rows                string
}

func (o *carryOutOptions) flags(c *cobra.Command) {
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "go ahead without being asked")
	c.Flags().BoolVar(&o.removals, "removals", false, "agree that users are removed who are missing from the file")
	c.Flags().BoolVarP(&o.wait, "wait", "w", false, "show how the users get through at Webex, until the last has")
	c.Flags().StringVar(&o.rows, "rows", "", "all: --json has the verdict on every row, not only on those that were rejected or repaired")
}

func (o *planOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.behaviour, "behaviour", "merge", "merge: add and change users; sync: also remove who is missing from the file")
	c.Flags().StringVar(&o.template, "template", "", "provisioning id of the template of rows that name none")
	c.Flags().StringVar(&o.customer, "customer", "", "enterprise (spEnterpriseId) of rows that name none")
}

func (o importOptions) check(asJSON bool) error {
	if o.wait && o.dryRun {
		return usageError{errors.New("--wait goes with an import that is carried out, not with --dry-run")}
	}
	return cmp.Or(o.planOptions.check(), o.carryOutOptions.check(asJSON))
}

func (o carryOutOptions) check(asJSON bool) error {
	switch {
	case o.rows != "" && o.rows != "all":
		return usageError{fmt.Errorf("--rows must be all, not %q", o.rows)}
	case o.rows != "" && !asJSON:
		return usageError{errors.New("--rows goes with --json")}
	}
	return nil
}

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

func importFile(c *cli, name string, o importOptions) error {
	if err := c.canWait(o.wait); err != nil {
		return err
	}
	users, p, err := c.planned(name, o.planOptions)
	if err != nil {
		return err
	}
	defer users.close()
	if o.dryRun {
		err := c.printDryRun(users, p, o.rows == "all")
		if _, cancelErr := c.importStep(p.ID, "cancel", nil); cancelErr != nil {
			return cancelErr
		}
		return err
	}
	return c.carryOut(users, p, o.carryOutOptions)
}

// canWait says why nobody can wait for users.
func (c *cli) canWait(wait bool) error {
	if wait && c.local {
		return refused(fmt.Sprintf("No server runs on %s, so nobody would ask Webex for anything. Start one: ledgerline serve --data %s\nOr leave out --wait.", c.data, c.data))
	}
	return nil
}

// planned has a file planned, and tells what nobody read of it. The file is to be
// closed.
func (c *cli) planned(name string, o planOptions) (*userFile, importPlan, error) {
	users, err := openUsers(c.ctx, name, c.in)
	if err != nil {
		return nil, importPlan{}, err
	}
	p, err := c.planFile(users, o)
	if err == nil {
		if len(p.Ignored) > 0 {
			c.say("Ignored, because nothing here knows the column: %s", strings.Join(p.Ignored, ", "))
		}
		return users, p, nil
	}
	users.close()
	c.say("Nothing was imported.")
	if errors.Is(err, context.Canceled) {
		err = silentError{exitStopped}
	}
	return nil, importPlan{}, err
}

// carryOut shows a plan, asks, and has it done. users is the file, if there is one.
func (c *cli) carryOut(users *userFile, p importPlan, o carryOutOptions) error {
	if !c.json {
		if err := c.printPlan(c.talk, p); err != nil {
			return err
		}
	}
	p, err := c.agree(p, o)
	if err != nil {
		return err
	}
	if p, err = c.importStep(p.ID, "apply", nil); err != nil {
		return err
	}
	return c.finish(users, p, o)
}

// finish follows an import that is being carried out, and tells what came of it.
func (c *cli) finish(users *userFile, p importPlan, o carryOutOptions) error {
	err := c.followImport(p)
	if err != nil {
		return err
	}
	if p, _, err = c.getImport(p.ID); err != nil {
		return err
	}
	r, err := c.resultOf(users, p, o.rows == "all")
	if err != nil {
		return err
	}
	c.fetchRejected(users, &r)
	if o.wait && c.json {
		return c.printWaited(r)
	}
	if err = c.printResult(r, p); o.wait {
		return cmp.Or(c.printWaited(r), err)
	}
	return err
}

// agree asks whether a plan is to be carried out, and approves it. What another
// administrator has to approve ends it.
func (c *cli) agree(p importPlan, o carryOutOptions) (importPlan, error) {
	if p.needs("removals") && !o.removals && (o.yes || !isTerminal(c.in)) {
		c.say("Nothing was changed: %s would be removed for being missing from the file, which --yes does not agree to. Add --removals to agree, or: ledgerline import approve %s --removals",
			count(p.Counts.Missing, "user", "users"), p.ID)
		return p, silentError{exitWaits}
	}
	if p.Counts.changes() > 0 {
		question := "Import " + count(p.Counts.changes()-p.Counts.Missing, "user", "users") + "?"
		if p.Undoes != "" {
			question = "Undo the changes of " + count(p.Counts.changes(), "user", "users") + "?"
		}
		err := c.confirm(question, o.yes)
		if err == nil && p.needs("removals") && !o.removals {
			err = c.confirm("Remove "+count(p.Counts.Missing, "user", "users")+" for being missing from the file?", false)
		}
		if err != nil {
			c.say("The plan is kept until %s: ledgerline import apply %s", when(p.Expires), p.ID)
			return p, err
		}
	}
	if p.needs("plan") || p.needs("removals") {
		var err error
		if p, err = c.importStep(p.ID, "approve", map[string]bool{"removals": p.needs("removals")}); err != nil {
			return p, err
		}
	}
	if p.needs("second") {
		c.say("Nothing was changed yet: the brake asks for the approval of a second administrator, somebody else than %s.\nThat one does: ledgerline import approve %s --second --token-file FILE\nAnd then: ledgerline import apply %s", p.approvers(), p.ID, p.ID)
		return p, silentError{exitWaits}
	}
	return p, nil
}

// approvers names who planned and approved an import.
func (p importPlan) approvers() string {
	text := p.By
	for _, a := range p.Approvals {
		if a.Kind != "second" && a.By != p.By {
			text += " or " + a.By
		}
	}
	return text
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
			c.say("To carry it out: ledgerline import %s", users.name)
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
		c.say("The import is %s%s. To let it go on: ledgerline import resume %s", p.Status, because(p.Reason), p.ID)
	}
	if r.RejectedFile != "" {
		c.say("The rows that were not carried out are in %s, with the reasons. Correct them there, then: ledgerline import %s", r.RejectedFile, r.RejectedFile)
	}
	if r.Created+r.Changed+r.Deleted > 0 {
		c.sayRecorded()
		c.say("To follow them: ledgerline users list --exclude-provisioned\nTo take it back: ledgerline import undo %s", p.ID)
	}
	if r.Rejected+r.Held > 0 || p.Status != "finished" {
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
