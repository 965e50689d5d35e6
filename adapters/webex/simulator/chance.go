package simulator

import (
	"maps"
	"math"
	"slices"
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

// kinds returns the kinds of a mix, sorted.
func (m Mix) kinds() []string { return slices.Sorted(maps.Keys(m)) }

// kind draws one of a mix; empty: the mix is.
func (s *Simulator) kind(m Mix) string {
	kinds := m.kinds()
	if len(kinds) == 0 {
		return ""
	}
	return kinds[s.one(len(kinds), func(i int) float64 { return m[kinds[i]] })]
}

// backgroundError draws what goes wrong in the background.
func (s *Simulator) backgroundError(k *Knobs) *Problem {
	all := k.BackgroundErrors
	if len(all) == 0 {
		return &k.BackgroundError
	}
	return &all[s.one(len(all), func(i int) float64 { return all[i].Weight })].Problem
}

// one draws a number below n by weight; at least one weight is more than 0.
func (s *Simulator) one(n int, weight func(i int) float64) (chosen int) {
	sum := 0.0
	for i := range n {
		sum += weight(i)
	}
	s.gate.Lock()
	left := s.rng.Float64() * sum
	s.gate.Unlock()
	for i := range n {
		if weight(i) == 0 {
			continue
		}
		chosen = i
		if left -= weight(i); left < 0 {
			break
		}
	}
	return chosen
}

// lane is what one token has left: of a token bucket, or of a fixed window.
type lane struct {
	tokens float64
	at     time.Time // of the last request; of the beginning of the window
}

// grant takes one request from a token's allowance; where there is none it
// says after how many seconds there will be.
func (s *Simulator) grant(k *Knobs, token string) (ok bool, seconds int) {
	rate := k.GrantedRate
	if rate <= 0 {
		return true, 0
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	now := s.options.Now()
	l := s.lanes[token]
	if l == nil {
		l = &lane{}
		s.lanes[token] = l
	}
	refill := l.bucket
	if k.Window > 0 {
		refill = l.window
	}
	wait := refill(k, now)
	if l.tokens < 1 {
		return false, int(math.Ceil(wait.Seconds()))
	}
	l.tokens--
	return true, 0
}

// bucket refills by the time since the last request and says when there will be
// one more, if there is none.
func (l *lane) bucket(k *Knobs, now time.Time) time.Duration {
	most := float64(k.Burst)
	if most == 0 {
		most = max(1, k.GrantedRate/10)
	}
	if l.at.IsZero() {
		l.tokens, l.at = most, now
	}
	l.tokens = min(most, l.tokens+k.GrantedRate*max(0, now.Sub(l.at).Seconds()))
	l.at = now
	return time.Duration((1 - l.tokens) / k.GrantedRate * float64(time.Second))
}

// window refills when another window has begun and says when the next will.
func (l *lane) window(k *Knobs, now time.Time) time.Duration {
	length := time.Duration(k.Window)
	if begun := now.Truncate(length); !begun.Equal(l.at) {
		l.tokens, l.at = k.allowance(), begun
	}
	l.tokens = min(l.tokens, k.allowance())
	return l.at.Add(length).Sub(now)
}

// allowance is how many requests a window grants.
func (k *Knobs) allowance() float64 {
	return math.Floor(k.GrantedRate * time.Duration(k.Window).Seconds())
}

// lag draws how much later lists show a change: always the same for the same.
func (k *Knobs) lag(d Delay, seq, at int64) int64 {
	span := uint64(d.Max-d.Min)/uint64(time.Millisecond) + 1
	x := uint64(seq)*0x9e3779b97f4a7c15 ^ uint64(at) ^ k.Seed<<32 // splitmix64
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return d.Min.Milliseconds() + int64((x^x>>31)%span)
}
