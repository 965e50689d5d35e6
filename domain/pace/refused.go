package pace

import "time"

// longestBackOff is how long calls stay away at most of our own accord.
const longestBackOff = 32 * time.Second

// refused notes a call that was too much. It returns how long to stay away at
// least, whatever Webex asks for.
func (s *search) refused(now, went time.Time) time.Duration {
	s.noise.refused++
	if s.stretch.IsZero() || went.Before(s.stretch) {
		return 0 // of the same burst: nothing new
	}
	after := s.rate * now.Sub(went).Seconds() // calls that went after it
	served, took := max(float64(s.stretched)-1-after, 1), went.Sub(s.stretch).Seconds()
	atOnce := went.Equal(s.stretch)
	tried := s.trying && !went.Before(s.since)
	s.stretch, s.since = time.Time{}, time.Time{}
	if s.noise.on {
		s.rate = min(max(s.noise.adapt(s.rate), s.lowest), s.highest)
	}
	if atOnce {
		s.fruitless++
		return backOff(s.fruitless)
	}
	s.refusal = went
	bound := served / (took + s.gap)
	if s.noise.on {
		return 0
	}
	refused := s.rate
	if s.trying && !tried {
		refused = s.low
	}
	if rate := s.noise.suspect(now, refused, bound); rate > 0 {
		s.rate, s.trying, s.settled, s.found = rate, false, false, 0
	} else if tried {
		s.tryFailed(went, after, bound)
	} else {
		s.holdFailed(refused, bound)
	}
	return 0
}

// tryFailed goes back to what went well, or on with lower tries where nothing did
// that is worth holding.
func (s *search) tryFailed(went time.Time, after, bound float64) {
	s.high = s.rate
	if s.base > 0 {
		least := (float64(s.baseSent) - 1 - after) / (went.Sub(s.baseSince).Seconds() + s.memory)
		if least <= s.base*near {
			s.low, s.patience = s.base, min(2*s.patience, mostPatience)
			s.settle()
			return
		}
		s.under, s.low = s.base, max(s.base, min(least, s.low))
		s.patience = s.leastPatience()
	}
	if s.base == 0 && s.high > wide*s.low {
		s.low = max(s.low, min(bound, s.high*0.99))
		s.goOn()
		return
	}
	s.base = 0
	s.hold()
}

// holdFailed: what was held is too much, because the limit sank or because that
// was not seen in time. Or it has nothing to do with the rate.
func (s *search) holdFailed(held, bound float64) {
	if s.high > 0 {
		s.memory = max(s.memory, min(s.gap/5, mostMemory))
	}
	if s.settled || s.under > 0 {
		s.memory = max(s.memory, min(4*s.memory, s.gap, mostMemory))
	}
	low := min(max(bound, s.under), held*0.99)
	if s.settled && low < 0.97*held {
		s.patience = s.leastPatience()
	}
	if held < 0.9*s.found {
		s.found = 0
	}
	s.low, s.high, s.under, s.base = max(low, s.lowest), held, 0, 0
	s.settled = false
	s.goOn()
}

// backOff returns how long to stay away after so many refusals without a call
// served between them: then Webex asks for less than it means.
func backOff(times int) time.Duration {
	if times < 2 {
		return 0
	}
	return min(time.Second<<min(times-1, 10), longestBackOff)
}
