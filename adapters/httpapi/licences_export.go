package httpapi

import (
	"io"
	"net/http"
	"strconv"
)

// licenceRow is one count of an export.
type licenceRow struct {
	Customer string `json:"customer,omitempty"` // with groupBy
	Template string `json:"template,omitempty"` // likewise
	Kind     string `json:"kind"`               // users, package or licence
	Name     string `json:"name"`               // of the package or licence
	tally
}

// licenceColumns are the columns of licence counts as CSV.
var licenceColumns = []column[licenceRow]{
	{"customer", func(r licenceRow) string { return r.Customer }},
	{"template", func(r licenceRow) string { return r.Template }},
	{"kind", func(r licenceRow) string { return r.Kind }},
	{"name", func(r licenceRow) string { return r.Name }},
	{"assigned", func(r licenceRow) string { return strconv.Itoa(r.Assigned) }},
	{"pending", func(r licenceRow) string { return strconv.Itoa(r.Pending) }},
	{"removed", func(r licenceRow) string { return strconv.Itoa(r.Removed) }},
}

// exportLicences serves GET /api/licences/export: the counts of each customer or
// template where they are grouped, otherwise of all users.
func (a *api) exportLicences(w http.ResponseWriter, c *call) error {
	p := c.params()
	f, by := licenceFilter(p)
	form := p.exportForm(columnNames(licenceColumns), membersOf[licenceRow]())
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
	groups := groupsOf(counts, table, by)
	if by == "" {
		groups = []licenceGroup{{licenceCounts: countsOf(counts, table)}}
	}
	rows := func(yield func(licenceRow, error) bool) {
		for _, group := range groups {
			for _, row := range licenceRows(group) {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
	return a.export(w, c, "licences", form, func(w io.Writer) error {
		if form.csv {
			return writeTable(a, w, licenceColumns, rows, form.columns)
		}
		return writeLines(w, rows, form.columns)
	})
}

func licenceRows(g licenceGroup) []licenceRow {
	row := func(kind, name string, t tally) licenceRow { return licenceRow{g.Customer, g.Template, kind, name, t} }
	rows := []licenceRow{row("users", "", g.Total)}
	for _, p := range g.Packages {
		rows = append(rows, row("package", string(p.Package), p.tally))
	}
	for _, l := range g.Licences {
		rows = append(rows, row("licence", l.Licence, l.tally))
	}
	return rows
}
