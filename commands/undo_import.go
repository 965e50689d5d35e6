package commands

import (
	"context"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

// ErrNotEnded is said of an import that may still change users.
var ErrNotEnded = domain.Reject(domain.Conflict, "This import is not over. Wait for its end, or cancel it, and undo it then.")

// Undo makes a plan that takes back what an import did: who was created is deleted,
// what was changed is changed back, who was deleted is onboarded again. Rows that
// were held back, or whose user was changed since, are left out and said so. The
// plan is approved and applied like any other. Repeating it with the same
// why.Command returns the plan made then.
//
// Errors: importplan.ErrNotFound, ErrNotStarted; ErrNotEnded, ErrNoImportFile.
func (im *Importer) Undo(ctx context.Context, id uuid.UUID, why domain.Cause) (uuid.UUID, PlannedImport, error) {
	r, err := im.Get(ctx, why.Partner, id)
	if err != nil {
		return uuid.Nil, PlannedImport{}, err
	}
	did := r.Value
	switch status := did.Status(im.Service.Now()); {
	case did.Started.IsZero():
		return uuid.Nil, PlannedImport{}, importplan.ErrNotStarted
	case status != importplan.Ended && status != importplan.Given, status == importplan.Given && im.carriesOut(id):
		return uuid.Nil, PlannedImport{}, ErrNotEnded
	}
	file, err := im.Files.Open(ctx, did.Plan)
	if err != nil {
		return uuid.Nil, PlannedImport{}, err
	}
	defer file.Close()
	plan := importplan.Planned{By: why.Actor, Undoes: id, FileName: did.FileName, File: did.File}
	return im.plan(ctx, plan, why, func(ctx context.Context, p *planning) error { return p.undo(ctx, id, file) })
}

func (im *Importer) carriesOut(id uuid.UUID) bool {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.applying[id] != nil
}

// undo judges how to take back each row that changed something.
func (p *planning) undo(ctx context.Context, id uuid.UUID, file ImportFile) error {
	var failed error
	changing := iter.Seq[importplan.Row](func(yield func(importplan.Row) bool) {
		for row, err := range readRows(file, 0) {
			if failed = err; err != nil {
				return
			}
			if row.Verdict != importplan.Reject && row.Verdict != importplan.Unchanged && !yield(row.Row) {
				return
			}
		}
	})
	err := judgeAll(ctx, changing, func(ctx context.Context, row importplan.Row) judgement { return p.takeBack(ctx, id, row) },
		func(j judgement) error {
			if j.Verdict == "" {
				return nil
			}
			return p.add(j.Row)
		})
	if err == nil {
		err = failed
	}
	return err
}

// takeBack judges how to take back what a row did; a row that did nothing has no
// verdict.
func (p *planning) takeBack(ctx context.Context, id uuid.UUID, did importplan.Row) (j judgement) {
	entries, err := p.im.Service.Log.ReadStream(ctx, streamOf(did.ID))
	if err != nil {
		j.err = fmt.Errorf("row %d: %w", did.Number, err)
		return j
	}
	command, first, last := importplan.RowCommand(id, did.Number), -1, -1
	for i, e := range entries {
		if e.ID == command {
			first = i
		}
		if first >= 0 && i-first < most && e.ID == domain.EventID(command, i-first) {
			last = i
		}
	}
	if first < 0 {
		return j
	}
	before, after, now := subscriber.Decider.Fold(entries[:first]), subscriber.Decider.Fold(entries[:last+1]), subscriber.Decider.Fold(entries)
	var terms *subscriber.Terms
	if did.Verdict == importplan.Delete {
		if terms, j.err = p.termsOf(ctx, before.ProvisioningID); j.err != nil {
			return j
		}
	}
	j.Row = importplan.Undo(did, before, after, now, terms)
	j.ID, j.Version = did.ID, len(entries)
	return j
}

const most = 1 << 16 // events of one command
