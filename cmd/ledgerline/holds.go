package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func holdsCommand() *cobra.Command {
	return noun("holds", "Requests that are kept from Webex", holdsListCommand(), holdsPlaceCommand(), holdsLiftCommand())
}

// heldRequests is a hold as the API shows it.
type heldRequests struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Reason   string `json:"reason"`
	Held     bool   `json:"held"`
	Actor    string `json:"actor"`
	Failures int    `json:"failures"`
	Since    string `json:"since"`
	Lifted   string `json:"lifted"`
	Waiting  int    `json:"waiting"`
}

// what is whose requests are held, in words.
func (h heldRequests) what() string {
	if h.Kind == "partner" {
		return "everything"
	}
	return h.Kind + " " + h.Name
}

// holds asks for the holds; all: those that were lifted, too.
func (c *cli) holds(all bool) (list []heldRequests, texts []json.RawMessage, err error) {
	var page struct {
		Items []json.RawMessage `json:"items"`
	}
	if _, err = c.get(c.ctx, "/api/holds", url.Values{"all": {fmt.Sprint(all)}}, &page); err != nil {
		return nil, nil, err
	}
	for _, text := range page.Items {
		var h heldRequests
		if err := json.Unmarshal(text, &h); err != nil {
			return nil, nil, err
		}
		list = append(list, h)
	}
	return list, page.Items, nil
}

func holdsListCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "list", Short: "List holds, and how many users wait", Args: arguments(cobra.NoArgs),
		Example: `  ledgerline holds list
  ledgerline holds list --all`,
		RunE: verb(func(c *cli, _ []string) error { return listHolds(c, all) }),
	}
	c.Flags().BoolVar(&all, "all", false, "holds that were lifted, too")
	return c
}

func listHolds(c *cli, all bool) error {
	list, texts, err := c.holds(all)
	if err != nil {
		return err
	}
	var rows [][]string
	held := false
	for i, h := range list {
		held = held || h.Held
		if c.json {
			if err := c.line(texts[i]); err != nil {
				return err
			}
			continue
		}
		state := "held"
		if !h.Held {
			state = "lifted " + when(h.Lifted)
		}
		rows = append(rows, []string{h.ID, h.what(), state, fmt.Sprint(h.Waiting), when(h.Since), h.Actor, h.Reason})
	}
	switch {
	case c.json:
	case len(rows) == 0:
		c.say("Nothing is held.")
	default:
		c.table([]string{"ID", "OF", "STATE", "USERS", "SINCE", "BY", "REASON"}, rows)
	}
	if held && !c.json {
		c.say("To let requests go on: ledgerline holds lift ID")
	}
	return nil
}

func holdsPlaceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "place KIND [NAME]", Short: "Keep requests of a customer, a template or everybody from Webex",
		Long: `Keep requests from Webex until the hold is lifted. KIND is customer, with the
spEnterpriseId, or template, with the provisioning id: none of their users is
provisioned. With partner nothing at all is asked of Webex that changes something.
What is under way already is followed to its end.

--reason says why; those who wait see it.`,
		Example: `  ledgerline holds place customer SP1+ent8 --reason "wrong account at Webex"
  ledgerline holds place partner --reason "maintenance until 6"`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 || len(args) > 2:
				return arguments(cobra.RangeArgs(1, 2))(c, args)
			case args[0] != "partner" && len(args) == 1:
				return usageError{errors.New("name the " + args[0])}
			}
			if reason, _ := c.Flags().GetString("reason"); reason == "" {
				return usageError{errors.New("say why with --reason; those who wait see it")}
			}
			return nil
		},
		RunE: verb(func(c *cli, args []string) error {
			body := map[string]string{"kind": args[0], "reason": c.reason}
			if len(args) == 2 {
				body["name"] = args[1]
			}
			return c.changeHold("/api/holds", body)
		}),
	}
}

func holdsLiftCommand() *cobra.Command {
	return &cobra.Command{
		Use: "lift ID", Short: "Let requests go on",
		Long: `Let requests go on that were held. Requests that users made meanwhile go to Webex
then. Users who failed before the hold stay in error: retry them when the cause
is mended.`,
		Example: `  ledgerline holds lift 5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84
  ledgerline users retry --status error --customer SP1+ent8 --all`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			if _, err := uuid.Parse(args[0]); err != nil {
				return notFound("There is no hold " + plain(args[0], false) + ". All of them, with their ids: ledgerline holds list")
			}
			return c.changeHold("/api/holds/"+url.PathEscape(args[0])+"/lift", nil)
		}),
	}
}

// changeHold places or lifts a hold and tells how things are then.
func (c *cli) changeHold(path string, body any) error {
	text, _, err := c.ask(c.ctx, http.MethodPost, path, nil, body)
	if err != nil {
		return err
	}
	if c.json {
		return c.line(json.RawMessage(text))
	}
	var h heldRequests
	if err := json.Unmarshal(text, &h); err != nil {
		return err
	}
	if !h.Held {
		fmt.Fprintf(c.out, "%s: nothing is held any more.\n", plain(h.what(), false))
		return nil
	}
	fmt.Fprintf(c.out, "%s: held. Reason: %s\n", plain(h.what(), false), plain(h.Reason, false))
	if h.Waiting > 0 {
		fmt.Fprintf(c.out, "%s on the way.\n", count(h.Waiting, "user is", "users are"))
	}
	c.say("To let requests go on: ledgerline holds lift %s", h.ID)
	return nil
}
