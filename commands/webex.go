package commands

import (
	"context"
	"fmt"
	"iter"
	"time"

	"ledgerline/domain/webex"
)

// Webex is what one partner's organisation at Webex can be asked. Calls that
// change something are not repeated by the implementation once their request
// may have reached Webex, except after a reply that says it was not carried out
// and the implementation never waits longer than its caller's context.
//
// tracking is sent as TrackingID; it is ours, and Webex's own comes back in the
// reply. Every error is a *WebexError or wraps the context's.
//
// Implementations are safe for concurrent use and pass webextest.Run.
type Webex interface {
	// Provision starts provisioning. Accepted is not done: the status says how
	// far it is, and later failures appear only in the subscriber's errors.
	Provision(ctx context.Context, r webex.Request, tracking string) (webex.Subscriber, Receipt, error)
	// Update changes what differs between from and to. Accepted is not done.
	Update(ctx context.Context, id string, from, to webex.Profile, tracking string) (webex.Subscriber, Receipt, error)
	// Remove removes the subscriber's mapping. One that is absent already is
	// success: the aim is reached.
	Remove(ctx context.Context, id, tracking string) (Receipt, error)
	// ResendConsent sends the mail again that asks to move an existing account.
	ResendConsent(ctx context.Context, id, tracking string) (Receipt, error)

	WebexReads
}

// WebexReads is what can be asked of Webex without changing anything there.
type WebexReads interface {
	// Validate asks whether provisioning would be refused; it reserves nothing.
	Validate(ctx context.Context, r webex.Request, tracking string) (Receipt, error)
	// Subscriber reads one record. found is false when Webex has none with this id.
	Subscriber(ctx context.Context, id string) (s webex.Subscriber, found bool, err error)
	// FindSubscriber looks a record up by BroadWorks user id.
	FindSubscriber(ctx context.Context, userID string) (s webex.Subscriber, found bool, err error)
	// Page reads one page of the list of records that match: the first where from
	// is empty, otherwise the one that Next of the page before names. Webex pages
	// by offset: a record that comes to match, or stops to, between two pages can
	// make others appear twice or be missed.
	Page(ctx context.Context, f WebexFilter, from string) (WebexPage, error)
}

// WebexPage is one page of a list.
type WebexPage struct {
	Records []webex.Subscriber
	Next    string // empty: this was the last
}

// WebexRecords yields all records that match, page by page. After an error it
// stops; pages that lead round in a circle are one.
func WebexRecords(ctx context.Context, w WebexReads, f WebexFilter) iter.Seq2[webex.Subscriber, error] {
	return func(yield func(webex.Subscriber, error) bool) {
		seen := map[string]bool{"": true}
		for from := ""; ; {
			page, err := w.Page(ctx, f, from)
			if err != nil {
				yield(webex.Subscriber{}, err)
				return
			}
			for _, r := range page.Records {
				if !yield(r, nil) {
					return
				}
			}
			if from = page.Next; from == "" {
				return
			}
			if seen[from] {
				yield(webex.Subscriber{}, &WebexError{Message: "the pages of the list go round in a circle"})
				return
			}
			seen[from] = true
		}
	}
}

// WebexFilter narrows a list; zero fields do not narrow.
type WebexFilter struct {
	UserID, PersonID, Email, ProvisioningID, SPEnterpriseID string
	Statuses                                                []webex.Status
	LastStatusChange, CreatedAfter                          time.Time // strictly after
	SelfActivated                                           *bool
	PageSize                                                int // 0: 100, the most that Webex allows
}

// Receipt is what support needs to find a request again.
type Receipt struct {
	TrackingID string // Webex's, from the reply; empty when it gave none
}

// Outcome says what became of a request that was not simply accepted.
type Outcome int

// Outcomes, as in the table of section 5 of the design.
const (
	Unknown  Outcome = iota // 5xx, time-out, reset, cancelled after sending: perhaps carried out
	NotDone                 // 429, 423, or never sent: certainly not carried out, may be repeated
	Refused                 // other 4xx: certainly not carried out, repeating does not help
	Conflict                // 409: perhaps our own success
)

// WebexError is a request that Webex did not accept, or that got no answer.
type WebexError struct {
	Outcome    Outcome
	Status     int           // HTTP status; 0: no reply
	RetryAfter time.Duration // as asked by Webex; 0: it did not say
	Message    string        // Webex's summary, or what happened on the way
	Errors     []webex.Error // Webex's details
	TrackingID string        // Webex's; empty when it gave none
	Err        error         // cause when there was no reply; may be nil
}

// Error gives status, message and tracking id.
func (e *WebexError) Error() string {
	text := fmt.Sprintf("webex: %d %s", e.Status, e.Message)
	if e.TrackingID != "" {
		text += " (" + e.TrackingID + ")"
	}
	return text
}

// Unwrap returns the cause when there was no reply.
func (e *WebexError) Unwrap() error { return e.Err }
