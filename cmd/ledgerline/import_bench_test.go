package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

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
// from the CSV file to views that show all of them, in a process of its own,
// against a raw SQLite bulk insert of the same rows in one transaction. Both sync
// fully. They take turns; the figures are medians.
func BenchmarkImport(b *testing.B) {
	n := 100_000
	if testing.Short() {
		n = 2_000
	}
	rows := benchRows(n)
	file := filepath.Join(b.TempDir(), "users.csv")
	require.NoError(b, os.WriteFile(file, benchFile(rows), 0o600))
	var ours, raw, indexed []time.Duration
	var peak []float64
	for b.Loop() {
		raw = append(raw, rawInsert(b, rows, ""))
		took, mb := importInChild(b, file)
		ours, peak = append(ours, took), append(peak, mb)
		indexed = append(indexed, rawInsert(b, rows, "CREATE UNIQUE INDEX by_user ON users(c0)"))
	}
	perSecond := func(d time.Duration) float64 { return float64(n) / d.Seconds() }
	b.ReportMetric(perSecond(median(ours)), "rows/s")
	b.ReportMetric(perSecond(median(raw)), "raw_rows/s")
	b.ReportMetric(100*median(raw).Seconds()/median(ours).Seconds(), "%ofraw")
	b.ReportMetric(100*median(indexed).Seconds()/median(ours).Seconds(), "%ofraw_unique")
	b.ReportMetric(median(peak), "peakMB")
	b.Logf("sync policy: log synchronous=FULL with group commit; raw: synchronous=FULL, WAL, one transaction; %d rounds, medians", len(ours))
}

func median[T cmp.Ordered](of []T) T {
	slices.Sort(of)
	return of[len(of)/2]
}

// importInChild runs importFileOnce in a process of its own and returns its time
// and its largest resident size in MB.
func importInChild(b *testing.B, file string) (took time.Duration, peakMB float64) {
	c := exec.Command(os.Args[0])
	c.Env, c.Stderr = append(os.Environ(), "LEDGERLINE_IMPORT="+file), os.Stderr
	out, err := c.Output()
	require.NoError(b, err)
	_, err = fmt.Sscan(string(out), &took, &peakMB)
	require.NoError(b, err)
	return took, peakMB
}

// importFileOnce imports a file into an empty engine and prints how long it took,
// in nanoseconds, and the peak of memory.
func importFileOnce(path string) error {
	dir, err := os.MkdirTemp("", "ledgerline-import-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log, err := sqlite.Open(filepath.Join(dir, "log.db"), eventlog.NewCodec(events...), sqlite.Options{})
	if err != nil {
		return err
	}
	defer log.Close()
	views, err := projections.Open(filepath.Join(dir, "views.db"), projections.Options{Models: models})
	if err != nil {
		return err
	}
	defer views.Close()
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { views.Run(ctx, log) })
	defer running.Wait()
	defer stop()
	service := newService(log, nil)
	why := domain.Cause{Partner: "bench", Actor: "bench", Role: domain.RoleAdmin, Surface: domain.SurfaceCSV, Request: "import 1"}
	settings := template.Settings{Name: "bench", Region: "EU", EmailLanguage: "en", Cluster: "as0", DefaultPackage: "basic", Emails: template.Trusted}
	if _, err = service.CreateTemplate(ctx, commands.SaveTemplate{ProvisioningID: benchTemplate, Settings: settings}, why); err != nil {
		return err
	}

	began := time.Now()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := csvfile.Rows(file)
	if err != nil {
		return err
	}
	summary, err := service.ImportSubscribers(ctx, rows, false, why, func(commands.RowResult) {})
	if err == nil {
		err = views.Wait(ctx, summary.Position)
	}
	if err == nil && summary.Created != summary.Rows {
		err = fmt.Errorf("%d of %d rows created", summary.Created, summary.Rows)
	}
	fmt.Println(time.Since(began).Nanoseconds(), peakRSS())
	return err
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
func peakRSS() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			if err == nil {
				return kb / 1024
			}
		}
	}
	return 0
}
