package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// Templates of each partner.
const (
	trustedID    = "dHJ1c3RlZA"
	untrustedID  = "dW50cnVzdGVk"
	adminFirstID = "YWRtaW4tZmlyc3Q"
)

func (w *world) makeTemplates() {
	admin := newChance(w.seed, 3)
	service := &commands.Service{Log: w.log, Now: func() time.Time { return time.Now().UTC() }, NewID: func() uuid.UUID { return admin.id() }}
	for _, partner := range partners {
		for _, t := range []commands.SaveTemplate{
			{ProvisioningID: trustedID, Settings: template.Settings{Emails: template.Trusted, FlowThrough: true}},
			{ProvisioningID: untrustedID, Settings: template.Settings{Emails: template.Untrusted, FlowThrough: true, AllowSelfActivation: true}},
			{ProvisioningID: adminFirstID, Settings: template.Settings{Emails: template.Untrusted, FlowThrough: true, AllowSelfActivation: true, ProvisionAdminFirst: true}},
		} {
			t.Name, t.Region, t.EmailLanguage, t.Cluster, t.DefaultPackage = t.ProvisioningID, "EU", "sv", "as0", "basic"
			if _, err := service.CreateTemplate(context.Background(), t, domain.Cause{Partner: partner, Actor: "token:ada", Role: domain.RoleAdmin}); err != nil {
				panic(err)
			}
		}
	}
	w.recorded()
}

// user is one BroadWorks user, who may have another id by now.
type user struct {
	n          int
	partner    string
	userID     string // the first
	template   string
	enterprise string
	domain     string // of its addresses
	email      string // the last that was entered
}

func (u *user) id() uuid.UUID { return subscriber.ID(u.partner, u.userID) }

// request is something that a user or an administrator asks for, with all that is
// needed to ask for it again.
type request struct {
	stream string
	twice  bool // at once
	why    domain.Cause
	do     func(context.Context, *commands.Service, domain.Cause) (commands.Subscriber, error)
}

// ack is what a use case said was recorded.
type ack struct {
	request
	commands.Subscriber
}

// plan lays out what users do until the world is well.
func (w *world) plan(c *chance) {
	var users []*user
	for n := range 3 + c.n(6) {
		users = append(users, &user{
			n: n, partner: pick(c, partners...), userID: fmt.Sprintf("user%d@as0.example", n/2+n%2*10), template: pick(c, trustedID, untrustedID, adminFirstID),
			enterprise: pick(c, "SP1+acme", "SP1+acme", "SP2+birch"), domain: pick(c, "ent.example", "ent.example", "consumer.example"),
		})
	}
	stormy := w.well.Sub(w.began)
	for n := range 15 + c.n(40) {
		at := c.between(0, stormy)
		if n < len(users) {
			at /= 4
		}
		w.clock.after(at, func() { w.ask(c, pick(c, users...)) })
	}
}

// ask lets a user do one thing, perhaps twice, perhaps the next soon after it.
func (w *world) ask(c *chance, u *user) {
	if c.n(3) == 0 && w.bad() {
		w.clock.after(pick(c, c.between(0, time.Second), c.between(0, time.Minute)), func() { w.ask(c, u) })
	}
	if c.n(12) == 0 {
		w.importFile(c, u)
		return
	}
	w.askFor(c, u, c.n(100))
}

// askFor lets a user do what a number from 0 to 99 stands for.
func (w *world) askFor(c *chance, u *user, k int) {
	if k >= submitting && k < validating && c.n(2) == 0 {
		w.clock.after(c.between(0, 2*time.Second), func() { w.askFor(c, u, validating) })
	}
	r := request{
		stream: domain.StreamOf(subscriber.Kind, u.id()), do: w.anything(c, u, k),
		why: domain.Cause{Partner: u.partner, Actor: "token:ada", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI, Request: fmt.Sprintf("r%d", c.n(1e9)), Command: c.id()},
	}
	if c.n(8) == 0 {
		r.twice = true
		w.count("command sent twice at once")
		w.clock.after(c.between(0, 5*time.Millisecond), func() { w.send(c, r) })
	}
	w.send(c, r)
}

// send asks a program that is there, and asks again with the same command id while
// it is not known what became of it, and sometimes afterwards.
func (w *world) send(c *chance, r request) {
	again := func() { w.clock.after(c.between(time.Second, 2*time.Minute), func() { w.send(c, r) }) }
	serving := w.serving()
	if len(serving) == 0 {
		if w.bad() {
			again()
		}
		return
	}
	p := pick(c, serving...)
	done, err := r.do(context.Background(), p.service, r.why)
	if p.dead() {
		err = errDead
	}
	switch {
	case errors.Is(err, commands.ErrKeyReused), errors.Is(err, commands.ErrContended):
		w.fail(repeatIsHarmless, r.stream, "command %s is refused: %v", r.why.Command, err)
	case domain.AsRejection(err) != nil:
		w.count("command rejected")
	case err != nil:
		w.count("command without an answer")
		if c.n(10) > 0 && w.bad() {
			w.count("command repeated")
			again()
		}
	default:
		w.count("command acknowledged")
		w.acknowledge(ack{r, done})
		if c.n(8) == 0 && w.bad() {
			again()
		}
	}
}

func (w *world) acknowledge(a ack) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acks = append(w.acks, a)
}

// address returns an address of a user, most often the one that is known.
func (u *user) address(c *chance) string {
	if u.email == "" || c.n(5) == 0 {
		u.email = fmt.Sprintf("u%d.%d@%s", u.n, c.n(1000), u.domain)
	}
	return u.email
}

// onboarding is what a user is onboarded with.
func (u *user) onboarding(c *chance) commands.OnboardSubscriber {
	flow := pick(c, subscriber.API, subscriber.API, subscriber.FlowThrough, subscriber.SelfActivation)
	if u.template == trustedID && flow == subscriber.SelfActivation {
		flow = subscriber.API
	}
	r := webex.Request{
		Profile:        webex.Profile{UserID: u.userID, FirstName: "Åsa", LastName: fmt.Sprintf("Öberg %d", u.n), Extension: fmt.Sprint(1000 + u.n)},
		ProvisioningID: u.template, SPEnterpriseID: u.enterprise,
	}
	if u.template == trustedID || c.n(3) > 0 {
		r.Email = u.address(c)
	}
	return commands.OnboardSubscriber{Request: r, Flow: flow}
}

// From these numbers on an e-mail address is submitted, and validated.
const (
	submitting = 82
	validating = 91
)

// anything draws what is asked for about a user, of the kind that k stands for.
func (w *world) anything(c *chance, u *user, k int) func(context.Context, *commands.Service, domain.Cause) (commands.Subscriber, error) {
	type use = func(context.Context, *commands.Service, domain.Cause) (commands.Subscriber, error)
	id := u.id()
	change := func(what string, req commands.ChangeSubscriber) use {
		w.count("asked: " + what)
		return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
			return s.ChangeSubscriber(ctx, req, why)
		}
	}
	switch {
	case k < 30:
		w.count("asked: onboard")
		req := u.onboarding(c)
		return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
			whom, r, err := s.OnboardSubscriber(ctx, req, why)
			if err == nil && whom != id {
				err = subscriber.ErrClaimed // another user has this id now, with these very values
			}
			return r, err
		}
	case k < 40:
		w.count("asked: retry")
		req := commands.RetryActivation{ID: id}
		if c.n(2) == 0 {
			req.Email = u.address(c)
		}
		return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
			return s.RetryActivation(ctx, req, why)
		}
	case k < 48:
		to := string(pick(c, webex.Packages...))
		return change("package", commands.ChangeSubscriber{ID: id, Package: &to})
	case k < 56:
		name, number := fmt.Sprintf("Öberg %d", c.n(1000)), fmt.Sprintf("+4670123%04d", c.n(10000))
		if zone := pick(c, "Europe/Stockholm", "Europe/Paris"); c.n(2) == 0 {
			return change("time zone", commands.ChangeSubscriber{ID: id, Timezone: &zone})
		}
		return change("details", commands.ChangeSubscriber{ID: id, LastName: &name, PrimaryPhoneNumber: &number})
	case k < 58:
		w.count("asked: cancel retry")
		return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
			return s.CancelRetry(ctx, id, why)
		}
	case k < 66:
		to := pick(c, u.userID, "new1@as0.example", "new2@as0.example", "User0@as0.example", "user10@as0.example")
		return change("user id", commands.ChangeSubscriber{ID: id, UserID: &to})
	case k < 76:
		w.count("asked: delete")
		return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
			return s.DeleteSubscriber(ctx, id, why)
		}
	case k < submitting:
		w.count("asked: consent mail")
		return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
			return s.ResendConsent(ctx, id, why)
		}
	case k < validating:
		w.count("asked: submit e-mail")
		req := commands.SubmitEmail{ID: id, Email: u.address(c)}
		return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
			return s.SubmitEmail(ctx, req, why)
		}
	}
	w.count("asked: validate e-mail")
	req := commands.ValidateEmail{ID: id, Email: u.email}
	return func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
		return s.ValidateEmail(ctx, req, why)
	}
}
