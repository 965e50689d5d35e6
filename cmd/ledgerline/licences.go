package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func licencesCommand() *cobra.Command {
	var f licenceFilter
	c := &cobra.Command{
		Use: "licences", Short: "Count licences in use, and say what packages entitle to",
		Example: `  ledgerline licences
  ledgerline licences --by customer
  ledgerline licences table
  ledgerline licences set premium Calling Messaging "Meetings 1000"`,
		Args: arguments(cobra.NoArgs),
		RunE: verb(func(c *cli, _ []string) error { return countLicences(c, f) }),
	}
	f.flags(c)
	var none bool
	set := &cobra.Command{
		Use: "set PACKAGE LICENCE...", Short: "Say which licences a package entitles to",
		Example: `  ledgerline licences set premium Calling Messaging "Meetings 1000"
  ledgerline licences set softphone --none`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && !none:
				return usageError{errors.New("name the licences of " + args[0] + ", or add --none if it entitles to none")}
			case len(args) > 1 && none:
				return usageError{errors.New("--none goes with no licences; leave out one or the other")}
			}
			return arguments(cobra.MinimumNArgs(1))(c, args)
		},
		RunE: verb(setLicences),
	}
	set.Flags().BoolVar(&none, "none", false, "the package entitles to no licences")
	c.AddCommand(&cobra.Command{
		Use: "table", Short: "Show which licences each package entitles to", Args: arguments(cobra.NoArgs),
		RunE: verb(func(c *cli, _ []string) error {
			text, _, err := c.ask(c.ctx, http.MethodGet, "/api/licences/table", nil, nil)
			if err != nil {
				return err
			}
			return c.printLicenceTable(text)
		}),
	}, set, licencesExportCommand())
	return c
}

// licenceFilter is the flags that choose whose licences are counted, and how.
type licenceFilter struct{ by, customer, template string }

func (f *licenceFilter) flags(c *cobra.Command) {
	c.Flags().StringVar(&f.by, "by", "", "one table per customer or per template")
	c.Flags().StringVar(&f.customer, "customer", "", "only users of this enterprise (spEnterpriseId)")
	c.Flags().StringVar(&f.template, "template", "", "only users of this template (its provisioning id)")
}

func (f licenceFilter) values() (url.Values, error) {
	if f.by != "" && f.by != "customer" && f.by != "template" {
		return nil, usageError{errors.New("--by must be customer or template")}
	}
	query := url.Values{}
	for name, value := range map[string]string{"groupBy": f.by, "customer": f.customer, "template": f.template} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query, nil
}

func licencesExportCommand() *cobra.Command {
	var f licenceFilter
	var o exportOptions
	c := &cobra.Command{
		Use: "export FILE", Short: "Write licence counts to a file, as CSV or JSON lines",
		Long: `Write licence counts to a file, as CSV or JSON lines; - is standard output. There
is a row for all users, one for each package and one for each licence.`,
		Example: `  ledgerline licences export licences.csv --by customer
  ledgerline licences export - --columns name,assigned`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			query, err := f.values()
			if err != nil {
				return err
			}
			return c.export("licences", query, args[0], o)
		}),
	}
	f.flags(c)
	o.flags(c)
	return c
}

func setLicences(c *cli, args []string) error {
	text, _, err := c.ask(c.ctx, http.MethodPut, "/api/licences/table/"+url.PathEscape(args[0]), nil, map[string][]string{"licences": args[1:]})
	if exitCode(err) == exitNotFound {
		return notFound("There is no package " + args[0] + "; there are softphone, basic, standard, premium.")
	}
	if err != nil {
		return err
	}
	return c.printLicenceTable(text)
}

// Licences as the API counts them.
type (
	tally struct {
		Assigned int `json:"assigned"`
		Pending  int `json:"pending"`
		Removed  int `json:"removed"`
	}
	licenceCounts struct {
		Total    tally `json:"total"`
		Packages []struct {
			Package string `json:"package"`
			tally
		} `json:"packages"`
		Licences []struct {
			Licence string `json:"licence"`
			tally
		} `json:"licences"`
	}
)

func countLicences(c *cli, f licenceFilter) error {
	query, err := f.values()
	if err != nil {
		return err
	}
	var counts struct {
		licenceCounts
		Groups []struct {
			Customer string `json:"customer"`
			Template string `json:"template"`
			licenceCounts
		} `json:"groups"`
	}
	text, err := c.get(c.ctx, "/api/licences", query, &counts)
	if err != nil {
		return err
	}
	if c.json {
		return c.line(text)
	}
	rows := licenceRows("all", counts.licenceCounts)
	for _, g := range counts.Groups {
		rows = append(rows, licenceRows(g.Customer+g.Template, g.licenceCounts)...)
	}
	c.table([]string{"OF", "LICENCE OR PACKAGE", "ASSIGNED", "PENDING", "REMOVED"}, rows)
	return nil
}

func licenceRows(of string, counts licenceCounts) [][]string {
	row := func(what string, t tally) []string {
		return []string{of, what, fmt.Sprint(t.Assigned), fmt.Sprint(t.Pending), fmt.Sprint(t.Removed)}
	}
	rows := [][]string{row("users", counts.Total)}
	for _, p := range counts.Packages {
		rows = append(rows, row("package "+p.Package, p.tally))
	}
	for _, l := range counts.Licences {
		rows = append(rows, row(l.Licence, l.tally))
	}
	return rows
}

func (c *cli) printLicenceTable(text json.RawMessage) error {
	if c.json {
		return c.line(text)
	}
	var table struct {
		Packages []struct {
			Package  string   `json:"package"`
			Licences []string `json:"licences"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(text, &table); err != nil {
		return err
	}
	var rows [][]string
	for _, p := range table.Packages {
		rows = append(rows, []string{p.Package, strings.Join(p.Licences, ", ")})
	}
	c.table([]string{"PACKAGE", "LICENCES"}, rows)
	return nil
}
