package simulator

import (
	"slices"
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
	Was            *step    `json:"was,omitempty"`  // the last of the attempt before
	Live           bool     `json:"live,omitempty"` // was provisioned before the last attempt
	Mails          int      `json:"mails,omitempty"`

	logged int // place in the journal
}

// stage returns the place of the step that holds at a time.
func (r *record) stage(now int64) int {
	current := 0
	for i := 1; i < len(r.Steps) && r.Steps[i].At <= now; i++ {
		current = i
	}
	return current
}

// step returns the step at a stage; before the first there may be that of the
// attempt before.
func (r *record) step(stage int) step {
	if stage < 0 {
		return *r.Was
	}
	return r.Steps[stage]
}

// at returns the step that holds at a time.
func (r *record) at(now int64) step { return r.Steps[r.stage(now)] }

// reached says whether the last attempt succeeded up to a stage, whatever came
// after.
func (r *record) reached(stage int) bool {
	return slices.ContainsFunc(r.Steps[:stage+1], func(s step) bool { return s.Status == provisioned })
}

// profileIn returns the values in force at a stage: an update's from when it is
// done.
func (r *record) profileIn(stage int) profile {
	if r.Next != nil && stage >= 0 && r.reached(stage) {
		return *r.Next
	}
	return r.Profile
}

func (r *record) profileAt(now int64) profile { return r.profileIn(r.stage(now)) }

// live says whether the record is or was provisioned, ever.
func (r *record) live(now int64) bool { return r.Live || r.reached(r.stage(now)) }

// again returns a copy for another attempt, whose steps are to be drawn.
func (r *record) again(now int64) *record {
	next, was := *r, r.at(now)
	next.Was = &was
	return &next
}

// holds says whether the record is the reason why another cannot have the same
// e-mail: one that failed and was never provisioned is not.
func (r *record) holds(now int64) bool { return r.live(now) || r.at(now).Status != failed }

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

// shown is a record at a stage, with times as Webex's clock has them.
func (r *record) shown(k *Knobs, stage int) subscriber {
	current, p := r.step(stage), r.profileIn(stage)
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
		Created:            iso(k.stamp(r.Created)),
		LastStatusChange:   iso(k.stamp(current.At)),
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
func (r *record) founds() bool { return r != nil && r.reached(len(r.Steps)-1) }

func (r *record) enterprise() [2]string { return [2]string{r.Partner, r.SPEnterpriseID} }
