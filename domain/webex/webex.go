// Package webex holds what Webex says about BroadWorks subscribers, in Webex's
// own words: states, packages, errors and the shape of public ids.
//
// Source of names and values: https://developer.webex.com/docs/api/v1/broadworks-subscribers
package webex

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Status of a subscriber. Values that are not listed here pass through unchanged.
type Status string

// The statuses that Webex documents, and one of ours.
const (
	PendingEmailInput      Status = "pending_email_input"      // no e-mail yet; waits for the subscriber
	PendingEmailValidation Status = "pending_email_validation" // e-mail entered, not validated; waits for the subscriber
	PendingUserMigration   Status = "pending_user_migration"   // consent to move an existing account is awaited
	Provisioning           Status = "provisioning"             // work in progress
	Provisioned            Status = "provisioned"              // done; a person id exists
	Updating               Status = "updating"                 // change of a provisioned subscriber in progress
	Failed                 Status = "error"                    // the last attempt failed; see the errors

	// Removing is ours: a removal was asked for and is under way. Webex has no
	// such value; its API shows such a subscriber as absent.
	Removing Status = "removing"
	// Removed is ours: the subscriber is no longer at Webex, shown as absent.
	Removed Status = "removed"
)

// Statuses lists Webex's own, in the order of an activation.
var Statuses = []Status{PendingEmailInput, PendingEmailValidation, PendingUserMigration, Provisioning, Provisioned, Updating, Failed}

// Package is what is sold to a subscriber.
type Package string

// Packages lists those that Webex for BroadWorks knows.
var Packages = []Package{"softphone", "basic", "standard", "premium"}

// Valid says whether Webex knows the package.
func (p Package) Valid() bool {
	for _, known := range Packages {
		if p == known {
			return true
		}
	}
	return false
}

// Error is one thing that went wrong, as Webex reports it. Neither number nor
// text alone identifies a cause: Webex uses 10022 with two texts.
type Error struct {
	Code        int    `json:"errorCode,omitzero"` // 0: none given
	Description string `json:"description"`
}

// Profile is what a subscriber's record at Webex says and an update can change.
// Source: PUT /broadworks/subscribers/{subscriberId}.
type Profile struct {
	UserID             string // BroadWorks user id
	FirstName          string
	LastName           string
	PrimaryPhoneNumber string // E.164; empty: none
	MobilePhoneNumber  string // E.164; empty: none
	Extension          string // digits; empty: none
	Timezone           string // IANA name; empty: Webex's default
	Package            Package
}

// Request is what a subscriber is provisioned with.
// Source: POST /broadworks/subscribers.
type Request struct {
	Profile
	ProvisioningID string
	SPEnterpriseID string
	Email          string // empty: the subscriber is asked for it by Webex's portal
	Language       string // {ISO-639-1}_{ISO-3166} or {ISO-639-1}; empty: the template's
}

// Subscriber is a subscriber's record as Webex shows it.
type Subscriber struct {
	Request
	ID               string // opaque
	PersonID         string // only when provisioned
	Status           Status
	Errors           []Error // of the last attempt, found in the background
	Created          time.Time
	LastStatusChange time.Time
	SelfActivated    bool
}

// Types of public ids.
const (
	TypeSubscriber   = "SUBSCRIBER"
	TypePerson       = "PEOPLE"
	TypeOrganization = "ORGANIZATION"
	TypeEnterprise   = "ENTERPRISE"
)

// EncodeID returns the public id of a thing: unpadded base64url of
// ciscospark://us/<TYPE>/<uuid>.
func EncodeID(kind string, id uuid.UUID) string {
	return base64.RawURLEncoding.EncodeToString([]byte("ciscospark://us/" + kind + "/" + id.String()))
}

// DecodeID is the reverse of EncodeID and accepts padding; ok is false for
// anything else.
func DecodeID(kind, text string) (id uuid.UUID, ok bool) {
	text = strings.TrimRight(text, "=")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return uuid.UUID{}, false
	}
	rest, found := strings.CutPrefix(string(raw), "ciscospark://us/"+kind+"/")
	if !found {
		return uuid.UUID{}, false
	}
	id, err = uuid.Parse(rest)
	if err != nil || EncodeID(kind, id) != text {
		return uuid.UUID{}, false
	}
	return id, true
}
