package pace

import (
	"math"
	"time"
)

// search looks for the rate that is granted. It keeps a rate that went well and
// one that did not, and tries rates between them until they are near; then it
// holds the lower one, and tries a higher one again when its patience is over.
//
// The time between two pauses is a stretch. No limiter grants more in a stretch,
// and in the pause before it, than its rate allows: that gives a lower bound even
// where a stretch ended badly.
type search struct {
	lowest, highest float64
	rate            float64 // calls per second, as the others
	low             float64 // went well
	high            float64 // did not; 0: not known
	under           float64 // went well before low; 0: not known
	base            float64 // held before the present tries upwards; 0: these are none
	step            float64 // by how much to go up where high is not known, as a share
	settled         bool
	found           float64 // what was held when it was last settled; 0: not known
	patience        time.Duration
	memory          float64 // seconds' worth of calls that it takes Webex to notice a rate that is too high

	trying    bool // rate is a try; else it is held
	since     time.Time
	sent      int // since then
	baseSince time.Time
	baseSent  int

	stretch   time.Time // its start; zero: it is to come
	stretched int       // calls in it
	gap       float64   // seconds without calls before it
	refusal   time.Time // when the call went that ended the last one
	fruitless int       // refusals in a row without a call served between
	noise     noise
}

const (
	near        = 1.01  // low and high that differ by less are the same
	nearly      = 1.05  // near enough for people
	wide        = 2.    // low and high that differ by more tell little
	hair        = 0.003 // how much less than low is held, as a share
	firstStep   = 0.5   // up, until Webex complains for the first time; never more
	probeStep   = 0.03  // up, at first, after a rate was held
	deepestCut  = 0.25  // of a rate that was refused
	enoughUse   = 0.9   // of a rate, for its going well to mean anything
	fewestCalls = 10    // in a try

	shortestTry, longestTry = time.Second, 2 * time.Minute
	firstMemory, mostMemory = 0.25, 60. // seconds, as the next two
	unknownGap              = 5.
	patiencePerGap          = 30.     // a try that fails costs a pause
	shortestGap, longestGap = 1., 10. // seconds, as far as patience goes
	mostPatience            = 10 * time.Minute
)

func newSearch(s Settings) search {
	or := func(v, otherwise float64) float64 {
		if v > 0 {
			return v
		}
		return otherwise
	}
	lowest := or(s.LowestRate, 0.1)
	highest := max(lowest, or(s.HighestRate, 2000))
	first := min(max(or(s.FirstRate, 100), lowest), highest)
	return search{
		lowest: lowest, highest: highest, rate: first, low: first,
		step: firstStep, memory: firstMemory,
	}
}

// granted returns the rate that was found to be granted; 0: none yet.
func (s *search) granted() float64 {
	if s.high > 0 && s.high < s.low*nearly && !s.noise.on {
		return s.low
	}
	return s.found
}

func (s *search) went(now time.Time) {
	if s.stretch.IsZero() {
		s.stretch, s.stretched, s.gap = now, 0, unknownGap
		if !s.refusal.IsZero() {
			s.gap = now.Sub(s.refusal).Seconds()
		}
	}
	if s.since.IsZero() {
		s.since, s.sent = now, 0
	}
	s.stretched++
	s.sent++
	s.baseSent++
}

// unused takes one call back.
func (s *search) unused() {
	s.stretched--
	s.sent--
	s.baseSent--
}

// served notes a call that was not too much.
func (s *search) served(now, went time.Time) {
	if !s.stretch.IsZero() && !went.Before(s.stretch) {
		s.fruitless = 0
	}
	s.noise.served++
	if s.noise.on {
		if s.noise.over(now, s.stretched) {
			s.noise.quiet()
			s.low, s.high, s.under, s.base, s.settled, s.step = s.rate, 0, 0, 0, false, probeStep
			s.hold()
		}
		return
	}
	if s.since.IsZero() || went.Sub(s.since) < s.span() {
		return
	}
	if float64(s.sent) < enoughUse*s.rate*now.Sub(s.since).Seconds() {
		s.since = time.Time{}
		return
	}
	s.wentWell(now)
}

// span returns how long the present rate has to go well.
func (s *search) span() time.Duration {
	if s.settled {
		return s.patience
	}
	above := s.step
	switch {
	case s.trying:
		above = s.rate/s.low - 1
	case s.high > 0:
		above = math.Sqrt(s.high/s.low) - 1
	}
	span := seconds(max(s.memory/max(above, 0.001), fewestCalls/s.rate))
	return min(max(span, shortestTry), longestTry)
}

func (s *search) wentWell(now time.Time) {
	if s.trying {
		s.under, s.low = s.low, s.rate
	}
	if s.settled {
		s.noise.quiet()
		s.settled, s.high, s.step = false, 0, probeStep
		s.base, s.baseSince, s.baseSent = s.low, now, 0
	}
	s.goOn()
}

// goOn tries the next rate, or settles.
func (s *search) goOn() {
	next := s.low * (1 + s.step)
	if s.high > 0 {
		next = max(math.Sqrt(s.low*s.high), s.high*deepestCut)
	} else {
		s.step = min(2*s.step, firstStep)
	}
	next = min(max(next, s.lowest), s.highest)
	if s.high > 0 && s.high < s.low*near || next <= s.low {
		s.settle()
		return
	}
	s.rate, s.trying, s.since = next, true, time.Time{}
}

// leastPatience grows with the pauses that Webex asks for.
func (s *search) leastPatience() time.Duration {
	return seconds(min(max(s.gap, shortestGap), longestGap) * patiencePerGap)
}

func (s *search) hold() {
	s.rate, s.trying, s.since = min(max(s.low, s.lowest), s.highest), false, time.Time{}
}

func (s *search) settle() {
	s.settled, s.under, s.base = true, 0, 0
	if s.high > 0 {
		s.found = s.low
	}
	s.patience = max(s.patience, s.leastPatience())
	s.hold()
	s.rate = max(s.rate*(1-hair), s.lowest)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
