package importplan

import (
	"ledgerline/domain/subscriber"
)

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
