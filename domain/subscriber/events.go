// Package subscriber holds the rules for one BroadWorks user on its way to, in,
// or out of Webex. One stream is the whole life of one user, removals and
// returns included.
package subscriber

import (
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// What is written here is stored for good. A field may be added at any time; to
// change what one means, add the next version of the event beside it. All times
// are UTC. Fields of type domain.Personal say who somebody is.

// Onboarded: somebody asked for this BroadWorks user to come to Webex, for the
// first time or again after a removal.
type Onboarded struct {
	Flow               Flow            `json:"flow"`
	UserID             domain.Personal `json:"userId"` // BroadWorks user id as typed
	SPEnterpriseID     string          `json:"spEnterpriseId"`
	ProvisioningID     string          `json:"provisioningId"`
	Package            webex.Package   `json:"package"`
	FirstName          domain.Personal `json:"firstName"`
	LastName           domain.Personal `json:"lastName"`
	Email              domain.Personal `json:"email,omitzero"`
	EmailTrusted       bool            `json:"emailTrusted,omitzero"` // the address needs no validation
	PrimaryPhoneNumber domain.Personal `json:"primaryPhoneNumber,omitzero"`
	MobilePhoneNumber  domain.Personal `json:"mobilePhoneNumber,omitzero"`
	Extension          domain.Personal `json:"extension,omitzero"`
	Language           string          `json:"language,omitzero"`
	Timezone           string          `json:"timezone,omitzero"`
	AdminFirst         bool            `json:"adminFirst,omitzero"` // the customer's administrator must be active before
	At                 time.Time       `json:"at"`
}

// EmailSubmitted: the subscriber typed an address, which is to be validated.
type EmailSubmitted struct {
	Email domain.Personal `json:"email"`
	At    time.Time       `json:"at"`
}

// EmailValidated: the subscriber showed that the submitted address is theirs.
type EmailValidated struct {
	At time.Time `json:"at"`
}

// ActivationRetried: a new try was asked for, with this address.
type ActivationRetried struct {
	Email domain.Personal `json:"email"` // the address to use from now on; vouched for by who retried
	At    time.Time       `json:"at"`
}

// PackageChanged: another package is wanted.
type PackageChanged struct {
	Package webex.Package `json:"package"`
	At      time.Time     `json:"at"`
}

// DetailsChanged: other details are wanted. Nil fields stay as they are; an
// empty text removes the value.
type DetailsChanged struct {
	FirstName          *domain.Personal `json:"firstName,omitzero"`
	LastName           *domain.Personal `json:"lastName,omitzero"`
	PrimaryPhoneNumber *domain.Personal `json:"primaryPhoneNumber,omitzero"`
	MobilePhoneNumber  *domain.Personal `json:"mobilePhoneNumber,omitzero"`
	Extension          *domain.Personal `json:"extension,omitzero"`
	Timezone           *string          `json:"timezone,omitzero"`
	At                 time.Time        `json:"at"`
}

// UserIDChanged: the BroadWorks user has another id from now on.
type UserIDChanged struct {
	UserID domain.Personal `json:"userId"`
	At     time.Time       `json:"at"`
}

// NameClaimed, in the stream named after a user id: that id belongs to the
// subscriber of another stream, whose id was changed to it.
type NameClaimed struct {
	Subscriber uuid.UUID `json:"subscriber"` // of the stream it belongs to
	At         time.Time `json:"at"`
}

// NameReleased: the claim no longer holds; the id is free again.
type NameReleased struct {
	At time.Time `json:"at"`
}

// ConsentMailRequested: the mail that asks to move an existing account is to be
// sent again.
type ConsentMailRequested struct {
	At time.Time `json:"at"`
}

// DeletionRequested: the subscriber is to leave Webex.
type DeletionRequested struct {
	At time.Time `json:"at"`
}

// RequestStarted: a request to Webex is about to be sent. From here until one of
// the events below, nobody knows whether it was.
type RequestStarted struct {
	Kind       RequestKind `json:"kind"`
	Attempt    int         `json:"attempt"`    // of this kind, since the last success; the first is 1
	TrackingID string      `json:"trackingId"` // ours
	At         time.Time   `json:"at"`
}

// RequestAccepted: Webex took the request. That is not yet success.
type RequestAccepted struct {
	Kind       RequestKind `json:"kind"`
	WebexID    string      `json:"webexId,omitzero"`    // of the subscriber's record at Webex
	StatusAt   time.Time   `json:"statusAt,omitzero"`   // when the record's status changed, by Webex's clock
	TrackingID string      `json:"trackingId,omitzero"` // Webex's
	Found      bool        `json:"found,omitzero"`      // no reply was seen: it was found to have been carried out
	At         time.Time   `json:"at"`
}

// RequestPostponed: Webex did not carry the request out and asks to wait.
type RequestPostponed struct {
	Kind       RequestKind `json:"kind"`
	Status     int         `json:"status"` // HTTP; 0: Webex was not reached
	Until      time.Time   `json:"until"`  // not before
	TrackingID string      `json:"trackingId,omitzero"`
	At         time.Time   `json:"at"`
}

// RequestRefused: Webex said no.
type RequestRefused struct {
	Kind       RequestKind   `json:"kind"`
	Status     int           `json:"status"` // HTTP
	Errors     []webex.Error `json:"errors"`
	TrackingID string        `json:"trackingId,omitzero"`
	At         time.Time     `json:"at"`
}

// RequestLost: no reply tells what became of the request.
type RequestLost struct {
	Kind       RequestKind `json:"kind"`
	Status     int         `json:"status,omitzero"` // HTTP; 0: no reply at all
	Why        string      `json:"why"`
	TrackingID string      `json:"trackingId,omitzero"`
	At         time.Time   `json:"at"`
}

// RequestAbsent: Webex was asked and a lost request left no trace there.
type RequestAbsent struct {
	Kind RequestKind `json:"kind"`
	At   time.Time   `json:"at"`
}

// ConsentAwaited: the address has an account elsewhere; its owner was asked to
// let it move.
type ConsentAwaited struct {
	At time.Time `json:"at"`
}

// ConsentGiven: provisioning went on after consent was awaited.
type ConsentGiven struct {
	At time.Time `json:"at"`
}

// Provisioned: the subscriber is fully at Webex.
type Provisioned struct {
	PersonID string    `json:"personId"`
	At       time.Time `json:"at"`
}

// ProvisioningFailed: Webex gave up in the background.
type ProvisioningFailed struct {
	Errors []webex.Error `json:"errors"`
	At     time.Time     `json:"at"`
}

// Updated: the change is done at Webex.
type Updated struct {
	At time.Time `json:"at"`
}

// UpdateFailed: Webex gave up the change in the background.
type UpdateFailed struct {
	Errors []webex.Error `json:"errors"`
	At     time.Time     `json:"at"`
}

// Vanished: the subscriber's record is gone from Webex although nobody here
// asked for that.
type Vanished struct {
	At time.Time `json:"at"`
}

// Removed: the subscriber is no longer at Webex, as asked.
type Removed struct {
	At time.Time `json:"at"`
}

// RetryPlanned: what failed passes by itself, so that the engine tries again.
type RetryPlanned struct {
	Try   int       `json:"try"`   // since somebody last asked; the first is 1
	Until time.Time `json:"until"` // not before
	At    time.Time `json:"at"`
}

// RetryStarted: the engine tries again, as planned.
type RetryStarted struct {
	At time.Time `json:"at"`
}

// RetryCancelled: somebody does not want the next try.
type RetryCancelled struct {
	At time.Time `json:"at"`
}

// Quarantined: the engine gave up a request that never got an answer.
type Quarantined struct {
	Kind     RequestKind `json:"kind"`
	Attempts int         `json:"attempts"`
	Reason   string      `json:"reason"`
	At       time.Time   `json:"at"`
}

// Events lists one of each event of a subscriber, for the event codec.
var Events = []domain.Event{
	Onboarded{}, EmailSubmitted{}, EmailValidated{}, ActivationRetried{}, PackageChanged{}, DetailsChanged{},
	UserIDChanged{}, NameClaimed{}, NameReleased{}, ConsentMailRequested{}, DeletionRequested{},
	RequestStarted{}, RequestAccepted{}, RequestPostponed{}, RequestRefused{}, RequestLost{}, RequestAbsent{},
	ConsentAwaited{}, ConsentGiven{}, Provisioned{}, ProvisioningFailed{}, Updated{}, UpdateFailed{}, Vanished{}, Removed{},
	RetryPlanned{}, RetryStarted{}, RetryCancelled{}, Quarantined{},
	Adopted{}, SeenAtWebex{}, StatusSeen{},
}

func (Onboarded) EventType() string            { return "subscriber.onboarded.v1" }
func (EmailSubmitted) EventType() string       { return "subscriber.email_submitted.v1" }
func (EmailValidated) EventType() string       { return "subscriber.email_validated.v1" }
func (ActivationRetried) EventType() string    { return "subscriber.activation_retried.v1" }
func (PackageChanged) EventType() string       { return "subscriber.package_changed.v1" }
func (DetailsChanged) EventType() string       { return "subscriber.details_changed.v1" }
func (UserIDChanged) EventType() string        { return "subscriber.user_id_changed.v1" }
func (NameClaimed) EventType() string          { return "subscriber.name_claimed.v1" }
func (NameReleased) EventType() string         { return "subscriber.name_released.v1" }
func (ConsentMailRequested) EventType() string { return "subscriber.consent_mail_requested.v1" }
func (DeletionRequested) EventType() string    { return "subscriber.deletion_requested.v1" }
func (RequestStarted) EventType() string       { return "subscriber.request_started.v1" }
func (RequestAccepted) EventType() string      { return "subscriber.request_accepted.v1" }
func (RequestPostponed) EventType() string     { return "subscriber.request_postponed.v1" }
func (RequestRefused) EventType() string       { return "subscriber.request_refused.v1" }
func (RequestLost) EventType() string          { return "subscriber.request_lost.v1" }
func (RequestAbsent) EventType() string        { return "subscriber.request_absent.v1" }
func (ConsentAwaited) EventType() string       { return "subscriber.consent_awaited.v1" }
func (ConsentGiven) EventType() string         { return "subscriber.consent_given.v1" }
func (Provisioned) EventType() string          { return "subscriber.provisioned.v1" }
func (ProvisioningFailed) EventType() string   { return "subscriber.provisioning_failed.v1" }
func (Updated) EventType() string              { return "subscriber.updated.v1" }
func (UpdateFailed) EventType() string         { return "subscriber.update_failed.v1" }
func (Vanished) EventType() string             { return "subscriber.vanished.v1" }
func (Removed) EventType() string              { return "subscriber.removed.v1" }
func (RetryPlanned) EventType() string         { return "subscriber.retry_planned.v1" }
func (RetryStarted) EventType() string         { return "subscriber.retry_started.v1" }
func (RetryCancelled) EventType() string       { return "subscriber.retry_cancelled.v1" }
func (Quarantined) EventType() string          { return "subscriber.quarantined.v1" }
