package commands

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/importplan"
)

// How an import is carried out.
const (
	applyInFlight   = 512              // rows of one import that wait for the log at once, so that imports share it evenly
	checkpointRows  = 5000             // after as many rows it is recorded how far the import is
	checkpointEvery = time.Second      // or after this time
	checkpointHeld  = 400              // or when so many rows were held back
	remindEvery     = time.Minute      // Run asks the view, in case something was missed
	afterOutage     = 5 * time.Second  // until an import that an outage ended goes on
	maxHeldReason   = 300              // bytes of the reason for holding back a row
	rateOver        = 10 * time.Second // what a rate is measured over
)

// Run carries out all imports that were applied and are not done, until ctx ends.
// A program that was killed goes on from where it was: rows that are done are not
// done again. One Run at a time.
func (im *Importer) Run(ctx context.Context) error {
	var working sync.WaitGroup
	defer working.Wait()
	wake := im.woken()
	reminder := time.NewTicker(remindEvery)
	defer reminder.Stop()
	im.remind(ctx)
	for {
		for _, id := range im.takeDue() {
			if a := im.begin(ctx, id); a != nil {
				working.Go(func() { im.carryOn(a) })
			}
		}
		select {
		case <-wake:
		case <-reminder.C:
			im.remind(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// remind wakes the imports that a view knows to be under way.
func (im *Importer) remind(ctx context.Context) {
	if err := im.Open(ctx, im.Wake); err != nil && ctx.Err() == nil {
		im.log().Error("imports under way could not be listed", "error", err)
	}
}

// Wake has Run look at an import: it is to be carried out, or to stop.
func (im *Importer) Wake(id uuid.UUID) {
	wake := im.woken()
	im.mu.Lock()
	defer im.mu.Unlock()
	if a := im.applying[id]; a != nil {
		a.look()
		return
	}
	im.due = append(im.due, id)
	select {
	case wake <- struct{}{}:
	default:
	}
}

func (im *Importer) woken() chan struct{} {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.wake == nil {
		im.wake = make(chan struct{}, 1)
	}
	return im.wake
}

func (im *Importer) takeDue() []uuid.UUID {
	im.mu.Lock()
	defer im.mu.Unlock()
	due := im.due
	im.due = nil
	return due
}

func (im *Importer) log() *slog.Logger {
	if im.Log == nil {
		return slog.Default()
	}
	return im.Log
}

// begin takes on an import; nil: it is taken on already.
func (im *Importer) begin(ctx context.Context, id uuid.UUID) *applying {
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.applying[id] != nil {
		return nil
	}
	if im.applying == nil {
		im.applying = map[uuid.UUID]*applying{}
	}
	a := &applying{im: im, id: id, until: ctx, asked: make(chan struct{}, 1), over: make(chan struct{})}
	im.applying[id] = a
	return a
}

// carryOn carries out an import as long as there is something to do.
func (im *Importer) carryOn(a *applying) {
	defer close(a.over)
	for {
		err := a.run()
		if err != nil && a.until.Err() == nil {
			im.log().Error("an import is held up", "import", a.id, "error", err)
			time.AfterFunc(afterOutage, func() { im.Wake(a.id) })
		}
		im.mu.Lock()
		if err != nil || !a.lookedAt() {
			delete(im.applying, a.id)
			im.mu.Unlock()
			return
		}
		im.mu.Unlock()
	}
}

// applying is one import being carried out.
type applying struct {
	im    *Importer
	id    uuid.UUID
	until context.Context
	asked chan struct{} // something was asked of the import meanwhile
	over  chan struct{} // closed when nobody carries it out any more

	// Of one run.
	ctx    context.Context
	cancel context.CancelCauseFunc
	plan   importplan.State
	why    domain.Cause
	terms  sync.Map // *subscriber.Terms by provisioning id, as at the start

	mu      sync.Mutex
	done    importplan.Done // rows up to one, all of which are done
	held    []importplan.Held
	samples []sample
}

type sample struct {
	at   time.Time
	rows int
}

func (a *applying) look() {
	select {
	case a.asked <- struct{}{}:
	default:
	}
}

func (a *applying) lookedAt() bool {
	select {
	case <-a.asked:
		return true
	default:
		return false
	}
}

// run carries out the import until it is done or stopped.
func (a *applying) run() error {
	a.ctx, a.cancel = context.WithCancelCause(a.until)
	defer a.cancel(nil)
	entries, err := a.im.Service.Log.ReadStream(a.ctx, importplan.Stream(a.id))
	if err != nil {
		return err
	}
	a.plan = importplan.Decider.Fold(entries)
	if a.plan.Status(a.im.Service.Now()) != importplan.Applying {
		return nil
	}
	a.why = causeOfRows(entries)
	a.mu.Lock()
	a.done, a.held, a.samples = a.plan.Done, nil, nil
	a.mu.Unlock()
	file, err := a.im.Files.Open(a.ctx, a.plan.Plan)
	if err != nil {
		return a.stopFor(err)
	}
	defer file.Close()
	if err := a.verify(file); err != nil {
		return a.stopFor(err)
	}
	takes, err := a.takes(file)
	if err != nil {
		return err
	}
	finished, err := a.rows(file, takes)
	if err != nil || !finished {
		return err
	}
	finish := importplan.Finish{Done: a.progress(), At: a.im.Service.Now()}
	_, err = a.record(finish)
	return err
}

// causeOfRows is why rows are carried out: whoever started the import asked for it.
func causeOfRows(entries []domain.Entry) domain.Cause {
	why := entries[0].Cause
	for _, e := range entries {
		if _, started := e.Event.(importplan.Started); started {
			why = e.Cause
		}
	}
	why.Surface, why.Request = domain.SurfaceCSV, entries[0].Stream
	return why
}

// stopFor pauses the import for a reason that does not pass by itself.
func (a *applying) stopFor(err error) error {
	if domain.AsRejection(err) == nil {
		return err
	}
	_, recordErr := a.record(importplan.Pause{Reason: err.Error(), Brake: errors.Is(err, brake.ErrOver), At: a.im.Service.Now()})
	return recordErr
}

// record records something about the import, and returns how it stands.
func (a *applying) record(c importplan.Command) (importplan.State, error) {
	r, err := transact(a.ctx, a.im.Service, importplan.Stream(a.id), a.engine(), importplan.Decider, c)
	if errors.Is(err, importplan.ErrOver) {
		return r.Value, nil // cancelled at the same moment
	}
	return r.Value, err
}

// engine is the cause of what the import itself records.
func (a *applying) engine() domain.Cause {
	return domain.Cause{Partner: a.why.Partner, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine, Request: a.why.Request}
}
