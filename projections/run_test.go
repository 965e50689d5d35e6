package projections_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/domain"
	"ledgerline/projections"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

// total is a row of a small model: how many entries a stream has.
type total struct {
	Stream string
	N      int
}

func totals(name string) projections.Rows[total] {
	return projections.Rows[total]{
		Name:     name,
		Concerns: func(domain.Entry) bool { return true },
		Fold:     func(r total, e domain.Entry) total { return total{e.Stream, r.N + 1} },
	}
}

func entries(n int) []domain.Entry {
	l := projectionstest.NewWriter("acme")
	for i := range n {
		l.Add([]string{"s-1", "s-2", "s-3"}[i%3], domain.Unknown{Type: "x.v1"})
	}
	return l.Entries
}

func open(t *testing.T, path string, o projections.Options) *projections.Views {
	v, err := projections.Open(path, o)
	require.NoError(t, err)
	return v
}

// start runs views and returns what stops them and tells how Run ended.
func start(t testing.TB, v *projections.Views, log projections.Log) (stop func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx, log) }()
	return sync.OnceValue(func() error { cancel(); return <-ended })
}

func count(t *testing.T, v *projections.Views, name string) (n int) {
	rows, err := totals(name).All(t.Context(), v, "acme")
	require.NoError(t, err)
	for _, r := range rows {
		n += r.N
	}
	return n
}

func TestWhoWaitsForAPositionReadsItsOwnWrites(t *testing.T) {
	log := projectionstest.NewLog(entries(10)...)
	v := open(t, filepath.Join(t.TempDir(), "views.db"), projections.Options{Models: []projections.Model{totals("a.v1").Model()}})
	defer v.Close()
	defer start(t, v, log)()
	require.NoError(t, v.Wait(t.Context(), 10))
	require.Equal(t, 10, count(t, v, "a.v1"))

	waited := make(chan error)
	go func() { waited <- v.Wait(t.Context(), 12) }()
	log.Add(entries(12)[10:]...)
	require.NoError(t, <-waited)
	require.Equal(t, 12, count(t, v, "a.v1"))
	require.Equal(t, domain.Position(12), v.Applied())
	lag, err := v.Lag(t.Context(), log)
	require.NoError(t, err)
	require.Equal(t, projections.Lag{Head: 12, Applied: 12}, lag)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, v.Wait(ctx, 13), context.Canceled)
}

func TestANewVersionIsBuiltBesideTheOthersAndReplacesTheOld(t *testing.T) {
	path, all := filepath.Join(t.TempDir(), "views.db"), entries(30)
	log := projectionstest.NewLog(all[:20]...)
	v := open(t, path, projections.Options{Models: []projections.Model{totals("a.v1").Model(), totals("b.v1").Model()}})
	stop := start(t, v, log)
	require.NoError(t, v.Wait(t.Context(), 20))
	require.ErrorIs(t, stop(), context.Canceled)
	require.NoError(t, v.Close())

	v = open(t, path, projections.Options{Models: []projections.Model{totals("a.v2").Model(), totals("b.v1").Model()}})
	require.Equal(t, []projections.ModelStatus{{Name: "a.v2", Building: true}, {Name: "b.v1", Applied: 20, Events: 20}}, v.Status())
	stop = start(t, v, log)
	log.Add(all[20:]...)
	require.NoError(t, v.Wait(t.Context(), 30))
	require.Equal(t, 30, count(t, v, "a.v2"))
	require.Equal(t, 30, count(t, v, "b.v1"))
	require.ErrorIs(t, stop(), context.Canceled)
	tables := names(t, v)
	require.NotContains(t, tables, "a_v1_rows")
	require.Contains(t, tables, "a_v2_rows")
	require.NoError(t, v.Close())
}

func names(t *testing.T, v *projections.Views) (tables []string) {
	require.NoError(t, v.Read(t.Context(), func(conn *sqlite.Conn) error {
		return sqlitex.Execute(conn, "SELECT name FROM sqlite_master WHERE type='table'", &sqlitex.ExecOptions{
			ResultFunc: func(row *sqlite.Stmt) error { tables = append(tables, row.ColumnText(0)); return nil },
		})
	}))
	return tables
}

func TestAnErrorIsReportedAndTriedAgainWithoutLosingAnything(t *testing.T) {
	log := projectionstest.NewLog(entries(5)...)
	outage := errors.New("no log")
	reported := make(chan error, 100)
	v := open(t, filepath.Join(t.TempDir(), "views.db"), projections.Options{
		Models: []projections.Model{totals("a.v1").Model()}, Report: func(err error) { reported <- err },
	})
	defer v.Close()
	log.Fail(outage)
	defer start(t, v, log)()
	require.ErrorIs(t, <-reported, outage)
	require.ErrorIs(t, <-reported, outage)
	require.NoError(t, v.Wait(t.Context(), 5))
	require.ErrorIs(t, v.Err(), outage)
	log.Fail(nil)
	log.Add(entries(6)[5:]...)
	require.NoError(t, v.Wait(t.Context(), 6))
	require.Equal(t, 6, count(t, v, "a.v1"))
}

func TestAFailedTransactionLeavesNoTraceAndIsTriedAgain(t *testing.T) {
	model := totals("a.v1").Model()
	failures := 3
	writer := model.Writer
	model.Writer = func() projections.Writer { return &failing{writer(), &failures} }
	v := open(t, filepath.Join(t.TempDir(), "views.db"), projections.Options{Models: []projections.Model{model}, Report: func(error) {}})
	defer v.Close()
	defer start(t, v, projectionstest.NewLog(entries(9)...))()
	require.NoError(t, v.Wait(t.Context(), 9))
	require.Equal(t, 9, count(t, v, "a.v1"))
	require.Equal(t, 9, v.Status()[0].Events)
}

func TestAFailureWhileAllIsBuiltStartsTheBuildAnew(t *testing.T) {
	projections.SmallBatches(t)
	all := slices.Collect(projectionstest.History(projectionstest.Shape{Seed: 2, Partners: []string{"acme"}, Customers: 3, Import: 5_000, Subscribers: 6_000}))
	log := projectionstest.NewLog(all...)
	log.Batch = func(int) int { return 200 }
	model := userstatus.Model
	writer, failed := model.Writer, false
	model.Writer = func() projections.Writer { return &later{writer(), &failed} }
	v := open(t, filepath.Join(t.TempDir(), "views.db"), projections.Options{Models: []projections.Model{model}, Report: func(error) {}})
	defer v.Close()
	defer start(t, v, log)()
	require.NoError(t, v.Wait(t.Context(), all[len(all)-1].Position))
	require.True(t, failed)
	require.Equal(t, len(all), v.Status()[0].Events)
	r := all[0]
	_, id, _ := domain.SplitStream(r.Stream)
	_, err := userstatus.New(v).Get(t.Context(), "acme", id)
	require.NoError(t, err)
}

// later fails once, far into the log.
type later struct {
	projections.Writer
	failed *bool
}

func (l *later) Apply(conn *sqlite.Conn, entries []domain.Entry) (int, error) {
	if entries[0].Position > 4_000 && !*l.failed {
		*l.failed = true
		return 0, errors.New("disk full")
	}
	return l.Writer.Apply(conn, entries)
}

type failing struct {
	projections.Writer
	left *int
}

func (f *failing) Apply(conn *sqlite.Conn, entries []domain.Entry) (int, error) {
	n, err := f.Writer.Apply(conn, entries)
	if *f.left--; *f.left >= 0 {
		err = errors.New("disk full")
	}
	return n, err
}

func TestADamagedRecordStopsTheLoopBehindAllThatCameBefore(t *testing.T) {
	damaged := errors.New("damaged")
	log := projectionstest.NewLog(entries(5)...)
	log.Fail(damaged)
	v := open(t, filepath.Join(t.TempDir(), "views.db"), projections.Options{
		Models: []projections.Model{totals("a.v1").Model()}, Report: func(error) {},
		Fatal: func(err error) bool { return errors.Is(err, damaged) },
	})
	defer v.Close()
	require.ErrorIs(t, v.Run(t.Context(), log), damaged)
	require.ErrorIs(t, v.Err(), damaged)
	require.Equal(t, 5, count(t, v, "a.v1"))
}

func TestViewsAheadOfTheLogAreBuiltAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	reported := make(chan error, 1)
	options := projections.Options{Models: []projections.Model{totals("a.v1").Model()}, Report: func(err error) { reported <- err }}
	v := open(t, path, options)
	stop := start(t, v, projectionstest.NewLog(entries(9)...))
	require.NoError(t, v.Wait(t.Context(), 9))
	require.ErrorIs(t, stop(), context.Canceled)
	restored := projectionstest.NewLog(entries(4)...)
	stop = start(t, v, restored)
	require.ErrorContains(t, <-reported, "beyond the end of the log")
	restored.Add(entries(6)[4:]...)
	require.NoError(t, v.Wait(t.Context(), 6))
	require.ErrorIs(t, stop(), context.Canceled)
	require.Equal(t, 6, count(t, v, "a.v1"))
	require.NoError(t, v.Close())
}

func TestVerifyFindsARowThatSomebodyTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	options := projections.Options{Models: []projections.Model{totals("a.v1").Model()}}
	v := open(t, path, options)
	log := projectionstest.NewLog(entries(9)...)
	stop := start(t, v, log)
	require.NoError(t, v.Wait(t.Context(), 9))
	report, err := v.Verify(t.Context(), log, nil)
	require.NoError(t, err)
	require.True(t, report.OK())
	require.Equal(t, projections.Report{Position: 9, Models: []projections.ModelReport{{Name: "a.v1", EventsDue: 9, EventsApplied: 9, RowsRebuilt: 3, RowsServed: 3}}}, report)
	require.ErrorIs(t, stop(), context.Canceled)
	require.NoError(t, v.Close())

	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteTransient(conn, "UPDATE a_v1_rows SET body='{}' WHERE stream='s-2'", nil))
	require.NoError(t, sqlitex.ExecuteTransient(conn, "DELETE FROM a_v1_rows WHERE stream='s-1'", nil))
	require.NoError(t, conn.Close())

	v = open(t, path, options)
	defer v.Close()
	rebuilt, err := v.Rebuild(t.Context(), log, nil)
	require.NoError(t, err)
	require.False(t, rebuilt.Report.OK())
	m := rebuilt.Report.Models[0]
	require.Equal(t, []string{"s-1", "s-2"}, []string{m.Examples[0].Key, m.Examples[1].Key})
	require.Equal(t, 2, m.Differing)
	require.Equal(t, 2, m.RowsServed)
	require.NoError(t, rebuilt.SwapIn(t.Context()))
	require.Equal(t, 9, count(t, v, "a.v1"))
	require.False(t, slices.Contains(names(t, v), "b_v1_rows"))
}
