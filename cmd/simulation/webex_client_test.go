package simulation

import (
	"context"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// client is a partner's Webex as one program reaches it.
type client struct {
	*fakeWebex
	program *program
}

var _ commands.Webex = client{}

// Provision implements commands.Webex.
func (c client) Provision(ctx context.Context, r webex.Request, tracking string) (webex.Subscriber, commands.Receipt, error) {
	owner := c.w.intended(tracking)
	s, err := write(ctx, c, "POST", tracking, func() (webex.Subscriber, error) { return c.provision(r, owner) })
	return s, commands.Receipt{TrackingID: "WEBEX_" + tracking}, err
}

// Update implements commands.Webex.
func (c client) Update(ctx context.Context, id string, from, to webex.Profile, tracking string) (webex.Subscriber, commands.Receipt, error) {
	s, err := write(ctx, c, "PUT", tracking, func() (webex.Subscriber, error) { return c.update(id, from, to) })
	return s, commands.Receipt{TrackingID: "WEBEX_" + tracking}, err
}

// Remove implements commands.Webex.
func (c client) Remove(ctx context.Context, id, tracking string) (commands.Receipt, error) {
	_, err := write(ctx, c, "DELETE", tracking, func() (webex.Subscriber, error) { c.remove(id); return webex.Subscriber{}, nil })
	return commands.Receipt{TrackingID: "WEBEX_" + tracking}, err
}

// ResendConsent implements commands.Webex.
func (c client) ResendConsent(ctx context.Context, id, tracking string) (commands.Receipt, error) {
	_, err := write(ctx, c, "POST resendConsent", tracking, func() (webex.Subscriber, error) { return webex.Subscriber{}, c.resend(id) })
	return commands.Receipt{TrackingID: "WEBEX_" + tracking}, err
}

// Validate implements commands.Webex; nobody asks for it here.
func (c client) Validate(context.Context, webex.Request, string) (commands.Receipt, error) {
	panic("the simulation validates nothing")
}

// Subscriber implements commands.Webex.
func (c client) Subscriber(ctx context.Context, id string) (webex.Subscriber, bool, error) {
	return c.read(ctx, func() *record { return c.find(id) })
}

// FindSubscriber implements commands.Webex.
func (c client) FindSubscriber(ctx context.Context, userID string) (webex.Subscriber, bool, error) {
	return c.read(ctx, func() *record { return c.byUserID(userID) })
}

// Page implements commands.Webex; nobody asks for it here.
func (c client) Page(context.Context, commands.WebexFilter, string) (commands.WebexPage, error) {
	panic("the simulation lists nothing")
}

func (c client) read(ctx context.Context, look func() *record) (webex.Subscriber, bool, error) {
	type answer struct {
		webex.Subscriber
		found bool
	}
	a, err := ask(ctx, c, c.planRead(), func() (answer, error) {
		if r := look(); r != nil {
			return answer{r.shown(), true}, nil
		}
		return answer{}, nil
	})
	return a.Subscriber, a.found, err
}

// write makes a request that changes something. It checks that the intent was
// recorded before, and that it is the only one under way for the subscriber.
func write(ctx context.Context, c client, what, tracking string, carryOut func() (webex.Subscriber, error)) (webex.Subscriber, error) {
	x, owner := c.fakeWebex, c.w.intended(tracking)
	if owner == "" {
		x.w.fail("", "%s is sent with %s, of which no intent was recorded", what, tracking)
	}
	x.mu.Lock()
	if other := x.underWay[owner]; other != "" {
		x.w.fail(owner, "%s is sent with %s while %s is under way", what, tracking, other)
	}
	x.underWay[owner] = tracking
	x.say(owner, "%s is sent by program %d", what, c.program.n)
	x.mu.Unlock()
	s, err := ask(ctx, c, c.planWrite(what), func() (webex.Subscriber, error) {
		s, err := carryOut()
		x.say(owner, "%s is carried out: %s %v", what, s.ID, err)
		return s, err
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.underWay, owner)
	x.say(owner, "program %d sees %v of %s", c.program.n, err, what)
	return s, err
}
