package simulation

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"ledgerline/commands"
	"ledgerline/domain"
)

// Errors of a log that cannot be reached, and of a program that is no more.
var (
	errOutage = errors.New("the log cannot be reached")
	errDead   = errors.New("the program has ended")
)

// programLog is the log as one program reaches it: appends can be refused, be slow,
// or be recorded without an answer, and end with the program.
type programLog struct{ *program }

// ReadStream implements commands.EventLog. It is where workers that were given
// something to do at the same instant part: how long it takes depends on nothing
// but the program, the stream and the time.
func (l programLog) ReadStream(ctx context.Context, stream string) ([]domain.Entry, error) {
	h := fnv.New64a()
	fmt.Fprint(h, l.n, stream, time.Now().UnixNano())
	l.w.clock.pause(newChance(l.w.seed, h.Sum64()).between(5*time.Microsecond, 50*time.Microsecond))
	if dying := l.act(); dying {
		l.kill()
	}
	fails := l.w.bad() && l.w.logChance.in(l.w.weather.log/4)
	switch {
	case l.dead():
		return nil, errDead
	case fails:
		l.w.count("log: read fails")
		return nil, errOutage
	}
	entries, err := l.w.log.ReadStream(ctx, stream)
	after := l.w.logChance.between(5*time.Microsecond, 50*time.Microsecond)
	if l.w.bad() && l.w.logChance.in(4*l.w.weather.log) {
		after = l.w.logChance.between(time.Millisecond, 2*time.Second)
		l.w.count("log: slow read")
	}
	l.w.clock.pause(after)
	if l.dead() {
		return nil, errDead
	}
	return entries, err
}

// Append implements commands.EventLog.
func (l programLog) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	dying, w, c := l.act(), l.w, l.w.logChance
	refused, full, unanswered := false, false, false
	before, after := c.between(10*time.Microsecond, 3*time.Millisecond), c.between(10*time.Microsecond, 3*time.Millisecond)
	if p := c.upTo(1) / max(w.weather.log, 0.001); w.bad() && p < 1 {
		switch {
		case p < 0.3:
			refused = true
			w.count("log: append refused")
		case p < 0.4:
			full = true
			w.count("log: full")
		case p < 0.7:
			unanswered = true
			w.count("log: recorded without an answer")
		case p < 0.85:
			before = c.between(time.Second, 20*time.Second)
			w.count("log: slow before recording")
		default:
			after = c.between(time.Second, 100*time.Second)
			w.count("log: slow after recording")
		}
	}
	if dying && !l.after {
		l.kill()
	}
	w.clock.pause(before)
	switch {
	case l.dead():
		return 0, errDead
	case refused:
		return 0, errOutage
	case full:
		return 0, commands.ErrFull
	}
	at, err := w.log.Append(ctx, stream, expected, why, events...)
	w.recorded()
	if dying {
		l.kill()
	}
	w.clock.pause(after)
	switch {
	case l.dead():
		return 0, errDead
	case unanswered && err == nil:
		return 0, errOutage
	}
	return at, err
}
