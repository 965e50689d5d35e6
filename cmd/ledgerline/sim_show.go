package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/adapters/webex/simulator"
)

// simState is GET /simulator/state, as far as it is printed.
type simState struct {
	Clock   string                     `json:"clock"`
	Profile string                     `json:"profile"`
	Turned  map[string]json.RawMessage `json:"turned"`
	Outage  *struct {
		Kind  string `json:"kind"`
		Until string `json:"until"`
		Left  string `json:"left"`
	} `json:"outage"`
	Subscribers int            `json:"subscribers"`
	Statuses    map[string]int `json:"statuses"`
	Duplicates  int            `json:"duplicates"`
	Totals      map[string]int `json:"totals"`
}

func simStateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "state", Short: "Show how the simulator is and what it has been asked",
		Example: "  ledgerline sim webex state",
		Args:    arguments(cobra.NoArgs),
		RunE: simVerb(func(c *cli, _ []string) error {
			var s simState
			text, err := c.simulate(http.MethodGet, "state", nil, &s)
			if err != nil {
				return err
			}
			if c.json {
				return c.line(text)
			}
			outage := "none"
			if s.Outage != nil {
				outage = s.Outage.Kind + " for another " + s.Outage.Left
			}
			c.facts([][2]string{
				{"Simulator", c.base},
				{"Webex's clock", s.Clock},
				{"Profile", cmp.Or(s.Profile, "none; see: ledgerline sim webex knobs --turned")},
				{"Turned", strings.Join(slices.Sorted(maps.Keys(s.Turned)), ", ")},
				{"Outage", outage},
				{"Subscribers", fmt.Sprint(s.Subscribers)},
				{"By status", byCount(s.Statuses)},
				{"Duplicates", fmt.Sprint(s.Duplicates)},
				{"Answers", byCount(s.Totals)},
			})
			return nil
		}),
	}
}

// byCount writes "error 2, provisioned 10".
func byCount(counts map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}

func simRequestsCommand() *cobra.Command {
	var user string
	var limit int
	requests := &cobra.Command{
		Use: "requests", Short: "Count what was asked for each user, and what was carried out",
		Long: `Count what was asked for each user, and what was carried out, since the file of the
simulator was begun; most requests to provision come first. What was throttled or
failed before it was looked at is not in it.`,
		Example: "  ledgerline sim webex requests --user anna@as0.example",
		Args:    arguments(cobra.NoArgs),
		RunE: simVerb(func(c *cli, _ []string) error {
			if limit < 0 {
				return usageError{fmt.Errorf("--limit must not be negative; 0 shows all")}
			}
			return countRequests(c, user, limit)
		}),
	}
	requests.Flags().StringVar(&user, "user", "", "only this user id")
	requests.Flags().IntVar(&limit, "limit", 50, "at most so many users; 0: all")
	return requests
}

func countRequests(c *cli, user string, limit int) error {
	var r struct {
		Totals     map[string]int    `json:"totals"`
		Duplicates int               `json:"duplicates"`
		Users      []simulator.Count `json:"users"`
	}
	query := ""
	if user != "" {
		query = "?" + url.Values{"userId": {user}}.Encode()
	}
	text, err := c.simulate(http.MethodGet, "requests"+query, nil, &r)
	if err != nil || c.json {
		return cmp.Or(err, c.lineIf(text))
	}
	slices.SortStableFunc(r.Users, func(a, b simulator.Count) int { return cmp.Compare(b.Posts, a.Posts) })
	all := len(r.Users)
	if limit > 0 {
		r.Users = r.Users[:min(limit, all)]
	}
	var rows [][]string
	for _, u := range r.Users {
		row := []string{u.Partner, u.UserID}
		for _, n := range []int{u.Posts, u.Provisioned, u.Puts, u.Updated, u.Deletes, u.Removed, u.Consents} {
			row = append(row, fmt.Sprint(n))
		}
		rows = append(rows, row)
	}
	if len(rows) > 0 {
		c.table([]string{"PARTNER", "USER", "POSTS", "PROVISIONED", "PUTS", "UPDATED", "DELETES", "REMOVED", "CONSENTS"}, rows)
	}
	c.say("Answers since the start: %s. Users with more than one record: %d.", cmp.Or(byCount(r.Totals), "none"), r.Duplicates)
	if len(rows) < all {
		c.say("%d of %d users are shown; all of them: --limit 0", len(rows), all)
	}
	return nil
}

func simDuplicatesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "duplicates", Short: "List the users with more than one record at Webex",
		Long:    "List the users with more than one record at Webex, whatever its status. There should be none.",
		Example: "  ledgerline sim webex duplicates",
		Args:    arguments(cobra.NoArgs),
		RunE: simVerb(func(c *cli, _ []string) error {
			var list struct {
				Items []json.RawMessage `json:"items"`
			}
			if _, err := c.simulate(http.MethodGet, "duplicates", nil, &list); err != nil {
				return err
			}
			var rows [][]string
			for _, item := range list.Items {
				var d struct {
					Partner string `json:"partner"`
					UserID  string `json:"userId"`
					Records []struct {
						ID      string `json:"id"`
						Status  string `json:"status"`
						Created string `json:"created"`
					} `json:"records"`
				}
				if err := json.Unmarshal(item, &d); err != nil {
					return err
				}
				if c.json {
					if err := c.line(item); err != nil {
						return err
					}
				}
				for _, r := range d.Records {
					rows = append(rows, []string{d.Partner, d.UserID, r.Status, when(r.Created), r.ID})
				}
			}
			if len(rows) > 0 && !c.json {
				c.table([]string{"PARTNER", "USER", "STATUS", "CREATED", "ID"}, rows)
			}
			c.say("%s more than one record.", count(len(list.Items), "user has", "users have"))
			return nil
		}),
	}
}
