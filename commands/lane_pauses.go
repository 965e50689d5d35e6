package commands

import (
	"context"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/pace"
	"ledgerline/domain/pause"
)

// keptPause is how long a pause that Webex asks for has to be to be recorded, so
// that it outlasts the program; a shorter one is over when the next one starts.
const keptPause = 5 * time.Second

// families are all that a partner has a lane of.
var families = []Family{Subscribers, Emails}

// keepPauses has f told each pause of keptPause or more, in a goroutine of its own.
func (l *Lanes) keepPauses(f func(of Lane, pause time.Duration, why string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = f
}

// keep tells of a pause, unless the one that was told of last ends as late.
func (at *lane) keep(now time.Time) {
	s := at.pace.State(now)
	if length := s.ParkedUntil.Sub(now); at.all.paused != nil && length >= keptPause && s.ParkedUntil.Sub(at.told) >= time.Second {
		at.told = s.ParkedUntil
		paused := at.all.paused
		at.all.start(func() { paused(at.of, length, string(s.Why)) })
	}
}

// keepPause records a pause, for whoever starts before its end.
func (d *Driver) keepPause(of Lane, length time.Duration, why string) {
	if !d.begin() {
		return
	}
	defer d.underWay.Done()
	ctx, cancel := context.WithTimeout(d.calls, recordWithin)
	defer cancel()
	now := d.Service.Now()
	c := pause.Pause{Paused: pause.Paused{Family: string(of.Family), Until: now.Add(length), Why: why, At: now}}
	cause := domain.Cause{Partner: of.Partner, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine}
	if _, err := transact(ctx, d.Service, pause.Stream(of.Partner, string(of.Family)), cause, pause.Decider, c); err != nil && ctx.Err() == nil {
		d.Log.Error("a pause that Webex asked for could not be recorded", "partner", of.Partner, "error", err)
	}
}

// recallPauses parks the lanes of a partner that this program has not met before
// for as long as Webex asked others, before it, to stay away.
func (s *Service) recallPauses(ctx context.Context, partner string) error {
	if s.Lanes.recalled(partner) {
		return nil
	}
	for _, family := range families {
		r, err := read(ctx, s, partner, pause.Stream(partner, string(family)), pause.Decider)
		if err != nil {
			return err
		}
		if length := r.Value.Until.Sub(s.Now()); length > 0 {
			s.Lanes.park(Lane{partner, family}, min(length, pace.LongestRetryAfter))
		}
	}
	s.Lanes.met(partner)
	return nil
}

func (l *Lanes) recalled(partner string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.known[partner]
}

func (l *Lanes) met(partner string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[string]bool{}
	}
	l.known[partner] = true
}
