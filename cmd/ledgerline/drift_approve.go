package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func driftApproveCommand() *cobra.Command {
	var kinds, findings map[string]string
	var yes bool
	c := &cobra.Command{
		Use: "approve SCAN", Short: "Say what is to be done about findings",
		Long: `Say what is to be done about findings on which nobody has decided; without --kind
and --finding, about all, what is proposed. What it comes to is shown before you
are asked.

  missing            recreate at Webex, accept (remove here too), ignore
  unknown            adopt as it is, remove from Webex, ignore
  package, details   push the ledger's values, take Webex's, ignore
  status             follow Webex's, ignore
  duplicate          ignore (remove the record that is too many at Webex)`,
		Example: `  ledgerline drift approve 6970e6bb-7439-4ffb-ad34-d3ff0167ddad
  ledgerline drift approve 6970e6bb-7439-4ffb-ad34-d3ff0167ddad --kind package=push --finding 7=take --yes`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			body := map[string]any{"all": len(kinds)+len(findings) == 0}
			if len(kinds) > 0 {
				body["kinds"] = kinds
			}
			if len(findings) > 0 {
				body["findings"] = findings
			}
			return c.approveDrift(args[0], body, yes)
		}),
	}
	c.Flags().StringToStringVar(&kinds, "kind", nil, "what to do about a kind, as `KIND=ACTION`, repeatable")
	c.Flags().StringToStringVar(&findings, "finding", nil, "what to do about a finding, as `NUMBER=ACTION`, repeatable; goes before --kind")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "go ahead without being asked")
	return c
}

func (c *cli) approveDrift(id string, body map[string]any, yes bool) error {
	text, _, err := c.ask(c.ctx, http.MethodPost, driftPath(id)+"/approve", url.Values{"dryRun": {"true"}}, body)
	if err != nil {
		return noScan(id, err)
	}
	var p driftPlan
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	if p.Findings == 0 {
		c.say("Nothing is left to decide there.")
		return c.driftLine(text)
	}
	if !c.json {
		c.printDriftPlan(p)
	}
	if err := c.confirm(fmt.Sprintf("Settle %s like this?", count(p.Findings, "finding", "findings")), yes); err != nil {
		return err
	}
	text, _, err = c.ask(c.ctx, http.MethodPost, driftPath(id)+"/approve", nil, body)
	if err == nil {
		err = c.driftLine(text)
	}
	if err != nil {
		return err
	}
	c.sayRecorded()
	c.say("To see how it goes: ledgerline drift show %s", id)
	return nil
}

func (c *cli) printDriftPlan(p driftPlan) {
	for _, a := range p.Actions {
		fmt.Fprintf(c.out, "  %-10s %-10s %d\n", plain(a.Kind, false), plain(a.Action, false), a.Findings)
	}
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(p.Licences)) {
		changes = append(changes, fmt.Sprintf("%s %+d", plain(name, false), p.Licences[name]))
	}
	if len(changes) > 0 {
		fmt.Fprintf(c.out, "  Users by package, here: %s\n", strings.Join(changes, ", "))
	}
	fmt.Fprintf(c.out, "  Requests to Webex: %d to create, %d to update, %d to remove\n", p.Creates, p.Updates, p.Removals)
}
