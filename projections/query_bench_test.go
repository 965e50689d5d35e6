package projections_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

// made is a log of a made-up history that is never kept as a whole.
type made struct {
	shape projectionstest.Shape
	head  domain.Position
}

func (m *made) Head(context.Context) (domain.Position, error) { return m.head, nil }

func (m *made) Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	return func(yield func([]domain.Entry, error) bool) {
		for batch, err := range m.ReadAll(ctx, after) {
			if !yield(batch, err) {
				return
			}
		}
		<-ctx.Done()
		yield(nil, ctx.Err())
	}
}

func (m *made) ReadAll(_ context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	return func(yield func([]domain.Entry, error) bool) {
		if after >= m.head {
			return
		}
		var batch []domain.Entry
		for e := range projectionstest.History(m.shape) {
			if e.Position <= after {
				continue
			}
			if batch = append(batch, e); len(batch) == 1000 {
				if !yield(batch, nil) {
					return
				}
				batch = nil
			}
		}
		yield(batch, nil)
	}
}

var bigShape = projectionstest.Shape{Seed: 5, Partners: []string{"acme", "beta"}, Customers: 60, Import: 90_000, Subscribers: 1_000_000}

// bigViews returns views of a million subscribers, or of a few when time is
// short, and their path.
func bigViews(b *testing.B) (*projections.Views, string) {
	path := filepath.Join(cmp.Or(os.Getenv("LEDGERLINE_BENCH"), b.TempDir()), "views-big.db")
	if testing.Short() {
		bigShape.Import, bigShape.Subscribers = 2_000, 5_000
		path = filepath.Join(b.TempDir(), "views.db")
	}
	log := &made{shape: bigShape}
	for e := range projectionstest.History(bigShape) {
		log.head = e.Position
	}
	v, err := projections.Open(path, projections.Options{Models: models})
	require.NoError(b, err)
	b.Cleanup(func() { v.Close() })
	ctx, cancel := context.WithCancel(b.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = v.Run(ctx, log) })
	start := time.Now()
	require.NoError(b, v.Wait(ctx, log.head))
	b.Logf("views of %d entries current after %s", log.head, time.Since(start).Round(time.Millisecond))
	cancel()
	done.Wait()
	return v, path
}

// mix draws a page of the user status with any combination of filters.
func mix(r *rand.Rand, rows []userstatus.Row) (partner string, f userstatus.Filter, p userstatus.Page) {
	row := rows[r.IntN(len(rows))]
	other := rows[r.IntN(len(rows))] // an unrelated row: combinations that are rare or empty
	maybe := func(chance float64, set func()) {
		if r.Float64() < chance {
			set()
		}
	}
	partner = row.Partner
	maybe(.3, func() { f.ProvisioningID = row.ProvisioningID })
	maybe(.3, func() { f.SPEnterpriseID = row.SPEnterpriseID })
	maybe(.4, func() {
		for range 1 + r.IntN(2) {
			f.Statuses = append(f.Statuses, webex.Statuses[r.IntN(len(webex.Statuses))])
		}
	})
	maybe(.2, func() { f.ExcludeProvisioned = true })
	maybe(.3, func() { f.Packages = []webex.Package{other.Profile.Package} })
	maybe(.1, func() { f.Flow = other.Flow })
	maybe(.1, func() { self := other.Flow == subscriber.SelfActivation; f.SelfActivated = &self })
	maybe(.15, func() { f.StatusChangedAfter = other.StatusChanged })
	maybe(.1, func() { f.CreatedAfter = other.Created })
	maybe(.1, func() { f.Removed = true })
	maybe(.35, func() {
		from := row
		maybe(.3, func() { from = other })
		name := []rune([]string{from.Profile.FirstName, from.Profile.LastName, from.Profile.UserID}[r.IntN(3)])
		f.Text = string(name[:1+r.IntN(min(6, len(name)))])
		maybe(.3, func() { f.Text += " " + string([]rune(other.Profile.LastName)[:1+r.IntN(3)]) })
	})
	switch r.IntN(30) {
	case 0:
		f.UserID = row.Profile.UserID
	case 1:
		f.Email = row.Email
	case 2:
		f.PersonID = row.PersonID
	}
	maybe(.2, func() { p.Order = userstatus.ByStatusChange })
	maybe(.1, func() { p.Offset = r.IntN(5000) })
	return partner, f, p
}

// BenchmarkStatusPage reads pages of the user status of a million subscribers,
// the next page too where there is one, and then one far into the list.
func BenchmarkStatusPage(b *testing.B) {
	v, _ := bigViews(b)
	users := userstatus.New(v)
	r := rand.New(rand.NewPCG(1, 2))
	pages := 1500
	if testing.Short() {
		pages = 50
	}
	var rows []userstatus.Row
	for _, partner := range bigShape.Partners {
		for row, err := range users.All(b.Context(), partner, userstatus.Filter{Removed: true}) {
			require.NoError(b, err)
			if r.IntN(200) == 0 || testing.Short() {
				rows = append(rows, row)
			}
		}
	}
	type timed struct {
		took time.Duration
		what string
	}
	var all []timed
	for b.Loop() {
		for range pages {
			partner, f, p := mix(r, rows)
			for range 2 {
				start := time.Now()
				list, err := users.List(b.Context(), partner, f, p)
				all = append(all, timed{time.Since(start), fmt.Sprintf("%s %s: %d rows", describe(f), describe(p), len(list.Rows))})
				require.NoError(b, err)
				if p.After = list.Next; p.After == "" {
					break
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b timed) int { return cmp.Compare(a.took, b.took) })
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))].took.Microseconds()) / 1000 }
	b.ReportMetric(at(.5), "p50-ms")
	b.ReportMetric(at(.95), "p95-ms")
	b.ReportMetric(at(.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	for _, t := range all[max(0, len(all)-12):] {
		b.Logf("%s %s", t.took.Round(100*time.Microsecond), t.what)
	}
}

// describe shows what is set.
func describe(v any) string {
	var parts []string
	for s, i := reflect.ValueOf(v), 0; i < s.NumField(); i++ {
		if f := s.Field(i); !f.IsZero() {
			if f.Kind() == reflect.Pointer {
				f = f.Elem()
			}
			parts = append(parts, fmt.Sprintf("%s=%v", s.Type().Field(i).Name, f))
		}
	}
	return strings.Join(parts, " ")
}

// BenchmarkFirstQuery opens views that are current and reads the first page.
func BenchmarkFirstQuery(b *testing.B) {
	views, path := bigViews(b)
	require.NoError(b, views.Close())
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		v, err := projections.Open(path, projections.Options{Models: models})
		require.NoError(b, err)
		_, err = userstatus.New(v).List(b.Context(), "acme", userstatus.Filter{}, userstatus.Page{})
		require.NoError(b, err)
		took = append(took, time.Since(start))
		v.Close()
	}
	b.ReportMetric(float64(median(took).Microseconds())/1000, "ms")
}
