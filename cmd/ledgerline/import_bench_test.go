package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/adapters/csvfile"
	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/template"
	"ledgerline/projections"
)

const benchTemplate = "YmVuY2htYXJr"

// BenchmarkImport measures an import of 100,000 valid rows into an empty engine,
// from the bytes of the CSV file to views that show all of them, against a raw
// SQLite bulk insert of the same rows in one transaction. Both sync fully.
func BenchmarkImport(b *testing.B) {
	rows := benchRows(100_000)
	file := benchFile(rows)
	var ours, raw, indexed []time.Duration
	for b.Loop() {
		raw = append(raw, rawInsert(b, rows, ""))
		ours = append(ours, benchImport(b, file, len(rows)))
		indexed = append(indexed, rawInsert(b, rows, "CREATE UNIQUE INDEX by_user ON users(c0)"))
	}
	median := func(d []time.Duration) time.Duration { slices.Sort(d); return d[len(d)/2] }
	perSecond := func(d time.Duration) float64 { return float64(len(rows)) / d.Seconds() }
	b.ReportMetric(perSecond(median(ours)), "rows/s")
	b.ReportMetric(perSecond(median(raw)), "raw_rows/s")
	b.ReportMetric(100*median(raw).Seconds()/median(ours).Seconds(), "%ofraw")
	b.ReportMetric(100*median(indexed).Seconds()/median(ours).Seconds(), "%ofraw+index")
	b.ReportMetric(peakRSS(b), "peakMB")
	b.Logf("sync policy: log synchronous=FULL with group commit; raw: synchronous=FULL, WAL, one transaction; %d rounds, medians", len(ours))
}

func benchImport(b *testing.B, file []byte, rows int) time.Duration {
	dir := b.TempDir()
	log, err := sqlite.Open(filepath.Join(dir, "log.db"), eventlog.NewCodec(events...), sqlite.Options{})
	require.NoError(b, err)
	defer log.Close()
	views, err := projections.Open(filepath.Join(dir, "views.db"), projections.Options{Models: models})
	require.NoError(b, err)
	defer views.Close()
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { views.Run(ctx, log) })
	defer running.Wait()
	defer stop()
	service := &commands.Service{Log: log, Now: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }}
	why := domain.Cause{Partner: "bench", Actor: "bench", Role: domain.RoleAdmin, Surface: domain.SurfaceCSV, Request: "import 1"}
	settings := template.Settings{Name: "bench", Region: "EU", EmailLanguage: "en", Cluster: "as0", DefaultPackage: "basic", Emails: template.Trusted}
	_, err = service.CreateTemplate(b.Context(), commands.SaveTemplate{ProvisioningID: benchTemplate, Settings: settings}, why)
	require.NoError(b, err)
	runtime.GC()

	began := time.Now()
	parsed, err := csvfile.Rows(bytes.NewReader(file))
	require.NoError(b, err)
	summary, err := service.ImportSubscribers(b.Context(), parsed, false, why, func(commands.RowResult) {})
	require.NoError(b, err)
	require.NoError(b, views.Wait(b.Context(), summary.Position))
	took := time.Since(began)
	require.Equal(b, rows, summary.Created)
	return took
}

func benchRows(n int) [][]string {
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = []string{
			fmt.Sprintf("%012d@as%d.example", 46_700_000_000+i*7919%n, i%4), fmt.Sprintf("SP1+ent%d", i%40), benchTemplate,
			"Åsa" + strconv.Itoa(i%97), "Lindqvist" + strconv.Itoa(i%31), fmt.Sprintf("asa.lindqvist.%d@ent%d.example", i, i%40),
			[]string{"softphone", "basic", "standard", "premium"}[i%4], fmt.Sprintf("+46700%06d", i), "", strconv.Itoa(1000 + i%9000), "sv_SE", "Europe/Stockholm",
		}
	}
	return rows
}

func benchFile(rows [][]string) []byte {
	var file bytes.Buffer
	file.WriteString("userId,spEnterpriseId,provisioningId,firstName,lastName,email,package,primaryPhoneNumber,mobilePhoneNumber,extension,language,timezone\n")
	for _, row := range rows {
		file.WriteString(strings.Join(row, ",") + "\n")
	}
	return file.Bytes()
}

// rawInsert is what SQLite itself needs for the same rows.
func rawInsert(b *testing.B, rows [][]string, more string) time.Duration {
	conn, err := zombiezen.OpenConn(filepath.Join(b.TempDir(), "raw.db"), zombiezen.OpenReadWrite|zombiezen.OpenCreate|zombiezen.OpenWAL)
	require.NoError(b, err)
	defer conn.Close()
	columns, marks := make([]string, len(rows[0])), make([]string, len(rows[0]))
	for i := range columns {
		columns[i], marks[i] = fmt.Sprintf("c%d TEXT", i), "?"
	}
	for _, sql := range []string{"PRAGMA synchronous=FULL", "CREATE TABLE users (" + strings.Join(columns, ",") + ")", more} {
		if sql != "" {
			require.NoError(b, sqlitex.ExecuteTransient(conn, sql, nil))
		}
	}
	began := time.Now()
	require.NoError(b, sqlitex.ExecuteTransient(conn, "BEGIN", nil))
	insert := conn.Prep("INSERT INTO users VALUES (" + strings.Join(marks, ",") + ")")
	for _, row := range rows {
		for i, cell := range row {
			insert.BindText(i+1, cell)
		}
		_, err := insert.Step()
		require.NoError(b, err)
		require.NoError(b, insert.Reset())
	}
	require.NoError(b, sqlitex.ExecuteTransient(conn, "COMMIT", nil))
	return time.Since(began)
}

// peakRSS returns the largest resident size of this process so far, in MB.
func peakRSS(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			require.NoError(b, err)
			return kb / 1024
		}
	}
	return 0
}
