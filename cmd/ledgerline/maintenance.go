package main

import (
	"context"

	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/adapters/httpapi"
	"ledgerline/domain"
	"ledgerline/projections"
)

// verify checks the log, then recounts the views.
func (e *engine) verify(ctx context.Context, progress func(httpapi.MaintenanceProgress)) (httpapi.MaintenanceReport, error) {
	e.rebuilding.Lock()
	defer e.rebuilding.Unlock()
	r, err := verifyLog(ctx, e.log, progress)
	if err != nil || !r.OK {
		return r, err // views cannot be recounted from a damaged log
	}
	recount, err := e.views.Verify(ctx, e.log, steps("Recounting the views", progress))
	e.describe(&r, recount)
	return r, err
}

// verifyLog checks the log alone.
func verifyLog(ctx context.Context, log *sqlite.Log, progress func(httpapi.MaintenanceProgress)) (httpapi.MaintenanceReport, error) {
	problems, err := log.Verify(ctx, steps("Checking the log", progress))
	if err != nil {
		return httpapi.MaintenanceReport{}, err
	}
	r := httpapi.MaintenanceReport{OK: len(problems) == 0, Log: []httpapi.LogProblem{}, Models: []httpapi.ModelReport{}}
	for _, p := range problems {
		r.Log = append(r.Log, httpapi.LogProblem{Position: p.Position, Detail: p.Detail})
	}
	return r, nil
}

// rebuild builds the views anew and puts them in place.
func (e *engine) rebuild(ctx context.Context, progress func(httpapi.MaintenanceProgress)) (httpapi.MaintenanceReport, error) {
	e.rebuilding.Lock()
	defer e.rebuilding.Unlock()
	r := httpapi.MaintenanceReport{OK: true, Log: []httpapi.LogProblem{}, Models: []httpapi.ModelReport{}}
	built, err := e.views.Rebuild(ctx, e.log, steps("Building the views", progress))
	if err != nil {
		return r, err
	}
	e.describe(&r, built.Report)
	e.follow.stop()
	defer e.follow.start()
	r.Rebuilt = true
	return r, built.SwapIn(ctx)
}

// describe adds a recount of the views. Examples of rows are shown only where
// they cannot be another partner's.
func (e *engine) describe(r *httpapi.MaintenanceReport, found projections.Report) {
	r.Position = found.Position
	r.OK = r.OK && found.OK()
	for _, m := range found.Models {
		report := httpapi.ModelReport{
			Name: m.Name, EventsDue: m.EventsDue, EventsApplied: m.EventsApplied,
			RowsRebuilt: m.RowsRebuilt, RowsServed: m.RowsServed, Differing: m.Differing,
		}
		for _, d := range m.Examples {
			if len(e.Partners) > 1 {
				break
			}
			report.Examples = append(report.Examples, httpapi.Difference{Key: d.Key, Served: d.Served, Rebuilt: d.Rebuilt})
		}
		r.Models = append(r.Models, report)
	}
}

func steps(name string, progress func(httpapi.MaintenanceProgress)) func(done, all domain.Position) {
	return func(done, all domain.Position) {
		progress(httpapi.MaintenanceProgress{Step: name, Done: uint64(done), All: uint64(all)})
	}
}
