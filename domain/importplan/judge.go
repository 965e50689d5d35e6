package importplan

import (
	"fmt"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// None in a cell removes the value, where a value may be removed: numbers,
// extension and time zone. An empty cell leaves the value as it is.
const None = "-"

// Judge says what becomes of a row that asks for these values, which were cleaned
// (subscriber.Onboard.Clean), of a subscriber as it stands. The row's place, the
// subscriber's id and version are not known here.
func Judge(c subscriber.Onboard, remove bool, s subscriber.State) Row {
	row := Row{UserID: c.Profile.UserID, Customer: c.SPEnterpriseID}
	if err := subscriber.CheckUserID(c.Profile.UserID); err != nil {
		return row.rejected(err)
	}
	switch {
	case remove && !s.Here():
		row.Verdict = Unchanged
		return row
	case remove:
		return judgeDelete(row, c, s)
	case s.Here():
		return judgeChange(row, c, s)
	}
	return judgeCreate(row, c, s)
}

// rejected returns the row with what is wrong with it.
func (r Row) rejected(err error) Row {
	r.Verdict, r.Reason = Reject, err.Error()
	r.Changes = nil
	if no := domain.AsRejection(err); no != nil {
		r.Problems = no.Fields
	}
	return r
}

// Rejected returns the row with what is wrong with it.
func Rejected(r Row, err error) Row { return r.rejected(err) }

// Remove is the row of a user who is missing from a file.
func Remove(s subscriber.State) Row {
	return judgeDelete(Row{UserID: s.Profile.UserID, Missing: true}, subscriber.Onboard{}, s)
}

func judgeDelete(row Row, c subscriber.Onboard, s subscriber.State) Row {
	row.Customer = s.SPEnterpriseID
	if err := stays(c, s).Err(); err != nil {
		return row.rejected(err)
	}
	row.Verdict, row.From = Delete, s.Profile.Package
	return row
}

// stays says what is asked for that cannot be changed.
func stays(c subscriber.Onboard, s subscriber.State) (f domain.Fields) {
	for _, v := range []struct{ field, asked, have string }{
		{"spEnterpriseId", c.SPEnterpriseID, s.SPEnterpriseID},
		{"provisioningId", c.ProvisioningID, s.ProvisioningID},
	} {
		if v.asked != "" && v.asked != v.have {
			f.Add(v.field, domain.Malformed, fmt.Sprintf("is %s for this user and cannot be changed; delete the user first, then onboard it again", v.have))
		}
	}
	return f
}

func judgeCreate(row Row, c subscriber.Onboard, s subscriber.State) Row {
	p := &c.Profile
	for _, text := range []*string{&p.PrimaryPhoneNumber, &p.MobilePhoneNumber, &p.Extension, &p.Timezone} {
		if *text == None {
			*text = ""
		}
	}
	events, err := subscriber.Decide(s, c)
	if err != nil {
		return row.rejected(err)
	}
	after := fold(s, events)
	row.Verdict, row.To = Create, after.Profile.Package
	row.Changes = differences(subscriber.State{}, after)
	return row
}

func judgeChange(row Row, c subscriber.Onboard, s subscriber.State) Row {
	row.Customer, row.From = s.SPEnterpriseID, s.Profile.Package
	if subscriber.FoldUserID(c.Profile.UserID) != subscriber.FoldUserID(s.Profile.UserID) {
		return row.rejected(subscriber.ErrRenamed)
	}
	f := stays(c, s)
	if c.Language != "" && c.Language != s.Language {
		f.Add("language", domain.Malformed, "cannot be changed once a user is onboarded; leave the cell empty")
	}
	if err := f.Err(); err != nil {
		return row.rejected(err)
	}
	p := c.Profile
	wanted := subscriber.All{subscriber.ChangeDetails{
		FirstName: given(p.FirstName), LastName: given(p.LastName),
		PrimaryPhoneNumber: removable(p.PrimaryPhoneNumber), MobilePhoneNumber: removable(p.MobilePhoneNumber),
		Extension: removable(p.Extension), Timezone: removable(p.Timezone), At: c.At,
	}}
	if p.Package != "" {
		wanted = append(wanted, subscriber.ChangePackage{Package: p.Package, At: c.At})
	}
	if c.Email != "" && (s.Email == "" || subscriber.CanonicalEmail(c.Email) != subscriber.CanonicalEmail(s.Email)) {
		if provisioned(s) {
			f.Add("email", domain.Malformed, "cannot be changed for a provisioned user; delete the user first, then onboard it again")
			return row.rejected(f.Err())
		}
		wanted = append(wanted, subscriber.RetryActivation{Email: c.Email, At: c.At})
	}
	return row.changed(wanted, s)
}

// changed is the verdict on a change of a subscriber.
func (r Row) changed(c subscriber.Command, s subscriber.State) Row {
	events, err := subscriber.Decide(s, c)
	if err != nil {
		return r.rejected(err)
	}
	after := fold(s, events)
	r.To, r.Changes = after.Profile.Package, differences(s, after)
	switch {
	case len(r.Changes) == 0:
		r.Verdict = Unchanged
	case r.From != r.To:
		r.Verdict = ChangePackage
	default:
		r.Verdict = Change
	}
	return r
}

func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func removable(text string) *string {
	if text == None {
		text = ""
		return &text
	}
	return given(text)
}

func provisioned(s subscriber.State) bool { return s.Applied != webex.Profile{} }

func fold(s subscriber.State, events []domain.Event) subscriber.State {
	for _, e := range events {
		s = subscriber.Evolve(s, e)
	}
	return s
}

// Same says whether a subscriber is wanted as it was: how far the engine has come
// with it meanwhile does not matter, what anybody asked for does.
func Same(a, b subscriber.State) bool {
	return a.Here() == b.Here() && a.Lives == b.Lives && a.Profile == b.Profile && a.Email == b.Email &&
		a.SPEnterpriseID == b.SPEnterpriseID && a.ProvisioningID == b.ProvisioningID && a.Language == b.Language
}

// Command is what the row asks of its subscriber, by the terms of its template as
// they are now; nil: nothing.
func (r Row) Command(terms *subscriber.Terms, at time.Time) subscriber.Command {
	switch r.Verdict {
	case Create:
		c := subscriber.Onboard{Flow: subscriber.API, Terms: terms, At: at}
		for _, change := range r.Changes {
			*valueOf(&c, change.Field) = change.New
		}
		c.Profile.Package = r.To
		return c
	case Change, ChangePackage:
		return r.change(at)
	case Delete:
		return subscriber.Delete{At: at}
	}
	return nil
}

func (r Row) change(at time.Time) subscriber.Command {
	details := subscriber.ChangeDetails{At: at}
	var more subscriber.All
	for _, change := range r.Changes {
		switch change.Field {
		case "firstName":
			details.FirstName = &change.New
		case "lastName":
			details.LastName = &change.New
		case "primaryPhoneNumber":
			details.PrimaryPhoneNumber = &change.New
		case "mobilePhoneNumber":
			details.MobilePhoneNumber = &change.New
		case "extension":
			details.Extension = &change.New
		case "timezone":
			details.Timezone = &change.New
		case "package":
			more = append(more, subscriber.ChangePackage{Package: webex.Package(change.New), At: at})
		case "email":
			more = append(more, subscriber.RetryActivation{Email: change.New, At: at})
		}
	}
	return append(subscriber.All{details}, more...)
}

// Value returns what the row sets a field to; empty: nothing.
func (r Row) Value(field string) string {
	for _, change := range r.Changes {
		if change.Field == field {
			return change.New
		}
	}
	return ""
}

// fields are the names of values, in the order in which they are shown. Their
// places are stored, so that they stay as they are and others come after them.
var fields = []string{"userId", "spEnterpriseId", "provisioningId", "firstName", "lastName", "email", "package",
	"primaryPhoneNumber", "mobilePhoneNumber", "extension", "language", "timezone"}

// valueOf returns where a value is, but for the package.
func valueOf(c *subscriber.Onboard, field string) *string {
	switch field {
	case "userId":
		return &c.Profile.UserID
	case "spEnterpriseId":
		return &c.SPEnterpriseID
	case "provisioningId":
		return &c.ProvisioningID
	case "firstName":
		return &c.Profile.FirstName
	case "lastName":
		return &c.Profile.LastName
	case "email":
		return &c.Email
	case "primaryPhoneNumber":
		return &c.Profile.PrimaryPhoneNumber
	case "mobilePhoneNumber":
		return &c.Profile.MobilePhoneNumber
	case "extension":
		return &c.Profile.Extension
	case "language":
		return &c.Language
	case "timezone":
		return &c.Profile.Timezone
	}
	return new(string)
}

// values are what a subscriber is wanted to be, in the order of fields.
func values(s subscriber.State) [12]string {
	p := s.Profile
	return [...]string{p.UserID, s.SPEnterpriseID, s.ProvisioningID, p.FirstName, p.LastName, s.Email, string(p.Package),
		p.PrimaryPhoneNumber, p.MobilePhoneNumber, p.Extension, s.Language, p.Timezone}
}

func differences(before, after subscriber.State) []FieldChange {
	from, to := values(before), values(after)
	n := 0
	for i := range fields {
		if from[i] != to[i] {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	changes := make([]FieldChange, 0, n)
	for i, field := range fields {
		if from[i] != to[i] {
			changes = append(changes, FieldChange{Field: field, Old: from[i], New: to[i]})
		}
	}
	return changes
}
