package commands_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/commands"
	"ledgerline/domain/brake"
	"ledgerline/domain/importplan"
)

func TestTheBrakeHoldsAgainst64ImportsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, err := sqlite.Open(filepath.Join(t.TempDir(), "log.db"), importCodec, sqlite.Options{})
		require.NoError(t, err)
		defer log.Close()
		i := newImportingOn(t, log)
		i.users(300)
		const each = 4
		var plans []uuid.UUID
		for n := range 64 {
			var rows []commands.ImportRow
			for k := n * each; k < (n+1)*each; k++ {
				rows = append(rows, asked(k+2, k, func(r *commands.ImportRow) {
					if r.Delete = k%2 == 0; !r.Delete {
						r.Subscriber.Package = "basic"
					}
				}))
			}
			id, plan := i.plan(importplan.Merge, rows...)
			require.Zero(t, plan.Braked)
			require.Equal(t, 2, plan.Counts.Delete)
			require.Equal(t, 2, plan.Counts.Downgrade)
			i.approve(id)
			plans = append(plans, id)
		}
		i.run(i.im)

		taken, stopped := 0, 0
		for _, id := range plans {
			s := i.stands(id)
			taken += s.Done.Deleted + s.Done.Changed
			if s.Status(time.Now()) == importplan.Stopped {
				require.True(t, s.Brake)
				require.Zero(t, s.Done.Rows)
				stopped++
			}
		}
		require.Equal(t, brake.Most/each*each, taken, "as many as may be, and not one more")
		require.Equal(t, 64-brake.Most/each, stopped)
		require.Len(t, i.values(), 300-taken/2)
	})
}
