package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
)

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
	if p.needs("removals") && !o.removals && o.yes {
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
