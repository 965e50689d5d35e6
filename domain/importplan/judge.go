package importplan

import (
	"fmt"

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
