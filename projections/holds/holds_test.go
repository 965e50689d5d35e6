package holds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/projections/holds"
	"ledgerline/projections/projectionstest"
)

var (
	customer = hold.Scope{Kind: hold.Customer, Name: "SP1+acme"}
	template = hold.Scope{Kind: hold.Template, Name: "dHJ1c3RlZA"}
)

func entries() []domain.Entry {
	l := projectionstest.NewWriter("acme")
	place := func(partner string, of hold.Scope, reason string) {
		l.Cause.Partner = partner
		l.Add(hold.Stream(partner, of), hold.Placed{Scope: of, Reason: reason, At: l.At})
	}
	place("acme", customer, "wrong account")
	place("beta", customer, "theirs")
	place("acme", template, "wrong address")
	l.Cause.Partner = "acme"
	l.Add(hold.Stream("acme", customer), hold.Lifted{At: l.At})
	return l.Entries
}

func TestHoldsKeepTheLaws(t *testing.T) { projectionstest.Laws(t, holds.Model, entries()) }

func TestAPartnerSeesWhatIsHeldAndOnRequestWhatWas(t *testing.T) {
	q := holds.New(projectionstest.Views(t, holds.Model, projectionstest.NewLog(entries()...)))
	list, err := q.List(t.Context(), "acme", false)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, template, list[0].Scope)
	require.Equal(t, hold.ID("acme", template), list[0].ID)
	require.Equal(t, "wrong address", list[0].Reason)
	require.NotEmpty(t, list[0].Actor)

	list, err = q.List(t.Context(), "acme", true)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, []bool{true, false}, []bool{list[0].Held, list[1].Held}, "the latest first")
}
