package csvfile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/csvfile"
	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
)

// shared returns a file that lies beside the module, not in it.
func shared(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", name))
	if err != nil {
		tb.Skipf("the shared data are not beside the module: %v", err)
	}
	return data
}

var why = domain.Cause{Partner: "nordic", Actor: "token:1", Role: domain.RoleAdmin, Surface: domain.SurfaceCSV}

// empty is the write side on an empty log.
func empty() *commands.Service {
	return &commands.Service{
		Log: memory.New(eventlog.NewCodec(slices.Concat(subscriber.Events, template.Events, customer.Events)...), time.Now),
		Now: func() time.Time { return time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC) },
		NewID: func() uuid.UUID {
			return uuid.Must(uuid.NewV7())
		},
	}
}

// service is the write side with the shared templates.
func service(tb testing.TB) *commands.Service {
	tb.Helper()
	s := empty()
	var templates []struct {
		ProvisioningID string `json:"provisioningId"`
	}
	data := shared(tb, "templates.json")
	require.NoError(tb, json.Unmarshal(data, &templates))
	saves := make([]commands.SaveTemplate, len(templates))
	require.NoError(tb, json.Unmarshal(data, &saves))
	for i, save := range saves {
		save.ProvisioningID = templates[i].ProvisioningID
		_, err := s.CreateTemplate(context.Background(), save, why)
		require.NoError(tb, err)
	}
	return s
}

// bring imports a file and returns the verdicts.
func bring(t *testing.T, s *commands.Service, file []byte, dryRun bool) ([]commands.RowResult, commands.ImportSummary) {
	t.Helper()
	rows, err := csvfile.Rows(bytes.NewReader(file))
	require.NoError(t, err)
	var results []commands.RowResult
	summary, err := s.ImportSubscribers(t.Context(), rows, dryRun, why, func(r commands.RowResult) { results = append(results, r) })
	require.NoError(t, err)
	return results, summary
}

func TestEveryRowOfTheMessyFileGetsItsVerdict(t *testing.T) {
	var want struct {
		Rows []struct {
			Row                  int
			UserID, Verdict, Why string
		}
	}
	require.NoError(t, json.Unmarshal(shared(t, "broadworks-users-messy.expected.json"), &want))
	file, s := shared(t, "broadworks-users-messy.csv"), service(t)
	for _, dryRun := range []bool{true, false} {
		results, _ := bring(t, s, file, dryRun)
		require.Len(t, results, len(want.Rows))
		for i, w := range want.Rows {
			got := results[i]
			require.Equal(t, w.Row, got.Row)
			require.Equal(t, w.UserID, got.UserID, "row %d", w.Row)
			require.Equal(t, w.Verdict, string(got.Verdict), "row %d: %s; got: %s", w.Row, w.Why, got.Reason)
		}
	}
}

func TestCorrectingTheRejectedRowsAndImportingThemChangesOnlyThose(t *testing.T) {
	file, s := shared(t, "broadworks-users-messy.csv"), service(t)
	results, first := bring(t, s, file, false)
	var out bytes.Buffer
	rejected, err := csvfile.NewRejects(&out, bytes.NewReader(file))
	require.NoError(t, err)
	for _, r := range results {
		if r.Verdict == commands.Reject {
			require.NoError(t, rejected.Add(r.Row, r.Reason))
		}
	}
	require.NoError(t, rejected.Close())

	again, second := bring(t, s, out.Bytes(), false)
	require.Equal(t, first.Rejected, second.Rows)
	for _, r := range again {
		require.NotEqual(t, commands.Create, r.Verdict, "row %d: %v", r.Row, r)
	}

	corrected := bytes.ReplaceAll(out.Bytes(), []byte(";gold;"), []byte(";basic;"))
	_, third := bring(t, s, corrected, false)
	require.Equal(t, 1, third.Created)
	_, fourth := bring(t, s, file, false)
	require.Zero(t, fourth.Created)
	require.Equal(t, first.Created, fourth.Unchanged)
}

func TestTheLargeFileCreatesEveryoneOnce(t *testing.T) {
	file, s := shared(t, "broadworks-users.csv"), service(t)
	_, first := bring(t, s, file, false)
	require.Equal(t, 10_000, first.Created)
	_, again := bring(t, s, file, false)
	require.Equal(t, 10_000, again.Unchanged)
	require.Equal(t, 10_000, again.Rows)
}
