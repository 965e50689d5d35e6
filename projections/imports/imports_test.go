package imports_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/projections/imports"
	"ledgerline/projections/projectionstest"
)

func id(n int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte{byte(n)}) }

// history is imports 1 to 5 of acme, and 6 of somebody else: 1 is finished, 2 takes
// it back and is approved, 3 is being carried out, 4 was stopped by the brake, 5
// waits for approval.
func history() (entries []domain.Entry, now time.Time) {
	l := projectionstest.NewWriter("acme")
	add := func(n int, events ...domain.Event) { l.Add(importplan.Stream(id(n)), events...) }
	plan := func(n int) importplan.Planned {
		return importplan.Planned{By: "anna", File: "file", Plan: "rows" + string(rune('0'+n)), Behaviour: importplan.Merge, Counts: importplan.Counts{Rows: 2, Create: 2}, At: l.At, Expires: l.At.Add(importplan.Lifetime)}
	}
	whole := importplan.Approved{Kind: importplan.Whole, By: "anna", At: l.At}
	done := importplan.Done{Rows: 2, Created: 2}
	add(1, plan(1))
	add(1, whole, importplan.Started{At: l.At})
	undo := plan(2)
	undo.Undoes = id(1)
	add(3, plan(3), whole, importplan.Started{At: l.At})
	add(1, importplan.Progressed{Done: done, At: l.At}, importplan.Finished{Done: done, At: l.At})
	add(2, undo, whole)
	add(4, plan(4), whole, importplan.Started{At: l.At}, importplan.Paused{Brake: true, At: l.At})
	add(5, plan(5))
	l.Cause.Partner = "beta"
	add(6, plan(6))
	return l.Entries, l.At
}

func TestImportsKeepTheLaws(t *testing.T) {
	entries, _ := history()
	projectionstest.Laws(t, imports.Model, entries)
}

func TestImportsAreListedNewestFirst(t *testing.T) {
	entries, now := history()
	q := imports.New(projectionstest.Views(t, imports.Model, projectionstest.NewLog(entries...)))
	list := func(f imports.Filter, limit int, after string, at time.Time) (ids []uuid.UUID, next string) {
		got, err := q.List(t.Context(), "acme", f, limit, after, at)
		require.NoError(t, err)
		for _, r := range got.Rows {
			ids = append(ids, r.ID)
		}
		return ids, got.Next
	}
	all, next := list(imports.Filter{}, 0, "", now)
	require.Equal(t, []uuid.UUID{id(5), id(4), id(2), id(3), id(1)}, all)
	require.Empty(t, next)
	page, next := list(imports.Filter{}, 3, "", now)
	require.Equal(t, all[:3], page)
	page, next = list(imports.Filter{}, 3, next, now)
	require.Equal(t, all[3:], page)
	require.Empty(t, next)
	_, err := q.List(t.Context(), "acme", imports.Filter{}, 3, id(6).String(), now)
	require.ErrorIs(t, err, imports.ErrCursor)

	awaiting, _ := list(imports.Filter{Awaiting: true}, 0, "", now)
	require.Equal(t, []uuid.UUID{id(5), id(4)}, awaiting)
	awaiting, _ = list(imports.Filter{Awaiting: true}, 0, "", now.Add(importplan.Lifetime+time.Hour))
	require.Equal(t, []uuid.UUID{id(4)}, awaiting, "one that has expired awaits nothing")
	ended, _ := list(imports.Filter{Statuses: []importplan.Status{importplan.Ended, importplan.Ready}}, 0, "", now)
	require.Equal(t, []uuid.UUID{id(2), id(1)}, ended)
	back, _ := list(imports.Filter{Undoes: id(1)}, 0, "", now)
	require.Equal(t, []uuid.UUID{id(2)}, back)

	row, err := q.Get(t.Context(), "acme", id(1))
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{id(2)}, row.Undone)
	require.Equal(t, 2, row.Done.Created)
	_, err = q.Get(t.Context(), "acme", id(6))
	require.ErrorIs(t, err, importplan.ErrNotFound)

	var open []uuid.UUID
	require.NoError(t, q.Open(t.Context(), []string{"acme", "beta"}, now, func(id uuid.UUID) { open = append(open, id) }))
	require.Equal(t, []uuid.UUID{id(3)}, open)

	for at, want := range map[time.Time][]string{
		now:                                      {"file", "rows1", "rows2", "rows3", "rows4", "rows5", "rows6"},
		now.Add(importplan.Lifetime + time.Hour): {"file", "rows1", "rows3", "rows4"},
		now.Add(imports.Kept + 24*time.Hour):     {"file", "rows3", "rows4"},
	} {
		files, err := q.Files(t.Context(), []string{"acme", "beta"}, at)
		require.NoError(t, err)
		for _, name := range want {
			require.True(t, files[name], name)
		}
		require.Len(t, files, len(want))
	}
}
