package httpapi

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"time"

	"ledgerline/commands"
	"ledgerline/domain/pace"
)

// lane is what waits for one limit of Webex, and how fast it goes.
type lane struct {
	Family      commands.Family `json:"family"`
	Rate        float64         `json:"rate"`              // calls a second that are let go now
	Measured    float64         `json:"measured"`          // that were answered well of late, while there was work
	Granted     float64         `json:"granted,omitempty"` // that Webex was found to grant; absent: not found out
	ParkedUntil string          `json:"parkedUntil,omitempty"`
	Why         pace.Why        `json:"why,omitempty"` // of parkedUntil
	Circuit     circuit         `json:"circuit"`
	Note        string          `json:"note,omitempty"` // what keeps calls from Webex, in words
	InFlight    int             `json:"inFlight"`
	Calls       int             `json:"calls"`
	TooMuch     int             `json:"tooMuch"`
	Broken      int             `json:"broken"`
	Waiting     []backlog       `json:"waiting"`
}

// circuit is whether a lane is kept closed because Webex does not answer.
type circuit struct {
	State     string `json:"state"`
	Since     string `json:"since,omitempty"`
	NextProbe string `json:"nextProbe,omitempty"`
}

// backlog is the calls of one class that wait.
type backlog struct {
	Class     string          `json:"class"`
	Calls     int             `json:"calls"`
	ETA       int             `json:"eta"` // seconds until the last of them has its turn
	Customers []customerCalls `json:"customers"`
}

type customerCalls struct {
	Customer string `json:"customer"`
	Calls    int    `json:"calls"`
}

// mostCustomers is how many customers a backlog names.
const mostCustomers = 20

var circuitNames = map[pace.Circuit]string{pace.Closed: "closed", pace.Open: "open", pace.HalfOpen: "half_open"}

func showLane(l commands.LaneState, now time.Time) lane {
	shown := lane{
		Family: l.Family, Rate: l.Rate, Measured: l.Measured, Granted: l.Granted, Note: laneNote(l, now),
		InFlight: l.InFlight, Calls: l.Calls, TooMuch: l.TooMuch, Broken: l.Broken,
		Circuit: circuit{State: circuitNames[l.Circuit]}, Waiting: []backlog{},
	}
	if l.ParkedUntil.After(now) {
		shown.ParkedUntil, shown.Why = stamp(l.ParkedUntil), l.Why
	}
	if l.Circuit != pace.Closed {
		shown.Circuit.Since, shown.Circuit.NextProbe = stamped(l.CircuitSince), stamped(l.NextProbe)
	}
	for _, b := range l.Waiting {
		shown.Waiting = append(shown.Waiting, backlog{Class: b.Class.String(), Calls: b.Calls, ETA: seconds(b.Wait), Customers: longest(b.Customers)})
	}
	return shown
}

// stamped is the stamp of a time; empty: there is none.
func stamped(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// seconds is a duration as the API writes it, rounded up.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// longest returns the customers with most calls.
func longest(calls map[string]int) []customerCalls {
	all := make([]customerCalls, 0, len(calls))
	for _, name := range slices.SortedFunc(maps.Keys(calls), func(a, b string) int {
		return cmp.Or(cmp.Compare(calls[b], calls[a]), cmp.Compare(a, b))
	}) {
		all = append(all, customerCalls{name, calls[name]})
	}
	return all[:min(len(all), mostCustomers)]
}

// laneNote says in a sentence what keeps calls from Webex; empty: nothing.
func laneNote(l commands.LaneState, now time.Time) string {
	clock := func(t time.Time) string { return t.UTC().Format(time.TimeOnly) + " UTC" }
	switch {
	case l.Circuit == pace.Open && l.NextProbe.After(now):
		return fmt.Sprintf("Webex does not answer. Nothing is asked of it until %s; then one call tries whether it does again.", clock(l.NextProbe))
	case l.Circuit != pace.Closed:
		return "Webex did not answer. One call tries whether it does again."
	case l.ParkedUntil.After(now):
		return fmt.Sprintf("Nothing is asked of Webex until %s%s.", clock(l.ParkedUntil), parkedBecause[l.Why])
	}
	return ""
}

// parkedBecause says why nothing is asked.
var parkedBecause = map[pace.Why]string{
	"too much":  ": it asked for fewer calls",
	"locked":    ": it asked to be left alone",
	"no access": ": it does not accept Ledgerline's credentials",
}

// laneStates returns the lanes of a partner, or with an empty one those of all.
func (a *api) laneStates(partner string) []commands.LaneState {
	if a.Service.Lanes == nil {
		return nil
	}
	return a.Service.Lanes.States(partner)
}

// lanes serves GET /api/webex/lanes.
func (a *api) lanes(w http.ResponseWriter, c *call) error {
	if err := c.params().only(); err != nil {
		return err
	}
	body := struct {
		Items []lane `json:"items"`
	}{[]lane{}}
	for _, l := range a.laneStates(c.partner()) {
		body.Items = append(body.Items, showLane(l, time.Now()))
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// expect serves GET /api/webex/eta.
func (a *api) expect(w http.ResponseWriter, c *call) error {
	byName, names := map[string]commands.Class{}, []string{commands.Import.String()}
	for k := commands.Portal; k <= commands.Report; k++ {
		byName[k.String()] = k
		names = append(names, k.String())
	}
	p := c.params()
	calls, class := p.number("calls", 0, 0, mostCalls), byName[p.oneOf("class", names...)]
	if err := p.only(); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		ETA int `json:"eta"`
	}{seconds(a.Service.Expect(c.partner(), class, calls))})
	return nil
}

// mostCalls is the most that an ETA is told for.
const mostCalls = 10_000_000
