package pace_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/domain/pace"
)

// away returns how long a reply keeps everybody away, at least.
func away(r pace.Reply, retryAfter time.Duration) time.Duration {
	switch {
	case r == pace.NoAccess:
		return max(pace.NoAccessPause, min(retryAfter, pace.LongestRetryAfter))
	case (r == pace.TooMuch || r == pace.Locked) && retryAfter <= 0:
		return pace.DefaultRetryAfter
	}
	return min(max(retryAfter, 0), pace.LongestRetryAfter)
}

func TestLawsOfEveryPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lowest := rapid.Float64Range(0.5, 50).Draw(t, "lowest")
		highest := lowest * rapid.Float64Range(1, 40).Draw(t, "times")
		p := pace.New(pace.Settings{FirstRate: rapid.Float64Range(0.1, 3000).Draw(t, "first"), LowestRate: lowest, HighestRate: highest})
		now := noon
		var quiet time.Time
		var went, underWay []time.Time
		reply := func(r pace.Reply, retryAfter time.Duration) {
			i := rapid.IntRange(0, len(underWay)-1).Draw(t, "which")
			until := p.Answered(now, underWay[i], r, retryAfter)
			underWay = append(underWay[:i], underWay[i+1:]...)
			if pause := away(r, retryAfter); pause > 0 {
				quiet = latest(quiet, now.Add(pause))
				if until.Before(now.Add(pause)) {
					t.Fatalf("stay away until %v, for a pause of %v", until, pause)
				}
			}
		}
		try := func() {
			if p.Next(now).After(now) || len(underWay) >= 64 {
				return
			}
			if now.Before(quiet) {
				t.Fatalf("a call at %v, although asked to stay away until %v", now, quiet)
			}
			p.Went(now)
			went, underWay = append(went, now), append(underWay, now)
		}
		t.Repeat(map[string]func(*rapid.T){
			"call at once": func(*rapid.T) { try() },
			"call when allowed": func(*rapid.T) {
				now = latest(now, p.Next(now))
				try()
			},
			"call late": func(t *rapid.T) {
				now = latest(now, p.Next(now)).Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "late")))
				try()
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "wait")))
			},
			"good": func(t *rapid.T) {
				if len(underWay) > 0 {
					reply(pace.Good, 0)
				}
			},
			"other reply": func(t *rapid.T) {
				if len(underWay) > 0 {
					asked := rapid.SampledFrom([]time.Duration{0, -time.Second, time.Millisecond, time.Second, time.Minute, 1000 * time.Hour})
					reply(pace.Reply(rapid.IntRange(int(pace.Good), int(pace.NoAccess)).Draw(t, "reply")), asked.Draw(t, "retry after"))
				}
			},
			"park": func(t *rapid.T) {
				until := now.Add(time.Duration(rapid.Int64Range(-int64(time.Minute), int64(time.Minute)).Draw(t, "park")))
				p.Park(until, pace.WhyRecorded)
				quiet = latest(quiet, until)
			},
			"": func(t *rapid.T) {
				if rate := p.State(now).Rate; rate < lowest || rate > highest {
					t.Fatalf("rate %v, not between %v and %v", rate, lowest, highest)
				}
			},
		})
		for i := range went {
			for j := i + 1; j < len(went); j++ {
				if most := highest*(went[j].Sub(went[i])+51*time.Millisecond).Seconds() + 1; float64(j-i) > most {
					t.Fatalf("%d calls in %v, at most %v/s", j-i+1, went[j].Sub(went[i]), highest)
				}
			}
		}
		// Never stuck: when all is well, a call goes soon after the last pause.
		for i := range 200 {
			start := latest(now, quiet)
			for p.Next(now).After(now) {
				now = p.Next(now)
			}
			if now.Sub(start) > 2*time.Minute {
				t.Fatalf("call %d had to wait until %v, from %v", i, now, start)
			}
			p.Went(now)
			p.Answered(now.Add(time.Millisecond), now, pace.Good, 0)
			now = now.Add(time.Millisecond)
		}
	})
}

func TestCallsAreSpaced(t *testing.T) {
	p := pace.New(pace.Settings{FirstRate: 100, LowestRate: 100, HighestRate: 100})
	burst := func(now time.Time) (n int) {
		for ; !p.Next(now).After(now); n++ {
			p.Went(now)
		}
		return n
	}
	assert.Equal(t, 5, burst(noon), "a handful after idleness")
	assert.Zero(t, burst(noon.Add(9*time.Millisecond)))
	assert.Equal(t, 1, burst(noon.Add(10*time.Millisecond)))
	assert.Equal(t, 4, burst(noon.Add(50*time.Millisecond)), "a late timer is caught up with")
	assert.Equal(t, 5, burst(noon.Add(time.Hour)), "idle time is not")
}

func TestPauses(t *testing.T) {
	for _, c := range []struct {
		name       string
		reply      pace.Reply
		retryAfter time.Duration
		pause      time.Duration
		why        pace.Why
	}{
		{"too much, as asked", pace.TooMuch, 7 * time.Second, 7 * time.Second, pace.WhyTooMuch},
		{"too much, without a time", pace.TooMuch, 0, 5 * time.Second, pace.WhyTooMuch},
		{"an absurd time is cut", pace.TooMuch, 1e6 * time.Hour, 10 * time.Minute, pace.WhyTooMuch},
		{"a time in the past is none", pace.Locked, -time.Hour, 5 * time.Second, pace.WhyLocked},
		{"locked", pace.Locked, time.Minute, time.Minute, pace.WhyLocked},
		{"no access", pace.NoAccess, 0, time.Minute, pace.WhyNoAccess},
		{"good", pace.Good, 0, 0, ""},
		{"broken", pace.Broken, 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pace.New(pace.Settings{})
			p.Next(noon)
			p.Went(noon)
			until := p.Answered(noon, noon, c.reply, c.retryAfter)
			state := p.State(noon)
			assert.Equal(t, c.why, state.Why)
			assert.Equal(t, until, state.ParkedUntil)
			if c.pause == 0 {
				assert.Zero(t, until)
				return
			}
			assert.Equal(t, noon.Add(c.pause), until)
			assert.Equal(t, until, p.Next(noon))
			p.Park(until.Add(-time.Millisecond), pace.WhyRecorded)
			assert.Equal(t, c.why, p.State(noon).Why, "a shorter pause changes nothing")
			assert.Empty(t, p.State(until).Why, "it ends")
		})
	}
}

func TestABurstOfRefusalsCountsOnce(t *testing.T) {
	one, many := pace.New(pace.Settings{}), pace.New(pace.Settings{})
	for i := range 100 {
		at := noon.Add(time.Duration(i) * 10 * time.Millisecond)
		for _, p := range []*pace.Pace{one, many} {
			p.Next(at)
			p.Went(at)
		}
	}
	learnt := noon.Add(time.Second)
	for i := range 50 {
		went := noon.Add(time.Duration(500+10*i) * time.Millisecond)
		many.Answered(learnt, went, pace.TooMuch, time.Second)
		if i == 0 {
			one.Answered(learnt, went, pace.TooMuch, time.Second)
		}
	}
	assert.Less(t, one.State(learnt).Rate, 100.)
	assert.Equal(t, one.State(learnt).Rate, many.State(learnt).Rate)
}

func TestALateRefusalOfTheSameBurstSaysNothingNew(t *testing.T) {
	p := pace.New(pace.Settings{})
	call := func(at time.Time) {
		require.False(t, p.Next(at).After(at))
		p.Went(at)
	}
	for i := range 20 {
		call(noon.Add(time.Duration(10*i) * time.Millisecond))
	}
	now := noon.Add(200 * time.Millisecond)
	p.Answered(now, noon.Add(150*time.Millisecond), pace.TooMuch, time.Second)
	now = now.Add(time.Second)
	call(now)
	call(now.Add(time.Second))
	now = now.Add(time.Second)
	before := p.State(now).Rate
	until := p.Answered(now, noon.Add(160*time.Millisecond), pace.TooMuch, time.Second)
	assert.Equal(t, before, p.State(now).Rate)
	assert.Equal(t, now.Add(time.Second), until, "but the pause is kept")
	now = until
	call(now)
	p.Answered(now, now, pace.TooMuch, time.Second)
	assert.NotEqual(t, before, p.State(now).Rate, "the next refusal does")
}

func TestPausesGrowWhileNothingIsServed(t *testing.T) {
	p := pace.New(pace.Settings{})
	now := noon
	var pauses []time.Duration
	for range 8 {
		now = latest(now, p.Next(now))
		p.Went(now)
		pauses = append(pauses, p.Answered(now, now, pace.TooMuch, time.Second).Sub(now))
	}
	const s = time.Second
	assert.Equal(t, []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 32 * s, 32 * s}, pauses)
}
