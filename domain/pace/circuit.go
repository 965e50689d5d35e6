package pace

import (
	"math/bits"
	"time"
)

// Circuit says whether Webex works at all.
type Circuit int

// States of the circuit.
const (
	Closed   Circuit = iota // it works
	Open                    // it does not; nobody calls until the next probe is due
	HalfOpen                // one call, the probe, finds out
)

// String is for people.
func (c Circuit) String() string { return [...]string{"closed", "open", "half open"}[c] }

// A circuit opens after a run of broken replies, or after a shorter one when most
// of the latest replies were broken.
const (
	longRun, shortRun = 8, 5
	latestReplies     = 20

	firstRest   = 5 * time.Second
	longestRest = time.Minute
	probeTime   = time.Minute // a probe without an answer no longer keeps the next one away
	askAgain    = time.Second
)

type circuit struct {
	state   Circuit
	since   time.Time
	opened  time.Time
	run     int
	replies uint32 // the latest ones, 1: broken
	rest    time.Duration
	probe   time.Time // when the probe is due, or went
}

func (c *circuit) next(now time.Time) time.Time {
	switch c.state {
	case Open:
		return c.probe
	case HalfOpen:
		if over := c.probe.Add(probeTime); over.Before(now.Add(askAgain)) {
			return over
		}
		return now.Add(askAgain)
	}
	return time.Time{}
}

func (c *circuit) openUntil() time.Time {
	if c.state != Open {
		return time.Time{}
	}
	return c.probe
}

func (c *circuit) went(now time.Time) {
	switch c.state {
	case Open:
		c.state, c.since, c.probe = HalfOpen, now, now
	case HalfOpen:
		c.probe = now
	}
}

// unused takes back that a call went: if it was the probe, the next may go at once.
func (c *circuit) unused(went time.Time) {
	if c.state == HalfOpen && went.Equal(c.probe) {
		c.state = Open
	}
}

// answered notes whether a call had an answer. Calls that went before the circuit
// changed say nothing about what is now.
func (c *circuit) answered(now, went time.Time, alive bool) {
	switch {
	case c.state == Closed && !went.Before(c.since):
		c.count(now, alive)
	case c.state == Closed || !went.After(c.opened):
	case alive:
		*c = circuit{since: now}
	case c.state == HalfOpen && went.Equal(c.probe):
		c.rest = min(2*c.rest, longestRest)
		c.state, c.since, c.probe = Open, now, now.Add(c.rest)
	}
}

func (c *circuit) count(now time.Time, alive bool) {
	c.replies = c.replies << 1 & (1<<latestReplies - 1)
	if alive {
		c.run = 0
		return
	}
	c.replies |= 1
	c.run++
	if c.run >= longRun || c.run >= shortRun && bits.OnesCount32(c.replies) > latestReplies/2 {
		c.state, c.since, c.opened, c.rest, c.probe = Open, now, now, firstRest, now.Add(firstRest)
	}
}
