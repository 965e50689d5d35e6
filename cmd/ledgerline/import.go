package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/adapters/csvfile"
	"ledgerline/domain"
)

func importCommand() *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Onboard the users of a CSV file",
		Long: `Onboard the users of a CSV file, each row on its own. First the whole file is
tried without changing anything, and what would come of it is shown; then it is
carried out. Users who are there already with the same values are left alone, so
an import that was stopped is gone on with by starting it again.

Rows of users.csv that are rejected are written to users.rejected.csv, with the
reasons beside them. Correct them there and import that file; the exit code is 5
as long as rows are rejected.

With --wait it goes on when all rows are recorded, and shows how the users get
through at Webex. Ctrl-C ends only the showing.

- reads standard input.

The first line names the columns: userId, spEnterpriseId, provisioningId,
firstName and lastName, and where wanted email, package, primaryPhoneNumber,
mobilePhoneNumber, extension, language, timezone. Columns are separated by
commas, semicolons or tabs.`,
		Example: `  ledgerline import users.csv
  ledgerline import users.csv --dry-run
  ledgerline import users.csv --yes --wait --reason "move of site Lyon"`,
		Args: arguments(cobra.ExactArgs(1)),
		PreRunE: func(c *cobra.Command, _ []string) error {
			asJSON, _ := c.Flags().GetBool("json")
			return o.check(asJSON)
		},
		RunE: firstVerb(func(c *cli, args []string) error { return importFile(c, args[0], o) }),
	}
	c.Flags().BoolVarP(&o.yes, "yes", "y", false, "go ahead without being asked")
	c.Flags().BoolVarP(&o.dryRun, "dry-run", "n", false, "only show what would come of it")
	c.Flags().BoolVarP(&o.wait, "wait", "w", false, "show how the users get through at Webex, until the last has")
	c.Flags().StringVar(&o.rows, "rows", "", "all: --json has the verdict on every row, not only on those that were rejected or repaired")
	return c
}

// importOptions are the flags of import.
type importOptions struct {
	yes, dryRun, wait bool
	rows              string
}

func (o importOptions) check(asJSON bool) error {
	switch {
	case o.rows != "" && o.rows != "all":
		return usageError{fmt.Errorf("--rows must be all, not %q", o.rows)}
	case o.wait && o.dryRun:
		return usageError{errors.New("--wait goes with an import that is carried out, not with --dry-run")}
	case o.rows != "" && !asJSON:
		return usageError{errors.New("--rows goes with --json")}
	}
	return nil
}

// importResult is what `import --json` prints.
type importResult struct {
	File   string `json:"file"`
	DryRun bool   `json:"dryRun"`
	importCounts
	importToGo
	Repaired     int         `json:"repaired"`
	Repairs      []string    `json:"repairs,omitempty"` // the first few
	RejectedFile string      `json:"rejectedFile,omitempty"`
	Reasons      []*reason   `json:"reasons"`
	Verdicts     []importRow `json:"verdicts"`        // rejected and repaired rows, or all
	Users        *userCounts `json:"users,omitempty"` // with --wait: how far they are in the end

	counts string // where the server counts how far they are
}

func importFile(c *cli, name string, o importOptions) error {
	if o.wait && c.local {
		return refused(fmt.Sprintf("No server runs on %s, so nobody would ask Webex for anything. Start one: ledgerline serve --data %s\nOr leave out --wait.", c.data, c.data))
	}
	users, err := openUsers(c.ctx, name, c.in)
	if err != nil {
		return err
	}
	defer users.close()
	if err := c.reportIgnored(users); err != nil {
		return err
	}
	check := importRun{users: users, dryRun: true, verdicts: c.json && o.dryRun, all: o.rows == "all" && o.dryRun}
	plan, err := check.run(c, newProgress(c.talk, "Checking", 0))
	if err != nil {
		return stopped(c, err, "Nothing was imported.")
	}
	if o.dryRun {
		return c.printImport(plan)
	}
	if !c.json {
		c.printPlan(c.talk, plan)
	}
	if plan.Created > 0 {
		if err := c.confirm(fmt.Sprintf("Import %s?", count(plan.Created, "user", "users")), o.yes); err != nil {
			return err
		}
	}
	result, err := c.carryOut(importRun{users: users, verdicts: c.json, all: o.rows == "all"}, plan)
	if err != nil {
		return err
	}
	if o.wait && c.json {
		return c.printWaited(result)
	}
	if err = c.printImport(result); o.wait {
		return cmp.Or(c.printWaited(result), err)
	}
	return err
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
			return cmp.Or(err, c.printImport(r))
		}
		return err
	}
	if held {
		err = silentError{exitSome}
	}
	if c.json {
		return cmp.Or(c.printImport(r), err)
	}
	fmt.Fprintf(c.out, "Users onboarded while it ran: %s.\n", r.Users)
	return err
}

// reportIgnored reads the first line of the file and tells what nobody will read.
func (c *cli) reportIgnored(users *userFile) error {
	file, err := os.Open(users.path)
	if err != nil {
		return err
	}
	defer file.Close()
	f, err := csvfile.Open(file)
	switch {
	case domain.AsRejection(err) != nil:
		return refused(fmt.Sprintf("%s: %v", users.name, headerProblem(err)))
	case err != nil:
		return fmt.Errorf("%s: %w", users.name, err)
	}
	if len(f.Ignored) > 0 {
		c.say("Ignored, because nothing here knows the column: %s", strings.Join(f.Ignored, ", "))
	}
	return nil
}

// carryOut imports the file, and writes the rows that are rejected to a file.
func (c *cli) carryOut(r importRun, plan importResult) (importResult, error) {
	rejects := &rejectedFile{users: r.users}
	if plan.Rejected > 0 {
		rejects.open()
		if rejects.displaced != nil && rejects.err == nil {
			c.say("The rejected rows go to %s: %v", rejects.path, rejects.displaced)
		}
	}
	r.reject = rejects.add
	result, err := r.run(c, newProgress(c.talk, "Importing", plan.Rows))
	if closeErr := rejects.close(); closeErr != nil {
		c.say("The rejected rows could not all be written to a file: %v. To see them: ledgerline import %s --dry-run --json", closeErr, r.users.name)
	}
	result.RejectedFile = rejects.path
	if err != nil {
		return result, stopped(c, err, unfinished(result, err))
	}
	return result, nil
}

// unfinished says what holds when an import was begun and its end is not known.
func unfinished(r importResult, err error) string {
	if no := (*problemError)(nil); r.Rows == 0 && errors.As(err, &no) && no.Status < 500 {
		return "Nothing was imported."
	}
	text := "What was done until then stays"
	if r.Rows > 0 {
		text = "At least " + count(r.Rows, "row was done, and stays", "rows were done, and stay")
	}
	return text + "; importing the file again goes on from there: ledgerline import " + r.File
}

// stopped says what holds when an import ends early.
func stopped(c *cli, err error, rest string) error {
	c.say("%s", rest)
	if errors.Is(err, context.Canceled) {
		return silentError{exitStopped}
	}
	return err
}

// printImport tells what came of an import; rejected rows make it an error.
func (c *cli) printImport(r importResult) error {
	if c.json {
		if err := c.line(r); err != nil {
			return err
		}
	} else if r.DryRun {
		c.printPlan(c.out, r)
		c.say("Nothing was changed.")
		if r.Created > 0 {
			c.say("To carry it out: ledgerline import %s", r.File)
		}
	} else {
		fmt.Fprintf(c.out, "%s onboarded, %d unchanged, %d rejected.\n", count(r.Created, "user", "users"), r.Unchanged, r.Rejected)
		c.printToGo(c.out, r)
	}
	if !r.DryRun {
		if r.RejectedFile != "" {
			c.say("The rejected rows are in %s, with the reasons. Correct them there, then: ledgerline import %s", r.RejectedFile, r.RejectedFile)
		}
		if r.Created > 0 {
			c.sayRecorded()
			c.say("To follow them: ledgerline users list --exclude-provisioned")
		}
	}
	if r.Rejected > 0 {
		return silentError{exitSome}
	}
	return nil
}

// printToGo tells what an import leaves to be done at Webex. Where no server runs
// nobody knows the rate.
func (c *cli) printToGo(out io.Writer, r importResult) {
	if r.ToGo > 0 && !c.local {
		fmt.Fprintf(out, "Webex: %s to go, about %s.\n", count(r.ToGo, "user", "users"), span(r.ETA))
	}
}

// printPlan tells what would come of an import.
func (c *cli) printPlan(out io.Writer, r importResult) {
	fmt.Fprintf(out, "%s: %d to onboard, %d unchanged, %d rejected.\n", count(r.Rows, "row", "rows"), r.Created, r.Unchanged, r.Rejected)
	c.printToGo(out, r)
	if r.Repaired > 0 {
		fmt.Fprintf(out, "Repaired in %s:\n", count(r.Repaired, "row", "rows"))
	}
	for _, repair := range r.Repairs {
		fmt.Fprintf(out, "  %s\n", plain(repair, false))
	}
	if r.Rejected > 0 {
		fmt.Fprintln(out, "Rejected:")
	}
	for i, reason := range r.Reasons {
		if i == maxReasons {
			fmt.Fprintf(out, "  and %s\n", count(len(r.Reasons)-maxReasons, "other reason", "other reasons"))
			break
		}
		fmt.Fprintf(out, "  %s\n", reason)
	}
}

// maxReasons is how many reasons are shown before the rest is only counted.
const maxReasons = 20
