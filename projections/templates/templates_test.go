package templates_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/template"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/templates"
)

func entries() []domain.Entry {
	l := projectionstest.NewWriter("acme")
	add := func(partner, provisioningID, name string) {
		l.Cause.Partner = partner
		l.Add(template.Stream(partner, provisioningID), template.Created{ProvisioningID: provisioningID, Settings: template.Settings{Name: name}, At: l.At})
	}
	add("acme", "p1", "zeta")
	add("beta", "p1", "theirs")
	add("acme", "p2", "alpha")
	l.Cause.Partner = "acme"
	l.Add(template.Stream("acme", "p1"), template.Changed{Settings: template.Settings{Name: "beta", FlowThrough: true}, At: l.At})
	return l.Entries
}

func TestTemplatesKeepTheLaws(t *testing.T) {
	projectionstest.Laws(t, templates.Model, entries())
}

func TestAPartnerSeesItsOwnTemplatesAsTheyAreNow(t *testing.T) {
	q := templates.New(projectionstest.Views(t, templates.Model, projectionstest.NewLog(entries()...)))
	list, err := q.List(t.Context(), "acme")
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, "alpha", list[0].Settings.Name)
	require.Equal(t, "beta", list[1].Settings.Name)

	row, err := q.Get(t.Context(), "acme", "p1")
	require.NoError(t, err)
	require.Equal(t, list[1], row)
	require.Equal(t, 2, row.Version)
	require.Equal(t, domain.Position(4), row.Position)
	require.Equal(t, template.Stream("acme", "p1"), row.Stream())

	_, err = q.Get(t.Context(), "beta", "p2")
	require.ErrorIs(t, err, template.ErrNotFound)
}
