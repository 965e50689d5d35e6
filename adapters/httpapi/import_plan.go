package httpapi

import (
	"cmp"
	"mime"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
)

// planImport serves POST /api/imports/plans: it keeps the file, works out what
// would become of each row, and changes no user.
func (a *api) planImport(w http.ResponseWriter, c *call) error {
	p := c.params()
	req := commands.PlanImport{
		Customer: trimmed(p.text("customer")), Template: trimmed(p.text("template")),
		Behaviour: importplan.Behaviour(p.oneOf("behaviour", string(importplan.Merge), string(importplan.Sync))),
		FileName:  cmp.Or(p.text("name"), c.fileName()),
	}
	p.text("reason")
	for name, text := range map[string]string{"name": req.FileName, "customer": req.Customer, "template": req.Template} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			p.wrong.Add(name, domain.Malformed, "must be UTF-8 without line breaks or other control characters")
		}
	}
	if err := p.only(); err != nil {
		return err
	}
	if err := mediaType(c, "text/csv"); err != nil {
		return err
	}
	if _, err := c.cause(); err != nil { // before a file is sent for nothing
		return err
	}
	kept, err := a.Imports.Files.Create(c.Context())
	if err != nil {
		return err
	}
	defer func() { _ = kept.Discard() }() // once it is committed, nothing
	if err := a.receive(w, c, kept); err != nil {
		return err
	}
	if req.File, err = kept.Commit(); err != nil {
		return err
	}
	return a.planFile(w, c, req)
}

// fileName is what the client calls the file.
func (c *call) fileName() string {
	_, params, err := mime.ParseMediaType(c.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}

// planFile plans a file that is kept.
func (a *api) planFile(w http.ResponseWriter, c *call, req commands.PlanImport) error {
	c.body = []byte(c.URL.RawQuery + "\n" + req.File) // what an Idempotency-Key stands for
	why, err := c.cause()
	if err != nil {
		return err
	}
	file, err := a.Imports.Files.Open(c.Context(), req.File)
	if err != nil {
		return err
	}
	defer file.Close()
	if req.Rows, err = a.ReadCSV(file, req.Given()...); err != nil {
		return badFile(err)
	}
	id, imp, err := a.Imports.Plan(c.Context(), req, why)
	if err != nil {
		return err
	}
	return a.planned(w, c, id, imp)
}

// planned answers with a plan that was made.
func (a *api) planned(w http.ResponseWriter, c *call, id uuid.UUID, imp commands.PlannedImport) error {
	a.wait(w, c, imp.Position)
	w.Header().Set("Location", importPath(id))
	return a.answerImport(w, c, http.StatusCreated, id, imp)
}

func importPath(id uuid.UUID) string { return "/api/imports/" + id.String() }
