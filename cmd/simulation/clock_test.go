package simulation

import (
	"math/rand/v2"
	"sync"
	"time"
)

// clock hands out instants of the bubble's clock, none of them twice. Whatever
// comes from outside the engine happens at an instant of its own, and what follows
// from it inside the engine has come to rest before the next: so the order of
// things does not depend on how goroutines are scheduled.
type clock struct {
	mu    sync.Mutex
	taken map[int64]bool
}

// reserve returns the first instant after d that nobody has. Full milliseconds
// are left to the timers of the engine.
func (c *clock) reserve(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now().Add(max(d, 1))
	for c.taken[at.UnixNano()] || at.Nanosecond()%int(time.Millisecond) == 0 {
		at = at.Add(1)
	}
	c.taken[at.UnixNano()] = true
	return at
}

// pause sleeps for about d.
func (c *clock) pause(d time.Duration) { time.Sleep(time.Until(c.reserve(d))) }

// after calls f after about d, in a goroutine of its own.
func (c *clock) after(d time.Duration, f func()) { time.AfterFunc(time.Until(c.reserve(d)), f) }

// chance is all the randomness of one part of a world, from its seed.
type chance struct {
	mu sync.Mutex
	r  *rand.Rand
}

func newChance(seed, part uint64) *chance { return &chance{r: rand.New(rand.NewPCG(seed, part))} }

// n returns a number from 0 to below n.
func (c *chance) n(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.IntN(n)
}

// in says yes with this probability.
func (c *chance) in(probability float64) bool { return c.upTo(1) < probability }

// upTo returns a number from 0 to below most.
func (c *chance) upTo(most float64) float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.Float64() * most
}

// between returns a duration from least to below most, to the nanosecond.
func (c *chance) between(least, most time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return least + time.Duration(c.r.Int64N(int64(most-least)))
}

// id fills a UUID of version 7.
func (c *chance) id() (id [16]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range id {
		id[i] = byte(c.r.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// pick returns one of several.
func pick[T any](c *chance, of ...T) T { return of[c.n(len(of))] }
