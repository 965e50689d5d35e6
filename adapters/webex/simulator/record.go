package simulator

import (
	"time"

	"ledgerline/domain/webex"
)

// Statuses, in the vendor's words.
const (
	pendingInput      = string(webex.PendingEmailInput)
	pendingValidation = string(webex.PendingEmailValidation)
	pendingMigration  = string(webex.PendingUserMigration)
	provisioning      = string(webex.Provisioning)
	provisioned       = string(webex.Provisioned)
	updating          = string(webex.Updating)
	failed            = string(webex.Failed)
)

// profile is what an update can change.
type profile struct {
	UserID             string `json:"userId"`
	FirstName          string `json:"firstName"`
	LastName           string `json:"lastName"`
	PrimaryPhoneNumber string `json:"primaryPhoneNumber,omitempty"`
	MobilePhoneNumber  string `json:"mobilePhoneNumber,omitempty"`
	Extension          string `json:"extension,omitempty"`
	Timezone           string `json:"timezone,omitempty"`
	Package            string `json:"package"`
}

// step is one status and when it begins, which may be in the future: the
// course of things is drawn once, so that nothing has to run meanwhile.
type step struct {
	At     int64    `json:"at"` // ms since 1970
	Status string   `json:"status"`
	Error  *Problem `json:"error,omitempty"`
}

// record is a subscriber as it is kept. It is replaced, never changed.
type record struct {
	Seq            int64    `json:"seq"` // order of creation
	Partner        string   `json:"partner"`
	ID             string   `json:"id"`
	PersonID       string   `json:"personId,omitempty"` // of the account that the e-mail has or will have
	ProvisioningID string   `json:"provisioningId"`
	SPEnterpriseID string   `json:"spEnterpriseId"`
	Email          string   `json:"email,omitempty"`
	Profile        profile  `json:"profile"`
	Next           *profile `json:"next,omitempty"` // in force from the last step
	Created        int64    `json:"created"`
	Steps          []step   `json:"steps"`          // of the last attempt; at least one
	Live           bool     `json:"live,omitempty"` // was provisioned before the last attempt
	Mails          int      `json:"mails,omitempty"`

	logged int // place in the journal
}

// at returns the step that holds at a time.
func (r *record) at(now int64) step {
	current := r.Steps[0]
	for _, s := range r.Steps[1:] {
		if s.At > now {
			break
		}
		current = s
	}
	return current
}

// profileAt returns the values in force: an update's from when it is done.
func (r *record) profileAt(now int64) profile {
	if r.Next != nil && len(r.Steps) > 1 && r.at(now).Status == provisioned {
		return *r.Next
	}
	return r.Profile
}

// holds says whether the record is the reason why another cannot have the same
// e-mail: one that failed and was never provisioned is not.
func (r *record) holds(now int64) bool { return r.Live || r.at(now).Status != failed }

// subscriber is a record as the API shows it.
type subscriber struct {
	ID                 string    `json:"id"`
	PersonID           string    `json:"personId,omitempty"`
	UserID             string    `json:"userId"`
	SPEnterpriseID     string    `json:"spEnterpriseId"`
	FirstName          string    `json:"firstName"`
	LastName           string    `json:"lastName"`
	Email              string    `json:"email,omitempty"`
	PrimaryPhoneNumber string    `json:"primaryPhoneNumber,omitempty"`
	MobilePhoneNumber  string    `json:"mobilePhoneNumber,omitempty"`
	Extension          string    `json:"extension,omitempty"`
	Package            string    `json:"package"`
	Status             string    `json:"status"`
	Errors             []Problem `json:"errors,omitempty"`
	Created            string    `json:"created"`
	LastStatusChange   string    `json:"lastStatusChange"`
	ProvisioningID     string    `json:"provisioningId"`
	SelfActivated      bool      `json:"selfActivated"`
}

func (r *record) shown(now int64) subscriber {
	current, p := r.at(now), r.profileAt(now)
	s := subscriber{
		ID:                 r.ID,
		UserID:             p.UserID,
		SPEnterpriseID:     r.SPEnterpriseID,
		FirstName:          p.FirstName,
		LastName:           p.LastName,
		Email:              r.Email,
		PrimaryPhoneNumber: p.PrimaryPhoneNumber,
		MobilePhoneNumber:  p.MobilePhoneNumber,
		Extension:          p.Extension,
		Package:            p.Package,
		Status:             current.Status,
		Created:            iso(r.Created),
		LastStatusChange:   iso(current.At),
		ProvisioningID:     r.ProvisioningID,
	}
	if current.Status == provisioned {
		s.PersonID = r.PersonID
	}
	if current.Error != nil {
		s.Errors = []Problem{*current.Error}
	}
	return s
}

func iso(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }

// founds says whether the course of a record makes its enterprise's organisation.
func (r *record) founds() bool { return r != nil && r.Steps[len(r.Steps)-1].Status == provisioned }

func (r *record) enterprise() [2]string { return [2]string{r.Partner, r.SPEnterpriseID} }
