package simulation

import (
	"context"
	"errors"
	"net/http"

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
	_, err := write(ctx, c, resending, tracking, func() (webex.Subscriber, error) { return webex.Subscriber{}, c.resend(id) })
	return commands.Receipt{TrackingID: "WEBEX_" + tracking}, err
}

// Validate implements commands.Webex.
func (c client) Validate(ctx context.Context, r webex.Request, tracking string) (commands.Receipt, error) {
	_, err := ask(ctx, c, c.planRead(), func() (any, error) {
		if c.taken(r.UserID, nil) != nil {
			return nil, &commands.WebexError{Outcome: commands.Refused, Status: http.StatusBadRequest, Message: duplicate.Description, Errors: []webex.Error{duplicate}}
		}
		return nil, nil
	})
	return commands.Receipt{TrackingID: "WEBEX_" + tracking}, err
}

// Subscriber implements commands.Webex.
func (c client) Subscriber(ctx context.Context, id string) (webex.Subscriber, bool, error) {
	return c.read(ctx, func() *record { return c.find(id) })
}

// FindSubscriber implements commands.Webex.
func (c client) FindSubscriber(ctx context.Context, userID string) (webex.Subscriber, bool, error) {
	return c.read(ctx, func() *record { return c.byUserID(userID) })
}

func (c client) read(ctx context.Context, look func() *record) (webex.Subscriber, bool, error) {
	type answer struct {
		webex.Subscriber
		found bool
	}
	a, err := ask(ctx, c, c.planRead(), func() (answer, error) {
		if r := look(); r != nil {
			return answer{c.shown(r), true}, nil
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
		x.w.fail(intentFirst, "", "%s is sent with %s, of which no intent was recorded", what, tracking)
	}
	x.mu.Lock()
	if other := x.underWay[owner]; other != "" {
		x.w.fail(oneRequest, owner, "%s is sent with %s while %s is under way", what, tracking, other)
	}
	if x.unknown[tracking] {
		x.w.fail(oneRequest, owner, "%s is sent again with %s, of which nobody knows what became", what, tracking)
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
	var failure *commands.WebexError
	x.unknown[tracking] = err != nil && !(errors.As(err, &failure) && failure.Outcome != commands.Unknown)
	x.say(owner, "program %d sees %v of %s", c.program.n, err, what)
	return s, err
}
