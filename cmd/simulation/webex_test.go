package simulation

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"ledgerline/commands"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// fakeWebex is one partner's organisation at Webex: records that come to be what
// was asked for after a while, or fail. It behaves like adapters/webex/simulator,
// without sockets.
type fakeWebex struct {
	w       *world
	partner string
	chance  *chance

	mu       sync.Mutex
	records  []*record // oldest first
	made     int
	outages  []outage
	closed   []outage           // times of maintenance: whatever is accepted fails
	quiet    map[lane]time.Time // Webex asked not to be called before
	underWay map[string]string  // tracking id of the write that is under way, by subscriber
	unknown  map[string]bool    // tracking ids of writes of which nobody was told what became
	calls    []call
}

// record is one subscriber at Webex.
type record struct {
	webex.Subscriber
	owner string         // stream for which it was made
	next  *webex.Profile // what an update under way leads to
	live  bool           // was provisioned

	before  webex.Subscriber // as a list shows it while it lags; no ID: not at all
	changed time.Time
}

// change is to be called before a record is changed.
func (r *record) change() { r.before, r.changed = r.Subscriber, time.Now() }

// shown is the record as Webex shows it: by its own clock, without the time zone.
func (x *fakeWebex) shown(r *record) webex.Subscriber {
	s := r.Subscriber
	s.Timezone = ""
	s.Created, s.LastStatusChange = x.stamp(s.Created), x.stamp(s.LastStatusChange)
	return s
}

// stamp is what the clock of Webex says, perhaps in full seconds only.
func (x *fakeWebex) stamp(at time.Time) time.Time {
	return at.Add(x.w.weather.webexSkew).UTC().Truncate(x.w.weather.grain)
}

// outage is a time in which Webex does not work.
type outage struct{ from, to time.Time }

func (o outage) holds(at time.Time) bool { return at.After(o.from) && at.Before(o.to) }

// call is one line in the history of a subscriber.
type call struct {
	at         time.Time
	owner, say string
}

func newFakeWebex(w *world, partner string, c *chance) *fakeWebex {
	x := &fakeWebex{w: w, partner: partner, chance: c, quiet: map[lane]time.Time{}, underWay: map[string]string{}, unknown: map[string]bool{}}
	stormy := w.well.Sub(w.began)
	for range c.n(3) {
		from := w.began.Add(c.between(0, stormy))
		x.outages = append(x.outages, outage{from, from.Add(c.between(time.Minute, 20*time.Minute))})
	}
	if c.in(0.3) {
		from := w.began.Add(c.between(0, stormy))
		x.closed = append(x.closed, outage{from, from.Add(c.between(5*time.Minute, 100*time.Minute))})
	}
	return x
}

func (x *fakeWebex) down(at time.Time) bool {
	return x.w.bad() && slices.ContainsFunc(x.outages, func(o outage) bool { return o.holds(at) })
}

func (x *fakeWebex) find(id string) *record {
	if i := slices.IndexFunc(x.records, func(r *record) bool { return r.ID == id }); i >= 0 {
		return x.records[i]
	}
	return nil
}

// taken returns another record that has the user id, or is about to.
func (x *fakeWebex) taken(userID string, but *record) *record {
	same := func(id string) bool { return subscriber.FoldUserID(id) == subscriber.FoldUserID(userID) }
	for _, r := range x.records {
		if r != but && (same(r.UserID) || r.next != nil && same(r.next.UserID)) {
			return r
		}
	}
	return nil
}

// become changes the status of a record after a while, unless it is gone by then.
func (x *fakeWebex) become(id string, after time.Duration, change func(*record)) {
	x.w.clock.after(after, func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if r := x.find(id); r != nil {
			r.change()
			r.LastStatusChange = time.Now()
			change(r)
			x.say(r.owner, "is %s by now", r.Status)
		}
	})
}

// trouble decides whether what was accepted fails in the background.
func (x *fakeWebex) trouble(enterprise string) *webex.Error {
	now := time.Now()
	switch {
	case !x.w.bad():
		return nil
	case x.w.cutOff(x.partner, enterprise):
		x.w.count("webex: one of a crowd fails")
		return &unreachable
	case slices.ContainsFunc(x.closed, func(o outage) bool { return o.holds(now) }):
		x.w.count("webex: in maintenance")
		return &webex.Error{Code: 2560, Description: "The service is in maintenance."}
	case !x.chance.in(x.w.weather.failing):
		return nil
	}
	x.w.count("webex: late background error")
	return &webex.Error{Code: 10022, Description: "User already exists in another organization."}
}

var duplicate = webex.Error{Code: 10010, Description: "A subscriber with this userId exists already."}

func (x *fakeWebex) provision(r webex.Request, owner string) (webex.Subscriber, error) {
	twin := x.taken(r.UserID, nil)
	if i := slices.IndexFunc(x.records, func(r *record) bool { return r.owner == owner }); i >= 0 {
		x.w.fail(oneRecord, owner, "a second record is asked for beside %s, which is %s", x.records[i].ID, x.records[i].Status)
	}
	if twin != nil {
		x.w.fail(oneRecord, owner, "a second record of user %s is asked for beside one that is %s", r.UserID, twin.Status)
		if !x.w.weather.twins {
			return webex.Subscriber{}, conflict("A subscriber with this userId exists already.")
		}
	}
	x.made++
	made := &record{owner: owner, changed: time.Now(), Subscriber: webex.Subscriber{
		Request: r, ID: fmt.Sprintf("%s-%d", x.partner, x.made), Status: webex.Provisioning, Created: time.Now(), LastStatusChange: time.Now(),
	}}
	x.records = append(x.records, made)
	over, trouble := x.chance.between(time.Second, 90*time.Second), x.trouble(r.SPEnterpriseID)
	if twin != nil {
		trouble = &duplicate
	}
	provisioned := func(r *record) { r.Status, r.PersonID, r.live = webex.Provisioned, "person-"+r.ID, true }
	switch {
	case trouble != nil:
		x.become(made.ID, over, func(r *record) { r.Status, r.Errors = webex.Failed, []webex.Error{*trouble} })
	case !strings.HasSuffix(r.Email, "@consumer.example"):
		x.become(made.ID, over, provisioned)
	default:
		x.become(made.ID, over, func(r *record) { r.Status = webex.PendingUserMigration })
		consent := over + x.chance.between(time.Minute, 2*time.Hour)
		if given := x.chance.in(0.6); !given || time.Now().Add(consent).After(x.w.well.Add(settling/2)) {
			x.w.count("webex: consent never given")
			break
		}
		x.w.count("webex: consent given")
		x.become(made.ID, consent, func(r *record) { r.Status = webex.Provisioning })
		x.become(made.ID, consent+x.chance.between(time.Second, time.Minute), provisioned)
	}
	return x.shown(made), nil
}

func (x *fakeWebex) update(id string, from, to webex.Profile) (webex.Subscriber, error) {
	r := x.find(id)
	switch {
	case r == nil:
		return webex.Subscriber{}, absent()
	case r.Status != webex.Provisioned && !(r.Status == webex.Failed && r.live):
		return webex.Subscriber{}, conflict("A subscriber that is " + string(r.Status) + " cannot be updated.")
	}
	next := over(r.Profile, from, to)
	r.change()
	r.Status, r.next, r.LastStatusChange = webex.Updating, &next, time.Now()
	trouble := x.trouble(r.SPEnterpriseID)
	if twin := x.taken(next.UserID, r); twin != nil {
		x.w.fail(oneRecord, r.owner, "user id %s is asked for while another record has it", next.UserID)
		trouble = &duplicate
	}
	x.become(id, x.chance.between(time.Second, 40*time.Second), func(r *record) {
		r.Status, r.next, r.Errors = webex.Provisioned, nil, nil
		if trouble != nil {
			r.Status, r.Errors = webex.Failed, []webex.Error{*trouble}
			return
		}
		r.Profile = next
	})
	return x.shown(r), nil
}

// over applies what differs between two profiles, which is all that Webex is sent.
func over(p, from, to webex.Profile) webex.Profile {
	set := func(at *string, from, to string) {
		if from != to {
			*at = to
		}
	}
	set(&p.UserID, from.UserID, to.UserID)
	set(&p.FirstName, from.FirstName, to.FirstName)
	set(&p.LastName, from.LastName, to.LastName)
	set(&p.PrimaryPhoneNumber, from.PrimaryPhoneNumber, to.PrimaryPhoneNumber)
	set(&p.MobilePhoneNumber, from.MobilePhoneNumber, to.MobilePhoneNumber)
	set(&p.Extension, from.Extension, to.Extension)
	set(&p.Timezone, from.Timezone, to.Timezone)
	set((*string)(&p.Package), string(from.Package), string(to.Package))
	return p
}

func (x *fakeWebex) remove(id string) {
	x.records = slices.DeleteFunc(x.records, func(r *record) bool { return r.ID == id })
}

func (x *fakeWebex) resend(id string) error {
	switch r := x.find(id); {
	case r == nil:
		return absent()
	case r.Status != webex.PendingUserMigration:
		return conflict("No consent is awaited.")
	}
	return nil
}

// byUserID returns the record that a list by user id leads to: one that did not
// fail, then the latest.
func (x *fakeWebex) byUserID(userID string) (best *record) {
	for _, r := range x.records {
		if subscriber.FoldUserID(r.UserID) == subscriber.FoldUserID(userID) && (best == nil || best.Status == webex.Failed || r.Status != webex.Failed) {
			best = r
		}
	}
	return best
}

// say adds a line to the history of a subscriber.
func (x *fakeWebex) say(owner, format string, args ...any) {
	x.calls = append(x.calls, call{time.Now(), owner, fmt.Sprintf(format, args...)})
}

func absent() error {
	return &commands.WebexError{Outcome: commands.Refused, Status: http.StatusNotFound, Message: "not found"}
}

func conflict(text string) error {
	return &commands.WebexError{Outcome: commands.Conflict, Status: http.StatusConflict, Message: text}
}
