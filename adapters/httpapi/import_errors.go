package httpapi

import (
	"io"
	"net/http"

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
	var g rowErrorGroups
	rejected := commands.RowFilter{Verdicts: []importplan.Verdict{importplan.Reject}}
	for row, err := range a.Imports.Rows(c.Context(), c.partner(), id, rejected, 0) {
		if err != nil {
			return err
		}
		g.row(row.Number, row.Reason, row.Problems)
	}
	writeJSON(w, http.StatusOK, struct {
		Rejected int          `json:"rejected"`
		Items    []*rowErrors `json:"items"`
		More     int          `json:"more,omitempty"`
	}{imp.Value.Counts.Reject, g.sorted(), g.more})
	return nil
}
