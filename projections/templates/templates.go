// Package templates answers: which onboarding templates does a partner have?
package templates

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"ledgerline/domain"
	"ledgerline/domain/template"
	"ledgerline/projections"
)

// Row is one onboarding template.
type Row struct {
	Partner  string
	Version  int             // of the stream
	Position domain.Position // of the stream's last entry
	template.State
}

// Stream returns the name of the template's stream.
func (r Row) Stream() string { return template.Stream(r.Partner, r.ProvisioningID) }

var rows = projections.Rows[Row]{
	Name:     "templates.v1",
	Concerns: func(e domain.Entry) bool { return strings.HasPrefix(e.Stream, "template-") },
	Fold:     fold,
}

// Model feeds the list of templates.
var Model = rows.Model()

func fold(r Row, e domain.Entry) Row {
	r.State = template.Evolve(r.State, e.Event)
	r.Partner, r.Version, r.Position = e.Cause.Partner, e.Version, e.Position
	return r
}

// Queries answers from the rows.
type Queries struct{ views *projections.Views }

// New returns queries over views that were opened with Model.
func New(v *projections.Views) *Queries { return &Queries{views: v} }

// List returns the partner's templates, by name, then by provisioning id.
func (q *Queries) List(ctx context.Context, partner string) ([]Row, error) {
	list, err := rows.All(ctx, q.views, partner)
	slices.SortFunc(list, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Settings.Name, b.Settings.Name), cmp.Compare(a.ProvisioningID, b.ProvisioningID))
	})
	return list, err
}

// Get returns one of the partner's templates.
//
// Errors: template.ErrNotFound.
func (q *Queries) Get(ctx context.Context, partner, provisioningID string) (Row, error) {
	row, found, err := rows.One(ctx, q.views, partner, template.Stream(partner, provisioningID))
	if err == nil && !found {
		err = template.ErrNotFound
	}
	return row, err
}
