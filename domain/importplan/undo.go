package importplan

import (
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// What undoing says of rows.
var (
	ErrChangedSince = domain.Reject(domain.Conflict, "The user was changed after the import. Change it by hand, or leave it as it is.")
	ErrStillLeaving = domain.Reject(domain.Conflict, "The user is still being removed from Webex. Undo the import again when that is done.")
	ErrEmailStays   = domain.Reject(domain.Conflict, "The e-mail address cannot be taken back.")
)

// Notes of undoing.
const (
	noteEmail   = "The e-mail address stays as the import set it: an address cannot be taken away from a user, nor be changed once the user is provisioned."
	noteAccount = "The user gets a new record at Webex: what was set or stored there is not brought back, and the owner of an account elsewhere is asked for consent again."
	noteTrust   = "The e-mail address had not been validated by the user; it is used as it is now."
	noteLeaves  = "What the user has set or stored at Webex since is lost."
)

// Undo says how to take back what a row of an import did to a subscriber: as it
// was before, just after, and as it is now. at and terms are of now; terms of the
// template by which a removed subscriber came.
func Undo(did Row, before, after, now subscriber.State, terms *subscriber.Terms) Row {
	row := Row{Number: did.Number, UserID: did.UserID, ID: did.ID, Customer: did.Customer, From: now.Profile.Package}
	if !Same(after, now) {
		return row.rejected(ErrChangedSince)
	}
	switch did.Verdict {
	case Create:
		row.Verdict = Delete
		if now.PersonID != "" {
			row.Notes = []string{noteLeaves}
		}
		return row
	case Delete:
		return undoDelete(row, before, now, terms)
	}
	return undoChange(row, did, before, now)
}

func undoDelete(row Row, before, now subscriber.State, terms *subscriber.Terms) Row {
	row.From = ""
	if now.Stage == subscriber.Leaving {
		return row.rejected(ErrStillLeaving)
	}
	row = judgeCreate(row, subscriber.Onboard{
		Flow: subscriber.API, Terms: terms, ProvisioningID: before.ProvisioningID, SPEnterpriseID: before.SPEnterpriseID,
		Profile: before.Profile, Email: before.Email, Language: before.Language, At: now.Changed,
	}, now)
	if row.Verdict != Create {
		return row
	}
	if before.PersonID != "" {
		row.Notes = append(row.Notes, noteAccount)
	}
	if before.Email != "" && !before.EmailTrusted {
		row.Notes = append(row.Notes, noteTrust)
	}
	return row
}

func undoChange(row, did Row, before, now subscriber.State) Row {
	back := Row{Verdict: Change}
	for _, change := range did.Changes {
		if change.Field == "email" && (before.Email == "" || provisioned(now)) {
			row.Notes = append(row.Notes, noteEmail)
			continue
		}
		back.Changes = append(back.Changes, FieldChange{Field: change.Field, Old: change.New, New: change.Old})
	}
	if len(back.Changes) == 0 {
		return row.rejected(ErrEmailStays)
	}
	return row.changed(back.change(now.Changed), now)
}
