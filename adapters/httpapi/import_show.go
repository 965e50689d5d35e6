package httpapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/projections/imports"
)

// plannedImport is an import as lists show it.
type plannedImport struct {
	ID        uuid.UUID                 `json:"id"`
	Status    importplan.Status         `json:"status"`
	FileName  string                    `json:"fileName,omitempty"`
	File      string                    `json:"file,omitempty"` // SHA-256
	Undoes    string                    `json:"undoes,omitempty"`
	Behaviour importplan.Behaviour      `json:"behaviour,omitempty"`
	Template  string                    `json:"template,omitempty"`
	Customer  string                    `json:"customer,omitempty"`
	By        string                    `json:"by"`
	Planned   string                    `json:"planned"`
	Position  domain.Position           `json:"position"` // of the log when it was planned
	Expires   string                    `json:"expires"`
	Counts    importplan.Counts         `json:"counts"`
	Calls     int                       `json:"calls"`
	ETA       int                       `json:"eta"` // seconds
	Unsafe    bool                      `json:"unsafe,omitempty"`
	Needs     []importplan.ApprovalKind `json:"needs"`
	Approvals []importApproval          `json:"approvals"`
	Started   string                    `json:"started,omitempty"`
	Reason    string                    `json:"reason,omitempty"`
	Brake     bool                      `json:"brake,omitempty"`
	Cancelled string                    `json:"cancelled,omitempty"`
	Finished  string                    `json:"finished,omitempty"`
	Changed   string                    `json:"changed"`
	Done      importDone                `json:"done"`
}

type importApproval struct {
	Kind importplan.ApprovalKind `json:"kind"`
	By   string                  `json:"by"`
	At   string                  `json:"at"`
}

// importDone is how far an import is.
type importDone struct {
	Rows      int `json:"rows"`
	Created   int `json:"created"`
	Changed   int `json:"changed"`
	Deleted   int `json:"deleted"`
	Unchanged int `json:"unchanged"`
	Rejected  int `json:"rejected"`
	Held      int `json:"held"`
}

func showDone(d importplan.Done) importDone {
	return importDone{d.Rows, d.Created, d.Changed, d.Deleted, d.Unchanged, d.Rejected, d.Held}
}

func showImport(id uuid.UUID, s importplan.State, now time.Time) plannedImport {
	shown := plannedImport{
		ID: id, Status: s.Status(now), FileName: s.FileName, File: s.File, Behaviour: s.Behaviour,
		Template: s.Template, Customer: s.Customer, By: s.By, Planned: stamp(s.At), Position: s.Position, Expires: stamp(s.Expires),
		Counts: s.Counts, Calls: s.Calls, ETA: seconds(s.ETA), Unsafe: s.Unsafe, Needs: []importplan.ApprovalKind{}, Approvals: []importApproval{},
		Started: maybe(s.Started), Reason: s.Reason, Brake: s.Brake, Cancelled: maybe(s.Cancelled), Finished: maybe(s.Finished),
		Changed: stamp(s.Changed), Done: showDone(s.Done),
	}
	if s.Undoes != uuid.Nil {
		shown.Undoes = s.Undoes.String()
	}
	if shown.Status == importplan.Waiting || shown.Status == importplan.Stopped {
		shown.Needs = append(shown.Needs, s.Missing()...)
	}
	for _, approval := range s.Approvals {
		shown.Approvals = append(shown.Approvals, importApproval{approval.Kind, approval.By, stamp(approval.At)})
	}
	return shown
}

// wholeImport is an import with all that its plan comes to.
type wholeImport struct {
	plannedImport
	Packages  []importplan.Effect         `json:"packages"`
	Licences  []importplan.Effect         `json:"licences"`
	Customers []importplan.CustomerEffect `json:"customers"`
	Braked    int                         `json:"braked"`
	Progress  *importRate                 `json:"progress,omitempty"` // while it is applied
	Undone    []uuid.UUID                 `json:"undone,omitempty"`
	Ignored   []string                    `json:"ignored,omitempty"` // columns of the file
}

// importRate is how fast an import gets on.
type importRate struct {
	Total int     `json:"total"`
	Rate  float64 `json:"rate"` // rows a second
	ETA   int     `json:"eta"`  // seconds until the last row is recorded
}

// answerImport answers with an import as it is now.
func (a *api) answerImport(w http.ResponseWriter, c *call, status int, id uuid.UUID, imp commands.PlannedImport) error {
	s := imp.Value
	body := wholeImport{
		plannedImport: showImport(id, s, a.Service.Now()), Packages: listed(s.Packages), Licences: listed(s.Licences),
		Customers: listed(s.Customers), Braked: s.Braked,
	}
	for i := range body.Customers {
		body.Customers[i].Packages = listed(body.Customers[i].Packages)
	}
	if body.Status == importplan.Applying || body.Status == importplan.Stopped {
		progress, err := a.Imports.Progress(c.Context(), c.partner(), id)
		if err != nil {
			return err
		}
		body.Done = showDone(progress.Done)
		body.Progress = &importRate{Total: progress.Total, Rate: progress.Rate, ETA: seconds(progress.ETA)}
	}
	if row, err := a.ImportList.Get(c.Context(), c.partner(), id); err == nil { // the views may be behind
		body.Undone = row.Undone
	}
	var err error
	if body.Ignored, err = a.ignored(c, s); err != nil {
		return err
	}
	writeJSON(w, status, body)
	return nil
}

// ignored returns the columns that nobody reads of the file of an import, as long
// as that is kept.
func (a *api) ignored(c *call, s importplan.State) ([]string, error) {
	if s.Undoes != uuid.Nil {
		return nil, nil
	}
	file, err := a.Imports.Files.Open(c.Context(), s.File)
	if errors.Is(err, commands.ErrNoImportFile) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return a.IgnoredCSV(file)
}

// listed is a list that is never null in JSON.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Limits of a page of imports or their rows.
const (
	importPage    = 50
	importMaxPage = 500
)

// listImports serves GET /api/imports, newest first.
func (a *api) listImports(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := imports.Filter{Statuses: list(p, "status", importplan.Statuses), Awaiting: p.flag("awaiting")}
	limit, cursor := p.number("limit", importPage, 1, importMaxPage), p.text("cursor")
	if err := a.after(c, p); err != nil {
		return err
	}
	now := a.Service.Now()
	found, err := a.ImportList.List(c.Context(), c.partner(), f, limit, cursor, now)
	if err != nil {
		return err
	}
	body := struct {
		Items []plannedImport `json:"items"`
		Next  string          `json:"next,omitempty"`
	}{make([]plannedImport, 0, len(found.Rows)), found.Next}
	for _, row := range found.Rows {
		body.Items = append(body.Items, showImport(row.ID, row.State, now))
	}
	a.linkNext(w, c, body.Next)
	writeJSON(w, http.StatusOK, body)
	return nil
}

// importID reads the id of an import in a path.
//
// Errors: errNotFound.
func importID(c *call) (uuid.UUID, error) {
	text := c.PathValue("id")
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(id.String()) {
		return id, errNotFound
	}
	return id, nil
}

// importOf reads the import that the path names.
func (a *api) importOf(c *call) (uuid.UUID, commands.PlannedImport, error) {
	id, err := importID(c)
	if err != nil {
		return id, commands.PlannedImport{}, err
	}
	imp, err := a.Imports.Get(c.Context(), c.partner(), id)
	return id, imp, err
}

// getImport serves GET /api/imports/{id}. Lists show by then what was done.
func (a *api) getImport(w http.ResponseWriter, c *call) error {
	if err := a.after(c, c.params()); err != nil {
		return err
	}
	id, imp, err := a.importOf(c)
	if err != nil {
		return err
	}
	a.wait(w, c, max(imp.Position, imp.Value.Done.Position))
	return a.answerImport(w, c, http.StatusOK, id, imp)
}
