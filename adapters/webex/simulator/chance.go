package simulator

import (
	"math"
	"time"
)

// happens throws a die. Nothing is thrown for the impossible, so that turning
// one knob does not shift the others' luck.
func (s *Simulator) happens(probability float64) bool {
	if probability <= 0 {
		return false
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	return s.rng.Float64() < probability
}

// millis draws a delay, in milliseconds.
func (s *Simulator) millis(d Delay) int64 {
	if d.Max <= d.Min {
		return d.Min.Milliseconds()
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	return (d.Min + time.Duration(s.rng.Int64N(int64(d.Max-d.Min)+1))).Milliseconds()
}

// bucket is a token bucket, the usual shape of a rate limit.
type bucket struct {
	tokens float64
	at     time.Time
}

// grant takes one request from a token's allowance; where there is none it
// says after how many seconds there will be.
func (s *Simulator) grant(token string) (ok bool, seconds int) {
	s.gate.Lock()
	defer s.gate.Unlock()
	rate := s.knobs.GrantedRate
	if rate <= 0 {
		return true, 0
	}
	most := float64(s.knobs.Burst)
	if most == 0 {
		most = max(1, rate/10)
	}
	now := s.options.Now()
	lane := s.lanes[token]
	if lane == nil {
		lane = &bucket{tokens: most, at: now}
		s.lanes[token] = lane
	}
	lane.tokens = min(most, lane.tokens+rate*max(0, now.Sub(lane.at).Seconds()))
	lane.at = now
	if lane.tokens < 1 {
		return false, int(math.Ceil((1 - lane.tokens) / rate))
	}
	lane.tokens--
	return true, 0
}
