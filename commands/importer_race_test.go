package commands_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

func TestTwoProgramsCarryOutAnImportOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		id, _ := i.plan(importplan.Merge, many(500)...)
		i.approve(id)
		i.run(i.im, i.importerOn(i.log))
		require.Equal(t, importplan.Ended, i.stands(id).Status(time.Now()))
		require.Equal(t, 500, i.stands(id).Done.Created)
		for n := range 500 {
			entries, err := i.log.ReadStream(t.Context(), subscriber.Stream(nordic, fmt.Sprintf("user%d@as0.example", n)))
			require.NoError(t, err)
			require.Len(t, entries, 1)
		}
	})
}

func TestImportsShareTheLogEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.im = i.importerOn(slow{i.log})
		var ids []uuid.UUID
		for k := range 3 {
			var rows []commands.ImportRow
			for n := range 3000 {
				rows = append(rows, commands.ImportRow{Number: n + 2, Subscriber: request(k*10000+n, trustedID, fmt.Sprintf("n%d@%d.example", n, k))})
			}
			id, _ := i.plan(importplan.Merge, rows...)
			i.approve(id)
			ids = append(ids, id)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = i.im.Run(ctx) }()
		time.Sleep(350 * time.Millisecond)
		var done []int
		for _, id := range ids {
			p, err := i.im.Progress(t.Context(), nordic, id)
			require.NoError(t, err)
			done = append(done, p.Done.Created)
		}
		stop()
		<-ended
		for _, n := range done {
			require.Positive(t, n)
			require.InDelta(t, done[0], n, 600, "no import waits for another: %v", done)
		}
	})
}

func TestPlansOfOneFileMadeAtOnceHaveNamesOfTheirOwn(t *testing.T) {
	for _, file := range []string{"f", ""} {
		i := newImporting(t)
		why := by("anna")
		why.Command = uuid.Must(uuid.NewV7())
		ids, mu, making := map[uuid.UUID]int{}, sync.Mutex{}, sync.WaitGroup{}
		for n := range 8 {
			making.Go(func() {
				cause := by("anna")
				if n%2 == 0 {
					cause = why // the same command, sent again and again
				}
				id, _, err := i.im.Plan(t.Context(), commands.PlanImport{File: file, Rows: slices.Values(many(20))}, cause)
				mu.Lock()
				defer mu.Unlock()
				assert.NoError(t, err)
				ids[id]++
			})
		}
		making.Wait()
		require.ElementsMatch(t, []int{4, 1, 1, 1, 1}, slices.Collect(maps.Values(ids)))
	}
}
