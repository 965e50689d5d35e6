package subscriber

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// StartRequest is the intent to ask something of Webex, recorded before it is
// asked. It is also the claim: one request is open per subscriber.
type StartRequest struct {
	Kind     RequestKind
	Tracking string // ours
	At       time.Time
}

// RecordAccepted is Webex taking the request.
type RecordAccepted struct {
	Tracking  string           // of the request
	Record    webex.Subscriber // as in the reply; zero when the reply has none
	WebexSays string           // Webex's tracking id
	At        time.Time
}

// RecordPostponed is Webex not carrying the request out for now.
type RecordPostponed struct {
	Tracking  string
	Status    int
	Until     time.Time
	WebexSays string
	At        time.Time
}

// RecordRefused is Webex saying no, or Ledgerline giving up (Status 0).
type RecordRefused struct {
	Tracking  string
	Status    int
	Errors    []webex.Error
	WebexSays string
	At        time.Time
}

// RecordLost is no reply that tells what became of the request.
type RecordLost struct {
	Tracking  string
	Status    int
	Why       string
	WebexSays string
	At        time.Time
}

// RecordFound is what a look-up showed about a lost request: by user id (that of
// State.Sent) for Provision, of the record itself (State.WebexID) for the others.
type RecordFound struct {
	Tracking string
	Found    bool
	Record   webex.Subscriber
	At       time.Time
}

// RecordStatus is what following an accepted request showed. What was read of
// another record, or before the request was accepted, changes nothing.
type RecordStatus struct {
	Found  bool
	Record webex.Subscriber // its ID, where given, is compared even if not Found
	At     time.Time        // when Webex was asked
}

// ErrNotDue is said to somebody who wants to send a request by an older state of
// things.
var ErrNotDue = domain.Reject(domain.Conflict, "This request to Webex is not due, or not any more.")

func startRequest(s State, c StartRequest) ([]domain.Event, error) {
	switch {
	case s.Request.TrackingID == c.Tracking && s.Request.Phase == Started:
		return nil, nil
	case s.Busy():
		return nil, ErrInProgress
	case s.Wants() != c.Kind, s.Request.Phase == Postponed && c.At.Before(s.Request.Until):
		return nil, ErrNotDue
	}
	attempt := 1
	if s.Request.Kind == c.Kind {
		attempt = s.Request.Attempt
		if s.Request.Phase != Postponed {
			attempt++
		}
	}
	return []domain.Event{RequestStarted{Kind: c.Kind, Attempt: attempt, TrackingID: c.Tracking, At: c.At}}, nil
}

// open says whether the answer is to the request that is open. Late answers to
// earlier ones change nothing: what they told was found out by looking up.
func (s State) open(tracking string) bool { return s.Request.TrackingID == tracking && s.Busy() }

func recordAccepted(s State, c RecordAccepted) []domain.Event {
	accepted := RequestAccepted{Kind: s.Request.Kind, WebexID: c.Record.ID, StatusAt: c.Record.LastStatusChange, TrackingID: c.WebexSays, At: c.At}
	switch {
	case !s.open(c.Tracking):
		return nil
	case s.Request.Kind == Provision && c.Record.ID == "":
		return recordLost(s, RecordLost{Tracking: c.Tracking, Why: "Webex accepted the request without saying which record it made.", WebexSays: c.WebexSays, At: c.At})
	case s.Request.Kind == Provision:
		return s.accepted(accepted, c.Record)
	}
	return []domain.Event{accepted} // the reply to an update may show the record as it was before
}

// accepted returns the acceptance and what the record shows besides.
func (s State) accepted(e RequestAccepted, r webex.Subscriber) []domain.Event {
	return append([]domain.Event{e}, statusEvents(Evolve(s, e), r, e.At)...)
}

// leave adds that a leaving subscriber is removed as soon as no record of it is
// left at Webex and no request is open that could make one.
func leave(s State, events []domain.Event) []domain.Event {
	for _, e := range events {
		s = Evolve(s, e)
	}
	if len(events) > 0 && s.Stage == Leaving && s.nothingThere() {
		return append(events, Removed{At: s.Changed})
	}
	return events
}

func recordPostponed(s State, c RecordPostponed) []domain.Event {
	if !s.open(c.Tracking) {
		return nil
	}
	return []domain.Event{RequestPostponed{Kind: s.Request.Kind, Status: c.Status, Until: c.Until, TrackingID: c.WebexSays, At: c.At}}
}

func recordRefused(s State, c RecordRefused) []domain.Event {
	kind, absent := s.Request.Kind, c.Status == http.StatusNotFound || c.Status == http.StatusGone
	switch {
	case s.Request.Attempt == 0 || s.Request.TrackingID != c.Tracking || s.Request.Phase == Accepted:
		return nil
	case absent && kind == Remove:
		return []domain.Event{RequestAccepted{Kind: kind, TrackingID: c.WebexSays, Found: true, At: c.At}}
	case absent && kind != Provision:
		return []domain.Event{Vanished{At: c.At}}
	}
	return []domain.Event{RequestRefused{Kind: kind, Status: c.Status, Errors: reasons(c.Errors), TrackingID: c.WebexSays, At: c.At}}
}

// reasons are the errors, or that there are none: who is stopped is told why.
func reasons(errors []webex.Error) []webex.Error {
	if len(errors) == 0 {
		return []webex.Error{{Description: "Webex gave no reason."}}
	}
	return errors
}

func recordLost(s State, c RecordLost) []domain.Event {
	if !s.open(c.Tracking) || s.Request.Phase == Lost {
		return nil
	}
	return []domain.Event{RequestLost{Kind: s.Request.Kind, Status: c.Status, Why: c.Why, TrackingID: c.WebexSays, At: c.At}}
}

func recordFound(s State, c RecordFound) []domain.Event {
	if !s.open(c.Tracking) {
		return nil
	}
	kind := s.Request.Kind
	found := RequestAccepted{Kind: kind, WebexID: c.Record.ID, StatusAt: c.Record.LastStatusChange, Found: true, At: c.At}
	absent := RequestAbsent{Kind: kind, At: c.At}
	switch {
	case kind == Provision && c.Found && len(s.differences(c.Record)) == 0:
		return s.accepted(found, c.Record)
	case kind == Provision && c.Found:
		return s.refused("Webex has this BroadWorks user already, with another "+strings.Join(s.differences(c.Record), ", another ")+
			". Remove it there, then retry the activation.", c.At)
	case kind == Update && !c.Found:
		return []domain.Event{Vanished{At: c.At}}
	case kind == Update && (c.Record.Status == webex.Updating || s.showsUpdate(c.Record) || s.showsFailure(c.Record)):
		return s.accepted(found, c.Record)
	case kind == Remove && !c.Found:
		return []domain.Event{RequestAccepted{Kind: kind, Found: true, At: c.At}}
	case kind == ResendConsent && !c.Found:
		return []domain.Event{Vanished{At: c.At}}
	case kind == ResendConsent:
		return s.refused("It is not known whether the consent mail was sent. Ask for it again if it does not arrive.", c.At)
	case s.Request.Conflict != "":
		return s.refused(s.Request.Conflict, c.At)
	}
	return []domain.Event{absent}
}

// differences names what tells a record at Webex from the one that this
// subscriber was to be provisioned with; none: it is ours. Names and numbers are
// not compared, as Webex may write them differently. The values themselves are
// not named: texts of errors are not personal.
func (s State) differences(r webex.Subscriber) []string {
	var names []string
	differ := func(name, have, want string) {
		if have != want {
			names = append(names, name)
		}
	}
	differ("BroadWorks user id", FoldUserID(r.UserID), FoldUserID(s.Sent.UserID))
	differ("enterprise", r.SPEnterpriseID, s.SPEnterpriseID)
	differ("e-mail address", CanonicalEmail(r.Email), CanonicalEmail(s.Email))
	if r.ProvisioningID != "" {
		differ("template", strings.TrimRight(r.ProvisioningID, "="), strings.TrimRight(s.ProvisioningID, "="))
	}
	if r.Package != "" {
		differ("package", string(r.Package), string(s.Sent.Package))
	}
	return names
}

// unknownTimezone is what is known to be at Webex after an update of the time zone
// that nobody saw end: Webex does not show it, so that it has to be sent again,
// whatever is wanted by then.
const unknownTimezone = "unknown"

// showsUpdate says whether a record at Webex proves that the update that was sent
// has been carried out. One that cannot be seen there is not proved; sending it
// again does no harm.
func (s State) showsUpdate(r webex.Subscriber) bool {
	failed := s.Stale && r.Status == webex.Failed // by this update, or still by the one before
	return shows(r.Profile, s.Sent) && s.Sent.Timezone == s.Applied.Timezone && !failed
}

// showsFailure says whether a record at Webex proves that the update that was sent
// has failed there: it was in good order before.
func (s State) showsFailure(r webex.Subscriber) bool { return !s.Stale && r.Status == webex.Failed }

// shows says whether a record at Webex has the values that were sent. Numbers
// are compared by what they mean; Webex does not show the time zone.
func shows(at, sent webex.Profile) bool {
	at.PrimaryPhoneNumber, at.MobilePhoneNumber = mended(at.PrimaryPhoneNumber), mended(at.MobilePhoneNumber)
	at.UserID, sent.UserID = FoldUserID(at.UserID), FoldUserID(sent.UserID)
	at.Timezone = cmp.Or(at.Timezone, sent.Timezone)
	return at == sent
}

func (s State) refused(text string, at time.Time) []domain.Event {
	return []domain.Event{RequestRefused{Kind: s.Request.Kind, Status: 409, Errors: []webex.Error{{Description: text}}, At: at}}
}

func recordStatus(s State, c RecordStatus) []domain.Event {
	switch {
	case s.Request.Phase != Accepted || c.At.Before(s.Request.At):
		return nil
	case c.Record.ID != "" && c.Record.ID != s.WebexID:
		return nil
	case c.Found:
		return statusEvents(s, c.Record, c.At)
	}
	return []domain.Event{Vanished{At: c.At}}
}

// statusEvents tells what is new in a record at Webex while an accepted request
// is followed. A status that it does not know is nothing new, nor is that of before
// an update. A new record has none of before, whatever Webex's clocks say.
func statusEvents(s State, r webex.Subscriber, at time.Time) []domain.Event {
	before := r.LastStatusChange.Before(s.Request.StatusAt) && !r.LastStatusChange.IsZero()
	switch {
	case s.Request.Phase != Accepted, s.Request.Kind == Update && before:
	case s.Request.Kind == Update && r.Status == webex.Provisioned:
		return []domain.Event{Updated{At: at}}
	case s.Request.Kind == Update && r.Status == webex.Failed:
		return []domain.Event{UpdateFailed{Errors: reasons(r.Errors), At: at}}
	case s.Request.Kind != Provision:
	case r.Status == webex.Provisioned && s.Stage == AwaitingConsent:
		return []domain.Event{ConsentGiven{At: at}, Provisioned{PersonID: r.PersonID, At: at}}
	case r.Status == webex.Provisioned:
		return []domain.Event{Provisioned{PersonID: r.PersonID, At: at}}
	case r.Status == webex.Failed:
		return []domain.Event{ProvisioningFailed{Errors: reasons(r.Errors), At: at}}
	case r.Status == webex.PendingUserMigration && s.Stage == Ready:
		return []domain.Event{ConsentAwaited{At: at}}
	case r.Status == webex.Provisioning && s.Stage == AwaitingConsent:
		return []domain.Event{ConsentGiven{At: at}}
	}
	return nil
}

func (StartRequest) subscriberCommand()    {}
func (RecordAccepted) subscriberCommand()  {}
func (RecordPostponed) subscriberCommand() {}
func (RecordRefused) subscriberCommand()   {}
func (RecordLost) subscriberCommand()      {}
func (RecordFound) subscriberCommand()     {}
func (RecordStatus) subscriberCommand()    {}
