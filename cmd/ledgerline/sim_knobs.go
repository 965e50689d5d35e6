package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ledgerline/adapters/webex/simulator"
)

func simKnobsCommand() *cobra.Command {
	var turned bool
	knobs := &cobra.Command{
		Use: "knobs", Short: "Show what can be turned, how it is, and what it means",
		Long:    "Show what can be turned, how it is, and what it means. An asterisk marks what is not as by default.",
		Example: "  ledgerline sim webex knobs\n  ledgerline sim webex knobs --turned",
		Args:    arguments(cobra.NoArgs),
		RunE:    simVerb(func(c *cli, _ []string) error { return showKnobs(c, turned) }),
	}
	knobs.Flags().BoolVar(&turned, "turned", false, "only those that are not as by default")
	return knobs
}

func showKnobs(c *cli, turned bool) error {
	var now simulator.Knobs
	if _, err := c.simulate(http.MethodGet, "knobs", nil, &now); err != nil {
		return err
	}
	shown := 0
	for _, about := range simulator.About() {
		value := now.Get(about.Name)
		text, mark := simulator.Shown(value), " "
		if text != simulator.Shown(about.Default) {
			mark = "*"
		} else if turned {
			continue
		}
		shown++
		if !c.json {
			fmt.Fprintf(c.out, "%s %-22s %-22s %s\n", mark, about.Name, plain(text, false), about.Means)
		} else if err := c.line(knobShown{about, value}); err != nil {
			return err
		}
	}
	if shown == 0 {
		c.say("All knobs are as by default.")
	}
	return nil
}

// knobShown is a knob with its present value.
type knobShown struct {
	simulator.Knob
	Value any `json:"value"`
}

func simSetCommand() *cobra.Command {
	return &cobra.Command{
		Use: "set NAME=VALUE...", Short: "Turn knobs, all or none",
		Long: `Turn knobs, all or none. They hold until they are turned back or the simulator
ends. Delays are written 200ms..1.2s or 5s, lists a,b, mixes 502:3,reset:1, errors
as JSON; nothing after = empties a list or a mix. See knobs for what there is.`,
		Example: `  ledgerline sim webex set lostReply=0.05 lostReplyMix=502:3,reset:2,hang:1
  ledgerline sim webex set provision=200ms..1.2s grantedRate=5 window=1m
  ledgerline sim webex set failingEnterprises=SP1+acme
  ledgerline sim webex set failingEnterprises=`,
		Args: arguments(cobra.MinimumNArgs(1)),
		RunE: simVerb(setKnobs),
	}
}

func setKnobs(c *cli, args []string) error {
	values := map[string]json.RawMessage{}
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found {
			return usageError{fmt.Errorf("%q is not NAME=VALUE, such as lostReply=0.05", arg)}
		}
		if _, twice := values[name]; twice {
			return usageError{errors.New(name + " is there twice")}
		}
		var err error
		if values[name], err = simulator.ParseKnob(name, value); err != nil {
			return refused(err.Error())
		}
	}
	var now simulator.Knobs
	text, err := c.simulate(http.MethodPut, "knobs", values, &now)
	if err != nil || c.json {
		return errors.Join(err, c.lineIf(text))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(c.out, "%s=%s\n", name, plain(simulator.Shown(now.Get(name)), false))
	}
	return nil
}

// lineIf prints a document if there is one.
func (c *cli) lineIf(text json.RawMessage) error {
	if text == nil {
		return nil
	}
	return c.line(text)
}

func simProfileCommand() *cobra.Command {
	var names strings.Builder
	profiles := simulator.Profiles()
	for _, name := range slices.Sorted(maps.Keys(profiles)) {
		fmt.Fprintf(&names, "\n  %-7s %s", name, profiles[name])
	}
	return &cobra.Command{
		Use: "profile NAME", Short: "Turn all knobs to what a profile says",
		Long: `Turn all knobs to what a profile says. Those that it does not name go back to
their default, except the rules of Webex (group "rule") and the seed.
` + names.String(),
		Example: "  ledgerline sim webex profile flaky\n  ledgerline sim webex profile calm",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: simVerb(func(c *cli, args []string) error {
			text, err := c.simulate(http.MethodPut, "profile/"+url.PathEscape(args[0]), nil, nil)
			if err != nil || c.json {
				return errors.Join(err, c.lineIf(text))
			}
			c.say("The simulator is %s now: %s.", args[0], profiles[args[0]])
			return nil
		}),
	}
}
