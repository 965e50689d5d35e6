package drift_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain/domaintest"
	"ledgerline/domain/drift"
)

func TestOneScanAfterTheOther(t *testing.T) {
	first, ended := drift.ScanBegan{Scan: scan, Whole: true, At: at(0)}, drift.ScanClosed{Scan: scan, At: at(5)}
	second := drift.ScanBegan{Scan: another, At: at(6)}
	domaintest.Run(t, drift.WatchDecider, []domaintest.Case[drift.WatchCommand]{
		{Name: "the first", When: drift.Begin{Scan: scan, Whole: true, At: at(0)}, Then: events{first}},
		{Name: "the same again", Given: events{first}, When: drift.Begin{Scan: scan, At: at(1)}},
		{Name: "one after the last", Given: events{first, ended}, When: drift.Begin{Scan: another, After: scan, At: at(6)}, Then: events{second}},
		{Name: "one that did not see the last", Given: events{first}, When: drift.Begin{Scan: another, At: at(6)}, Err: drift.ErrRunning},
		{Name: "done with", Given: events{first}, When: drift.EndScan{Scan: scan, At: at(5)}, Then: events{ended}},
		{Name: "done with before", Given: events{first, ended}, When: drift.EndScan{Scan: scan, At: at(7)}},
	})
	w := domaintest.Fold(drift.WatchDecider, events{first, second})
	require.Equal(t, []uuid.UUID{scan, another}, w.Open)
	require.Equal(t, scan, w.Whole, "a scan of some users is not one of all")
	require.Equal(t, []uuid.UUID{another}, domaintest.Fold(drift.WatchDecider, events{first, second, ended}).Open)
}

func TestTheNextScanFollowsFromWhatIsRecorded(t *testing.T) {
	const day = 24 * time.Hour
	w := domaintest.Fold(drift.WatchDecider, events{drift.ScanBegan{Scan: scan, Whole: true, At: at(0)}, drift.ScanBegan{Scan: another, At: at(9)}})
	for name, c := range map[string]struct {
		watch drift.Watch
		broke bool
		every time.Duration
		due   time.Time
		never bool
	}{
		"never":                        {watch: w, never: true},
		"at once if there was none":    {every: day},
		"a day after the last of all":  {watch: w, every: day, due: at(0).Add(day)},
		"an hour after a broken one":   {watch: w, broke: true, every: day, due: at(60)},
		"no later than if it was well": {watch: w, broke: true, every: time.Minute, due: at(1)},
	} {
		t.Run(name, func(t *testing.T) {
			due, ever := c.watch.Due(c.broke, c.every)
			require.Equal(t, !c.never, ever)
			require.Equal(t, c.due, due)
		})
	}
}
