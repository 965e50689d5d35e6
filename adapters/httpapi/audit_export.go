package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"ledgerline/projections/audit"
)

// auditColumns are the columns of the audit log as CSV.
var auditColumns = []column[auditRecord]{
	{"position", func(r auditRecord) string { return strconv.FormatUint(r.Position, 10) }},
	{"at", func(r auditRecord) string { return r.At }},
	{"kind", func(r auditRecord) string { return r.Kind }},
	{"subject", func(r auditRecord) string { return r.Subject }},
	{"version", func(r auditRecord) string { return strconv.Itoa(r.Version) }},
	{"type", func(r auditRecord) string { return r.Type }},
	{"what", func(r auditRecord) string { return r.What }},
	{"actor", func(r auditRecord) string { return r.Cause.Actor }},
	{"role", func(r auditRecord) string { return r.Cause.Role }},
	{"surface", func(r auditRecord) string { return r.Cause.Surface }},
	{"reason", func(r auditRecord) string { return r.Cause.Reason }},
	{"request", func(r auditRecord) string { return r.Cause.Request }},
	{"changes", changesText},
}

// changesText is what an entry changed, one field a line.
func changesText(r auditRecord) string {
	lines := make([]string, len(r.Changes))
	for i, c := range r.Changes {
		lines[i] = fmt.Sprintf("%s: %q -> %q", c.Field, c.Old, c.New)
	}
	return strings.Join(lines, "\n")
}

// exportAudit serves GET /api/audit/export, newest first.
func (a *api) exportAudit(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := auditFilter(p)
	form := p.exportForm(columnNames(auditColumns), membersOf[auditRecord]())
	if err := a.after(c, p); err != nil {
		return err
	}
	rows := showing(a.Audit.All(c.Context(), c.partner(), f), func(r audit.Record) auditRecord { return showRecords([]audit.Record{r})[0] })
	return a.export(w, c, "audit", form, func(w io.Writer) error {
		if form.csv {
			return writeTable(a, w, auditColumns, rows, form.columns)
		}
		return writeLines(w, rows, form.columns)
	})
}
