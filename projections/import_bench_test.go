package projections_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/projections"
	"ledgerline/projections/projectionstest"
)

// BenchmarkImport applies 100,000 onboardings to views that are current and hold
// 200,000 subscribers already.
func BenchmarkImport(b *testing.B) {
	rows := 100_000
	if testing.Short() {
		rows = 1_000
	}
	shape := projectionstest.Shape{Seed: 9, Partners: []string{"acme", "beta"}, Customers: 45, Import: rows * 9 / 10, Subscribers: 3 * rows}
	var before, imported []domain.Entry
	made := 0
	for e := range projectionstest.History(shape) {
		_, fresh := e.Event.(subscriber.Onboarded)
		switch {
		case made < 2*rows:
			before = append(before, e)
		case fresh:
			e.Position = before[len(before)-1].Position + 1 + domain.Position(len(imported))
			imported = append(imported, e)
		}
		if fresh {
			made++
		}
	}
	b.Log(projections.SyncPolicy)
	var took, worked []time.Duration
	for b.Loop() {
		b.StopTimer()
		log := projectionstest.NewLog(slices.Clone(before)...)
		log.Batch = func(int) int { return 1000 }
		v, err := projections.Open(filepath.Join(b.TempDir(), "views.db"), projections.Options{Models: models})
		require.NoError(b, err)
		stop := start(b, v, log)
		require.NoError(b, v.Wait(b.Context(), before[len(before)-1].Position))
		b.StartTimer()
		began, busy := time.Now(), cpu()
		log.Add(imported[:rows]...)
		require.NoError(b, v.Wait(b.Context(), imported[rows-1].Position))
		took, worked = append(took, time.Since(began)), append(worked, cpu()-busy)
		b.StopTimer()
		_ = stop()
		require.NoError(b, v.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(rows)/median(worked).Seconds(), "rows/cpu-s")
	b.ReportMetric(float64(rows)/median(took).Seconds(), "rows/s")
}
