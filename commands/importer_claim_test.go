package commands_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

func TestARowIsAboutWhoeverHasItsUserIDNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.users(2)
		rename := func(n int, to string) {
			_, err := i.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: subscriber.ID(nordic, request(n, trustedID, "").Profile.UserID), UserID: &to}, cause(nordic))
			require.NoError(t, err)
		}
		rename(0, "holm@as0.example")
		row := func(number int, userID string) commands.ImportRow {
			return asked(number, 0, func(r *commands.ImportRow) {
				r.Subscriber.Profile.UserID, r.Subscriber.LastName = userID, "Holm"
			})
		}
		id, _ := i.plan(importplan.Merge, row(2, "holm@as0.example"), row(3, "user0@as0.example"))
		rows := i.rows(id, commands.RowFilter{})
		require.Equal(t, "change reject", i.verdicts(id))
		require.Equal(t, subscriber.ID(nordic, "user0@as0.example"), rows[0].ID)
		require.Contains(t, rows[1].Reason, "under another one")
		require.Equal(t, 1, i.apply(id).Done.Changed)

		rename(0, "user0@as0.example")
		newcomer := request(0, trustedID, "new@ent.example")
		newcomer.Profile.UserID = "holm@as0.example"
		id, _ = i.plan(importplan.Merge, importRows(newcomer)...)
		done := i.apply(id)
		require.Equal(t, importplan.Ended, done.Status(time.Now()))
		require.Equal(t, 1, done.Done.Created, "a user id that was given back is free")
		require.Contains(t, i.values(), "holm@as0.example")
	})
}
