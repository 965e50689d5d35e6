package simulation

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"ledgerline/commands"
)

// fault is what goes wrong with one call.
type fault int

const (
	none      fault = iota
	unsent          // never leaves the program
	busy            // 429 or 423
	refused         // 400 or 401
	gone            // 5xx or reset; not carried out
	unheard         // 5xx, reset or an unreadable reply; carried out
	conflicts       // 409; carried out: Webex met its own success
	silent          // no reply ever; carried out or not
	later           // 5xx or reset; carried out a moment later
)

// landing is how long after a request was lost Webex may still carry it out. That
// this ends before activation.SettleTime, less what clocks differ by, is what the
// engine relies on: nobody can tell a request that is not there from one that is
// not there yet.
const landing = 2 * time.Second

// Families of Webex's API, each with a limit of its own.
const (
	subscribersAPI = "/broadworks/subscribers"
	emailsAPI      = "/subscribers/{id}/emails"
)

// lane is all calls of one program to one family.
type lane struct {
	program *program
	family  string
}

// resending is the one write that does not go to subscribersAPI.
const resending = "POST resendConsent"

// patience is how long a client waits for a reply, as adapters/webex/rest does.
const patience = 30 * time.Second

var errSilence = errors.New("no reply")

// plan is one call, drawn before it is made.
type plan struct {
	family       string
	fault        fault
	status       int
	retryAfter   time.Duration
	travel, work time.Duration // until Webex carries it out, and from there to the reply
	lands        bool          // carried out, if its program is gone by then
	late         time.Duration // how much later
	breath       time.Duration // between giving up and going on
}

func (x *fakeWebex) plan() plan {
	c := x.chance
	p := plan{
		family: subscribersAPI,
		travel: c.between(time.Millisecond, 100*time.Millisecond), work: c.between(time.Millisecond, time.Second),
		lands: c.in(0.5), late: c.between(0, landing), breath: c.between(time.Microsecond, time.Millisecond),
	}
	if x.w.bad() && c.in(x.w.weather.slow) {
		if p.work = c.between(time.Second, 50*time.Second); c.in(0.3) {
			p.travel, p.work = p.work/2, p.travel
		}
		x.w.count("webex: slow reply")
	}
	if !x.down(time.Now()) {
		return p
	}
	x.w.count("webex: call in an outage")
	switch p.status, p.fault = http.StatusServiceUnavailable, gone; c.n(4) {
	case 0:
		p.retryAfter = c.between(time.Second, time.Minute)
		x.w.count("webex: 503 with Retry-After")
	case 1:
		p.fault = unsent
	case 2:
		p.fault, p.lands = silent, false
	}
	return p
}

func (x *fakeWebex) planRead() plan {
	p, c := x.plan(), x.chance
	if !x.w.bad() || p.fault != none {
		return p
	}
	switch weather := x.w.weather; {
	case c.in(weather.busy):
		x.tooMuch(&p)
	case c.in(weather.lost / 2):
		p.fault, p.status = pick(c, gone, silent), pick(c, 0, http.StatusBadGateway)
		x.w.count("webex: read fails")
	}
	return p
}

func (x *fakeWebex) planWrite(what string) plan {
	p, c := x.plan(), x.chance
	if what == resending {
		p.family = emailsAPI
	}
	if !x.w.bad() || p.fault != none {
		return p
	}
	p.status = pick(c, 0, http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusOK)
	switch weather := x.w.weather; {
	case c.in(weather.busy):
		x.tooMuch(&p)
	case c.in(weather.refused):
		p.fault, p.status = refused, pick(c, http.StatusBadRequest, http.StatusUnauthorized)
		x.w.count("webex: write refused")
	case c.in(weather.late):
		p.fault, p.status = later, pick(c, 0, http.StatusBadGateway)
		x.w.count("webex: write carried out late")
	case c.in(weather.lost):
		switch k := c.n(10); {
		case k < 4:
			p.fault = unheard
			x.w.count("webex: write carried out, reply lost")
		case k < 7:
			p.fault, p.status = gone, pick(c, 0, http.StatusBadGateway)
			x.w.count("webex: write lost")
		case k < 8 && what == "POST":
			p.fault, p.status = conflicts, http.StatusConflict
			x.w.count("webex: write carried out, answered 409")
		default:
			p.fault = silent
			x.w.count("webex: write times out")
		}
	}
	return p
}

// tooMuch is 429 or 423, with Retry-After or without.
func (x *fakeWebex) tooMuch(p *plan) {
	c := x.chance
	p.fault, p.status = busy, pick(c, http.StatusTooManyRequests, http.StatusLocked)
	if !c.in(0.7) {
		x.w.count("webex: 429 or 423 without Retry-After")
		return
	}
	p.retryAfter = pick(c, c.between(time.Second, 30*time.Second), c.between(time.Second, 30*time.Second), c.between(time.Second, 10*time.Minute)).Truncate(time.Second)
	x.w.count("webex: 429 or 423 with Retry-After")
}

// ask makes one call as planned.
func ask[R any](ctx context.Context, c client, p plan, carryOut func() (R, error)) (reply R, err error) {
	var zero R
	x, program := c.fakeWebex, c.program
	dying := program.act()
	if dying && !program.after {
		program.kill()
	}
	if program.dead() {
		return zero, errDead
	}
	x.checkQuiet(lane{program, p.family})
	do := func() (R, error) {
		x.mu.Lock()
		defer x.mu.Unlock()
		return carryOut()
	}
	lost := func(err error) error {
		if !program.dead() {
			x.w.clock.pause(p.breath)
		}
		return &commands.WebexError{Outcome: commands.Unknown, Message: err.Error(), Err: err}
	}
	if dying {
		program.kill() // with the request on its way
	}
	if err := c.wait(ctx, p.travel); err != nil {
		if p.lands && p.fault != unsent {
			x.w.clock.after(p.late, func() { _, _ = do() })
		}
		return zero, lost(err)
	}
	arrived := time.Now()
	switch p.fault {
	case unsent:
		return zero, &commands.WebexError{Outcome: commands.NotDone, Message: "not sent"}
	case none, unheard, conflicts:
		reply, err = do()
	case silent:
		if p.lands {
			_, _ = do()
		}
		return zero, lost(cmp.Or(c.wait(ctx, patience), errSilence))
	}
	if waited := c.wait(ctx, min(p.work, patience)); waited != nil || p.work >= patience {
		return zero, lost(cmp.Or(waited, errSilence))
	}
	if p.retryAfter > 0 {
		x.keepQuiet(lane{program, p.family}, arrived.Add(p.retryAfter))
	}
	failure := &commands.WebexError{Outcome: commands.Unknown, Status: p.status, RetryAfter: p.retryAfter, Message: http.StatusText(p.status)}
	switch p.fault {
	case none:
		return reply, err
	case busy:
		failure.Outcome = commands.NotDone
	case refused:
		failure.Outcome = commands.Refused
	case conflicts:
		failure.Outcome = commands.Conflict
	case later:
		x.w.clock.after(p.late, func() { _, _ = do() })
	}
	return zero, failure
}

// wait lets time pass, but no longer than the program lives and wants to wait.
func (c client) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(time.Until(c.w.clock.reserve(d)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.program.died:
		return errDead
	}
}

// keepQuiet notes that Webex asked not to be called before.
func (x *fakeWebex) keepQuiet(l lane, until time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if until.After(x.quiet[l]) {
		x.quiet[l] = until
	}
}

// checkQuiet notes a call by somebody who was asked not to call yet.
func (x *fakeWebex) checkQuiet(l lane) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if until := x.quiet[l]; time.Now().Before(until) {
		x.w.fail(noCallInRetryAfter, "", "program %d calls %s of %s %v before the end of a Retry-After", l.program.n, l.family, x.partner, time.Until(until))
	}
}
