// Package licences answers: how many licences are in use, waited for and given
// back, by customer, template, package and licence? It reads counters that the
// user status keeps, so it has no rows of its own.
package licences

import (
	"cmp"
	"context"
	"slices"

	"ledgerline/domain/licence"
	"ledgerline/domain/webex"
	"ledgerline/projections"
	"ledgerline/projections/userstatus"
)

// Tally is how many subscribers are how far.
type Tally struct {
	Assigned int // at Webex, with the licences of their package
	Pending  int // onboarded, not yet at Webex, failed attempts included
	Removed  int // no longer at Webex
}

// Count is the tally of one package of one template at one customer.
type Count struct {
	SPEnterpriseID string
	ProvisioningID string
	Package        webex.Package
	Tally
}

// Licence is the tally of one licence.
type Licence struct {
	Name string
	Tally
}

// Filter narrows what is counted; empty fields do not.
type Filter struct {
	SPEnterpriseID, ProvisioningID string
	Package                        webex.Package
}

// Queries answers from the counters.
type Queries struct{ users *userstatus.Queries }

// New returns queries over views that were opened with userstatus.Model.
func New(v *projections.Views) *Queries { return &Queries{users: userstatus.New(v)} }

// Counts returns the partner's tallies, by customer, then template, then package.
func (q *Queries) Counts(ctx context.Context, partner string, f Filter) ([]Count, error) {
	groups, err := q.users.Groups(ctx, partner, f.SPEnterpriseID, true)
	if err != nil {
		return nil, err
	}
	tallies := map[Count]*Tally{}
	var keys []Count
	for _, g := range groups {
		if f.ProvisioningID != "" && g.ProvisioningID != f.ProvisioningID || f.Package != "" && g.Package != f.Package {
			continue
		}
		k := Count{SPEnterpriseID: g.SPEnterpriseID, ProvisioningID: g.ProvisioningID, Package: g.Package}
		if tallies[k] == nil {
			tallies[k] = &Tally{}
			keys = append(keys, k)
		}
		tallies[k].add(tally(g))
	}
	for i, k := range keys {
		keys[i].Tally = *tallies[k]
	}
	slices.SortFunc(keys, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.SPEnterpriseID, b.SPEnterpriseID), cmp.Compare(a.ProvisioningID, b.ProvisioningID), cmp.Compare(a.Package, b.Package))
	})
	return keys, nil
}

func tally(g userstatus.Group) Tally {
	switch g.Class {
	case userstatus.Assigned:
		return Tally{Assigned: g.N}
	case userstatus.Removed:
		return Tally{Removed: g.N}
	}
	return Tally{Pending: g.N}
}

func (t *Tally) add(u Tally) {
	t.Assigned += u.Assigned
	t.Pending += u.Pending
	t.Removed += u.Removed
}

// Total sums tallies.
func Total(counts []Count) (t Tally) {
	for _, c := range counts {
		t.add(c.Tally)
	}
	return t
}

// ByPackage sums tallies over customers and templates.
func ByPackage(counts []Count) map[webex.Package]Tally {
	return sums(counts, func(c Count) webex.Package { return c.Package })
}

// ByCustomer sums tallies over templates and packages.
func ByCustomer(counts []Count) map[string]Tally {
	return sums(counts, func(c Count) string { return c.SPEnterpriseID })
}

func sums[K comparable](counts []Count, key func(Count) K) map[K]Tally {
	by := map[K]Tally{}
	for _, c := range counts {
		t := by[key(c)]
		t.add(c.Tally)
		by[key(c)] = t
	}
	return by
}

// ByLicence sums tallies over the packages that entitle to each licence according
// to the partner's table, by name of the licence.
func ByLicence(counts []Count, table licence.State) []Licence {
	by := map[string]Tally{}
	for p, t := range ByPackage(counts) {
		for _, name := range table.Of(p) {
			sum := by[name]
			sum.add(t)
			by[name] = sum
		}
	}
	list := make([]Licence, 0, len(by))
	for name, t := range by {
		list = append(list, Licence{Name: name, Tally: t})
	}
	slices.SortFunc(list, func(a, b Licence) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
