package pace_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ledgerline/domain/pace"
)

// answer makes one call when it is allowed and returns when that was.
func answer(p *pace.Pace, now time.Time, r pace.Reply) time.Time {
	for p.Next(now).After(now) {
		now = p.Next(now)
	}
	p.Went(now)
	p.Answered(now, now, r, 0)
	return now
}

// down returns a pace whose circuit opened at the time returned.
func down(t *testing.T) (*pace.Pace, time.Time) {
	p, now := pace.New(pace.Settings{}), noon
	for range 8 {
		require.Equal(t, pace.Closed, p.State(now).Circuit)
		now = answer(p, now, pace.Broken)
	}
	require.Equal(t, pace.Open, p.State(now).Circuit)
	return p, now
}

func TestCircuitOpensWhenMostRepliesAreBroken(t *testing.T) {
	p, now := pace.New(pace.Settings{}), noon
	replies := func(n int, r pace.Reply) pace.Circuit {
		for range n {
			now = answer(p, now, r)
		}
		return p.State(now).Circuit
	}
	assert.Equal(t, pace.Closed, replies(7, pace.Broken))
	assert.Equal(t, pace.Closed, replies(1, pace.Good))
	assert.Equal(t, pace.Closed, replies(4, pace.Broken), "most are broken, but few in a row")
	assert.Equal(t, pace.Open, replies(1, pace.Broken))
	assert.Equal(t, pace.WhyBroken, p.State(now).Why)
	assert.Equal(t, now, p.State(now).CircuitSince)
}

func TestOpenCircuitLetsOneProbeGoAtATime(t *testing.T) {
	p, now := down(t)
	for _, rest := range []time.Duration{5, 10, 20, 40, 60, 60} {
		due := now.Add(rest * time.Second)
		require.Equal(t, due, p.State(now).NextProbe)
		require.Equal(t, due, p.Next(now))
		p.Went(due)
		require.Equal(t, pace.HalfOpen, p.State(due).Circuit)
		now = due.Add(30 * time.Second)
		require.True(t, p.Next(now).After(now), "nobody goes beside the probe")
		require.Equal(t, p.State(now).NextProbe, time.Time{})
		until := p.Answered(now, due, pace.Broken, 0)
		require.Equal(t, p.State(now).NextProbe, until)
	}
}

func TestOneReplyClosesTheCircuit(t *testing.T) {
	for _, r := range []pace.Reply{pace.Good, pace.TooMuch, pace.Locked, pace.NoAccess} {
		p, opened := down(t)
		now := answer(p, opened, r)
		assert.Equal(t, opened.Add(5*time.Second), now)
		assert.Equal(t, pace.Closed, p.State(now).Circuit)
		assert.Equal(t, r == pace.Good, p.State(now).ParkedUntil.IsZero(), "the pause is kept all the same")
		for range 7 {
			now = answer(p, now, pace.Broken)
		}
		assert.Equal(t, pace.Closed, p.State(now).Circuit, "the run starts anew")
	}
}

func TestAProbeWithoutAnswerIsReplaced(t *testing.T) {
	p, now := down(t)
	first := p.Next(now)
	p.Went(first)
	second := first.Add(time.Minute)
	require.True(t, p.Next(second.Add(-time.Second/2)).Equal(second))
	require.False(t, p.Next(second).After(second))
	p.Went(second)
	p.Answered(second, first, pace.Broken, 0)
	assert.Equal(t, pace.HalfOpen, p.State(second).Circuit, "the first one no longer decides that it is down")
	p.Answered(second, first, pace.Good, 0)
	assert.Equal(t, pace.Closed, p.State(second).Circuit, "but shows that it works")
}

func TestEarlierCallsDoNotMoveTheCircuit(t *testing.T) {
	p, now := down(t)
	before := now.Add(-time.Millisecond)
	p.Answered(now, before, pace.Good, 0)
	assert.Equal(t, pace.Open, p.State(now).Circuit)
	probe := p.Next(now)
	p.Went(probe)
	p.Answered(probe, before, pace.Good, 0)
	p.Answered(probe, before, pace.Broken, 0)
	assert.Equal(t, pace.HalfOpen, p.State(probe).Circuit)
	p.Answered(probe.Add(time.Second), probe, pace.Good, 0)
	for range 20 {
		p.Answered(probe.Add(2*time.Second), before, pace.Broken, 0)
	}
	assert.Equal(t, pace.Closed, p.State(probe).Circuit)
}
