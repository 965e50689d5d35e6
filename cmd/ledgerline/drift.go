package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

func driftCommand() *cobra.Command {
	return noun("drift", "Compare Webex with the ledger, and settle what differs",
		driftScanCommand(), driftListCommand(), driftShowCommand(), driftApproveCommand())
}

// Scans and findings as the API shows them.
type (
	driftScan struct {
		ID       string `json:"id"`
		Phase    string `json:"phase"`
		By       string `json:"by"`
		Template string `json:"template"`
		Customer string `json:"customer"`
		Began    string `json:"began"`
		Ended    string `json:"ended"`
		Records  int    `json:"records"`
		Users    int    `json:"users"`
		InMotion int    `json:"inMotion"`
		Findings int    `json:"findings"`
		Broken   string `json:"broken"`
		Replaced string `json:"supersededBy"`
		States   []struct {
			Kind     string `json:"kind"`
			State    string `json:"state"`
			Findings int    `json:"findings"`
		} `json:"states"`
		Proposed *driftPlan `json:"proposed"`
	}
	driftPlan struct {
		Findings int `json:"findings"`
		Actions  []struct {
			Kind     string `json:"kind"`
			Action   string `json:"action"`
			Findings int    `json:"findings"`
		} `json:"actions"`
		Licences map[string]int `json:"licences"`
		Creates  int            `json:"creates"`
		Updates  int            `json:"updates"`
		Removals int            `json:"removals"`
	}
	driftFinding struct {
		Number  int            `json:"number"`
		Kind    string         `json:"kind"`
		UserID  string         `json:"userId"`
		Fields  []string       `json:"fields"`
		Here    map[string]any `json:"here"`
		There   map[string]any `json:"there"`
		Propose string         `json:"propose"`
		Action  string         `json:"action"`
		State   string         `json:"state"`
		Reason  string         `json:"reason"`
	}
)

func driftPath(id string) string { return "/api/drift/" + url.PathEscape(id) }

func driftScanCommand() *cobra.Command {
	var wait bool
	var template, customer string
	c := &cobra.Command{
		Use: "scan", Short: "Compare Webex's list with the ledger; changes nothing",
		Example: `  ledgerline drift scan --wait
  ledgerline drift scan --customer SP1+acme`,
		Args: arguments(cobra.NoArgs),
		RunE: verb(func(c *cli, _ []string) error {
			body := map[string]string{}
			for name, value := range map[string]string{"template": template, "customer": customer} {
				if value != "" {
					body[name] = value
				}
			}
			text, _, err := c.ask(c.ctx, http.MethodPost, "/api/drift", nil, body)
			if err != nil {
				return err
			}
			var s driftScan
			if err := json.Unmarshal(text, &s); err != nil {
				return err
			}
			if wait && !c.local {
				return c.waitForScan(s.ID)
			}
			if c.json {
				err = c.line(json.RawMessage(text))
			} else {
				fmt.Fprintln(c.out, s.ID)
			}
			if c.local {
				c.say("It is recorded, but no server runs on %s: the next `ledgerline serve --data %s` will scan.", c.data, c.data)
			}
			c.say("To see how it goes: ledgerline drift show %s", s.ID)
			return err
		}),
	}
	c.Flags().BoolVar(&wait, "wait", false, "wait for the end of the scan, then show what was found")
	c.Flags().StringVar(&template, "template", "", "only users of this template (its provisioning id)")
	c.Flags().StringVar(&customer, "customer", "", "only users of this enterprise (spEnterpriseId)")
	return c
}

// scanLookEvery is how often a scan that is waited for is looked at.
const scanLookEvery = 500 * time.Millisecond

// waitForScan shows a scan once it has ended.
func (c *cli) waitForScan(id string) error {
	bar := newProgress(c.talk, "Reading records", 0)
	defer bar.end()
	look := time.NewTicker(scanLookEvery)
	defer look.Stop()
	for {
		var s driftScan
		text, err := c.get(c.ctx, driftPath(id), nil, &s)
		if err != nil {
			return err
		}
		if s.Phase != "waiting" && s.Phase != "reading" {
			bar.end()
			return c.printScan(text, s, nil)
		}
		bar.show(s.Records)
		select {
		case <-look.C:
		case <-c.ctx.Done():
			c.say("The scan goes on. To see how it goes: ledgerline drift show %s", id)
			return silentError{exitStopped}
		}
	}
}
