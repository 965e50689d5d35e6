package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

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
