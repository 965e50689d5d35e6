package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func auditCommand() *cobra.Command {
	f := auditFilter{}
	var limit int
	c := &cobra.Command{
		Use: "audit [USER]", Short: "Tell who did what, when, and why",
		Long: `Tell who did what, when, and why: the whole story of one user, oldest first, or
the latest entries of all that was recorded. Users are named by BroadWorks user
id or by our id.`,
		Example: `  ledgerline audit 359200000008@as0.example
  ledgerline audit --surface cli --from 2026-01-31
  ledgerline audit --json --limit 100 --type subscriber.onboarded.v1`,
		Args: arguments(cobra.MaximumNArgs(1)),
		PreRunE: func(*cobra.Command, []string) error {
			if limit < 0 {
				return usageError{errors.New("--limit must not be negative")}
			}
			return f.check()
		},
		RunE: verb(func(c *cli, args []string) error {
			query := f.values()
			switch {
			case len(args) == 1 && len(query) > 0:
				return usageError{errors.New("the story of one user is told whole; leave out the filters")}
			case len(args) == 1:
				return tellStory(c, args[0])
			}
			return listAudit(c, query, limit)
		}),
	}
	f.flags(c)
	c.Flags().IntVar(&limit, "limit", 50, "at most so many; 0: all")
	c.AddCommand(auditExportCommand())
	return c
}

// auditFilter is the flags that choose entries, by name.
type auditFilter map[string]*string

func (f auditFilter) flags(c *cobra.Command) {
	for name, usage := range map[string]string{
		"actor":   "only what this account did, for example token:1a2b3c4d",
		"role":    "only what was done in this role: admin, program, subscriber, engine",
		"surface": "only what came through: api, v1, cli, csv, bulk, engine",
		"type":    "only this type of event, for example subscriber.onboarded.v1",
		"request": "only what was part of this request (its tracking id)",
		"from":    "from this time on, for example 2026-01-31 or 2026-01-31T12:00:00Z",
		"until":   "before this time",
	} {
		f[name] = c.Flags().String(name, "", usage)
	}
}

func (f auditFilter) check() error {
	for _, name := range []string{"from", "until"} {
		if !isTime(*f[name]) {
			return badTime("--"+name, *f[name])
		}
	}
	return nil
}

func (f auditFilter) values() url.Values {
	query := url.Values{}
	for name, value := range f {
		if *value != "" {
			query.Set(name, *value)
		}
	}
	return query
}

func auditExportCommand() *cobra.Command {
	f := auditFilter{}
	var o exportOptions
	var user string
	c := &cobra.Command{
		Use: "export FILE", Short: "Write entries to a file, as CSV or JSON lines",
		Long: `Write entries to a file, as CSV or JSON lines, newest first; - is standard
output.`,
		Example: `  ledgerline audit export audit.csv --from 2026-01-01 --until 2026-02-01
  ledgerline audit export - --format jsonl --surface csv
  ledgerline audit export story.csv --user 359200000008@as0.example --columns at,actor,what,changes`,
		Args:    arguments(cobra.ExactArgs(1)),
		PreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE: verb(func(c *cli, args []string) error {
			query := f.values()
			if user != "" {
				u, err := c.find(user)
				if err != nil {
					return err
				}
				query.Set("user", u.ID)
			}
			return c.export("audit", query, args[0], o)
		}),
	}
	f.flags(c)
	c.Flags().StringVar(&user, "user", "", "only what happened to this user")
	o.flags(c)
	return c
}

// eventTypes lists the types of events that can be recorded.
func eventTypes() []string {
	types := make([]string, len(events))
	for i, e := range events {
		types[i] = e.EventType()
	}
	slices.Sort(types)
	return types
}

func badTime(flag, value string) error {
	return usageError{fmt.Errorf("%s must be a day like 2026-01-31, or a time like 2026-01-31T12:00:00Z, not %q", flag, value)}
}

// isTime says whether the API will understand a time, or there is none.
func isTime(text string) bool {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateOnly} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	_, err := strconv.ParseUint(text, 10, 53) // milliseconds
	return text == "" || err == nil
}

// auditRecord is an entry of the log as the API tells it.
type auditRecord struct {
	Position uint64 `json:"position"`
	Kind     string `json:"kind"`
	Subject  string `json:"subject"`
	At       string `json:"at"`
	Cause    struct {
		Actor   string `json:"actor"`
		Role    string `json:"role"`
		Surface string `json:"surface"`
		Reason  string `json:"reason"`
		Request string `json:"request"`
	} `json:"cause"`
	What    string `json:"what"`
	Changes []struct {
		Field string `json:"field"`
		Old   string `json:"old"`
		New   string `json:"new"`
	} `json:"changes"`
}

func tellStory(c *cli, who string) error {
	u, err := c.find(who)
	if err != nil {
		return err
	}
	var story struct {
		Items []json.RawMessage `json:"items"`
	}
	if _, err := c.get(c.ctx, userPath(u.ID)+"/audit", nil, &story); err != nil {
		return err
	}
	for _, item := range story.Items {
		if err := c.tell(item, false); err != nil {
			return err
		}
	}
	return nil
}

func listAudit(c *cli, query url.Values, limit int) error {
	told := 0
	more, err := c.each(c.ctx, "/api/audit", query, limit, func(item json.RawMessage) error {
		told++
		return c.tell(item, true)
	})
	if kind := query.Get("type"); told == 0 && kind != "" && !slices.Contains(eventTypes(), kind) {
		c.say("There is no type %q. There are:\n  %s", kind, strings.Join(eventTypes(), "\n  "))
	}
	switch {
	case err != nil:
		return err
	case more:
		c.say("There is more; --limit 0 shows all.")
	case told == 0:
		c.say("Nothing is recorded that is like that.")
	}
	return nil
}

// tell prints one entry, of whom only where that is not clear.
func (c *cli) tell(item json.RawMessage, whose bool) error {
	if c.json {
		return c.line(item)
	}
	var r auditRecord
	if err := json.Unmarshal(item, &r); err != nil {
		return err
	}
	subject := ""
	if whose {
		subject = " [" + r.Kind + " " + r.Subject + "]"
	}
	fmt.Fprintf(c.out, "%s  #%d  %s%s\n", when(r.At), r.Position, plain(r.What, false), plain(subject, false))
	by := fmt.Sprintf("by %s as %s through %s", r.Cause.Actor, r.Cause.Role, r.Cause.Surface)
	if r.Cause.Reason != "" {
		by += ": " + r.Cause.Reason
	}
	fmt.Fprintf(c.out, "    %s\n", plain(by, false))
	for _, change := range r.Changes {
		fmt.Fprintf(c.out, "    %s: %s -> %s\n", plain(change.Field, false), orNothing(change.Old), orNothing(change.New))
	}
	return nil
}

func orNothing(value string) string {
	if value == "" {
		return "(none)"
	}
	return plain(value, false)
}
