package main

import (
	"cmp"
	"errors"
	"fmt"

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
