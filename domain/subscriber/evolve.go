package subscriber

import (
	"cmp"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	before := s.Status()
	s, at := evolve(s, e)
	if at.IsZero() {
		return s
	}
	s.Changed = at
	if s.Stage != Stopped {
		s.RetryAt, s.Quarantined = time.Time{}, false
	}
	if s.Status() != before {
		s.StatusChanged = at
	}
	return s
}

func evolve(s State, e domain.Event) (State, time.Time) {
	switch e := e.(type) {
	case Onboarded:
		return evolveOnboarded(s, e), e.At
	case Adopted:
		return evolveAdopted(s, e), e.At
	case EmailSubmitted:
		s.Email, s.EmailTrusted = string(e.Email), false
		return s.startOver(AwaitingValidation), e.At
	case EmailValidated:
		s.EmailTrusted, s.Stage = true, Ready
		return s, e.At
	case ActivationRetried:
		if !s.provisioned() {
			s.Email, s.EmailTrusted = string(e.Email), true
		}
		return s.retried(), e.At
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
	return evolveRetry(s, e)
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
	s.Tries = 0
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
		if e.Kind == Update && s.Sent.Timezone != s.Applied.Timezone {
			s.Applied.Timezone = unknownTimezone
		}
		return s, e.At
	case ConsentAwaited:
		s.Stage = s.unlessLeaving(AwaitingConsent)
		return s, e.At
	case ConsentGiven:
		s.Stage, s.ConsentMail = s.unlessLeaving(Ready), false
		return s, e.At
	case Provisioned:
		s.Stage, s.PersonID = s.unlessLeaving(Live), e.PersonID
		s.Applied, s.Request, s.Errors, s.ConsentMail, s.Tries = s.Sent, RequestState{}, nil, false, 0
		return s, e.At
	case ProvisioningFailed:
		s.Stage, s.Request, s.Errors = s.unlessLeaving(Stopped), RequestState{}, e.Errors
		s.Stale, s.ConsentMail = s.WebexID != "", false
		return s, e.At
	case Updated:
		s.Applied, s.Request, s.Errors, s.Stale, s.Tries = s.Sent, RequestState{}, nil, false, 0
		return s, e.At
	case UpdateFailed:
		s.Stage, s.Request, s.Errors, s.Stale = s.unlessLeaving(Stopped), RequestState{}, e.Errors, true
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
	case SeenAtWebex:
		return e.apply(s), e.At
	case StatusSeen:
		return evolveSeen(s, e), e.At
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
		s.Request.Kind, s.Request.Phase, s.Request.At, s.Request.StatusAt = e.Kind, Accepted, e.At, e.StatusAt
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
