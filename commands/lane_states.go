package commands

import (
	"cmp"
	"slices"
	"time"

	"ledgerline/domain/pace"
)

// LaneState is a lane as people see it.
type LaneState struct {
	Lane
	pace.State
	InFlight int
	Waiting  []Backlog // in the order in which they would go
}

// Backlog is how many calls of a class wait, and how long the last of them has to.
type Backlog struct {
	Class     Class
	Calls     int
	Wait      time.Duration
	Customers map[string]int // calls by enterprise
}

// States returns the lanes of a partner that were used since the start, by family;
// with an empty partner those of all.
func (l *Lanes) States(partner string) []LaneState {
	l.mu.Lock()
	defer l.mu.Unlock()
	var states []LaneState
	for of, at := range l.lanes {
		if partner != "" && of.Partner != partner {
			continue
		}
		s := LaneState{Lane: of, State: at.pace.State(time.Now()), InFlight: at.inFlight}
		ahead := 0
		for class := range Class(classes) {
			queue := &at.waiting[class]
			ahead += queue.len
			if queue.len > 0 {
				s.Waiting = append(s.Waiting, Backlog{Class: class, Calls: queue.len, Wait: at.duration(ahead), Customers: queue.counts()})
			}
		}
		states = append(states, s)
	}
	slices.SortFunc(states, func(a, b LaneState) int {
		return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Family, b.Family))
	})
	return states
}

// duration is how long so many calls take from now on: at the pace, or as measured
// where replies are too slow for the pace.
func (at *lane) duration(calls int) time.Duration {
	now := time.Now()
	s := at.pace.State(now)
	rate, begin := s.Expected, s.ParkedUntil
	if at.inFlight >= at.all.mostInFlight() && s.Measured > 0 {
		rate = min(rate, s.Measured)
	}
	if s.Circuit != pace.Closed && s.NextProbe.After(begin) {
		begin = s.NextProbe
	}
	return max(begin.Sub(now), 0) + time.Duration(float64(calls)/rate*float64(time.Second))
}

// Expect returns how long so many further calls of a class would take for a
// partner, at the rate that is known and behind what waits before them.
func (l *Lanes) Expect(partner string, class Class, calls int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.lane(Lane{partner, Subscribers})
	for c := range class + 1 {
		calls += at.waiting[c].len
	}
	return at.duration(calls)
}

// Expect returns how long so many calls to Webex, of one bulk action for example,
// would take from now on.
func (s *Service) Expect(partner string, class Class, calls int) time.Duration {
	if s.Lanes == nil {
		return new(Lanes).Expect(partner, class, calls)
	}
	return s.Lanes.Expect(partner, class, calls)
}
