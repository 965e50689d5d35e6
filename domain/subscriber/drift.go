package subscriber

import (
	"strings"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// SeeAtWebex records what the record of a live subscriber shows where that is
// not as the ledger has it. What is wanted stays, so that an update follows.
type SeeAtWebex struct {
	Record webex.Subscriber
	At     time.Time
}

// TakeFromWebex makes what is at Webex what is wanted.
type TakeFromWebex struct{ At time.Time }

// SeeAbsent records that a record that is known here is not at Webex.
type SeeAbsent struct {
	WebexID string
	At      time.Time
}

// SeeStatus records a status at Webex that is not as the ledger has it.
type SeeStatus struct {
	Record webex.Subscriber
	At     time.Time
}

// Errors of settling differences with Webex.
var (
	ErrNotAtRest   = domain.Reject(domain.Conflict, "This user is not at rest: something is under way, or waits for somebody. Scan again when that is done.")
	ErrOtherRecord = domain.Reject(domain.Conflict, "The record at Webex is not the one that was compared. Scan again.")
)

// AtRest says whether nothing is under way or awaited, so that what Webex shows
// can be compared with what the ledger has.
func (s State) AtRest() bool {
	return s.Request.Phase == Idle && (s.Stage == Live && !s.unlike() || s.Stage == Stopped && s.RetryAt.IsZero())
}

// AtWebex says whether a record that was provisioned should be at Webex.
func (s State) AtWebex() bool { return s.WebexID != "" && s.provisioned() }

// mended is a number in E.164, or as it is.
func mended(text string) string {
	if number, _, problem := ParseNumber(text); problem == "" {
		return number
	}
	return text
}

// seen says where a record differs from what is known to be at Webex. Numbers are
// compared by what they mean; what Webex does not show is not compared.
func (s State) seen(r webex.Subscriber, at time.Time) (e SeenAtWebex, fields []string) {
	have := s.Applied
	e.At = at
	differ := func(field string, to **domain.Personal, there string, same bool) {
		if !same {
			fields = append(fields, field)
			p := domain.Personal(there)
			*to = &p
		}
	}
	text := func(field string, to **domain.Personal, there, here string) {
		there = strings.TrimSpace(there)
		differ(field, to, there, there == here)
	}
	if r.Package != "" && r.Package != have.Package {
		fields, e.Package = append(fields, "package"), &r.Package
	}
	differ("userId", &e.UserID, r.UserID, r.UserID == "" || FoldUserID(r.UserID) == FoldUserID(have.UserID))
	text("firstName", &e.FirstName, r.FirstName, have.FirstName)
	text("lastName", &e.LastName, r.LastName, have.LastName)
	text("primaryPhoneNumber", &e.PrimaryPhoneNumber, mended(r.PrimaryPhoneNumber), mended(have.PrimaryPhoneNumber))
	text("mobilePhoneNumber", &e.MobilePhoneNumber, mended(r.MobilePhoneNumber), mended(have.MobilePhoneNumber))
	text("extension", &e.Extension, r.Extension, have.Extension)
	differ("email", &e.Email, r.Email, r.Email == "" || CanonicalEmail(r.Email) == CanonicalEmail(s.Email))
	if r.SPEnterpriseID != "" && r.SPEnterpriseID != s.SPEnterpriseID {
		fields, e.SPEnterpriseID = append(fields, "spEnterpriseId"), &r.SPEnterpriseID
	}
	if id := strings.TrimRight(r.ProvisioningID, "="); id != "" && id != strings.TrimRight(s.ProvisioningID, "=") {
		fields, e.ProvisioningID = append(fields, "provisioningId"), &id
	}
	return e, fields
}

// DiffersFrom names the fields, in Webex's words, in which a record is not as the
// ledger has it.
func (s State) DiffersFrom(r webex.Subscriber) []string {
	_, fields := s.seen(r, time.Time{})
	return fields
}

func seeAtWebex(s State, c SeeAtWebex) ([]domain.Event, error) {
	e, fields := s.seen(c.Record, c.At)
	switch {
	case s.WebexID == "" || s.WebexID != c.Record.ID:
		return nil, ErrOtherRecord
	case len(fields) == 0:
		return nil, nil
	case !s.AtRest() || s.Stage != Live:
		return nil, ErrNotAtRest
	}
	return []domain.Event{e}, nil
}

func (e SeenAtWebex) apply(s State) State {
	s.Applied = DetailsChanged{
		FirstName: e.FirstName, LastName: e.LastName, PrimaryPhoneNumber: e.PrimaryPhoneNumber,
		MobilePhoneNumber: e.MobilePhoneNumber, Extension: e.Extension,
	}.apply(s.Applied)
	if e.UserID != nil {
		s.Applied.UserID = string(*e.UserID)
	}
	if e.Package != nil {
		s.Applied.Package = *e.Package
	}
	// No update can change these, so Webex has the last word.
	if e.Email != nil {
		s.Email = string(*e.Email)
	}
	if e.SPEnterpriseID != nil {
		s.SPEnterpriseID = *e.SPEnterpriseID
	}
	if e.ProvisioningID != nil {
		s.ProvisioningID = *e.ProvisioningID
	}
	return s
}

func takeFromWebex(s State, c TakeFromWebex) ([]domain.Event, error) {
	if s.Stage != Live || s.Request.Phase != Idle || s.Stale {
		return nil, ErrNotAtRest
	}
	want, there := s.Profile, s.Applied
	var events []domain.Event
	if want.UserID != there.UserID {
		events = append(events, UserIDChanged{UserID: domain.Personal(there.UserID), At: c.At})
	}
	if want.Package != there.Package {
		events = append(events, PackageChanged{Package: there.Package, At: c.At})
	}
	details := DetailsChanged{At: c.At}
	for _, f := range []struct {
		to         **domain.Personal
		want, have string
	}{
		{&details.FirstName, want.FirstName, there.FirstName},
		{&details.LastName, want.LastName, there.LastName},
		{&details.PrimaryPhoneNumber, want.PrimaryPhoneNumber, there.PrimaryPhoneNumber},
		{&details.MobilePhoneNumber, want.MobilePhoneNumber, there.MobilePhoneNumber},
		{&details.Extension, want.Extension, there.Extension},
	} {
		if f.want != f.have {
			p := domain.Personal(f.have)
			*f.to = &p
		}
	}
	if details != (DetailsChanged{At: c.At}) {
		events = append(events, details)
	}
	return events, nil
}

func seeAbsent(s State, c SeeAbsent) ([]domain.Event, error) {
	switch {
	case s.Lives == 0:
		return nil, ErrNotFound
	case s.WebexID == "":
		return nil, nil
	case s.WebexID != c.WebexID:
		return nil, ErrOtherRecord
	case !s.AtRest():
		return nil, ErrNotAtRest
	}
	return []domain.Event{Vanished{At: c.At}}, nil
}

// Expects says whether a status at Webex is what the ledger knows of a record at
// rest. One that was stopped by a refusal is at Webex as it was before.
func (s State) Expects(status webex.Status) bool {
	if s.Stale {
		return status == webex.Failed
	}
	return status == webex.Provisioned
}

func seeStatus(s State, c SeeStatus) ([]domain.Event, error) {
	switch {
	case s.WebexID == "" || s.WebexID != c.Record.ID:
		return nil, ErrOtherRecord
	case !s.AtRest():
		return nil, ErrNotAtRest
	case s.Expects(c.Record.Status):
		return nil, nil
	}
	e := StatusSeen{Status: c.Record.Status, PersonID: c.Record.PersonID, At: c.At}
	if e.Status == webex.Failed {
		e.Errors = reasons(c.Record.Errors)
	}
	return []domain.Event{e}, nil
}

// evolveSeen goes on from what Webex shows: done, failed, or to be followed.
func evolveSeen(s State, e StatusSeen) State {
	switch e.Status {
	case webex.Provisioned:
		s.Stage, s.PersonID, s.Errors, s.Stale = Live, e.PersonID, nil, false
		if !s.provisioned() {
			s.Applied = s.Sent
		}
	case webex.Failed:
		s.Stage, s.Errors, s.Stale = Stopped, e.Errors, true
	default:
		s.Stage, s.Errors, s.Stale = Ready, nil, false
		s.Request = RequestState{Kind: Provision, Phase: Accepted, At: e.At}
	}
	return s
}

func (SeeAtWebex) subscriberCommand()    {}
func (TakeFromWebex) subscriberCommand() {}
func (SeeAbsent) subscriberCommand()     {}
func (SeeStatus) subscriberCommand()     {}
