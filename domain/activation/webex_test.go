package activation_test

import (
	"fmt"

	"pgregory.net/rapid"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// remote is a Webex that holds one BroadWorks user at most, as a value: what it
// answers is drawn by the test, what it does is its own.
type remote struct {
	record  *webex.Subscriber
	pending webex.Profile // of the update under way
	made    int
}

// reply is Webex's status and its record; 0: no reply.
type reply struct {
	status int
	record webex.Subscriber
}

// carryOut does what a request asks, and answers as Webex would.
func (w *remote) carryOut(kind subscriber.RequestKind, r webex.Request, id string) reply {
	switch kind {
	case subscriber.Provision:
		if w.record != nil {
			return reply{status: 409}
		}
		w.made++
		w.record = &webex.Subscriber{Request: r, ID: fmt.Sprintf("webex-%d", w.made), Status: webex.Provisioning}
		return reply{200, w.shown()}
	case subscriber.Remove:
		if w.record != nil && w.record.ID == id {
			w.record = nil
		}
		return reply{status: 204}
	}
	switch {
	case w.record == nil || w.record.ID != id:
		return reply{status: 404}
	case kind == subscriber.ResendConsent && w.record.Status != webex.PendingUserMigration:
		return reply{status: 409}
	case kind == subscriber.Update:
		before := w.shown()
		w.pending, w.record.Status = r.Profile, webex.Updating
		return reply{200, before}
	}
	return reply{status: 204}
}

// shown is the record as Webex shows it, which is not quite as it was sent.
func (w *remote) shown() webex.Subscriber {
	r := *w.record
	r.Timezone = ""
	if number := r.PrimaryPhoneNumber; number != "" {
		r.PrimaryPhoneNumber = number[:3] + "-" + number[3:]
	}
	return r
}

// work goes on with what was accepted; with luck it ends well.
func (w *remote) work(t *rapid.T, lucky bool) {
	if w.record == nil {
		return
	}
	fates := []string{"done", "done", "done", "later", "fails", "consent"}
	if lucky {
		fates = fates[:2]
	}
	fate := rapid.SampledFrom(fates).Draw(t, "fate")
	r := w.record
	switch {
	case fate == "later":
	case r.Status == webex.Updating && fate == "fails":
		r.Status, r.Errors, w.pending = webex.Failed, []webex.Error{{Code: 1, Description: "no update"}}, webex.Profile{}
	case r.Status == webex.Updating:
		r.Profile, r.Status, r.Errors = w.pending, webex.Provisioned, nil
	case r.Status != webex.Provisioning && r.Status != webex.PendingUserMigration:
	case fate == "fails":
		r.Status, r.Errors = webex.Failed, []webex.Error{{Code: 10022, Description: "taken"}}
	case fate == "consent":
		r.Status = webex.PendingUserMigration
	case r.Status == webex.PendingUserMigration && !lucky:
		r.Status = webex.Provisioning
	default:
		r.Status, r.PersonID = webex.Provisioned, "person"
	}
}
