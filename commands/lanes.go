package commands

import (
	"context"
	"sync"
	"time"
)

// lanes holds how fast Webex may be called, for each partner: one pace for
// everything that is called with the partner's token, learnt from the replies.
// Its zero value is ready.
type lanes struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]*lane
}

// lane is one partner's pace.
type lane struct {
	until    time.Time // Webex asked not to be called before
	rate     float64   // calls per second
	bounded  bool      // Webex has said at least once that it was too much
	lastCut  time.Time
	nextSlot time.Time
}

// How the pace is learnt. Webex does not publish its limits.
const (
	firstRate  = 100.0 // calls per second, before anything is known
	lowestRate = 1.0
	fastGrowth = 0.5 // calls per second more for each good reply, until Webex complains
	slowGrowth = 10. // calls per second more in each second, after that
	cut        = 0.85
)

func (l *lanes) lane(partner string) *lane {
	if l.of == nil {
		l.of = map[string]*lane{}
	}
	if l.of[partner] == nil {
		l.of[partner] = &lane{rate: firstRate}
	}
	return l.of[partner]
}

// longestTurn is how long enter waits at most: a slow partner must not keep the
// workers from others.
const longestTurn = 100 * time.Millisecond

// enter waits for a turn to call Webex. It does not wait for turns that are far
// off, or for the end of a time in which Webex asked not to be called: until is
// then when to try again.
func (l *lanes) enter(ctx context.Context, partner string) (until time.Time, err error) {
	l.mu.Lock()
	at, now := l.lane(partner), l.now()
	if now.Before(at.until) {
		defer l.mu.Unlock()
		return at.until, nil
	}
	slot := at.nextSlot
	if slot.Before(now) {
		slot = now
	}
	if slot.Sub(now) > longestTurn {
		defer l.mu.Unlock()
		return slot, nil
	}
	at.nextSlot = slot.Add(time.Duration(float64(time.Second) / at.rate))
	l.mu.Unlock()
	if pause := slot.Sub(now); pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		case <-timer.C:
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now().Before(at.until) {
		return at.until, nil
	}
	return time.Time{}, nil
}

// parked returns the end of the time in which Webex asked not to be called; zero:
// it is not now.
func (l *lanes) parked(partner string) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.lane(partner).until; l.now().Before(until) {
		return until
	}
	return time.Time{}
}

// answered notes a reply that did not say "too much".
func (l *lanes) answered(partner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := l.lane(partner)
	if at.bounded {
		at.rate += slowGrowth / at.rate
	} else {
		at.rate += fastGrowth
	}
}

// park keeps everybody of the partner away from Webex until then, and slows the
// pace, once for a whole burst of complaints.
func (l *lanes) park(partner string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, now := l.lane(partner), l.now()
	if until.After(at.until) {
		at.until = until
	}
	if now.Sub(at.lastCut) > time.Second {
		at.rate, at.bounded, at.lastCut = max(lowestRate, at.rate*cut), true, now
	}
}
