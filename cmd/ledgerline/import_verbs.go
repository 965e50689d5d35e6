package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

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
