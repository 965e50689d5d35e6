package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

func driftListCommand() *cobra.Command {
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List scans, newest first",
		Example: "  ledgerline drift list --limit 5",
		Args:    arguments(cobra.NoArgs),
		RunE: verb(func(c *cli, _ []string) error {
			if limit < 0 {
				return usageError{errors.New("--limit must not be negative; 0 means all")}
			}
			var rows [][]string
			more, err := c.each(c.ctx, "/api/drift", url.Values{}, limit, func(item json.RawMessage) error {
				var s driftScan
				if err := json.Unmarshal(item, &s); err != nil || c.json {
					return errors.Join(err, c.driftLine(item))
				}
				rows = append(rows, []string{s.ID, when(s.Began), s.Phase, fmt.Sprint(s.Records), fmt.Sprint(s.Findings), s.By, strings.TrimSpace(s.Template + " " + s.Customer)})
				return nil
			})
			if err != nil {
				return err
			}
			if !c.json {
				c.table([]string{"SCAN", "BEGAN", "PHASE", "RECORDS", "FINDINGS", "BY", "ONLY"}, rows)
			}
			if more {
				c.say("There are more; see them with --limit 0.")
			}
			return nil
		}),
	}
	c.Flags().IntVar(&limit, "limit", 20, "how many to list; 0: all")
	return c
}

// driftLine prints a document where JSON is asked for.
func (c *cli) driftLine(document json.RawMessage) error {
	if !c.json {
		return nil
	}
	return c.line(document)
}

func driftShowCommand() *cobra.Command {
	var kind, state string
	var limit int
	c := &cobra.Command{
		Use: "show SCAN", Short: "Show a scan, its findings and what is proposed",
		Example: "  ledgerline drift show 6970e6bb-7439-4ffb-ad34-d3ff0167ddad --kind missing --state open",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			if limit < 0 {
				return usageError{errors.New("--limit must not be negative; 0 means all")}
			}
			var s driftScan
			text, err := c.get(c.ctx, driftPath(args[0]), nil, &s)
			if err != nil {
				return noScan(args[0], err)
			}
			query := url.Values{}
			for name, value := range map[string]string{"kind": kind, "state": state} {
				if value != "" {
					query.Set(name, value)
				}
			}
			found := []json.RawMessage{}
			more, err := c.each(c.ctx, driftPath(args[0])+"/findings", query, limit, func(item json.RawMessage) error {
				found = append(found, item)
				return nil
			})
			if err != nil {
				return err
			}
			if err := c.printScan(text, s, found); err != nil {
				return err
			}
			if more {
				c.say("There are more findings; see them with --limit 0.")
			}
			return nil
		}),
	}
	c.Flags().StringVar(&kind, "kind", "", "only findings of this kind: missing, unknown, package, details, status, duplicate")
	c.Flags().StringVar(&state, "state", "", "only findings in this state: open, approved, done, held, refused, ignored, superseded")
	c.Flags().IntVar(&limit, "limit", 50, "how many findings to show; 0: all")
	return c
}

// noScan says in words that there is no such scan.
func noScan(id string, err error) error {
	if exitCode(err) == exitNotFound {
		return notFound("There is no scan " + id + ". All scans: ledgerline drift list")
	}
	return err
}

func (c *cli) printScan(text json.RawMessage, s driftScan, found []json.RawMessage) error {
	if c.json && found == nil {
		return c.line(text)
	}
	if c.json {
		return c.line(map[string]any{"scan": text, "findings": found})
	}
	c.facts([][2]string{
		{"Scan", s.ID}, {"Phase", s.Phase}, {"Asked by", s.By}, {"Template", s.Template}, {"Customer", s.Customer}, {"Began", when(s.Began)},
		{"Ended", when(s.Ended)}, {"Broken off", s.Broken}, {"Replaced by", s.Replaced}, {"Records at Webex", fmt.Sprint(s.Records)}, {"Users here", fmt.Sprint(s.Users)},
		{"Not judged", fmt.Sprintf("%d, about whom something was under way", s.InMotion)}, {"Findings", fmt.Sprint(s.Findings)},
	})
	for _, t := range s.States {
		fmt.Fprintf(c.out, "  %-10s %-10s %d\n", plain(t.Kind, false), plain(t.State, false), t.Findings)
	}
	if len(found) > 0 {
		fmt.Fprintln(c.out)
		if err := c.printDriftFindings(found); err != nil {
			return err
		}
	}
	if s.Proposed != nil {
		fmt.Fprintln(c.out, "\nProposed, if you approve all that is open:")
		c.printDriftPlan(*s.Proposed)
		c.say("To approve: ledgerline drift approve %s", s.ID)
	}
	return nil
}

func (c *cli) printDriftFindings(found []json.RawMessage) error {
	var rows [][]string
	for _, item := range found {
		var f driftFinding
		if err := json.Unmarshal(item, &f); err != nil {
			return err
		}
		rows = append(rows, []string{strconv.Itoa(f.Number), f.Kind, f.UserID, differing(f), f.Propose, f.Action, strings.TrimSpace(f.State + " " + f.Reason)})
	}
	c.table([]string{"NUMBER", "KIND", "USER", "HERE -> WEBEX", "PROPOSED", "APPROVED", "STATE"}, rows)
	return nil
}

// differing is what differs, in one line: fields, or that one side has nothing.
func differing(f driftFinding) string {
	if len(f.Fields) == 0 {
		return side(f.Here) + " -> " + side(f.There)
	}
	var parts []string
	for _, field := range f.Fields {
		parts = append(parts, fmt.Sprintf("%s %v -> %v", field, valueOf(f.Here, field), valueOf(f.There, field)))
	}
	return strings.Join(parts, ", ")
}

func side(values map[string]any) string {
	if values == nil {
		return "none"
	}
	return fmt.Sprintf("%v, %v", valueOf(values, "package"), valueOf(values, "status"))
}

func valueOf(side map[string]any, field string) any {
	if value := side[field]; value != nil {
		return value
	}
	return "none"
}
