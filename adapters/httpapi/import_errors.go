package httpapi

import (
	"cmp"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain/importplan"
)

// Rejects writes the rejected rows of a file.
type Rejects interface {
	// Add writes one row with the reason. Rows come in ascending order.
	Add(row int, reason string) error
	Close() error
}

// downloadRejected serves GET /api/imports/{id}/rejected.csv: the rows of the file
// that were rejected or held back, as they stand in it, with the reasons.
func (a *api) downloadRejected(w http.ResponseWriter, c *call) error {
	if err := c.params().only(); err != nil {
		return err
	}
	id, imp, err := a.importOf(c)
	if err != nil {
		return err
	}
	if imp.Value.Undoes != uuid.Nil {
		return &refusal{
			status: http.StatusNotFound, name: "no-file", title: "No file",
			detail: "This import takes another back and comes from no file. Its rows are at " + importPath(id) + "/rows.",
		}
	}
	file, err := a.Imports.Files.Open(c.Context(), imp.Value.File)
	if err != nil {
		return err
	}
	defer file.Close()
	w.Header().Set("Content-Type", "text/csv; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="`+id.String()+`.rejected.csv"`)
	return a.brokenOff(w, c, a.writeRejected(w, c, id, file))
}

func (a *api) writeRejected(w io.Writer, c *call, id uuid.UUID, file io.Reader) error {
	held, err := a.heldRows(c, id)
	if err != nil {
		return err
	}
	out, err := a.RejectCSV(w, file)
	if err != nil {
		return err
	}
	f := commands.RowFilter{Verdicts: []importplan.Verdict{importplan.Reject}}
	if len(held) > 0 {
		f.Verdicts = nil
	}
	for row, err := range a.Imports.Rows(c.Context(), c.partner(), id, f, 0) {
		if err != nil {
			return err
		}
		reason := row.Reason
		if row.Verdict != importplan.Reject {
			reason = held[row.Number]
		}
		if reason == "" || row.Missing {
			continue
		}
		if err := out.Add(row.Number, reason); err != nil {
			return err
		}
	}
	return out.Close()
}

// rowErrors is rows that the same fix helps.
type rowErrors struct {
	Field   string `json:"field,omitempty"` // empty: the whole row
	Code    string `json:"code,omitempty"`
	Problem string `json:"problem"`
	Fix     string `json:"fix,omitempty"`
	Count   int    `json:"count"`
	Rows    []int  `json:"rows"` // the first few
}

// rowErrorGroups groups what is wrong with rows by fix. It keeps so many groups,
// and so many rows of each, whatever the file.
type rowErrorGroups struct {
	groups map[rowErrorKey]*rowErrors
	more   int // mistakes that are in none
}

type rowErrorKey struct{ field, fix, problem string }

const (
	mostRowErrors = 1000
	mostErrorRows = 10
)

func (g *rowErrorGroups) add(e rowErrors, row int) {
	key := rowErrorKey{e.Field, e.Fix, e.Problem}
	if tells(e.Fix) {
		key.problem = ""
	}
	have := g.groups[key]
	if have == nil {
		if len(g.groups) == mostRowErrors {
			g.more++
			return
		}
		have = &e
		g.groups[key] = have
	}
	if have.Count++; len(have.Rows) < mostErrorRows {
		have.Rows = append(have.Rows, row)
	}
}

// tells says whether a fix tells more than that something is to be done.
func tells(fix string) bool {
	for _, class := range classes {
		if class.fix == fix {
			return false
		}
	}
	return fix != ""
}

// sorted returns the groups, the one with the most rows first.
func (g *rowErrorGroups) sorted() []*rowErrors {
	all := slices.AppendSeq(make([]*rowErrors, 0, len(g.groups)), maps.Values(g.groups))
	slices.SortFunc(all, func(a, b *rowErrors) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rows[0], b.Rows[0]), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Problem, b.Problem))
	})
	return all
}

// importErrors serves GET /api/imports/{id}/errors: what is wrong with rejected
// rows, grouped by fix. A row with several mistakes is in several groups.
func (a *api) importErrors(w http.ResponseWriter, c *call) error {
	if err := c.params().only(); err != nil {
		return err
	}
	id, imp, err := a.importOf(c)
	if err != nil {
		return err
	}
	g := rowErrorGroups{groups: map[rowErrorKey]*rowErrors{}}
	rejected := commands.RowFilter{Verdicts: []importplan.Verdict{importplan.Reject}}
	for row, err := range a.Imports.Rows(c.Context(), c.partner(), id, rejected, 0) {
		if err != nil {
			return err
		}
		if len(row.Problems) == 0 {
			g.add(rowErrors{Problem: row.Reason}, row.Number)
		}
		for _, p := range showFields(row.Problems, "") {
			g.add(rowErrors{Field: strings.TrimPrefix(p.Pointer, "#/"), Code: p.Code, Problem: p.Problem, Fix: p.Fix}, row.Number)
		}
	}
	writeJSON(w, http.StatusOK, struct {
		Rejected int          `json:"rejected"`
		Items    []*rowErrors `json:"items"`
		More     int          `json:"more,omitempty"`
	}{imp.Value.Counts.Reject, g.sorted(), g.more})
	return nil
}
