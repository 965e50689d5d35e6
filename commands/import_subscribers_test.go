package commands_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/subscriber"
)

func importRows(requests ...commands.OnboardSubscriber) []commands.ImportRow {
	rows := make([]commands.ImportRow, len(requests))
	for i, r := range requests {
		rows[i] = commands.ImportRow{Number: i + 2, Subscriber: r}
	}
	return rows
}

func (w *world) importAll(s *commands.Service, rows []commands.ImportRow, dryRun bool) (commands.ImportSummary, []commands.RowResult, error) {
	var results []commands.RowResult
	summary, err := s.ImportSubscribers(w.t.Context(), slices.Values(rows), dryRun, cause(nordic), func(r commands.RowResult) { results = append(results, r) })
	return summary, results, err
}

func TestEachRowOfAnImportGetsItsOwnVerdictInOrder(t *testing.T) {
	w := newWorld(t)
	w.onboard(request(1, trustedID, "one@ent.example"))
	other := request(1, trustedID, "one@ent.example")
	other.LastName = "Holm"
	bad := request(3, trustedID, "no-address")
	repaired := request(4, trustedID, "four@ent.example")
	repaired.PrimaryPhoneNumber = "46701234567"
	rows := importRows(
		request(1, trustedID, "one@ent.example"), // there already
		request(2, trustedID, "two@ent.example"),
		bad,
		repaired,
		request(2, trustedID, "other@ent.example"),
		request(5, trustedID, "TWO@ent.example"),
		request(3, trustedID, "three@ent.example"), // the row before it was rejected
	)
	rows = append(rows, commands.ImportRow{Number: 9, Err: errors.New("too many cells")}, commands.ImportRow{Number: 10, Subscriber: other})

	for _, dryRun := range []bool{true, false} {
		summary, results, err := w.importAll(w.service, rows, dryRun)
		require.NoError(t, err)
		var verdicts []string
		for i, r := range results {
			require.Equal(t, i+2, r.Row)
			verdicts = append(verdicts, string(r.Verdict))
		}
		require.Equal(t, []string{"unchanged", "create", "reject", "create", "reject", "reject", "create", "reject", "reject"}, verdicts, "dry run %t", dryRun)
		require.Len(t, results[3].Repairs, 1)
		require.Contains(t, results[4].Reason, "earlier row")
		require.Equal(t, commands.ImportSummary{Rows: 9, Created: 3, Unchanged: 1, Rejected: 5, Repaired: 1, Ready: 3, Position: summary.Position}, summary)
	}
	summary, _, err := w.importAll(w.service, rows, false)
	require.NoError(t, err)
	require.Equal(t, 4, summary.Unchanged, "importing again changes nothing")
	require.Zero(t, summary.Created)
}

func TestAnImportThatWasStoppedIsFinishedByImportingAgain(t *testing.T) {
	w := newWorld(t)
	var requests []commands.OnboardSubscriber
	for n := range 50 {
		requests = append(requests, request(n, trustedID, fmt.Sprintf("u%d@ent.example", n)))
	}
	broken := w.serviceOn(crashLog{w.log, &crash{left: 20}})
	_, _, err := w.importAll(broken, importRows(requests...), false)
	require.ErrorIs(t, err, errCrashed)

	summary, _, err := w.importAll(w.service, importRows(requests...), false)
	require.NoError(t, err)
	require.Equal(t, 50, summary.Created+summary.Unchanged)
	require.NotZero(t, summary.Unchanged, "what was done stays done")
	require.NotZero(t, summary.Created, "the rest is done now")
	require.NotZero(t, summary.Position)
}

func TestADryRunRecordsNothing(t *testing.T) {
	w := newWorld(t)
	summary, _, err := w.importAll(w.service, importRows(request(1, trustedID, "a@ent.example")), true)
	require.NoError(t, err)
	require.Equal(t, 1, summary.Created)
	entries, err := w.log.ReadStream(t.Context(), subscriber.Stream(nordic, "user1@as0.example"))
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestWhatReadingTheFileMendedIsTold(t *testing.T) {
	w := newWorld(t)
	rows := importRows(request(1, trustedID, "a@ent.example"), request(2, trustedID, "no-address"))
	rows[0].Repairs, rows[1].Repairs = []string{"a"}, []string{"b"}
	rows[0].Subscriber.PrimaryPhoneNumber = "46701234567"
	summary, results, err := w.importAll(w.service, rows, false)
	require.NoError(t, err)
	require.Len(t, results[0].Repairs, 2)
	require.Equal(t, "a", results[0].Repairs[0])
	require.Equal(t, []string{"b"}, results[1].Repairs)
	require.Equal(t, 1, summary.Repaired)
}

func TestARowThatAsksForADeletionOnboardsNobody(t *testing.T) {
	w := newWorld(t)
	rows := importRows(request(1, trustedID, "a@ent.example"))
	rows[0].Delete = true
	_, results, err := w.importAll(w.service, rows, false)
	require.NoError(t, err)
	require.Equal(t, commands.Reject, results[0].Verdict)
	require.Contains(t, results[0].Reason, "deleted")
}
