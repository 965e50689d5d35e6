package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/adapters/csvfile"
)

func importCommand() *cobra.Command {
	var yes, dryRun bool
	c := &cobra.Command{
		Use:   "import FILE.csv",
		Short: "Onboard the users of a CSV file",
		Long: `Onboard the users of a CSV file, each row on its own. First the whole file is
tried without changing anything, and what would come of it is shown; then it is
carried out. Users who are there already with the same values are left alone, so
an import that was stopped is gone on with by starting it again.

Rows of users.csv that are rejected are written to users.rejected.csv, with the
reasons beside them. Correct them there and import that file; the exit code is 5
as long as rows are rejected.

The first line names the columns: userId, spEnterpriseId, provisioningId,
firstName and lastName, and where wanted email, package, primaryPhoneNumber,
mobilePhoneNumber, extension, language, timezone. Columns are separated by
commas, semicolons or tabs.`,
		Example: `  ledgerline import users.csv
  ledgerline import users.csv --dry-run
  ledgerline import users.csv --yes --reason "move of site Lyon"`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: firstVerb(func(c *cli, args []string) error { return importFile(c, args[0], yes, dryRun) }),
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "go ahead without being asked")
	c.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "only show what would come of it")
	return c
}

// Lines of the API's answer to an import.
type (
	importCounts struct {
		Rows      int `json:"rows"`
		Created   int `json:"created"`
		Unchanged int `json:"unchanged"`
		Rejected  int `json:"rejected"`
	}
	importLine struct {
		Progress *importCounts `json:"progress"`
		Row      *struct {
			Row     int      `json:"row"`
			UserID  string   `json:"userId"`
			Verdict string   `json:"verdict"`
			Reason  string   `json:"reason"`
			Repairs []string `json:"repairs"`
		} `json:"row"`
		Summary *struct {
			importCounts
			Repaired int `json:"repaired"`
		} `json:"summary"`
		Error *problemError `json:"error"`
	}
)

// importResult is what `import --json` prints.
type importResult struct {
	File   string `json:"file"`
	DryRun bool   `json:"dryRun"`
	importCounts
	Repaired     int       `json:"repaired"`
	Repairs      []string  `json:"repairs,omitempty"` // the first few
	RejectedFile string    `json:"rejectedFile,omitempty"`
	Reasons      []*reason `json:"reasons"`
}

func importFile(c *cli, path string, yes, dryRun bool) error {
	if err := c.reportIgnored(path); err != nil {
		return err
	}
	plan, err := c.runImport(path, true, newProgress(c.talk, "Checking", 0), nil)
	if err != nil {
		return stopped(c, err, "Nothing was imported.")
	}
	if dryRun {
		return c.printImport(plan)
	}
	if !c.json {
		printPlan(c.talk, plan)
	}
	if plan.Created > 0 {
		if err := c.confirm(fmt.Sprintf("Import %s?", count(plan.Created, "user", "users")), yes); err != nil {
			return err
		}
	}
	result, err := c.carryOut(path, plan)
	if err != nil {
		return err
	}
	return c.printImport(result)
}

// reportIgnored reads the first line of the file and tells what nobody will read.
func (c *cli) reportIgnored(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	f, err := csvfile.Open(file)
	if err != nil {
		return refused(fmt.Sprintf("%s: %v", path, headerProblem(err)))
	}
	if len(f.Ignored) > 0 {
		c.say("Ignored, because nothing here knows the column: %s", strings.Join(f.Ignored, ", "))
	}
	return nil
}

// carryOut imports the file, and writes the rows that are rejected to a file.
func (c *cli) carryOut(path string, plan importResult) (importResult, error) {
	rejects := &rejectedFile{original: path}
	result, err := c.runImport(path, false, newProgress(c.talk, "Importing", plan.Rows), rejects.add)
	if closeErr := rejects.close(); err == nil {
		err = closeErr
	}
	result.RejectedFile = rejects.path
	if err != nil {
		return result, stopped(c, err, fmt.Sprintf("%s done so far, and they stay. To go on: ledgerline import %s", count(result.Rows, "row was", "rows were"), path))
	}
	return result, nil
}

// stopped says what holds when an import ends early.
func stopped(c *cli, err error, rest string) error {
	c.say("%s", rest)
	if errors.Is(err, context.Canceled) {
		return silentError{exitStopped}
	}
	return err
}

// runImport sends the file and reads the verdicts as they come. Rejected rows are
// given to reject, if that is not nil.
func (c *cli) runImport(path string, dryRun bool, bar *progress, reject func(row int, reason string) error) (importResult, error) {
	result := importResult{File: path, DryRun: dryRun, Reasons: []*reason{}}
	file, err := os.Open(path)
	if err != nil {
		return result, err
	}
	defer file.Close()
	reply, err := c.do(c.ctx, http.MethodPost, "/api/imports", url.Values{"dryRun": {fmt.Sprint(dryRun)}}, file, "text/csv")
	if err != nil {
		return result, err
	}
	defer reply.Body.Close()
	defer bar.end()
	reasons := reasons{}
	for lines := json.NewDecoder(bufio.NewReader(reply.Body)); ; {
		var line importLine
		switch err := lines.Decode(&line); {
		case c.ctx.Err() != nil:
			return result, c.ctx.Err()
		case err == io.EOF:
			return result, errors.New("the server broke off before the end of the import")
		case err != nil:
			return result, fmt.Errorf("the server broke off before the end of the import: %w", err)
		}
		switch {
		case line.Error != nil:
			return result, line.Error
		case line.Progress != nil:
			result.importCounts = *line.Progress
			bar.show(result.Rows)
		case line.Summary != nil:
			result.importCounts, result.Repaired, result.Reasons = line.Summary.importCounts, line.Summary.Repaired, reasons.sorted()
			return result, nil
		case line.Row != nil && line.Row.Verdict != "reject":
			for _, repair := range line.Row.Repairs {
				if len(result.Repairs) < rowsPerReason {
					result.Repairs = append(result.Repairs, fmt.Sprintf("row %d: %s", line.Row.Row, repair))
				}
			}
		case line.Row != nil:
			reasons.add(line.Row.Reason, line.Row.Row)
			if reject == nil {
				continue
			}
			if err := reject(line.Row.Row, line.Row.Reason); err != nil {
				return result, err
			}
		}
	}
}

// printImport tells what came of an import; rejected rows make it an error.
func (c *cli) printImport(r importResult) error {
	if c.json {
		if err := c.line(r); err != nil {
			return err
		}
	} else if r.DryRun {
		printPlan(c.out, r)
		c.say("Nothing was changed.")
		if r.Created > 0 {
			c.say("To carry it out: ledgerline import %s", r.File)
		}
	} else {
		fmt.Fprintf(c.out, "%s onboarded, %d unchanged, %d rejected.\n", count(r.Created, "user", "users"), r.Unchanged, r.Rejected)
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

// printPlan tells what would come of an import.
func printPlan(out io.Writer, r importResult) {
	fmt.Fprintf(out, "%s: %d to onboard, %d unchanged, %d rejected.\n", count(r.Rows, "row", "rows"), r.Created, r.Unchanged, r.Rejected)
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
