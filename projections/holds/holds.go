// Package holds answers: whose requests are kept from Webex, and why?
package holds

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/projections"
)

// Row is one scope whose requests are, or were, held.
type Row struct {
	ID      uuid.UUID
	Partner string
	Actor   string // who placed it
	hold.State
}

var rows = projections.Rows[Row]{
	Name:     "holds.v1",
	Concerns: func(e domain.Entry) bool { return strings.HasPrefix(e.Stream, hold.Kind+"-") },
	Fold:     fold,
}

// Model feeds the list of holds.
var Model = rows.Model()

func fold(r Row, e domain.Entry) Row {
	_, r.ID, _ = domain.SplitStream(e.Stream)
	r.State = hold.Evolve(r.State, e.Event)
	if _, placed := e.Event.(hold.Placed); placed {
		r.Partner, r.Actor = e.Cause.Partner, e.Cause.Actor
	}
	return r
}

// Queries answers from the rows.
type Queries struct{ views *projections.Views }

// New returns queries over views that were opened with Model.
func New(v *projections.Views) *Queries { return &Queries{views: v} }

// List returns the partner's holds, the latest first; lifted ones only with all.
func (q *Queries) List(ctx context.Context, partner string, all bool) ([]Row, error) {
	list, err := rows.All(ctx, q.views, partner)
	list = slices.DeleteFunc(list, func(r Row) bool { return !all && !r.Held })
	slices.SortFunc(list, func(a, b Row) int { return b.At.Compare(a.At) })
	return list, err
}
