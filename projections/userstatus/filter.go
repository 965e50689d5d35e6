package userstatus

import (
	"slices"
	"time"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Filter says which subscribers are asked for: those for which every field that
// is not empty holds.
type Filter struct {
	UserID             string // BroadWorks user id, in any case
	Email              string // in any case
	PersonID           string
	ProvisioningID     string // template
	SPEnterpriseID     string // customer
	Statuses           []webex.Status
	ExcludeProvisioned bool
	Packages           []webex.Package
	Flow               subscriber.Flow
	SelfActivated      *bool
	Quarantined        bool      // only those whom the engine gave up
	StatusChangedAfter time.Time // strictly
	CreatedAfter       time.Time // strictly
	// Text is the beginnings of one or more words of names, e-mail address and
	// user id, in any order, case and accents aside.
	Text string
	// Removed includes removed subscribers when Statuses is empty.
	Removed bool
}

// condition is a Filter made ready to be compared with rows.
type condition struct {
	Filter
	partner  string
	userID   string
	email    string
	prefixes []string
}

func (f Filter) condition(partner string) condition {
	return condition{
		Filter:   f,
		partner:  partner,
		userID:   subscriber.FoldUserID(f.UserID),
		email:    subscriber.CanonicalEmail(f.Email),
		prefixes: words(f.Text),
	}
}

// impossible says that no row can match: an address that is none, or a text
// without a letter or digit.
func (c *condition) impossible() bool {
	return c.Email != "" && c.email == "" || c.Text != "" && len(c.prefixes) == 0
}

// group says whether rows of a group can match.
func (c *condition) group(g Group) bool {
	switch {
	case c.ProvisioningID != "" && g.ProvisioningID != c.ProvisioningID,
		c.Flow != "" && g.Flow != c.Flow,
		c.SelfActivated != nil && (g.Flow == subscriber.SelfActivation) != *c.SelfActivated,
		c.ExcludeProvisioned && g.Status == webex.Provisioned,
		c.Quarantined && g.Status != webex.Failed,
		len(c.Packages) > 0 && !slices.Contains(c.Packages, g.Package):
		return false
	case len(c.Statuses) > 0:
		return slices.Contains(c.Statuses, g.Status)
	}
	return c.Removed || g.Status != webex.Removed
}

// row says whether a row matches.
func (c *condition) row(r *Row) bool {
	g := Group{ProvisioningID: r.ProvisioningID, Package: r.Profile.Package, Status: r.Status(), Flow: r.Flow}
	switch {
	case r.Partner != c.partner, !c.group(g),
		c.SPEnterpriseID != "" && r.SPEnterpriseID != c.SPEnterpriseID,
		c.UserID != "" && subscriber.FoldUserID(r.Profile.UserID) != c.userID,
		c.Email != "" && subscriber.CanonicalEmail(r.Email) != c.email,
		c.PersonID != "" && r.PersonID != c.PersonID,
		c.Quarantined && !r.Quarantined,
		!c.StatusChangedAfter.IsZero() && !r.StatusChanged.After(c.StatusChangedAfter),
		!c.CreatedAfter.IsZero() && !r.Created.After(c.CreatedAfter):
		return false
	}
	return len(c.prefixes) == 0 ||
		matches(searchable(r.Profile.FirstName, r.Profile.LastName, r.Profile.UserID, r.Email), c.prefixes)
}

// grouped says that a row of a matching group matches.
func (c *condition) grouped() bool {
	return !c.Quarantined && c.UserID == "" && c.Email == "" && c.PersonID == "" && c.Text == "" && c.StatusChangedAfter.IsZero() && c.CreatedAfter.IsZero()
}
