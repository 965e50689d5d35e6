package commands_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/planfiles"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

// out is a log that is out until a time.
type out struct {
	commands.EventLog
	until time.Time
}

func (l out) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	if time.Now().Before(l.until) {
		return 0, errors.New("the log is out")
	}
	return l.EventLog.Append(ctx, stream, expected, why, events...)
}

func TestAnImportGoesOnAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		id, _ := i.plan(importplan.Merge, many(100)...)
		i.approve(id)
		i.im = i.importerOn(out{i.log, time.Now().Add(12 * time.Second)})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = i.im.Run(ctx) }()
		time.Sleep(10 * time.Second)
		require.Empty(t, i.values())
		time.Sleep(10 * time.Second)
		require.Len(t, i.values(), 100)
		require.Equal(t, importplan.Ended, i.stands(id).Status(time.Now()))
		stop()
		<-ended
	})
}

func TestRowsThatWereDamagedOrLostAreNotCarriedOut(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"damaged": func(path string) error {
			return os.WriteFile(path, []byte("ledgerline plan 1\n\x00null\x00\x00\x00\x00\x00\x00\x00\x13"), 0o600)
		},
		"not kept": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newImporting(t)
				dir := t.TempDir()
				var err error
				i.files, err = planfiles.Open(dir)
				require.NoError(t, err)
				i.im = i.importerOn(i.log)
				id, plan := i.plan(importplan.Merge, many(3)...)
				require.NoError(t, harm(filepath.Join(dir, plan.Plan)))
				stopped := i.apply(id)
				require.Equal(t, importplan.Stopped, stopped.Status(time.Now()))
				require.Contains(t, stopped.Reason, name)
				require.Empty(t, i.values())
			})
		})
	}
}

func TestUndoLeavesOutWhatTheImportDidNotDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.users(20)
		rename := func(n int, name string) {
			_, err := i.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: subscriber.ID(nordic, request(n, trustedID, "").Profile.UserID), FirstName: &name}, cause(nordic))
			require.NoError(t, err)
		}
		holm := func(r *commands.ImportRow) { r.Subscriber.LastName = "Holm" }
		id, _ := i.plan(importplan.Merge, asked(2, 1, holm), asked(3, 2, holm), asked(4, 3, func(*commands.ImportRow) {}), asked(5, 4, holm))
		_, _, err := i.im.Undo(t.Context(), id, by("anna"))
		require.ErrorIs(t, err, importplan.ErrNotStarted)
		rename(1, "held back")
		i.approve(id)
		_, _, err = i.im.Undo(t.Context(), id, by("anna"))
		require.ErrorIs(t, err, commands.ErrNotEnded)
		i.run(i.im)
		rename(2, "changed since")

		back, r, err := i.im.Undo(t.Context(), id, by("anna"))
		require.NoError(t, err)
		require.Equal(t, id, r.Value.Undoes)
		require.Equal(t, "reject change", i.verdicts(back), "neither what was held back nor what was unchanged is told of")
		require.Equal(t, importplan.ErrChangedSince.Text, i.rows(back, commands.RowFilter{})[0].Reason)
		require.Equal(t, 1, i.apply(back).Done.Changed)

		again, _, err := i.im.Undo(t.Context(), back, by("anna"))
		require.NoError(t, err)
		require.Equal(t, "change", i.verdicts(again), "undoing can be undone")
		_, _, err = i.im.Undo(t.Context(), uuid.New(), by("anna"))
		require.ErrorIs(t, err, importplan.ErrNotFound)
	})
}
