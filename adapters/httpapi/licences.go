package httpapi

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"slices"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/licence"
	"ledgerline/domain/webex"
	"ledgerline/projections/licences"
)

// tally is how many users have something, will have it, or had it.
type tally struct {
	Assigned int `json:"assigned"`
	Pending  int `json:"pending"`
	Removed  int `json:"removed"`
}

type packageTally struct {
	Package webex.Package `json:"package"`
	tally
}

type licenceTally struct {
	Licence string `json:"licence"`
	tally
}

// licenceCounts is the use of licences by some users.
type licenceCounts struct {
	Total    tally          `json:"total"`
	Packages []packageTally `json:"packages"`
	Licences []licenceTally `json:"licences"`
}

func countsOf(counts []licences.Count, table licence.State) licenceCounts {
	shown := licenceCounts{Total: tally(licences.Total(counts)), Packages: []packageTally{}, Licences: []licenceTally{}}
	byPackage := licences.ByPackage(counts)
	for _, p := range slices.SortedFunc(maps.Keys(byPackage), comparePackages) {
		shown.Packages = append(shown.Packages, packageTally{p, tally(byPackage[p])})
	}
	for _, l := range licences.ByLicence(counts, table) {
		shown.Licences = append(shown.Licences, licenceTally{l.Name, tally(l.Tally)})
	}
	return shown
}

// comparePackages puts packages in Webex's order, unknown ones last.
func comparePackages(a, b webex.Package) int {
	place := func(p webex.Package) int {
		if i := slices.Index(webex.Packages, p); i >= 0 {
			return i
		}
		return len(webex.Packages)
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a, b))
}

// licenceGroup is the use of licences by one customer or of one template.
type licenceGroup struct {
	Customer string `json:"customer,omitempty"`
	Template string `json:"template,omitempty"`
	licenceCounts
}

// countLicences serves GET /api/licences.
func (a *api) countLicences(w http.ResponseWriter, c *call) error {
	p := c.params()
	f, by := licenceFilter(p)
	if err := a.after(c, p); err != nil {
		return err
	}
	counts, err := a.Licences.Counts(c.Context(), c.partner(), f)
	if err != nil {
		return err
	}
	table, err := a.Service.LicenceTable(c.Context(), c.partner())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		licenceCounts
		Groups []licenceGroup `json:"groups,omitempty"`
	}{countsOf(counts, table), groupsOf(counts, table, by)})
	return nil
}

func licenceFilter(p *params) (f licences.Filter, by string) {
	f = licences.Filter{
		SPEnterpriseID: p.text("customer"), ProvisioningID: p.text("template"),
		Package: webex.Package(p.oneOf("package", append([]string{""}, packageNames()...)...)),
	}
	return f, p.oneOf("groupBy", "", "customer", "template")
}

func groupsOf(counts []licences.Count, table licence.State, by string) (groups []licenceGroup) {
	if by == "" {
		return nil
	}
	parts := map[licenceGroupKey][]licences.Count{}
	for _, count := range counts {
		key := licenceGroupKey{customer: count.SPEnterpriseID}
		if by == "template" {
			key = licenceGroupKey{template: count.ProvisioningID}
		}
		parts[key] = append(parts[key], count)
	}
	keys := slices.SortedFunc(maps.Keys(parts), func(a, b licenceGroupKey) int {
		return cmp.Or(cmp.Compare(a.customer, b.customer), cmp.Compare(a.template, b.template))
	})
	for _, key := range keys {
		groups = append(groups, licenceGroup{key.customer, key.template, countsOf(parts[key], table)})
	}
	return groups
}

type licenceGroupKey struct{ customer, template string }

func packageNames() []string {
	names := make([]string, len(webex.Packages))
	for i, p := range webex.Packages {
		names[i] = string(p)
	}
	return names
}

// packageLicences is one line of the licence table.
type packageLicences struct {
	Package  webex.Package `json:"package"`
	Licences []string      `json:"licences"`
}

// licenceTable serves GET /api/licences/table, from the log.
func (a *api) licenceTable(w http.ResponseWriter, c *call) error {
	r, err := current(c.Context(), a, c.partner(), licence.Stream(c.partner()), licence.Decider)
	if err != nil && !errors.Is(err, errNotFound) { // nobody has changed the table yet
		return err
	}
	return answerTable(w, r)
}

func answerTable(w http.ResponseWriter, r commands.Licences) error {
	body := struct {
		Packages []packageLicences `json:"packages"`
	}{make([]packageLicences, 0, len(webex.Packages))}
	for _, p := range webex.Packages {
		body.Packages = append(body.Packages, packageLicences{p, append([]string{}, r.Value.Of(p)...)})
	}
	w.Header().Set("ETag", etag(r.Version))
	writeJSON(w, http.StatusOK, body)
	return nil
}

// setLicences serves PUT /api/licences/table/{package}.
func (a *api) setLicences(w http.ResponseWriter, c *call) error {
	pkg := webex.Package(c.PathValue("package"))
	if !pkg.Valid() {
		return errNotFound
	}
	var body struct {
		Licences *[]string `json:"licences"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	if body.Licences == nil {
		var f domain.Fields
		f.Add("licences", domain.Missing, "is missing; send an empty list for none")
		return f.Err()
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	r, err := once(a, c, why, licence.Stream(why.Partner), licence.Decider, func(s *commands.Service, why domain.Cause) (commands.Licences, error) {
		return s.SetLicences(c.Context(), commands.SetLicences{Package: pkg, Licences: *body.Licences}, why)
	})
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	return answerTable(w, r)
}
