package subscriber

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Kind is the kind of a subscriber's stream.
const Kind = "subscriber"

// Stream returns the name of the stream of a partner's BroadWorks user id.
func Stream(partner, userID string) string {
	return domain.StreamOf(Kind, ID(partner, userID))
}

// ID returns the id of the subscriber that was first known by this user id.
func ID(partner, userID string) uuid.UUID {
	return domain.NameID(partner, Kind, FoldUserID(userID))
}

// Decider is the rules.
var Decider = domain.Decider[State, Command]{Decide: Decide, Evolve: Evolve, Events: Events}

// Flow is how a subscriber comes to Webex.
// Source: https://help.webex.com/en-us/article/77600z/Managing-Webex-for-BroadWorks
type Flow string

// The flows. Trusted and untrusted flow-through differ by the template.
const (
	FlowThrough    Flow = "flow_through"    // the administrator assigned the service in BroadWorks
	SelfActivation Flow = "self_activation" // the subscriber followed the share link
	API            Flow = "api"             // the provider's own system or a file asked
)

// RequestKind is what is asked of Webex.
type RequestKind string

// The requests.
const (
	Provision     RequestKind = "provision"
	Update        RequestKind = "update"
	Remove        RequestKind = "remove"
	ResendConsent RequestKind = "resend_consent"
)

// Stage is how far a subscriber has come.
type Stage int

// The stages.
const (
	Absent             Stage = iota // never onboarded
	AwaitingEmail                   // the subscriber is to enter an address
	AwaitingValidation              // the subscriber is to validate the address
	Ready                           // everything is known that Webex needs; the engine's turn
	AwaitingConsent                 // the subscriber is to let an existing account move
	Live                            // at Webex
	Stopped                         // an attempt failed; an administrator's or the subscriber's turn
	Leaving                         // to be removed from Webex
	Gone                            // removed
)

// Phase is what is known of the last request to Webex.
type Phase int

// The phases.
const (
	Idle      Phase = iota // none under way
	Started                // being sent, by this program or by one that died
	Accepted               // taken by Webex, result awaited
	Postponed              // certainly not carried out; to be sent again later
	Lost                   // nobody knows
)

// RequestState is what is known of the last request to Webex.
type RequestState struct {
	Kind       RequestKind
	Phase      Phase
	Attempt    int       // of this kind in a row; 0: none yet
	TrackingID string    // ours
	At         time.Time // when it came into this phase
	Until      time.Time // for Postponed: not before
	StatusAt   time.Time // for Accepted: when the record's status changed, by Webex's clock; zero: unknown
	Conflict   string    // for Lost: what Webex said when it answered 409; empty: it did not
}

// State is what the rules and the process ask about.
type State struct {
	Stage   Stage
	Lives   int       // how often onboarded
	Claimed uuid.UUID // this user id belongs to another subscriber; zero: it does not

	Flow           Flow
	SPEnterpriseID string
	ProvisioningID string
	Language       string
	Email          string
	EmailTrusted   bool // validated, vouched for, or not in need of it
	AdminFirst     bool

	Profile webex.Profile // as wanted
	Sent    webex.Profile // as in the last request
	Applied webex.Profile // as last known to be at Webex

	WebexID     string // of the record at Webex; empty: none known
	PersonID    string // empty: not provisioned
	Stale       bool   // the record at Webex shows a failed try: it must go before the next, or be updated if it was provisioned
	ConsentMail bool   // to be sent again
	Request     RequestState
	RetryAt     time.Time     // when the engine tries again what failed; zero: it does not
	Tries       int           // planned by the engine since somebody last asked
	Quarantined bool          // the engine gave up: no answer ever came
	Errors      []webex.Error // of the last attempt

	Created       time.Time // of this life
	StatusChanged time.Time
	Changed       time.Time // of the last event
}

// Status returns Webex's word for where the subscriber stands; empty when there
// is none. An unknown outcome shows as the status before the reply.
func (s State) Status() webex.Status {
	switch s.Stage {
	case AwaitingEmail:
		return webex.PendingEmailInput
	case AwaitingValidation:
		return webex.PendingEmailValidation
	case Ready:
		return webex.Provisioning
	case AwaitingConsent:
		return webex.PendingUserMigration
	case Live:
		if s.unlike() {
			return webex.Updating
		}
		return webex.Provisioned
	case Stopped:
		return webex.Failed
	case Leaving:
		return webex.Removing
	case Gone:
		return webex.Removed
	}
	return ""
}

// Here says whether the subscriber is onboarded and not removed or leaving.
func (s State) Here() bool { return s.Stage != Absent && s.Stage != Gone && s.Stage != Leaving }

// Wants returns which request to Webex comes next as things stand; empty: none,
// or the outcome of one is open. Whether the customer's administrator has to be
// active before is not known here.
func (s State) Wants() RequestKind {
	switch {
	case s.Busy():
		return ""
	case s.Stage == Leaving, s.Stage == Ready && s.Stale:
		return Remove
	case s.Stage == AwaitingConsent && s.ConsentMail:
		return ResendConsent
	case s.Request.Phase == Accepted:
		return ""
	case s.Stage == Ready:
		return Provision
	case s.Stage == Live && s.unlike():
		return Update
	}
	return ""
}

// unlike says whether the record at Webex is not as wanted: other values, or the
// trace of an update that failed.
func (s State) unlike() bool { return s.Profile != s.Applied || s.Stale }

// Uses says whether a user id, named by its ID, is wanted by this subscriber, or is
// that of its record at Webex as far as known.
func (s State) Uses(partner string, name uuid.UUID) bool {
	wanted := s.Here() && ID(partner, s.Profile.UserID) == name
	return wanted || !s.nothingThere() && (ID(partner, s.Applied.UserID) == name || ID(partner, s.Sent.UserID) == name)
}

// provisioned says whether a record at Webex has been provisioned, whatever
// became of later changes to it.
func (s State) provisioned() bool { return s.Applied != webex.Profile{} }

// nothingThere says whether no record is at Webex and none can come to be there.
func (s State) nothingThere() bool {
	return s.WebexID == "" && !s.Busy() && s.Request.Phase != Accepted
}

// Busy says whether the outcome of a request is open: being sent, or lost.
func (s State) Busy() bool { return s.Request.Phase == Started || s.Request.Phase == Lost }

// Decide answers a command with the events to record. No events and no error
// means that things already are as asked.
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Onboard:
		return onboard(s, c)
	case SubmitEmail:
		return submitEmail(s, c)
	case ValidateEmail:
		return validateEmail(s, c)
	case RetryActivation:
		return retryActivation(s, c)
	case RetryStopped:
		return retryStopped(s, c)
	case ChangePackage:
		return changePackage(s, c)
	case ChangeDetails:
		return changeDetails(s, c)
	case ChangeUserID:
		return changeUserID(s, c)
	case ClaimName:
		return claimName(s, c)
	case ReleaseName:
		return releaseName(s, c)
	case RequestConsentMail:
		return requestConsentMail(s, c)
	case Delete:
		return deleteSubscriber(s, c)
	case All:
		return all(s, c)
	case Adopt:
		return adopt(s, c)
	case SeeAtWebex:
		return seeAtWebex(s, c)
	case TakeFromWebex:
		return takeFromWebex(s, c)
	case SeeAbsent:
		return seeAbsent(s, c)
	case SeeStatus:
		return seeStatus(s, c)
	case StartRequest:
		return startRequest(s, c)
	case RecordAccepted:
		return planRetry(s, leave(s, recordAccepted(s, c))), nil
	case RecordPostponed:
		return leave(s, recordPostponed(s, c)), nil
	case RecordRefused:
		return planRetry(s, leave(s, recordRefused(s, c))), nil
	case RecordLost:
		return recordLost(s, c), nil
	case RecordFound:
		return planRetry(s, leave(s, recordFound(s, c))), nil
	case RecordStatus:
		return planRetry(s, leave(s, recordStatus(s, c))), nil
	case TryAgain:
		return tryAgain(s, c)
	case CancelRetry:
		return cancelRetry(s, c)
	case Quarantine:
		return leave(s, quarantine(s, c)), nil
	}
	panic(fmt.Sprintf("subscriber: no rule for %T", c))
}
