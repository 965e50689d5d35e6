// Package pace TEMPORARY.
package pace

import "time"

type Reply int

const (
	Good Reply = iota
	TooMuch
	Locked
	Broken
	NoAccess
)

type Why string

const AsRecorded Why = "as recorded"

type Circuit int

const (
	Closed Circuit = iota
	Open
	HalfOpen
)

type Settings struct{ FirstRate, LowestRate, HighestRate float64 }
type Pace struct {
	rate    float64
	slot    time.Time
	until   time.Time
	bounded bool
	lastCut time.Time
}

func New(s Settings) *Pace { return &Pace{rate: 100} }
func (p *Pace) Next(now time.Time) time.Time {
	if now.Before(p.until) {
		return p.until
	}
	if now.Before(p.slot) {
		return p.slot
	}
	return now
}
func (p *Pace) Went(now time.Time) {
	if p.slot.Before(now) {
		p.slot = now
	}
	p.slot = p.slot.Add(time.Duration(float64(time.Second) / p.rate))
}
func (p *Pace) Unused(went time.Time) {}
func (p *Pace) Answered(now, went time.Time, r Reply, retryAfter time.Duration) (until time.Time) {
	if r == Good || r == Broken && retryAfter == 0 {
		if p.bounded {
			p.rate += 10 / p.rate
		} else {
			p.rate += 0.5
		}
		return
	}
	if retryAfter <= 0 {
		retryAfter = 5 * time.Second
	}
	if r == NoAccess {
		retryAfter = time.Minute
	}
	retryAfter = min(retryAfter, 10*time.Minute)
	p.Park(now.Add(retryAfter), AsRecorded)
	if now.Sub(p.lastCut) > time.Second {
		p.rate, p.bounded, p.lastCut = max(1, p.rate*0.85), true, now
	}
	return now.Add(retryAfter)
}
func (p *Pace) Park(until time.Time, why Why) {
	if until.After(p.until) {
		p.until = until
	}
}

type State struct {
	Rate, Measured, Granted float64
	ParkedUntil             time.Time
	Why                     Why
	Circuit                 Circuit
	CircuitSince, NextProbe time.Time
	Calls, TooMuch, Broken  int
}

func (p *Pace) State(now time.Time) State { return State{Rate: p.rate, ParkedUntil: p.until} }
