package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/adapters/webex/simulator"
)

func simCommand() *cobra.Command {
	webex := noun("webex", "The simulator of Webex",
		simStateCommand(), simKnobsCommand(), simSetCommand(), simProfileCommand(), simOutageCommand(),
		simConsentCommand(), simEmailCommand(), simDriftCommand(), simRequestsCommand(), simDuplicatesCommand(), simServeCommand())
	webex.Long = `The simulator of Webex, which stands in for it where there are no credentials:
what it does, and everything that can go wrong with it.

The simulator of the server that runs on the data directory is used, or the one
on this machine that its webex.json names. With the real Webex these commands do
nothing.`
	webex.PersistentFlags().String("url", "", "URL of a simulator elsewhere, instead of --data")
	return noun("sim", "What stands in for systems outside", webex)
}

// simVerb runs a command that talks to a simulator, and to nothing else.
func simVerb(run func(c *cli, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		o := connectionFlags(cmd)
		base, _ := cmd.Flags().GetString("url")
		if base == "" {
			var err error
			if base, err = findSimulator(cmd.Context(), o); err != nil {
				return err
			}
		}
		base = strings.TrimSuffix(strings.TrimRight(base, "/"), "/v1")
		return runOn(&client{http: &http.Client{}, base: base}, cmd, args, o, run)
	}
}

// findSimulator returns the address of the simulator that a data directory works
// with.
//
// Errors: errRefused if that is the real Webex, errNotFound if nothing runs.
func findSimulator(ctx context.Context, o connection) (string, error) {
	if o.server != "" {
		return "", refused("Where the simulator of " + o.server + " is, only that machine knows. Name it with --url.")
	}
	server := runningServer(ctx, o.data)
	if server.Simulator != "" {
		return server.Simulator, nil
	}
	path := filepath.Join(o.data, "webex.json")
	if server.URL == "" {
		if !exists(path) {
			return "", notFound("No server runs on " + o.data + ", so there is no simulator. Start one with: ledgerline serve --data " + o.data + "; or name another with --url.")
		}
		c, err := readCredentials(path)
		if err != nil {
			return "", err
		}
		if at := c.simulator(); at != "" {
			return at, nil
		}
	}
	return "", refused("The data in " + o.data + " go with the real Webex, not with a simulator: nothing was asked and nothing was done. Name a simulator elsewhere with --url.")
}

// simulate asks the simulator. A reply other than 2xx is a *problemError.
func (c *cli) simulate(method, path string, body, into any) (json.RawMessage, error) {
	var in io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		in = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(c.ctx, method, c.base+"/simulator/"+path, in)
	if err != nil {
		return nil, usageError{fmt.Errorf("--url %s is no address: %w", c.base, err)}
	}
	r.Header.Set("Content-Type", "application/json")
	reply, err := c.http.Do(r)
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return nil, fmt.Errorf("%s broke off: %w", c.base, err)
	}
	if reply.StatusCode >= 300 {
		var problem struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(text, &problem) != nil || problem.Message == "" {
			problem.Message = c.base + " answered " + reply.Status + "; is it a simulator?"
		}
		return nil, &problemError{Status: reply.StatusCode, Detail: problem.Message}
	}
	if into == nil {
		return bytes.TrimSpace(text), nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, fmt.Errorf("%s does not answer like a simulator: %w", c.base, err)
	}
	return bytes.TrimSpace(text), nil
}

func simConsentCommand() *cobra.Command {
	return &cobra.Command{
		Use: "consent ID", Short: "Do what a user is awaited to do",
		Long: `Do what a user is awaited to do: consent to move a consumer account, or follow the
link in the validation mail. ID is Webex's id of the subscriber, or a user id.`,
		Example: "  ledgerline sim webex consent anna@as0.example",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: simVerb(func(c *cli, args []string) error {
			return c.simulateQuietly(http.MethodPost, "consent/"+url.PathEscape(args[0]), nil, "Done: "+args[0]+" goes on.")
		}),
	}
}

func simEmailCommand() *cobra.Command {
	return &cobra.Command{
		Use: "email ID ADDRESS", Short: "Enter an e-mail address as a user does in the portal",
		Long: `Enter an e-mail address as a user does who is asked for one in Webex's portal; the
validation mail is the next step, see consent. ID is Webex's id of the subscriber,
or a user id.`,
		Example: "  ledgerline sim webex email anna@as0.example anna@acme.example",
		Args:    arguments(cobra.ExactArgs(2)),
		RunE: simVerb(func(c *cli, args []string) error {
			return c.simulateQuietly(http.MethodPost, "email/"+url.PathEscape(args[0]), map[string]string{"email": args[1]}, "Done: "+args[0]+" has to follow the link in a mail to "+args[1]+".")
		}),
	}
}

func (c *cli) simulateQuietly(method, path string, body any, done string) error {
	if _, err := c.simulate(method, path, body, nil); err != nil {
		return err
	}
	if !c.json {
		c.say("%s", done)
	}
	return nil
}

func simOutageCommand() *cobra.Command {
	var kind string
	outage := &cobra.Command{
		Use: "outage LENGTH", Short: "Let every request fail for a time",
		Long: `Let every request to the simulator fail from now on, for a time such as 90s or 5m.
It ends by itself; 0s ends it now.`,
		Example: `  ledgerline sim webex outage 5m
  ledgerline sim webex outage 90s --kind hang
  ledgerline sim webex outage 0s`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: simVerb(func(c *cli, args []string) error {
			var state simState
			text, err := c.simulate(http.MethodPost, "outage", map[string]string{"for": args[0], "kind": kind}, &state)
			switch {
			case err != nil:
				return err
			case c.json:
				return c.line(text)
			case state.Outage == nil:
				c.say("There is no outage now.")
			default:
				c.say("Every request meets %s for %s, until %s.", state.Outage.Kind, state.Outage.Left, when(state.Outage.Until))
			}
			return nil
		}),
	}
	outage.Flags().StringVar(&kind, "kind", "503", "what requests meet: a 5xx, reset (the connection is dropped) or hang (silence first)")
	return outage
}

func simDriftCommand() *cobra.Command {
	body := struct {
		Partner string  `json:"partner,omitempty"`
		Vanish  float64 `json:"vanish"`
		Change  float64 `json:"change"`
		Unknown int     `json:"unknown"`
	}{}
	drift := &cobra.Command{
		Use: "drift", Short: "Change records at Webex behind the ledger's back",
		Long: `Change records at Webex as somebody does in Control Hub, by chance: each may
vanish, one that is provisioned may change its package, extension or status, and
records come that nobody asked for. What was done is listed.`,
		Example: "  ledgerline sim webex drift --vanish 0.01 --change 0.02 --unknown 20",
		Args:    arguments(cobra.NoArgs),
		RunE: simVerb(func(c *cli, _ []string) error {
			if body.Vanish == 0 && body.Change == 0 && body.Unknown == 0 {
				return usageError{fmt.Errorf("say what is to happen with --vanish, --change or --unknown")}
			}
			var done struct {
				Items []simulator.Drifted `json:"items"`
			}
			if _, err := c.simulate(http.MethodPost, "drift", body, &done); err != nil {
				return err
			}
			var rows [][]string
			for _, d := range done.Items {
				if c.json {
					if err := c.line(d); err != nil {
						return err
					}
				}
				rows = append(rows, []string{d.Change, d.Partner, d.UserID, d.ID})
			}
			if len(rows) > 0 && !c.json {
				c.table([]string{"CHANGE", "PARTNER", "USER", "ID"}, rows)
			}
			c.say("%s.", count(len(rows), "record has changed", "records have changed"))
			return nil
		}),
	}
	f := drift.Flags()
	f.Float64Var(&body.Vanish, "vanish", 0, "probability that a record is gone, from 0 to 1")
	f.Float64Var(&body.Change, "change", 0, "probability that a record changes, from 0 to 1")
	f.IntVar(&body.Unknown, "unknown", 0, "how many records come that nobody asked for")
	f.StringVar(&body.Partner, "partner", "", `only this partner's records (default: all; "main" has the unknown)`)
	return drift
}
