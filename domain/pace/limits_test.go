package pace_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ledgerline/domain/pace"
)

const (
	warm  = time.Minute
	whole = 31 * time.Minute
)

// limit is one limiter that a pace knows nothing of, and how well it does there:
// what it uses of what is granted after warm, and how much of that is refused.
type limit struct {
	name    string
	granted float64
	latency time.Duration
	fresh   func(*rand.Rand) limiter
	runs    int     // of which the mean counts
	use     float64 // at least
	refused float64 // at most
}

func (l limit) measure() (use, refused float64, warmUp string, tooEarly int) {
	warmUp = "-"
	for seed := range l.runs {
		w := newWorld(l.fresh(rand.New(rand.NewPCG(uint64(seed), 2))), l.latency)
		w.run(noon.Add(whole))
		rate, share := w.between(warm, whole)
		use, refused, tooEarly = use+rate/l.granted/float64(l.runs), refused+share/float64(l.runs), tooEarly+w.tooEarly
		if at, ok := w.reaches(.98*l.granted, 0); ok {
			warmUp = at.String()
		}
	}
	return use, refused, warmUp, tooEarly
}

func buckets() (limits []limit) {
	add := func(rate, size float64, latency, retryAfter time.Duration, use float64) {
		says := fmt.Sprintf("retry after %v", retryAfter)
		if retryAfter == 0 {
			says = "no retry-after"
		}
		limits = append(limits, limit{
			fmt.Sprintf("bucket %g/s, burst %g, %s", rate, size, says),
			rate, latency, func(*rand.Rand) limiter { return newBucket(rate, size, retryAfter) }, 1, use, .01,
		})
	}
	for _, rate := range []float64{5, 30, 100, 1000} {
		add(rate, max(1, rate/10), 50*time.Millisecond, time.Second, .98)
		add(rate, rate, 50*time.Millisecond, time.Second, .98)
	}
	for _, rate := range []float64{5, 30, 100} {
		add(rate, 10*rate, 50*time.Millisecond, time.Second, .98)
		add(rate, max(1, rate/10), 500*time.Millisecond, time.Second, .98)
		add(rate, rate, 500*time.Millisecond, time.Second, .98)
		add(rate, max(1, rate/10), 50*time.Millisecond, 5*time.Second, .965)
		add(rate, rate, 50*time.Millisecond, 5*time.Second, .97)
		add(rate, rate, 50*time.Millisecond, 0, .97)
	}
	return limits
}

func otherLimiters() []limit {
	const s, latency = time.Second, 50 * time.Millisecond
	periods := func(calls int, period, retryAfter time.Duration) func(*rand.Rand) limiter {
		return func(*rand.Rand) limiter { return &window{calls: calls, period: period, retryAfter: retryAfter} }
	}
	slides := func(calls int, period, retryAfter time.Duration) func(*rand.Rand) limiter {
		return func(*rand.Rand) limiter { return &sliding{calls: calls, period: period, retryAfter: retryAfter} }
	}
	refuses := func(rate, size, share float64) func(*rand.Rand) limiter {
		return func(dice *rand.Rand) limiter { return moody{newBucket(rate, size, s), share, dice, s} }
	}
	return []limit{
		{"window 300/min, retry at its end", 5, latency, periods(300, time.Minute, 0), 1, .98, .01},
		{"window 300/min, retry after 1s", 5, latency, periods(300, time.Minute, s), 1, .98, .03},
		{"window 100/s, retry after 1s", 100, latency, periods(100, s, s), 1, .98, .01},
		{"sliding 300/min, retry when one is free", 5, latency, slides(300, time.Minute, 0), 1, .98, .01},
		{"sliding 300/min, retry after 1s", 5, latency, slides(300, time.Minute, s), 1, .93, .03},
		{"sliding 1000/10s, retry after 1s", 100, latency, slides(1000, 10*s, s), 1, .97, .01},
		// Each of these refusals costs a pause of a second, so that little can be used.
		{"bucket 100/s, burst 10, 10 % refused anyway", 100, latency, refuses(100, 10, .1), 5, .09, .11},
		{"bucket 5/s, burst 5, 10 % refused anyway", 5, latency, refuses(5, 5, .1), 5, .6, .22},
		{"bucket 100/s, burst 10, 0.1 % refused anyway", 100, latency, refuses(100, 10, .001), 5, .78, .005},
	}
}

func TestUnknownLimitsAreUsed(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "%-46s %8s %8s %8s %8s\n", "limiter", "latency", "use", "429", "warm-up")
	for _, l := range append(buckets(), otherLimiters()...) {
		use, refused, warmUp, tooEarly := l.measure()
		fmt.Fprintf(&table, "%-46s %8v %6.2f %% %6.3f %% %8s\n", l.name, l.latency, 100*use, 100*refused, warmUp)
		assert.GreaterOrEqual(t, use, l.use, "use of %s", l.name)
		assert.LessOrEqual(t, refused, l.refused, "refused by %s", l.name)
		assert.Zero(t, tooEarly, "calls in a time to stay away from %s", l.name)
	}
	t.Log("\n" + table.String())
}

func TestLimitsThatChangeAreFound(t *testing.T) {
	const change = 10 * time.Minute
	for _, c := range []struct {
		name          string
		before, after float64
		within        time.Duration
	}{
		{"halves", 100, 50, 90 * time.Second},
		{"sinks to a tenth", 100, 10, 90 * time.Second},
		{"doubles", 30, 60, 3 * time.Minute},
		{"rises by a tenth", 100, 110, 3 * time.Minute},
	} {
		b := newBucket(c.before, c.before/5, time.Second)
		w := newWorld(b, 50*time.Millisecond)
		w.run(noon.Add(change))
		b.rate, b.size = c.after, c.after/5
		w.run(noon.Add(change + whole))
		at, ok := w.reaches(.98*c.after, change)
		require.True(t, ok, c.name)
		assert.LessOrEqual(t, at, c.within, c.name)
		rate, refused := w.between(change+c.within, change+whole)
		t.Logf("%s: 98 %% is used from %v after; then %.2f %%, 429 %.3f %%", c.name, at, 100*rate/c.after, 100*refused)
		assert.GreaterOrEqual(t, rate/c.after, .98, c.name)
		assert.LessOrEqual(t, refused, .01, c.name)
	}
}

func TestOddRatesAreUsedAsWell(t *testing.T) {
	for _, rate := range []float64{0.5, 1.7, 7.3, 42, 64, 250} {
		for _, share := range []float64{.1, .5, 3} {
			w := newWorld(newBucket(rate, max(1, share*rate), time.Second), 120*time.Millisecond)
			w.run(noon.Add(whole))
			used, refused := w.between(2*warm, whole)
			assert.GreaterOrEqual(t, used/rate, .97, "use of %v/s, burst %v", rate, share*rate)
			assert.LessOrEqual(t, refused, .015, "refused by %v/s, burst %v", rate, share*rate)
		}
	}
}

func TestUnevenRepliesAndLateTimersDoNotMatter(t *testing.T) {
	for _, rate := range []float64{5, 30, 100, 200} {
		for seed := range uint64(3) {
			w := newWorld(newBucket(rate, max(2, rate/5), time.Second), 20*time.Millisecond)
			w.dice = rand.New(rand.NewPCG(seed, 3))
			w.run(noon.Add(whole))
			used, refused := w.between(2*warm, whole)
			assert.GreaterOrEqual(t, used/rate, .98, "use of %v/s", rate)
			assert.LessOrEqual(t, refused, .01, "refused by %v/s", rate)
		}
	}
}

func TestLittleWorkProvesNothing(t *testing.T) {
	p, now := pace.New(pace.Settings{FirstRate: 100}), noon
	for range 3000 {
		require.False(t, p.Next(now).After(now))
		p.Went(now)
		p.Answered(now.Add(50*time.Millisecond), now, pace.Good, 0)
		now = now.Add(100 * time.Millisecond)
	}
	p.Next(now.Add(time.Hour)) // there was nothing to do
	state := p.State(now.Add(time.Hour))
	assert.LessOrEqual(t, state.Rate, 150.)
	assert.InDelta(t, 10, state.Measured, 0.5)
	assert.Zero(t, state.Granted)
}

func TestStateTellsWhatWasFound(t *testing.T) {
	w := newWorld(newBucket(30, 3, time.Second), 50*time.Millisecond)
	w.run(noon.Add(5 * time.Minute))
	state := w.pace.State(w.now)
	assert.InEpsilon(t, 30, state.Granted, 0.01)
	assert.InEpsilon(t, 30, state.Rate, 0.02)
	assert.InEpsilon(t, 30, state.Measured, 0.05)
	assert.Positive(t, state.TooMuch)
	assert.Greater(t, state.Calls, 8000)
}

func TestPausesThatComeAnywayAreExpected(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 4))
	w := newWorld(moody{newBucket(100, 10, time.Second), .1, dice, time.Second}, 50*time.Millisecond)
	w.run(noon.Add(10 * time.Minute))
	state := w.pace.State(w.now)
	w.run(noon.Add(15 * time.Minute))
	served, _ := w.between(10*time.Minute, 15*time.Minute)
	assert.InEpsilon(t, served, state.Expected, 0.5, "of a rate of %v", state.Rate)
}

func TestWithoutSuchPausesTheRateIsExpected(t *testing.T) {
	w := newWorld(newBucket(30, 3, time.Second), 50*time.Millisecond)
	w.run(noon.Add(5 * time.Minute))
	state := w.pace.State(w.now)
	assert.Equal(t, state.Rate, state.Expected)
}
