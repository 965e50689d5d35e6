package drift

import (
	"reflect"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Kind is how Webex and the ledger differ about one user.
type Kind string

// The kinds. There is one finding per record, whatever differs in it.
const (
	Missing   Kind = "missing"   // the ledger has it, Webex has not
	Unknown   Kind = "unknown"   // Webex has it, the ledger has not
	Package   Kind = "package"   // another package, and nothing else
	Details   Kind = "details"   // other values: names, numbers, user id, ...; the package may be among them
	Status    Kind = "status"    // another status, with nothing under way
	Duplicate Kind = "duplicate" // a further record of a user
)

// Kinds lists all.
var Kinds = []Kind{Missing, Unknown, Package, Details, Status, Duplicate}

// Action is what can be done about a finding.
type Action string

// The actions.
const (
	Recreate Action = "recreate" // bring the user to Webex again
	Accept   Action = "accept"   // the user is removed here, too
	Adopt    Action = "adopt"    // the ledger takes the record over as it is
	Remove   Action = "remove"   // the record is removed from Webex
	Push     Action = "push"     // Webex gets the ledger's values
	Take     Action = "take"     // the ledger gets Webex's values
	Follow   Action = "follow"   // the ledger gets Webex's status
	Ignore   Action = "ignore"   // nothing
)

// Actions lists what can be done about a kind; the first is what is proposed
// unless something speaks against it.
func (k Kind) Actions() []Action {
	switch k {
	case Missing:
		return []Action{Recreate, Accept, Ignore}
	case Unknown:
		return []Action{Adopt, Remove, Ignore}
	case Package, Details:
		return []Action{Push, Take, Ignore}
	case Status:
		return []Action{Follow, Ignore}
	case Duplicate:
		return []Action{Ignore}
	}
	return nil
}

// Finding is one difference.
type Finding struct {
	Kind       Kind      `json:"kind"`
	Subscriber uuid.UUID `json:"subscriber"`        // whom it concerns; of the unknown: who they would be
	Version    int       `json:"version,omitzero"`  // of the subscriber's stream when it was compared
	WebexID    string    `json:"webexId"`           // of the record; of the missing: that it had
	Replaces   string    `json:"replaces,omitzero"` // of the unknown: the record known here, which is gone
	Fields     []string  `json:"fields,omitzero"`   // that differ, in Webex's words
	Here       *Values   `json:"here,omitzero"`     // nil: the ledger has nothing
	There      *Values   `json:"there,omitzero"`    // nil: Webex has nothing
	Propose    Action    `json:"propose"`
}

// Values of a user as one side has them.
type Values struct {
	UserID             domain.Personal `json:"userId"`
	SPEnterpriseID     string          `json:"spEnterpriseId,omitzero"`
	ProvisioningID     string          `json:"provisioningId,omitzero"`
	FirstName          domain.Personal `json:"firstName,omitzero"`
	LastName           domain.Personal `json:"lastName,omitzero"`
	Email              domain.Personal `json:"email,omitzero"`
	PrimaryPhoneNumber domain.Personal `json:"primaryPhoneNumber,omitzero"`
	MobilePhoneNumber  domain.Personal `json:"mobilePhoneNumber,omitzero"`
	Extension          domain.Personal `json:"extension,omitzero"`
	Package            webex.Package   `json:"package,omitzero"`
	Status             webex.Status    `json:"status"`
	PersonID           string          `json:"personId,omitzero"`
	Errors             []webex.Error   `json:"errors,omitzero"`
}

// There returns what a record at Webex shows.
func There(r webex.Subscriber) *Values {
	v := values(r.Profile)
	v.SPEnterpriseID, v.ProvisioningID, v.Email = r.SPEnterpriseID, r.ProvisioningID, domain.Personal(r.Email)
	v.Status, v.PersonID, v.Errors = r.Status, r.PersonID, r.Errors
	return v
}

// Here returns what the ledger knows of a user: of one that is at Webex, what is
// known to be there.
func Here(s subscriber.State) *Values {
	p := s.Applied
	if !s.AtWebex() {
		p = s.Profile
	}
	v := values(p)
	v.SPEnterpriseID, v.ProvisioningID, v.Email = s.SPEnterpriseID, s.ProvisioningID, domain.Personal(s.Email)
	v.Status, v.PersonID, v.Errors = s.Status(), s.PersonID, s.Errors
	return v
}

func values(p webex.Profile) *Values {
	return &Values{
		UserID: domain.Personal(p.UserID), FirstName: domain.Personal(p.FirstName), LastName: domain.Personal(p.LastName),
		PrimaryPhoneNumber: domain.Personal(p.PrimaryPhoneNumber), MobilePhoneNumber: domain.Personal(p.MobilePhoneNumber),
		Extension: domain.Personal(p.Extension), Package: p.Package,
	}
}

// Same says whether a record still shows these values.
func (v *Values) Same(r webex.Subscriber) bool { return reflect.DeepEqual(v, There(r)) }
