package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain/importplan"
	"ledgerline/domain/webex"
)

// plannedRow is a row of a plan as it is shown.
type plannedRow struct {
	Row      int                      `json:"row"`
	UserID   string                   `json:"userId"`
	Verdict  importplan.Verdict       `json:"verdict"`
	ID       string                   `json:"id,omitempty"`
	Customer string                   `json:"spEnterpriseId,omitempty"`
	From     webex.Package            `json:"fromPackage,omitempty"`
	To       webex.Package            `json:"toPackage,omitempty"`
	Changes  []importplan.FieldChange `json:"changes,omitempty"`
	Missing  bool                     `json:"missing,omitempty"`
	Repairs  []string                 `json:"repairs,omitempty"`
	Notes    []string                 `json:"notes,omitempty"`
	Reason   string                   `json:"reason,omitempty"`
	Fields   []problemField           `json:"fields,omitempty"`
	Held     string                   `json:"held,omitempty"` // why it was not carried out
}

func showRow(r importplan.Row) plannedRow {
	shown := plannedRow{
		Row: r.Number, UserID: r.UserID, Verdict: r.Verdict, Customer: r.Customer, From: r.From, To: r.To,
		Changes: r.Changes, Missing: r.Missing, Repairs: r.Repairs, Notes: r.Notes, Reason: r.Reason, Fields: showFields(r.Problems, ""),
	}
	if r.ID != uuid.Nil {
		shown.ID = r.ID.String()
	}
	return shown
}

// heldRows returns why rows of an import were held back, by their number.
func (a *api) heldRows(c *call, id uuid.UUID) (map[int]string, error) {
	held := map[int]string{}
	for h, err := range a.Imports.Held(c.Context(), c.partner(), id) {
		if err != nil {
			return nil, err
		}
		held[h.Row] = h.Reason
	}
	return held, nil
}

// listImportRows serves GET /api/imports/{id}/rows, in the order of the file.
func (a *api) listImportRows(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := commands.RowFilter{
		Verdicts: list(p, "verdict", importplan.Verdicts), Customer: p.text("customer"),
		Repaired: p.flag("repaired"), Downgrade: p.flag("downgrade"), Missing: p.flag("missing"),
	}
	onlyHeld := p.flag("held")
	limit := p.number("limit", importPage, 1, importMaxPage)
	after := int64(p.number("cursor", 0, 0, 1<<62))
	if err := a.after(c, p); err != nil {
		return err
	}
	id, err := importID(c)
	if err != nil {
		return err
	}
	held, err := a.heldRows(c, id)
	if err != nil {
		return err
	}
	body := struct {
		Items []plannedRow `json:"items"`
		Next  string       `json:"next,omitempty"`
	}{Items: []plannedRow{}}
	var next int64
	rows := a.Imports.Rows(c.Context(), c.partner(), id, f, after)
	if onlyHeld && len(held) == 0 {
		rows = func(func(commands.PlannedRow, error) bool) {}
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if onlyHeld && held[row.Number] == "" {
			continue
		}
		if len(body.Items) == limit {
			body.Next = strconv.FormatInt(next, 10)
			break
		}
		shown := showRow(row.Row)
		shown.Held = held[row.Number]
		body.Items = append(body.Items, shown)
		next = row.Next
	}
	a.linkNext(w, c, body.Next)
	writeJSON(w, http.StatusOK, body)
	return nil
}

// downloadPlan serves GET /api/imports/{id}/plan: a line for the import, then one
// for each row.
func (a *api) downloadPlan(w http.ResponseWriter, c *call) error {
	if err := c.params().only(); err != nil {
		return err
	}
	id, imp, err := a.importOf(c)
	if err != nil {
		return err
	}
	held, err := a.heldRows(c, id)
	if err != nil {
		return err
	}
	kept, err := a.Imports.Files.Open(c.Context(), imp.Value.Plan) // before an answer begins that cannot be finished
	if err != nil {
		return err
	}
	defer kept.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Content-Disposition", `attachment; filename="import-`+id.String()+`.plan.jsonl"`)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	type line struct {
		Import *plannedImport `json:"import,omitempty"`
		Row    *plannedRow    `json:"row,omitempty"`
	}
	shown := showImport(id, imp.Value, a.Service.Now())
	err = out.Encode(line{Import: &shown})
	for row, rowErr := range a.Imports.Rows(c.Context(), c.partner(), id, commands.RowFilter{}, 0) {
		if err == nil {
			err = rowErr
		}
		if err != nil {
			return a.brokenOff(w, c, err)
		}
		shown := showRow(row.Row)
		shown.Held = held[row.Number]
		err = out.Encode(line{Row: &shown})
	}
	return a.brokenOff(w, c, err)
}

// brokenOff ends an answer that has begun, so that the client does not take half
// of it for the whole.
func (a *api) brokenOff(w http.ResponseWriter, c *call, err error) error {
	if err == nil {
		return nil
	}
	if begun := w.(*answer).status != 0; !begun {
		w.Header().Del("Content-Disposition")
		return err
	}
	if c.Context().Err() == nil {
		a.logOutage(c, err)
	}
	panic(http.ErrAbortHandler)
}
