package main

import (
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
)

// Limits of what is printed of a plan.
const (
	maxReasons = 20 // before the rest is only counted
	maxRows    = 10
	maxBraked  = 10
)

// summary is what a plan comes to, in one line. What is not there is left out,
// but for what people look for.
func (p importPlan) summary() string {
	n := p.Counts
	parts := []string{fmt.Sprintf("%d to onboard", n.Create)}
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, text))
		}
	}
	add(n.Change, "to change")
	add(n.Package, "to another package")
	add(n.Delete-n.Missing, "to delete")
	parts = append(parts, fmt.Sprintf("%d unchanged", n.Unchanged), fmt.Sprintf("%d rejected", n.Reject))
	return fmt.Sprintf("%s: %s.", count(n.Rows, "row", "rows"), strings.Join(parts, ", "))
}

// outcome is what came of an import, in one line.
func (d importDone) outcome() string {
	parts := []string{count(d.Created, "user", "users") + " onboarded"}
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, text))
		}
	}
	add(d.Changed, "changed")
	add(d.Deleted, "deleted")
	parts = append(parts, fmt.Sprintf("%d unchanged", d.Unchanged), fmt.Sprintf("%d rejected", d.Rejected))
	add(d.Held, "held back")
	return strings.Join(parts, ", ") + "."
}

// printPlan tells what would come of an import.
func (c *cli) printPlan(out io.Writer, p importPlan) error {
	fmt.Fprintln(out, p.summary())
	if p.Counts.Missing > 0 {
		fmt.Fprintf(out, "Missing from the file, and to be removed: %s.\n", count(p.Counts.Missing, "user", "users"))
	}
	if p.Unsafe && p.Behaviour == "sync" {
		fmt.Fprintln(out, "Nobody is removed for being missing, because rows could not be read.")
	}
	if p.Calls > 0 && !c.local {
		fmt.Fprintf(out, "Webex: %s to go, about %s.\n", count(p.Calls, "user", "users"), span(p.ETA))
	}
	printEffects(out, "Packages", p.Packages)
	printEffects(out, "Licences", p.Licences)
	printBraked(out, p)
	for _, part := range []struct {
		title string
		n     int
		query url.Values
		line  func(planRow) []string
	}{
		{"Changed", p.Counts.Change + p.Counts.Package, url.Values{"verdict": {"change,package"}}, planRow.changeLines},
		{"Deleted", p.Counts.Delete, url.Values{"verdict": {"delete"}}, planRow.deleteLines},
		{"Repaired in " + count(p.Counts.Repaired, "row", "rows"), p.Counts.Repaired, url.Values{"repaired": {"true"}}, planRow.repairLines},
	} {
		if part.n == 0 {
			continue
		}
		rows, _, more, err := c.rowsOf(p.ID, part.query, maxRows)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, part.title+":")
		for _, row := range rows {
			for _, line := range part.line(row) {
				fmt.Fprintf(out, "  row %d: %s\n", row.Row, plain(line, false))
			}
		}
		if more {
			fmt.Fprintf(out, "  and others; all: ledgerline import show %s --rows all\n", p.ID)
		}
	}
	if p.Counts.Reject == 0 {
		return nil
	}
	reasons, err := c.reasonsOf(p.ID)
	printReasons(out, reasons)
	return err
}

func printEffects(out io.Writer, title string, effects []importEffect) {
	var changed []string
	for _, e := range effects {
		if e.Before != e.After {
			changed = append(changed, fmt.Sprintf("%s %d -> %d", plain(e.Name, false), e.Before, e.After))
		}
	}
	if len(changed) > 0 {
		fmt.Fprintf(out, "%s: %s.\n", title, strings.Join(changed, ", "))
	}
}

// printBraked names the customers for whom a second administrator has to approve.
func printBraked(out io.Writer, p importPlan) {
	told := 0
	for _, customer := range p.Customers {
		if customer.Braked && told < maxBraked {
			told++
			fmt.Fprintf(out, "Brake: %s: %d removed and %d moved to a lesser package, of %s; a second administrator has to approve.\n",
				plain(customer.Customer, false), customer.Deletions, customer.Downgrades, count(customer.Users, "user", "users"))
		}
	}
	if told > 0 && told < p.Braked {
		fmt.Fprintf(out, "Brake: and so for %s.\n", count(p.Braked-told, "other customer", "other customers"))
	}
}

func printReasons(out io.Writer, reasons []*reason) {
	fmt.Fprintln(out, "Rejected:")
	for i, reason := range reasons {
		if i == maxReasons {
			fmt.Fprintf(out, "  and %s\n", count(len(reasons)-maxReasons, "other reason", "other reasons"))
			break
		}
		fmt.Fprintf(out, "  %s\n", reason)
	}
}

func (r planRow) changeLines() []string {
	changes := make([]string, len(r.Changes))
	for i, change := range r.Changes {
		changes[i] = fmt.Sprintf("%s %s -> %s", change.Field, orNone(change.Old), orNone(change.New))
	}
	return []string{r.UserID + ": " + strings.Join(changes, ", ")}
}

func orNone(value string) string {
	if value == "" {
		return "(none)"
	}
	return value
}

func (r planRow) deleteLines() []string {
	if r.Missing {
		return []string{r.UserID + " (missing from the file)"}
	}
	return []string{r.UserID}
}

func (r planRow) repairLines() []string { return r.Repairs }

// flags are those with which a file is planned like this, each after a space.
// Whole: it has all users. The rejected rows of a file never do.
func (p importPlan) flags(whole bool) (text string) {
	if whole && p.Behaviour == "sync" {
		text = " --behaviour sync"
	}
	for _, f := range []struct{ name, value string }{{"template", p.Template}, {"customer", p.Customer}} {
		if f.value != "" {
			text += " --" + f.name + " " + quoted(f.value)
		}
	}
	return text
}

// quoted is a value as a shell takes it.
func quoted(value string) string {
	if plainWord.MatchString(value) {
		return value
	}
	return "'" + strings.ReplaceAll(plain(value, false), "'", `'\''`) + "'"
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9+=_.,:@/-]+$`)
