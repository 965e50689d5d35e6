package pace

import (
	"math"
	"time"
)

// State is a pace for people to look at.
type State struct {
	Rate         float64   // calls per second that go while nothing keeps them away
	Measured     float64   // good replies per second, over about the last minute in which there was work; pauses count
	Expected     float64   // calls per second to reckon with: the rate, or less where pauses come whatever the rate
	Granted      float64   // calls per second that Webex was found to grant; 0: not found out
	ParkedUntil  time.Time // zero: not parked
	Why          Why       // why calls may not go now; empty: they may
	Circuit      Circuit
	CircuitSince time.Time // zero: it never opened
	NextProbe    time.Time // when the next single call may find out whether Webex works; zero unless Open
	Calls        int       // since New, as the two below
	TooMuch      int
	Broken       int
}

// State returns how things are.
func (p *Pace) State(now time.Time) State {
	s := State{
		Rate: p.search.rate, Measured: p.tally.measured(), Expected: p.expected(), Granted: p.search.granted(),
		Circuit: p.circuit.state, CircuitSince: p.circuit.since, NextProbe: p.circuit.openUntil(),
		Calls: p.tally.calls, TooMuch: p.tally.tooMuch, Broken: p.tally.broken,
	}
	if p.circuit.state != Closed {
		s.Why = WhyBroken
	}
	if now.Before(p.parked) {
		s.ParkedUntil, s.Why = p.parked, p.why
	}
	return s
}

// expected is the rate, unless refusals have nothing to do with it: then the pauses
// that they cost decide how many calls get through.
func (p *Pace) expected() float64 {
	if m := p.tally.measured(); p.search.noise.on && m > 0 {
		return min(m, p.search.rate)
	}
	return p.search.rate
}

// tally counts calls, and good replies per time in which there was work: both
// fade, so that the last minute counts most.
type tally struct {
	calls, tooMuch, broken int
	good, worked           float64 // worked in seconds
	last, due              time.Time
}

const (
	fade     = 60.         // seconds
	overtime = time.Second // who asks later than that after the time he was told had no work
)

// asked notes that there is work at now, and that its owner was told to come at due.
func (t *tally) asked(now, due time.Time) {
	if end := latest(t.last, t.due).Add(overtime); !t.last.IsZero() && now.After(t.last) {
		if now.Before(end) {
			end = now
		}
		spent := end.Sub(t.last).Seconds()
		keep := math.Exp(-spent / fade)
		t.good, t.worked = t.good*keep, t.worked*keep+fade*(1-keep)
	}
	t.last, t.due = now, due
}

func (t *tally) measured() float64 {
	if t.worked == 0 {
		return 0
	}
	return t.good / t.worked
}
