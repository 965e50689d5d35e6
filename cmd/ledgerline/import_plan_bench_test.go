package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"ledgerline/adapters/csvfile"
	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/adapters/planfiles"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/projections"
	"ledgerline/projections/imports"
)

var planRows = flag.Int("planrows", 20_000, "rows of BenchmarkImportPlan")

// BenchmarkImportPlan measures a plan of rows that are all new, and carrying it out
// until the views show all users; then, in another process, a plan of as many rows
// that are to be all there is against these users, whom Webex has provisioned and a
// tenth of whom change. Figures are medians; -planrows sets the size.
func BenchmarkImportPlan(b *testing.B) {
	rows := benchRows(*planRows)
	files := b.TempDir()
	first, second := filepath.Join(files, "first.csv"), filepath.Join(files, "second.csv")
	require.NoError(b, os.WriteFile(first, benchFile(rows), 0o600))
	rawCPU := cpuSeconds()
	raw := rawInsert(b, rows, "").Seconds()
	rawCPU = cpuSeconds() - rawCPU
	for i := range rows {
		if i%10 == 0 {
			rows[i][4] += "-Berg"
		}
	}
	require.NoError(b, os.WriteFile(second, benchFile(rows), 0o600))
	var planNew, apply, applyCPU, planAgain, mbApply, mbAgain []float64
	for b.Loop() {
		data := b.TempDir()
		f := planInChild(b, data, first, "apply")
		planNew, apply, mbApply, applyCPU = append(planNew, f[0]), append(apply, f[1]), append(mbApply, f[2]), append(applyCPU, f[3])
		f = planInChild(b, data, second, "")
		planAgain, mbAgain = append(planAgain, f[0]), append(mbAgain, f[2])
	}
	b.ReportMetric(median(planNew), "s/plan_new")
	b.ReportMetric(median(planAgain), "s/plan_existing")
	b.ReportMetric(median(mbAgain), "peakMB/plan_existing")
	b.ReportMetric(median(apply), "s/apply")
	b.ReportMetric(100*raw/median(apply), "%ofraw/apply")
	b.ReportMetric(100*rawCPU/median(applyCPU), "%ofrawcpu/apply")
	b.ReportMetric(median(mbApply), "peakMB/apply")
	b.ReportMetric(0, "ns/op")
}

// cpuSeconds is the time that processors have spent on this process so far.
func cpuSeconds() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}

// planInChild runs planOnce in a process of its own and returns the seconds of
// planning and of carrying it out, the peak of memory in MB, and how many seconds
// of the processors carrying it out took.
func planInChild(b *testing.B, data, file, apply string) (figures [4]float64) {
	c := exec.Command(os.Args[0])
	c.Env, c.Stderr = append(os.Environ(), "LEDGERLINE_PLAN="+strings.Join([]string{data, file, apply}, ":")), os.Stderr
	out, err := c.Output()
	require.NoError(b, err)
	_, err = fmt.Sscan(string(out), &figures[0], &figures[1], &figures[2], &figures[3])
	require.NoError(b, err)
	return figures
}

// planOnce plans a file on what is in a directory, carries the plan out if that is
// asked for, and prints what planInChild returns.
func planOnce(args string) error {
	data, rest, _ := strings.Cut(args, ":")
	file, apply, _ := strings.Cut(rest, ":")
	log, err := sqlite.Open(filepath.Join(data, "log.db"), eventlog.NewCodec(events...), sqlite.Options{})
	if err != nil {
		return err
	}
	defer log.Close()
	views, err := projections.Open(filepath.Join(data, "views.db"), projections.Options{Models: models})
	if err != nil {
		return err
	}
	defer views.Close()
	files, err := planfiles.Open(filepath.Join(data, "plans"))
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
	if _, err = im.Service.CreateTemplate(ctx, commands.SaveTemplate{ProvisioningID: benchTemplate, Settings: settings}, why); err != nil && apply != "" {
		return err
	}
	began := time.Now()
	id, plan, err := planFile(ctx, im, file, why)
	planned := time.Since(began)
	c := plan.Value.Counts
	switch {
	case err != nil:
		return err
	case apply != "" && c.Create != c.Rows, apply == "" && (c.Change != (c.Rows+9)/10 || c.Change+c.Unchanged != c.Rows):
		return fmt.Errorf("unexpected verdicts: %+v", c)
	case apply == "":
		fmt.Println(planned.Seconds(), 0, peakRSS(), 0)
		return nil
	}
	if _, err = im.Approve(ctx, id, importplan.Whole, why); err != nil {
		return err
	}
	began = time.Now()
	cpu := cpuSeconds()
	if _, err = im.Apply(ctx, id, why); err != nil {
		return err
	}
	done, err := ended(ctx, im, "bench", id)
	if err == nil {
		err = views.Wait(ctx, done.Position)
	}
	fmt.Println(planned.Seconds(), time.Since(began).Seconds(), peakRSS(), cpuSeconds()-cpu)
	if err == nil {
		err = provisionAll(ctx, im, id, why)
	}
	if err == nil {
		_, err = im.Users.Position(ctx)
	}
	return err
}

// provisionAll records that Webex has provisioned everybody whom an import created.
func provisionAll(ctx context.Context, im *commands.Importer, id uuid.UUID, why domain.Cause) error {
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(256)
	for row, err := range im.Rows(ctx, why.Partner, id, commands.RowFilter{}, 0) {
		if err != nil {
			return errors.Join(err, workers.Wait())
		}
		workers.Go(func() error {
			why, at, tracking := why, im.Service.Now(), row.ID.String()
			why.Command = im.Service.NewID()
			_, err := im.Service.Log.Append(ctx, domain.StreamOf(subscriber.Kind, row.ID), 1, why,
				subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: tracking, At: at},
				subscriber.RequestAccepted{Kind: subscriber.Provision, WebexID: tracking, At: at},
				subscriber.Provisioned{PersonID: tracking, At: at})
			return err
		})
	}
	return workers.Wait()
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
