package pace_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"ledgerline/domain/pace"
)

// limiter is a server's: it says whether a call that arrives is served, and else
// how long to stay away.
type limiter interface {
	take(at time.Time) (served bool, retryAfter time.Duration)
}

// bucket grants rate calls per second, and as many as size after a pause.
type bucket struct {
	rate, size, tokens float64
	last               time.Time
	retryAfter         time.Duration
}

func newBucket(rate, size float64, retryAfter time.Duration) *bucket {
	return &bucket{rate: rate, size: size, tokens: size, retryAfter: retryAfter}
}

func (b *bucket) take(at time.Time) (bool, time.Duration) {
	if !b.last.IsZero() {
		b.tokens = min(b.size, b.tokens+b.rate*at.Sub(b.last).Seconds())
	}
	b.last = at
	if b.tokens < 1 {
		return false, b.retryAfter
	}
	b.tokens--
	return true, 0
}

// window grants so many calls in each period. retryAfter 0: until its end.
type window struct {
	calls, used int
	period      time.Duration
	ends        time.Time
	retryAfter  time.Duration
}

func (w *window) take(at time.Time) (bool, time.Duration) {
	if !at.Before(w.ends) {
		w.used, w.ends = 0, at.Truncate(w.period).Add(w.period)
	}
	if w.used++; w.used <= w.calls {
		return true, 0
	}
	if w.retryAfter > 0 {
		return false, w.retryAfter
	}
	return false, wholeSeconds(w.ends.Sub(at))
}

// sliding grants so many calls in any period.
type sliding struct {
	calls      int
	period     time.Duration
	served     []time.Time
	retryAfter time.Duration
}

func (s *sliding) take(at time.Time) (bool, time.Duration) {
	for len(s.served) > 0 && at.Sub(s.served[0]) >= s.period {
		s.served = s.served[1:]
	}
	if len(s.served) < s.calls {
		s.served = append(s.served, at)
		return true, 0
	}
	if s.retryAfter > 0 {
		return false, s.retryAfter
	}
	return false, wholeSeconds(s.period - at.Sub(s.served[0]))
}

// moody refuses a share of calls whatever the rate.
type moody struct {
	limiter
	share      float64
	dice       *rand.Rand
	retryAfter time.Duration
}

func (m moody) take(at time.Time) (bool, time.Duration) {
	if m.dice.Float64() < m.share {
		return false, m.retryAfter
	}
	return m.limiter.take(at)
}

func wholeSeconds(d time.Duration) time.Duration {
	return max(time.Second, (d + time.Second - 1).Truncate(time.Second))
}

// world calls a limiter as fast as a pace allows, with as many calls under way.
type world struct {
	pace     *pace.Pace
	limiter  limiter
	latency  time.Duration
	most     int
	dice     *rand.Rand // where it is set, replies take up to ten times as long, and timers up to 5 ms
	now      time.Time
	underWay []call // in the order in which they are answered

	served, refused []int // per second since noon
	tooEarly        int   // calls in a time in which Webex asked not to be called
	away            time.Time
}

type call struct {
	went, back time.Time
	reply      pace.Reply
	retryAfter time.Duration
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newWorld(l limiter, latency time.Duration) *world {
	return &world{pace: pace.New(pace.Settings{}), limiter: l, latency: latency, most: 64, now: noon}
}

// run makes calls until then; there is always enough to do.
func (w *world) run(until time.Time) {
	for w.now.Before(until) {
		at := until
		if len(w.underWay) < w.most {
			at = w.pace.Next(w.now)
		}
		if len(w.underWay) > 0 && !w.underWay[0].back.After(at) {
			c := w.underWay[0]
			w.underWay = w.underWay[1:]
			w.now = latest(w.now, c.back)
			w.pace.Answered(w.now, c.went, c.reply, c.retryAfter)
			if c.reply == pace.TooMuch {
				w.away = latest(w.away, w.now.Add(away(c.reply, c.retryAfter)))
			}
			continue
		}
		if at.After(w.now) {
			w.now = at.Add(w.some(5 * time.Millisecond))
			continue
		}
		if w.now.Before(w.away) {
			w.tooEarly++
		}
		w.pace.Went(w.now)
		latency := w.latency + w.some(9*w.latency)
		c := call{went: w.now, back: w.now.Add(latency)}
		second := int(w.now.Sub(noon) / time.Second)
		for len(w.served) <= second {
			w.served, w.refused = append(w.served, 0), append(w.refused, 0)
		}
		if ok, retryAfter := w.limiter.take(w.now.Add(w.latency / 2)); ok {
			w.served[second]++
		} else {
			c.reply, c.retryAfter = pace.TooMuch, retryAfter
			w.refused[second]++
		}
		i := len(w.underWay)
		for i > 0 && c.back.Before(w.underWay[i-1].back) {
			i--
		}
		w.underWay = slices.Insert(w.underWay, i, c)
	}
}

func (w *world) some(most time.Duration) time.Duration {
	if w.dice == nil {
		return 0
	}
	return time.Duration(w.dice.Int64N(int64(most)))
}

// between returns calls served per second and the share that was refused.
func (w *world) between(from, to time.Duration) (rate, refused float64) {
	var s, r int
	for i := int(from / time.Second); i < min(int(to/time.Second), len(w.served)); i++ {
		s, r = s+w.served[i], r+w.refused[i]
	}
	return float64(s) / (to - from).Seconds(), float64(r) / max(1, float64(s+r))
}

// reaches returns how long after since the first minute begins in which so many
// calls per second are served.
func (w *world) reaches(rate float64, since time.Duration) (time.Duration, bool) {
	for at := since; at+time.Minute <= time.Duration(len(w.served))*time.Second; at += time.Second {
		if served, _ := w.between(at, at+time.Minute); served >= rate {
			return at - since, true
		}
	}
	return 0, false
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
