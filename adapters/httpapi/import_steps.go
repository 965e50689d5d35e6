package httpapi

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
)

// importStep is one step of an import.
type importStep func(ctx context.Context, id uuid.UUID, why domain.Cause) (commands.PlannedImport, error)

// because reads the optional body {"reason"} beside other members, and the cause
// that it goes into.
func (a *api) because(w http.ResponseWriter, c *call, body any, reason *string) (domain.Cause, error) {
	if err := decodeOptional(w, c, body); err != nil {
		return domain.Cause{}, err
	}
	why, err := c.cause()
	if err != nil {
		return why, err
	}
	if *reason = strings.TrimSpace(*reason); *reason != "" {
		why.Reason = *reason
	}
	return why, checkReason(*reason)
}

// onceImport carries out a step of an import that is not carried out again under
// the same Idempotency-Key.
func (a *api) onceImport(c *call, id uuid.UUID, why domain.Cause, do importStep) (commands.PlannedImport, error) {
	return once(a, c, why, importplan.Stream(id), importplan.Decider, func(_ *commands.Service, why domain.Cause) (commands.PlannedImport, error) {
		return do(c.Context(), id, why)
	})
}

// importDoes serves POST /api/imports/{id}/apply and others that need no more than a
// reason.
func importDoes(status int, of func(*commands.Importer) importStep) func(*api, http.ResponseWriter, *call) error {
	return func(a *api, w http.ResponseWriter, c *call) error {
		id, err := importID(c)
		if err != nil {
			return err
		}
		var body struct {
			Reason string `json:"reason"`
		}
		why, err := a.because(w, c, &body, &body.Reason)
		if err != nil {
			return err
		}
		imp, err := a.onceImport(c, id, why, of(a.Imports))
		if err != nil {
			return err
		}
		a.wait(w, c, imp.Position)
		return a.answerImport(w, c, status, id, imp)
	}
}

// approveImport serves POST /api/imports/{id}/approve. Without members the plan is
// approved; with removals, also that users are removed who are missing from the
// file; with second, only what the brake asks of a second administrator.
func (a *api) approveImport(w http.ResponseWriter, c *call) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	var body struct {
		Removals bool   `json:"removals"`
		Second   bool   `json:"second"`
		Reason   string `json:"reason"`
	}
	why, err := a.because(w, c, &body, &body.Reason)
	if err != nil {
		return err
	}
	kinds := []importplan.ApprovalKind{importplan.Whole}
	switch {
	case body.Second && body.Removals:
		var f domain.Fields
		f.Add("second", domain.Malformed, "does not go with removals; another administrator is the second to approve")
		return f.Err()
	case body.Second:
		kinds = []importplan.ApprovalKind{importplan.Second}
	case body.Removals:
		kinds = []importplan.ApprovalKind{importplan.Removals, importplan.Whole} // a no to the first leaves nothing behind
	}
	var imp commands.PlannedImport
	for _, kind := range kinds {
		each := why
		if why.Command != uuid.Nil {
			each.Command = domain.NameID("approval", why.Command.String(), string(kind))
		}
		imp, err = a.onceImport(c, id, each, func(ctx context.Context, id uuid.UUID, why domain.Cause) (commands.PlannedImport, error) {
			return a.Imports.Approve(ctx, id, kind, why)
		})
		if err != nil {
			return err
		}
	}
	a.wait(w, c, imp.Position)
	return a.answerImport(w, c, http.StatusOK, id, imp)
}

// undoImport serves POST /api/imports/{id}/undo: a plan in the other direction.
func (a *api) undoImport(w http.ResponseWriter, c *call) error {
	id, err := importID(c)
	if err != nil {
		return err
	}
	var body struct {
		Reason string `json:"reason"`
	}
	why, err := a.because(w, c, &body, &body.Reason)
	if err != nil {
		return err
	}
	undo, imp, err := a.Imports.Undo(c.Context(), id, why)
	if err != nil {
		return err
	}
	return a.planned(w, c, undo, imp)
}
