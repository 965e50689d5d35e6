package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/csvfile"
	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/adapters/planfiles"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/template"
	"ledgerline/projections"
	"ledgerline/projections/imports"
)

var planRows = flag.Int("planrows", 20_000, "rows of BenchmarkImportPlan")

// BenchmarkImportPlan measures, in a process of its own: a plan of rows that are
// all new, carrying it out until the views show all users, and then a plan of as
// many rows against these users, a tenth of whom change. Figures are of one
// round; -planrows sets the size.
func BenchmarkImportPlan(b *testing.B) {
	rows := benchRows(*planRows)
	dir := b.TempDir()
	first, second := filepath.Join(dir, "first.csv"), filepath.Join(dir, "second.csv")
	require.NoError(b, os.WriteFile(first, benchFile(rows), 0o600))
	raw := rawInsert(b, rows, "").Seconds()
	for i := range rows {
		if i%10 == 0 {
			rows[i][4] += "-Berg"
		}
	}
	require.NoError(b, os.WriteFile(second, benchFile(rows), 0o600))
	var f planFigures
	for b.Loop() {
		c := exec.Command(os.Args[0])
		c.Env, c.Stderr = append(os.Environ(), "LEDGERLINE_PLAN="+first+":"+second), os.Stderr
		out, err := c.Output()
		require.NoError(b, err)
		_, err = fmt.Sscan(string(out), &f.planNew, &f.apply, &f.planAgain, &f.mbNew, &f.mbApply, &f.mbAgain)
		require.NoError(b, err)
	}
	b.ReportMetric(f.planNew, "s/plan_new")
	b.ReportMetric(f.planAgain, "s/plan_existing")
	b.ReportMetric(f.apply, "s/apply")
	b.ReportMetric(100*raw/f.apply, "%ofraw/apply")
	b.ReportMetric(f.mbAgain, "peakMB/plan_existing")
	b.ReportMetric(f.mbApply, "peakMB/apply")
	b.ReportMetric(0, "ns/op")
}

// planFigures are seconds, and megabytes at the peak so far.
type planFigures struct{ planNew, apply, planAgain, mbNew, mbApply, mbAgain float64 }

// planOnce is the work that BenchmarkImportPlan measures; its files are separated
// by a colon.
func planOnce(paths string) error {
	first, second, _ := strings.Cut(paths, ":")
	dir, err := os.MkdirTemp("", "ledgerline-plan-")
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
	files, err := planfiles.Open(filepath.Join(dir, "plans"))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { views.Run(ctx, log) })
	defer running.Wait()
	defer stop()
	im := &commands.Importer{
		Service: newService(log, nil), Files: files, Users: importUsers{head: log.Head, views: views},
		Open: func(ctx context.Context, yield func(uuid.UUID)) error {
			return imports.New(views).Open(ctx, []string{"bench"}, time.Now(), yield)
		},
	}
	running.Go(func() { im.Run(ctx) })
	why := domain.Cause{Partner: "bench", Actor: "bench", Role: domain.RoleAdmin, Surface: domain.SurfaceCLI}
	settings := template.Settings{Name: "bench", Region: "EU", EmailLanguage: "en", Cluster: "as0", DefaultPackage: "basic", Emails: template.Trusted}
	if _, err = im.Service.CreateTemplate(ctx, commands.SaveTemplate{ProvisioningID: benchTemplate, Settings: settings}, why); err != nil {
		return err
	}
	var f planFigures
	began := time.Now()
	lap := func(seconds, mb *float64) {
		*seconds, *mb = time.Since(began).Seconds(), peakRSS()
		began = time.Now()
	}
	id, _, err := planFile(ctx, im, first, why)
	lap(&f.planNew, &f.mbNew)
	if err == nil {
		_, err = im.Approve(ctx, id, importplan.Whole, why)
	}
	if err == nil {
		_, err = im.Apply(ctx, id, why)
	}
	if err != nil {
		return err
	}
	done, err := ended(ctx, im, "bench", id)
	if err == nil {
		err = views.Wait(ctx, done.Position)
	}
	lap(&f.apply, &f.mbApply)
	if err != nil {
		return err
	}
	_, again, err := planFile(ctx, im, second, why)
	lap(&f.planAgain, &f.mbAgain)
	if c := again.Value.Counts; err == nil && (c.Change != done.Created/10 || c.Unchanged+c.Change != c.Rows) {
		err = errors.New("unexpected verdicts: " + fmt.Sprint(c))
	}
	for _, figure := range []float64{f.planNew, f.apply, f.planAgain, f.mbNew, f.mbApply, f.mbAgain} {
		fmt.Print(strconv.FormatFloat(figure, 'f', 3, 64), " ")
	}
	return err
}

func planFile(ctx context.Context, im *commands.Importer, path string, why domain.Cause) (uuid.UUID, commands.PlannedImport, error) {
	file, err := os.Open(path)
	if err != nil {
		return uuid.Nil, commands.PlannedImport{}, err
	}
	defer file.Close()
	rows, err := csvfile.Rows(file)
	if err != nil {
		return uuid.Nil, commands.PlannedImport{}, err
	}
	return im.Plan(ctx, commands.PlanImport{FileName: filepath.Base(path), File: filepath.Base(path), Rows: rows}, why)
}

// ended waits for the end of an import.
func ended(ctx context.Context, im *commands.Importer, partner string, id uuid.UUID) (done importplan.Done, err error) {
	for p, watchErr := range im.Watch(ctx, partner, id) {
		done, err = p.Done, watchErr
	}
	return done, err
}
