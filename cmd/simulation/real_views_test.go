package simulation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/subscriber"
	"ledgerline/projections"
	"ledgerline/projections/audit"
	"ledgerline/projections/causes"
	"ledgerline/projections/licences"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/templates"
	"ledgerline/projections/userstatus"
)

func TestTheRealViewsOfAWorldAreWhatItsLogSays(t *testing.T) {
	for seed := *from; seed < *from+3; seed++ {
		w := simulate(t, seed, nil)
		log := projectionstest.NewLog(w.known()...)
		log.Batch = func(left int) int { return 1 + left%11 }
		for _, m := range []projections.Model{userstatus.Model, templates.Model, audit.Model, causes.Model} {
			v := projectionstest.Views(t, m, log)
			rebuilt, err := v.Rebuild(t.Context(), log, nil)
			require.NoError(t, err)
			require.True(t, rebuilt.Report.OK(), "seed %d: %+v", seed, rebuilt.Report)
			if m.Name == userstatus.Model.Name {
				requireRows(t, w, v)
			}
		}
	}
}

// requireRows compares rows and counters with the states that the log leads to.
func requireRows(t *testing.T, w *world, v *projections.Views) {
	want := map[string]subscriber.State{}
	w.subscribers(func(stream, _ string, s subscriber.State) {
		if s.Lives > 0 {
			want[stream] = s
		}
	})
	tallies := map[licences.Count]licences.Tally{}
	for _, partner := range partners {
		for r, err := range userstatus.New(v).All(t.Context(), partner, userstatus.Filter{Removed: true}) {
			require.NoError(t, err)
			require.Equal(t, want[r.Stream()], r.State, "seed %d, %s", w.seed, r.Stream())
			delete(want, r.Stream())
		}
		counts, err := licences.New(v).Counts(t.Context(), partner, licences.Filter{})
		require.NoError(t, err)
		for _, c := range counts {
			tally := c.Tally
			c.Tally, c.SPEnterpriseID = licences.Tally{}, partner+" "+c.SPEnterpriseID
			tallies[c] = tally
		}
	}
	require.Empty(t, want, "seed %d: subscribers without a row", w.seed)
	require.Equal(t, w.views.tallies, tallies, "seed %d", w.seed)
}
