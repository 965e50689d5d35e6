package subscriber

import (
	"cmp"
	"fmt"
	"net/http"
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
	Stale       bool   // the record at Webex is of a failed try and must go before the next
	ConsentMail bool   // to be sent again
	Request     RequestState
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
		if s.Profile != s.Applied {
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
	case s.Stage == Live && s.Profile != s.Applied:
		return Update
	}
	return ""
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

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	before := s.Status()
	s, at := evolve(s, e)
	if at.IsZero() {
		return s
	}
	s.Changed = at
	if s.Status() != before {
		s.StatusChanged = at
	}
	return s
}

func evolve(s State, e domain.Event) (State, time.Time) {
	switch e := e.(type) {
	case Onboarded:
		return evolveOnboarded(s, e), e.At
	case EmailSubmitted:
		s.Email, s.EmailTrusted = string(e.Email), false
		return s.startOver(AwaitingValidation), e.At
	case EmailValidated:
		s.EmailTrusted, s.Stage = true, Ready
		return s, e.At
	case ActivationRetried:
		if s.provisioned() {
			s.Stage, s.Errors, s.Request = Live, nil, RequestState{}
			return s, e.At
		}
		s.Email, s.EmailTrusted = string(e.Email), true
		return s.startOver(Ready), e.At
	case PackageChanged:
		s.Profile.Package = e.Package
		return s, e.At
	case DetailsChanged:
		s.Profile = e.apply(s.Profile)
		return s, e.At
	case UserIDChanged:
		s.Profile.UserID = string(e.UserID)
		return s, e.At
	case NameClaimed:
		s.Claimed = e.Subscriber
		return s, e.At
	case NameReleased:
		s.Claimed = uuid.UUID{}
		return s, e.At
	case ConsentMailRequested:
		s.ConsentMail = true
		return s, e.At
	case DeletionRequested:
		s.Stage, s.ConsentMail, s.Errors = Leaving, false, nil
		if s.Request.Phase == Postponed {
			s.Request = RequestState{}
		}
		return s, e.At
	}
	return evolveRequest(s, e)
}

func evolveOnboarded(s State, e Onboarded) State {
	s = State{
		Lives: s.Lives + 1, Claimed: s.Claimed, Stage: AwaitingEmail,
		Flow: e.Flow, SPEnterpriseID: e.SPEnterpriseID, ProvisioningID: e.ProvisioningID, Language: e.Language,
		Email: string(e.Email), EmailTrusted: e.EmailTrusted, AdminFirst: e.AdminFirst, Created: e.At,
		Profile: webex.Profile{
			UserID: string(e.UserID), FirstName: string(e.FirstName), LastName: string(e.LastName),
			PrimaryPhoneNumber: string(e.PrimaryPhoneNumber), MobilePhoneNumber: string(e.MobilePhoneNumber),
			Extension: string(e.Extension), Timezone: e.Timezone, Package: e.Package,
		},
	}
	switch {
	case e.Email == "":
	case e.EmailTrusted:
		s.Stage = Ready
	case e.Flow == SelfActivation:
		s.Stage = AwaitingValidation
	}
	return s
}

// startOver goes back to an early stage. A record at Webex of the try before has
// to go, because the address of a record cannot be changed.
func (s State) startOver(at Stage) State {
	s.Stage, s.Errors, s.ConsentMail = at, nil, false
	s.Stale = s.WebexID != ""
	if !s.Busy() {
		s.Request = RequestState{}
	}
	return s
}

func (e DetailsChanged) apply(p webex.Profile) webex.Profile {
	set := func(to *string, from *domain.Personal) {
		if from != nil {
			*to = string(*from)
		}
	}
	set(&p.FirstName, e.FirstName)
	set(&p.LastName, e.LastName)
	set(&p.PrimaryPhoneNumber, e.PrimaryPhoneNumber)
	set(&p.MobilePhoneNumber, e.MobilePhoneNumber)
	set(&p.Extension, e.Extension)
	if e.Timezone != nil {
		p.Timezone = *e.Timezone
	}
	return p
}

// evolveRequest is the part of evolve that tells what became of requests.
func evolveRequest(s State, e domain.Event) (State, time.Time) {
	switch e := e.(type) {
	case RequestStarted:
		s.Request = RequestState{Kind: e.Kind, Phase: Started, Attempt: e.Attempt, TrackingID: e.TrackingID, At: e.At}
		if e.Kind == Provision || e.Kind == Update {
			s.Sent = s.Profile
		}
		return s, e.At
	case RequestAccepted:
		return evolveAccepted(s, e), e.At
	case RequestPostponed:
		s.Request.Phase, s.Request.At, s.Request.Until = Postponed, e.At, e.Until
		return s, e.At
	case RequestRefused:
		s.Errors = e.Errors
		if e.Kind == ResendConsent {
			s.ConsentMail, s.Request = false, RequestState{Kind: Provision, Phase: Accepted, At: e.At}
			return s, e.At
		}
		s.Request = RequestState{}
		if s.Stage != Leaving || e.Kind == Remove {
			s.Stage = Stopped
		}
		return s, e.At
	case RequestLost:
		s.Request.Phase, s.Request.At = Lost, e.At
		if e.Status == http.StatusConflict {
			s.Request.Conflict = cmp.Or(e.Why, "Webex says that this conflicts with something it has already.")
		}
		return s, e.At
	case RequestAbsent:
		s.Request.Phase, s.Request.At = Idle, e.At
		return s, e.At
	case ConsentAwaited:
		s.Stage = s.unlessLeaving(AwaitingConsent)
		return s, e.At
	case ConsentGiven:
		s.Stage, s.ConsentMail = s.unlessLeaving(Ready), false
		return s, e.At
	case Provisioned:
		s.Stage, s.PersonID = s.unlessLeaving(Live), e.PersonID
		s.Applied, s.Request, s.Errors, s.ConsentMail = s.Sent, RequestState{}, nil, false
		return s, e.At
	case ProvisioningFailed:
		s.Stage, s.Request, s.Errors = s.unlessLeaving(Stopped), RequestState{}, e.Errors
		s.Stale, s.ConsentMail = s.WebexID != "", false
		return s, e.At
	case Updated:
		s.Applied, s.Request, s.Errors = s.Sent, RequestState{}, nil
		return s, e.At
	case UpdateFailed:
		s.Stage, s.Request, s.Errors = s.unlessLeaving(Stopped), RequestState{}, e.Errors
		return s, e.At
	case Vanished:
		s.Stage, s.Request = s.unlessLeaving(Stopped), RequestState{}
		s.WebexID, s.PersonID, s.Stale, s.Applied = "", "", false, webex.Profile{}
		s.Errors = []webex.Error{{Description: "The record at Webex is gone; it was not removed through Ledgerline. Retry the activation to create it again, or delete the user."}}
		return s, e.At
	case Removed:
		s.Stage, s.Request, s.WebexID, s.PersonID, s.Stale = Gone, RequestState{}, "", "", false
		s.Errors, s.Applied = nil, webex.Profile{}
		return s, e.At
	}
	return s, time.Time{}
}

func evolveAccepted(s State, e RequestAccepted) State {
	switch e.Kind {
	case Remove: // of a stale record, or followed by Removed
		s.WebexID, s.PersonID, s.Stale, s.Request, s.Applied = "", "", false, RequestState{}, webex.Profile{}
	case ResendConsent:
		s.ConsentMail, s.Request = false, RequestState{Kind: Provision, Phase: Accepted, At: e.At}
	default:
		s.Request.Kind, s.Request.Phase, s.Request.At = e.Kind, Accepted, e.At
		if e.WebexID != "" {
			s.WebexID = e.WebexID
		}
	}
	return s
}

func (s State) unlessLeaving(stage Stage) Stage {
	if s.Stage == Leaving || s.Stage == Gone {
		return s.Stage
	}
	return stage
}

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
	case StartRequest:
		return startRequest(s, c)
	case RecordAccepted:
		return leave(s, recordAccepted(s, c)), nil
	case RecordPostponed:
		return leave(s, recordPostponed(s, c)), nil
	case RecordRefused:
		return leave(s, recordRefused(s, c)), nil
	case RecordLost:
		return recordLost(s, c), nil
	case RecordFound:
		return leave(s, recordFound(s, c)), nil
	case RecordStatus:
		return leave(s, recordStatus(s, c)), nil
	}
	panic(fmt.Sprintf("subscriber: no rule for %T", c))
}
