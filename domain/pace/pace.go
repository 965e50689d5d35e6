// Package pace says how fast calls to Webex may go. Webex does not publish its
// limits, so they are learnt from its replies: look for the rate at which it
// complains, go a hair below it, and look again from time to time.
//
// Nothing here reads a clock. A Pace is for one goroutine at a time.
package pace

import "time"

// Reply is what one call came to, as far as the pace is concerned.
type Reply int

// Replies.
const (
	Good     Reply = iota // any answer that is not one of the others, 4xx included
	TooMuch               // 429
	Locked                // asked to stay away, which is no sign of a rate that is too high: 423, or 503 with Retry-After
	Broken                // 5xx, time-out, reset: Webex may not work
	NoAccess              // our credentials were refused
)

// Why says why nobody may call; empty: somebody may.
type Why string

// Reasons to stay away.
const (
	WhyTooMuch  Why = "too much"
	WhyLocked   Why = "locked"
	WhyNoAccess Why = "no access"
	WhyBroken   Why = "broken"
	WhyRecorded Why = "asked for before this program started"
)

// When Webex says "later" without saying when, the most that it is believed, and
// how long calls rest after it refused the credentials.
const (
	DefaultRetryAfter = 5 * time.Second
	LongestRetryAfter = 10 * time.Minute
	NoAccessPause     = time.Minute
)

// Settings are where a pace starts and between which rates it stays, in calls per
// second. Fields that are not positive: 100, 0.1 and 2000.
type Settings struct{ FirstRate, LowestRate, HighestRate float64 }

// Pace is how fast one lane may be called.
type Pace struct {
	search  search
	circuit circuit
	slot    time.Time // when the next call is due
	parked  time.Time
	why     Why
	tally   tally
}

// New returns the pace of a lane of which nothing is known.
func New(s Settings) *Pace {
	return &Pace{search: newSearch(s)}
}

// A late timer is caught up with, at most that much; after a longer time without
// calls only a few go at once.
const (
	longestCatchUp = 50 * time.Millisecond
	handful        = 4
)

// Next returns the earliest instant at which a call may go; not after now: at once.
// Who waited for that instant asks again before going. While the answer to a probe
// is awaited it is when to ask again. It is to be asked only while there is work.
func (p *Pace) Next(now time.Time) time.Time {
	if now.Sub(p.slot) > longestCatchUp {
		p.slot = now.Add(-min(longestCatchUp, handful*p.interval()))
	}
	at := latest(p.slot, p.parked, p.circuit.next(now))
	p.tally.asked(now, at)
	return at
}

// Went notes that a call goes now, which Next has just allowed.
func (p *Pace) Went(now time.Time) {
	p.slot = p.slot.Add(p.interval())
	p.tally.calls++
	p.search.went(now)
	p.circuit.went(now)
}

// Unused takes back that a call went at went: there was nothing to call for.
func (p *Pace) Unused(went time.Time) {
	p.slot = p.slot.Add(-p.interval())
	p.tally.calls--
	p.search.unused()
	p.circuit.unused(went)
}

// Answered notes what became of a call that went at went. retryAfter is what Webex
// asked for; 0: it did not say. It returns until when everybody should stay away;
// zero: no need.
func (p *Pace) Answered(now, went time.Time, r Reply, retryAfter time.Duration) (until time.Time) {
	p.circuit.answered(now, went, r != Broken)
	pause, why := min(max(retryAfter, 0), LongestRetryAfter), WhyLocked
	if r == TooMuch || r == Locked {
		if pause == 0 {
			pause = DefaultRetryAfter
		}
	}
	switch r {
	case TooMuch:
		p.tally.tooMuch++
		pause, why = max(pause, p.search.refused(now, went)), WhyTooMuch
	case NoAccess:
		pause, why = max(pause, NoAccessPause), WhyNoAccess
	case Broken:
		p.tally.broken++
		p.search.served(now, went)
	case Good:
		p.tally.good++
		p.search.served(now, went)
	}
	if pause > 0 {
		until = now.Add(pause)
		p.Park(until, why)
	}
	if r == Broken {
		until = latest(until, p.circuit.openUntil())
	}
	return until
}

// Park keeps calls away until then. It never shortens a pause.
func (p *Pace) Park(until time.Time, why Why) {
	if until.After(p.parked) {
		p.parked, p.why = until, why
	}
	p.slot = latest(p.slot, until)
}

func (p *Pace) interval() time.Duration {
	return time.Duration(float64(time.Second) / p.search.rate)
}

func latest(first time.Time, others ...time.Time) time.Time {
	for _, t := range others {
		if t.After(first) {
			first = t
		}
	}
	return first
}
