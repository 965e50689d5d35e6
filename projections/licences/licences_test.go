package licences_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/licence"
	"ledgerline/domain/webex"
	"ledgerline/projections/licences"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

func TestTheCountersAreWhatCountingAllRowsGives(t *testing.T) {
	entries := slices.Collect(projectionstest.History(projectionstest.Shape{Seed: 4, Partners: []string{"acme", "beta"}, Customers: 5, Import: 200, Subscribers: 900}))
	v := projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(entries...))
	for _, partner := range []string{"acme", "beta", "nobody"} {
		want := map[licences.Count]licences.Tally{}
		for r, err := range userstatus.New(v).All(t.Context(), partner, userstatus.Filter{Removed: true}) {
			require.NoError(t, err)
			k := licences.Count{SPEnterpriseID: r.SPEnterpriseID, ProvisioningID: r.ProvisioningID, Package: r.Profile.Package}
			tally := want[k]
			switch status := r.Status(); {
			case status == webex.Removed:
				tally.Removed++
			case status == webex.Provisioned, status == webex.Updating, r.PersonID != "":
				tally.Assigned++
			default:
				tally.Pending++
			}
			want[k] = tally
		}
		got, err := licences.New(v).Counts(t.Context(), partner, licences.Filter{})
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for _, c := range got {
			tally := c.Tally
			c.Tally = licences.Tally{}
			require.Equal(t, want[c], tally, "%+v", c)
		}
	}
}

func TestCountsCanBeNarrowedAndSummed(t *testing.T) {
	entries := slices.Collect(projectionstest.History(projectionstest.Shape{Seed: 4, Partners: []string{"acme"}, Customers: 3, Import: 50, Subscribers: 300}))
	q := licences.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(entries...)))
	all, err := q.Counts(t.Context(), "acme", licences.Filter{})
	require.NoError(t, err)
	sum := licences.Tally{}
	for customer, tally := range licences.ByCustomer(all) {
		some, err := q.Counts(t.Context(), "acme", licences.Filter{SPEnterpriseID: customer})
		require.NoError(t, err)
		require.Equal(t, tally, licences.Total(some))
		sum.Assigned, sum.Pending, sum.Removed = sum.Assigned+tally.Assigned, sum.Pending+tally.Pending, sum.Removed+tally.Removed
	}
	require.Equal(t, licences.Total(all), sum)
	require.Equal(t, 300, sum.Assigned+sum.Pending+sum.Removed)
	basic, err := q.Counts(t.Context(), "acme", licences.Filter{Package: "basic"})
	require.NoError(t, err)
	require.Equal(t, licences.ByPackage(all)["basic"], licences.Total(basic))
}

func TestLicencesAreCountedByTheTableAsItIsNow(t *testing.T) {
	counts := []licences.Count{
		{Package: "softphone", Tally: licences.Tally{Assigned: 1}},
		{Package: "basic", Tally: licences.Tally{Assigned: 2, Pending: 3}},
	}
	table := licence.State{Changed: licence.Table{"basic": {"Calling", "Fax"}}}
	require.Equal(t, []licences.Licence{
		{Name: "Calling", Tally: licences.Tally{Assigned: 3, Pending: 3}},
		{Name: "Fax", Tally: licences.Tally{Assigned: 2, Pending: 3}},
	}, licences.ByLicence(counts, table))
}
