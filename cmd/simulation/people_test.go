package simulation

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// crowd is users of one enterprise who fail alike for a while.
type crowd struct {
	partner string
	broken  outage // Webex does not reach their cluster
}

const crowdsEnterprise = "SP9+cedar"

var unreachable = webex.Error{Code: 6003, Description: "Could not connect to the BroadWorks cluster"}

// cutOff says whether Webex does not reach the cluster of an enterprise now.
func (w *world) cutOff(partner, enterprise string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.crowd != nil && w.crowd.partner == partner && enterprise == crowdsEnterprise && w.crowd.broken.holds(time.Now())
}

func (w *world) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.Before(w.crowd.broken.to) {
		w.crowd.broken.to = now
	}
}

// planCrowd lays out, in some worlds, that many users of one enterprise come while
// none of them can.
func (w *world) planCrowd(c *chance) {
	if !c.in(0.15) {
		return
	}
	stormy := w.well.Sub(w.began)
	from := w.began.Add(c.between(0, stormy/2))
	w.crowd = &crowd{partner: pick(c, partners...), broken: outage{from, from.Add(c.between(40*time.Minute, 90*time.Minute))}}
	for n := range 14 + c.n(8) {
		u := &user{
			n: 100 + n, partner: w.crowd.partner, userID: fmt.Sprintf("cedar%d@as0.example", n), template: trustedID,
			enterprise: crowdsEnterprise, domain: "ent.example",
		}
		w.clock.after(from.Add(c.between(0, 30*time.Minute)).Sub(w.began), func() { w.askFor(c, u, 0) })
	}
}

// planHolds lays out which holds people place.
func (w *world) planHolds(c *chance) {
	if !c.in(0.4) {
		return
	}
	for range 1 + c.n(3) {
		partner, scope := pick(c, partners...), pick(c,
			hold.Scope{Kind: hold.Partner}, hold.Scope{Kind: hold.Customer, Name: "SP1+acme"}, hold.Scope{Kind: hold.Template, Name: trustedID},
			hold.Scope{Kind: hold.Template, Name: untrustedID}, hold.Scope{Kind: hold.Customer, Name: "SP2+birch"})
		w.clock.after(c.between(0, w.well.Sub(w.began)), func() { w.place(partner, scope) })
	}
}

func (w *world) place(partner string, scope hold.Scope) {
	for _, p := range w.anyone() {
		_, _, _ = p.service.PlaceHold(context.Background(), scope, "Maintenance tonight.", w.administrator(partner))
	}
}

// anyone returns a program that can be asked, if there is one.
func (w *world) anyone() []*program {
	serving := w.serving()
	if len(serving) == 0 {
		return nil
	}
	return []*program{pick(w.people, serving...)}
}

func (w *world) administrator(partner string) domain.Cause {
	return domain.Cause{
		Partner: partner, Actor: "token:ada", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI,
		Request: fmt.Sprintf("p%d", w.people.n(1e9)), Command: w.people.id(),
	}
}

// answer lets people do something about what was recorded.
func (w *world) answer(e domain.Entry) {
	c, by := w.people, "engine"
	if e.Cause.Role != domain.RoleEngine {
		by = "somebody"
	}
	switch placed := e.Event.(type) {
	case subscriber.RetryPlanned:
		w.counts["retry planned"]++
		if c.n(4) == 0 && w.bad() {
			w.clock.after(c.between(0, 3*time.Minute), func() { w.cancelRetry(e) })
		}
	case subscriber.RetryStarted:
		w.counts["retry started"]++
	case subscriber.RetryCancelled:
		w.counts["retry cancelled"]++
	case hold.Lifted:
		w.counts["hold lifted by "+by]++
	case hold.Placed:
		w.counts["hold placed by "+by]++
		w.answerHold(e, placed)
	}
}

// answerHold lets somebody lift a hold when what was wrong is mended, or at once,
// by mistake; then it is placed again.
func (w *world) answerHold(e domain.Entry, placed hold.Placed) {
	c, why := w.people, w.administrator(e.Cause.Partner)
	after, left := c.between(time.Minute, 30*time.Minute), time.Until(w.well)
	mistaken := c.n(3) == 0
	switch {
	case left < after:
		after, mistaken = max(left, 0)+c.between(time.Second, time.Minute), false
	case mistaken:
		after = c.between(0, 5*time.Second)
		w.clock.after(after+c.between(0, 5*time.Second), func() { w.place(why.Partner, placed.Scope) })
	}
	w.clock.after(after, func() { w.lift(e.Stream, placed.Scope, mistaken, why) })
}

func (w *world) cancelRetry(e domain.Entry) {
	w.count("asked: cancel retry")
	_, id, _ := domain.SplitStream(e.Stream)
	w.send(w.people, request{stream: e.Stream, why: w.administrator(e.Cause.Partner), do: func(ctx context.Context, s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
		return s.CancelRetry(ctx, id, why)
	}})
}

// lift lifts a hold, until it is known to be lifted. Unless that is a mistake the
// cluster of the crowd is mended by then, and its users are tried again.
func (w *world) lift(stream string, of hold.Scope, mistaken bool, why domain.Cause) {
	mended := of.Name == crowdsEnterprise && !mistaken
	if mended {
		w.mend()
	}
	_, id, _ := domain.SplitStream(stream)
	for _, p := range w.anyone() {
		if _, err := p.service.LiftHold(context.Background(), id, why); err == nil && !p.dead() {
			if mended {
				w.retryCrowd(w.administrator(why.Partner))
			}
			return
		}
	}
	w.clock.after(w.people.between(time.Second, 30*time.Second), func() { w.lift(stream, of, mistaken, why) })
}

// retryCrowd retries everybody who was stopped by what the crowd suffered from.
func (w *world) retryCrowd(why domain.Cause) {
	for _, p := range w.anyone() {
		w.count("asked: retry of a cause")
		req := commands.RetryCause{Fingerprint: cause.Of([]webex.Error{unreachable}, trustedID), Subscribers: w.views.stopped(why.Partner)}
		if _, err := p.service.RetryCause(context.Background(), req, false, why, func(commands.RetryResult) {}); err == nil {
			return
		}
	}
	if w.bad() {
		w.clock.after(w.people.between(time.Second, time.Minute), func() { w.retryCrowd(why) })
	}
}

// stopped returns the subscribers of a partner who are stopped, as views know it.
func (v *views) stopped(partner string) iter.Seq2[uuid.UUID, error] {
	v.mu.Lock()
	defer v.mu.Unlock()
	var ids []uuid.UUID
	for _, r := range v.rows {
		if r.Partner == partner && r.Stage == subscriber.Stopped {
			ids = append(ids, r.ID)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	return func(yield func(uuid.UUID, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}
