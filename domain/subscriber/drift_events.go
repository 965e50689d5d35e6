package subscriber

import (
	"time"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Adopted: Webex has a record of this BroadWorks user, which the ledger takes over
// as it is there.
type Adopted struct {
	WebexID            string          `json:"webexId"`
	UserID             domain.Personal `json:"userId"`
	SPEnterpriseID     string          `json:"spEnterpriseId"`
	ProvisioningID     string          `json:"provisioningId"`
	Package            webex.Package   `json:"package"`
	FirstName          domain.Personal `json:"firstName"`
	LastName           domain.Personal `json:"lastName"`
	Email              domain.Personal `json:"email,omitzero"`
	PrimaryPhoneNumber domain.Personal `json:"primaryPhoneNumber,omitzero"`
	MobilePhoneNumber  domain.Personal `json:"mobilePhoneNumber,omitzero"`
	Extension          domain.Personal `json:"extension,omitzero"`
	SelfActivated      bool            `json:"selfActivated,omitzero"`
	At                 time.Time       `json:"at"`
}

// SeenAtWebex: the record at Webex was found to have other values than the ledger
// knew. Nil fields are as known.
type SeenAtWebex struct {
	UserID             *domain.Personal `json:"userId,omitzero"`
	FirstName          *domain.Personal `json:"firstName,omitzero"`
	LastName           *domain.Personal `json:"lastName,omitzero"`
	PrimaryPhoneNumber *domain.Personal `json:"primaryPhoneNumber,omitzero"`
	MobilePhoneNumber  *domain.Personal `json:"mobilePhoneNumber,omitzero"`
	Extension          *domain.Personal `json:"extension,omitzero"`
	Email              *domain.Personal `json:"email,omitzero"`
	SPEnterpriseID     *string          `json:"spEnterpriseId,omitzero"`
	ProvisioningID     *string          `json:"provisioningId,omitzero"`
	Package            *webex.Package   `json:"package,omitzero"`
	At                 time.Time        `json:"at"`
}

// StatusSeen: the record at Webex was found in another status than the ledger
// knew, with no request under way.
type StatusSeen struct {
	Status   webex.Status  `json:"status"`
	PersonID string        `json:"personId,omitzero"`
	Errors   []webex.Error `json:"errors,omitzero"`
	At       time.Time     `json:"at"`
}

func (Adopted) EventType() string     { return "subscriber.adopted.v1" }
func (SeenAtWebex) EventType() string { return "subscriber.seen_at_webex.v1" }
func (StatusSeen) EventType() string  { return "subscriber.status_seen.v1" }
