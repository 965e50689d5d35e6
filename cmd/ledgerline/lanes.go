package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func webexCommand() *cobra.Command {
	return noun("webex", "What is asked of Webex, and how fast", lanesCommand())
}

func lanesCommand() *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use: "lanes", Short: "Show how fast Webex is called, and what waits for its turn",
		Long: `Show how fast Webex is called, and what waits for its turn. Webex limits each
part of its API by itself; such a part is a lane.

Calls of the classes portal, admin, api, import and report go in that order;
within a class customers take turns. The rate is learnt from what Webex answers.
Nothing goes through a lane that Webex asked to leave alone, nor through one
whose circuit is open because Webex does not answer.`,
		Example: `  ledgerline webex lanes
  ledgerline webex lanes --watch`,
		Args: arguments(cobra.NoArgs),
		RunE: verb(func(c *cli, _ []string) error {
			if watch {
				return c.watch(c.showLanes)
			}
			return c.showLanes()
		}),
	}
	c.Flags().BoolVarP(&watch, "watch", "w", false, "show it again each second, until Ctrl-C")
	return c
}

// lane is a lane as the API shows it.
type lane struct {
	Family   string  `json:"family"`
	Rate     float64 `json:"rate"`
	Measured float64 `json:"measured"`
	Granted  float64 `json:"granted"`
	Circuit  struct {
		State string `json:"state"`
	} `json:"circuit"`
	Note     string `json:"note"`
	InFlight int    `json:"inFlight"`
	Calls    int    `json:"calls"`
	TooMuch  int    `json:"tooMuch"`
	Broken   int    `json:"broken"`
	Waiting  []struct {
		Class     string `json:"class"`
		Calls     int    `json:"calls"`
		ETA       int    `json:"eta"`
		Customers []struct {
			Customer string `json:"customer"`
			Calls    int    `json:"calls"`
		} `json:"customers"`
	} `json:"waiting"`
}

// lanes asks for the lanes.
func (c *cli) lanes() ([]lane, json.RawMessage, error) {
	var list struct {
		Items []lane `json:"items"`
	}
	text, err := c.get(c.ctx, "/api/webex/lanes", nil, &list)
	return list.Items, text, err
}

func (c *cli) showLanes() error {
	lanes, text, err := c.lanes()
	switch {
	case err != nil:
		return err
	case c.json:
		return c.line(text)
	case c.local:
		c.say("No server runs on %s, so nothing is asked of Webex.", c.data)
		return nil
	case len(lanes) == 0:
		c.say("Nothing has been asked of Webex since the server started.")
		return nil
	}
	var rows, waiting [][]string
	for _, l := range lanes {
		granted := "not known"
		if l.Granted > 0 {
			granted = rate(l.Granted)
		}
		rows = append(rows, []string{l.Family, rate(l.Rate), rate(l.Measured), granted, l.Circuit.State,
			fmt.Sprint(l.InFlight), fmt.Sprint(l.Calls), fmt.Sprint(l.TooMuch), fmt.Sprint(l.Broken)})
		for _, b := range l.Waiting {
			var customers []string
			for _, k := range b.Customers[:min(len(b.Customers), namedCustomers)] {
				customers = append(customers, fmt.Sprintf("%s %d", k.Customer, k.Calls))
			}
			if len(b.Customers) > namedCustomers {
				customers = append(customers, "...")
			}
			waiting = append(waiting, []string{l.Family, b.Class, fmt.Sprint(b.Calls), span(b.ETA), strings.Join(customers, ", ")})
		}
	}
	c.table([]string{"LANE", "RATE", "MEASURED", "GRANTED", "CIRCUIT", "UNDER WAY", "CALLS", "TOO MANY", "UNANSWERED"}, rows)
	if len(waiting) > 0 {
		fmt.Fprintln(c.out)
		c.table([]string{"LANE", "CLASS", "WAITING", "ABOUT", "CUSTOMERS"}, waiting)
	}
	for _, l := range lanes {
		if l.Note != "" {
			fmt.Fprintf(c.out, "\n%s: %s\n", l.Family, plain(l.Note, false))
		}
	}
	return nil
}

// namedCustomers is how many of those who wait are named in a table.
const namedCustomers = 3

func rate(perSecond float64) string {
	if perSecond < 10 {
		return fmt.Sprintf("%.1f/s", perSecond)
	}
	return fmt.Sprintf("%.0f/s", perSecond)
}

// watch shows something again each second until the person has seen enough.
func (c *cli) watch(show func() error) error {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for first := true; ; first = false {
		switch {
		case c.screen:
			fmt.Fprint(c.out, "\x1b[H\x1b[2J")
		case !first && !c.json:
			fmt.Fprintln(c.out)
		}
		err := show()
		if err == nil {
			err = c.out.Flush()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
		select {
		case <-again.C:
		case <-c.ctx.Done():
			return nil
		}
	}
}
