package commands

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
)

// holds is what the driver knows of scopes whose requests are held. A scope that
// it has not met is read from the log; what changes there wakes the driver.
type holds struct {
	mu      sync.Mutex
	held    map[string]bool // by stream
	changes int             // of any of them: what was read before the last may be out of date
}

func (h *holds) forget(stream string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.held, stream)
	h.changes++
}

func (h *holds) known(stream string) (held, known bool, changes int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	held, known = h.held[stream]
	return held, known, h.changes
}

// learn notes what was read after so many changes; false: there are more by now.
func (h *holds) learn(stream string, held bool, changes int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.changes != changes {
		return false
	}
	if h.held == nil {
		h.held = map[string]bool{}
	}
	h.held[stream] = held
	return true
}

// held says whether the next request of a subscriber is held.
func (d *Driver) held(ctx context.Context, s subject) (bool, error) {
	for _, scope := range holding(s.Value) {
		if held, err := d.scopeHeld(ctx, s.partner, scope); held || err != nil {
			return held, err
		}
	}
	return false, nil
}

// holding returns the scopes whose holds concern the next request of a subscriber.
func holding(s subscriber.State) []hold.Scope {
	switch s.Wants() {
	case "":
		return nil
	case subscriber.Provision:
		return []hold.Scope{{Kind: hold.Partner}, customerOf(s), templateOf(s)}
	}
	return []hold.Scope{{Kind: hold.Partner}}
}

func customerOf(s subscriber.State) hold.Scope {
	return hold.Scope{Kind: hold.Customer, Name: s.SPEnterpriseID}
}

func templateOf(s subscriber.State) hold.Scope {
	return hold.Scope{Kind: hold.Template, Name: s.ProvisioningID}
}

func (d *Driver) scopeHeld(ctx context.Context, partner string, of hold.Scope) (bool, error) {
	stream := hold.Stream(partner, of)
	for {
		held, known, changes := d.holds.known(stream)
		if known {
			return held, nil
		}
		r, err := read(ctx, d.Service, partner, stream, hold.Decider)
		if err != nil || d.holds.learn(stream, r.Value.Held, changes) {
			return r.Value.Held, err
		}
	}
}

// How many users have to fail alike, one after the other and none in between who
// came through, to be one finding.
const (
	sharedAlike  = 10 // by a cause that is known to be the customer's or the template's
	unknownAlike = 25 // by one that is not known
	manyCustomer = 2  // from so many customers on it is the template's
)

// tally counts those who fail alike, for each customer and each template.
type tally struct {
	mu   sync.Mutex
	runs map[string]*run // by stream of the hold that would be placed
}

// run is users of one scope who failed alike, one after the other.
type run struct {
	fingerprint cause.Fingerprint
	failed      int
	customers   map[string]bool
}

// outcome takes notice of how a subscriber came out of a try: one who came through
// ends the runs of its customer and template, one who failed adds to them.
func (d *Driver) outcome(ctx context.Context, s subject, before, after subscriber.State) error {
	switch {
	case after.Stage == subscriber.Live && before.Stage != subscriber.Live:
		d.tally.end(hold.Stream(s.partner, customerOf(s.Value)))
		d.tally.end(hold.Stream(s.partner, templateOf(s.Value)))
		return nil
	case after.Stage != subscriber.Stopped || before.Stage == subscriber.Stopped || after.Quarantined || before.PersonID != "":
		return nil
	}
	entry, most := cause.Find(after.Errors), unknownAlike
	switch {
	case entry.Retry == cause.Automatic:
		return nil
	case entry.Shared:
		most = sharedAlike
	case entry.ID != cause.Unknown:
		return nil // it is this user's own
	}
	fingerprint := cause.Of(after.Errors, after.ProvisioningID)
	for _, scope := range []hold.Scope{templateOf(s.Value), customerOf(s.Value)} {
		if scope.Name == "" {
			continue
		}
		if held, err := d.scopeHeld(ctx, s.partner, scope); held || err != nil {
			return err // that is the finding: those who were under way add none
		}
		stream := hold.Stream(s.partner, scope)
		n := d.tally.add(stream, fingerprint, after.SPEnterpriseID, scope.Kind)
		if n < most {
			continue
		}
		place := hold.Place{
			Scope: scope, Fingerprint: string(fingerprint), Failures: n, At: d.Service.Now(),
			Reason: fmt.Sprintf("%d users in a row failed alike, and none came through: %s", n, clip(after.Errors[0].Description)),
		}
		if _, err := transact(ctx, d.Service, stream, d.cause(s), hold.Decider, hold.Command(place)); err != nil {
			return err
		}
		d.Log.Warn("users fail alike; no more of them are provisioned until the hold is lifted", "scope", scope.Kind, "name", scope.Name, "failures", n)
		d.tally.end(stream)
		d.holds.forget(stream)
		return nil
	}
	return nil
}

// clip keeps a reason such that a hold can have it: short, and on one line.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if runes := []rune(text); len(runes) > hold.MaxText/2 {
		return string(runes[:hold.MaxText/2]) + "..."
	}
	return text
}

// add counts one more and returns how many there are; those of a template count
// once they are of several customers.
func (t *tally) add(stream string, f cause.Fingerprint, customer string, kind hold.ScopeKind) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.runs[stream]
	if r == nil || r.fingerprint != f {
		if t.runs == nil {
			t.runs = map[string]*run{}
		}
		r = &run{fingerprint: f, customers: map[string]bool{}}
		t.runs[stream] = r
	}
	r.failed++
	if len(r.customers) < manyCustomer {
		r.customers[customer] = true
	}
	if kind == hold.Template && len(r.customers) < manyCustomer {
		return 0
	}
	return r.failed
}

func (t *tally) end(stream string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.runs, stream)
}

// isHold says whether a stream is that of a hold.
func isHold(stream string) bool {
	kind, _, ok := domain.SplitStream(stream)
	return ok && kind == hold.Kind
}
