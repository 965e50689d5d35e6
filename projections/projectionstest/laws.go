package projectionstest

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
	"ledgerline/projections"
)

// Laws checks that a model's rows depend on nothing but the entries.
func Laws(t *testing.T, m projections.Model, entries []domain.Entry) {
	fewer(t, 15) // each check makes files
	want := Dump(t, Views(t, m, NewLog(entries...)), m)
	require.NotEmpty(t, want)

	t.Run("the rows are the same whatever the batches", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			most := rapid.IntRange(1, 200).Draw(r, "most")
			seen := map[int]int{}
			log := NewLog(entries...)
			log.Batch = func(left int) int {
				if seen[left] == 0 {
					seen[left] = 1 + int(uint(left)*2654435761>>7)%most
				}
				return seen[left]
			}
			v := open(r, dir(r), m)
			defer v.Close()
			run(r, v, log)
			require.Equal(r, want, Dump(r, v, m))
		})
	})

	t.Run("the rows are the same when stopped and opened again anywhere", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) {
			where := dir(r)
			for _, stop := range append(rapid.SliceOfN(rapid.IntRange(0, len(entries)), 0, 4).Draw(r, "stops"), len(entries)) {
				v := open(r, where, m)
				if int(v.Applied()) < stop {
					run(r, v, NewLog(entries[:stop]...))
				}
				require.NoError(r, v.Close())
			}
			v := open(r, where, m)
			defer v.Close()
			require.Equal(r, want, Dump(r, v, m))
		})
	})

	t.Run("entries that are seen twice are applied once", func(t *testing.T) {
		where := t.TempDir()
		v := open(t, where, m)
		run(t, v, NewLog(entries[:len(entries)/2]...))
		log := NewLog(entries...)
		log.Repeat = true
		run(t, v, log)
		run(t, v, log)
		require.Equal(t, want, Dump(t, v, m))
		require.NoError(t, v.Close())
	})

	t.Run("deleting the file and starting gives the same rows", func(t *testing.T) {
		where := t.TempDir()
		for range 2 {
			v := open(t, where, m)
			run(t, v, NewLog(entries...))
			require.Equal(t, want, Dump(t, v, m))
			require.NoError(t, v.Close())
			require.NoError(t, os.Remove(filepath.Join(where, "views.db")))
		}
	})

	t.Run("a rebuild differs in nothing and can be swapped in", func(t *testing.T) {
		log := NewLog(entries...)
		v := open(t, t.TempDir(), m)
		defer v.Close()
		run(t, v, log)
		rebuilt, err := v.Rebuild(t.Context(), log, nil)
		require.NoError(t, err)
		require.True(t, rebuilt.Report.OK(), "%+v", rebuilt.Report)
		require.Equal(t, len(want), rebuilt.Report.Models[0].RowsServed)
		require.NoError(t, rebuilt.SwapIn(t.Context()))
		require.Equal(t, want, Dump(t, v, m))
		run(t, v, log)
	})
}

// fewer lowers how many examples rapid tries until the test ends.
func fewer(t *testing.T, checks int) {
	f := flag.Lookup("rapid.checks")
	before := f.Value.String()
	require.NoError(t, f.Value.Set(strconv.Itoa(checks)))
	t.Cleanup(func() { require.NoError(t, f.Value.Set(before)) })
}

// Views returns views of one model that have applied all of the log and go on.
func Views(t *testing.T, m projections.Model, log *Log) *projections.Views {
	v := open(t, t.TempDir(), m)
	Run(t, v, log)
	return v
}

// Run runs views until the test ends and returns when they have applied all of
// the log.
func Run(t *testing.T, v *projections.Views, log *Log) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = v.Run(ctx, log) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
		_ = v.Close()
	})
	Catch(t, v, log)
}

// Catch returns when the views have applied all of the log.
func Catch(t require.TestingT, v *projections.Views, log *Log) {
	head, _ := log.Head(context.Background())
	require.NoError(t, v.Wait(context.Background(), head))
}

// Dump returns all rows of a model.
func Dump(t require.TestingT, v *projections.Views, m projections.Model) (items []projections.Item) {
	require.NoError(t, v.Read(context.Background(), func(conn *sqlite.Conn) error {
		for item, err := range m.Dump(conn) {
			if err != nil {
				return err
			}
			items = append(items, item)
		}
		return nil
	}))
	return items
}

func open(t require.TestingT, where string, m projections.Model) *projections.Views {
	v, err := projections.Open(filepath.Join(where, "views.db"), projections.Options{Models: []projections.Model{m}, Readers: 2})
	require.NoError(t, err)
	return v
}

// run applies all of the log and stops.
func run(t require.TestingT, v *projections.Views, log *Log) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = v.Run(ctx, log) })
	Catch(t, v, log)
	cancel()
	done.Wait()
}

func dir(r *rapid.T) string {
	where, err := os.MkdirTemp("", "views")
	require.NoError(r, err)
	r.Cleanup(func() { os.RemoveAll(where) })
	return where
}
