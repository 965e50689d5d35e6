package commands

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/customer"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
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

// errDamaged pauses an import whose rows are not those that were approved.
var errDamaged = domain.Reject(domain.Conflict, "The rows of this plan were damaged on the disk. Cancel the import and plan the file again; rows that are done will be found unchanged.")

// verify says whether the rows are those that were approved.
func (a *applying) verify(file ImportFile) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != a.plan.Plan {
		return errDamaged
	}
	return nil
}

// takes returns what is taken away from each customer.
func (a *applying) takes(file ImportFile) (map[string]importplan.CustomerEffect, error) {
	effects, err := readEffects(file)
	takes := map[string]importplan.CustomerEffect{}
	for _, e := range effects {
		takes[e.Customer] = e
	}
	return takes, err
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

// appliedRow is one row on its way.
type appliedRow struct {
	planRow
	held     string // why it was not carried out
	position domain.Position
	err      error
	done     chan struct{} // nil: nothing is to be done
}

// rows carries out rows from where the import is, and records how far it comes;
// false: it was stopped.
func (a *applying) rows(file ImportFile, takes map[string]importplan.CustomerEffect) (finished bool, err error) {
	due, inOrder := make(chan *appliedRow), make(chan *appliedRow, applyInFlight)
	var working, counting sync.WaitGroup
	for range applyInFlight {
		working.Go(func() {
			for row := range due {
				row.held, row.position, row.err = a.carryOut(row.Row)
				close(row.done)
			}
		})
	}
	var counted error
	counting.Go(func() { counted = a.count(inOrder) })
	stopped, reserved := false, map[string]bool{}
	for row, readErr := range readRows(file, a.plan.Done.Offset) {
		if stopped = a.stopping(); stopped || readErr != nil || a.ctx.Err() != nil {
			err = readErr
			break
		}
		if row.Braking() && !reserved[row.Customer] {
			if err = a.reserve(takes[row.Customer]); err != nil {
				break
			}
			reserved[row.Customer] = true
		}
		next := &appliedRow{planRow: row}
		if row.Verdict == importplan.Unchanged || row.Verdict == importplan.Reject {
			inOrder <- next
			continue
		}
		next.done = make(chan struct{})
		inOrder <- next
		due <- next
	}
	close(due)
	close(inOrder)
	working.Wait()
	counting.Wait()
	err = errors.Join(counted, err)
	if err == nil {
		err = context.Cause(a.ctx)
	}
	if domain.AsRejection(err) != nil {
		return false, a.stopFor(err)
	}
	return !stopped && err == nil, err
}

// stopping says whether the import was paused or given up.
func (a *applying) stopping() bool {
	if !a.lookedAt() {
		return false
	}
	r, err := a.im.Get(a.ctx, a.why.Partner, a.id)
	if err != nil || r.Value.Status(a.im.Service.Now()) != importplan.Applying {
		a.look() // whoever runs it looks again: it may have been resumed since
		return true
	}
	return false
}

// reserve asks the brake for leave to take away from a customer.
func (a *applying) reserve(e importplan.CustomerEffect) error {
	s := a.im.Service
	reserve := brake.Reserve{Reserved: brake.Reserved{
		Plan: a.id, Customer: e.Customer, N: e.Deletions + e.Downgrades, Users: e.Users, Second: a.plan.Has(importplan.Second), At: s.Now(),
	}}
	_, err := transact(a.ctx, s, brake.Stream(a.why.Partner, e.Customer), a.engine(), brake.Decider, reserve)
	return err
}

// carryOut carries out one row; held says why it did not. A row that was carried
// out before is not carried out again.
func (a *applying) carryOut(row importplan.Row) (held string, position domain.Position, err error) {
	if a.ctx.Err() != nil {
		return "", 0, a.ctx.Err()
	}
	s, why := a.im.Service, a.why
	why.Command = importplan.RowCommand(a.id, row.Number)
	var terms *subscriber.Terms
	if row.Verdict == importplan.Create {
		if terms, err = a.termsOf(row.Value("provisioningId")); err != nil {
			return "", 0, err
		}
	}
	stream, c := streamOf(row.ID), row.Command(terms, s.Now())
	r := Subscriber{}
	if row.Verdict == importplan.Create && row.Version == 0 {
		r, err = record(a.ctx, s, stream, r, why, subscriber.Decider, c)
	} else {
		err = ErrStale
	}
	for races, released := 0, false; ; races++ {
		switch {
		case err == nil:
			return "", r.Position, a.designate(row, r)
		case errors.Is(err, subscriber.ErrClaimed) && !released:
			released = true
			if err = s.releaseStale(a.ctx, row.ID, follow(why)); err == nil {
				err = ErrStale
			}
			continue
		case domain.AsRejection(err) != nil && !errors.Is(err, ErrKeyReused):
			return short(err.Error()), 0, nil
		case !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyReused), races == maxRaces:
			return "", 0, fmt.Errorf("row %d: %w", row.Number, err)
		}
		entries, readErr := s.Log.ReadStream(a.ctx, stream)
		if readErr != nil {
			return "", 0, readErr
		}
		r = recorded(subscriber.Decider, entries)
		if repeated(entries, why) {
			err = nil
			continue
		}
		if len(entries) > 0 && entries[0].Cause.Partner != why.Partner {
			return ErrOtherPartner.Text, 0, nil
		}
		if len(entries) < row.Version || !importplan.Same(subscriber.Decider.Fold(entries[:row.Version]), r.Value) {
			return heldChanged, 0, nil
		}
		r, err = record(a.ctx, s, stream, r, why, subscriber.Decider, c)
		if err == nil && !r.Changed {
			r.Position = 0
		}
	}
}

const heldChanged = "The user was changed after the plan was made; it was left as it is."

func short(text string) string {
	for i := range text {
		if i > maxHeldReason {
			return text[:i] + "…"
		}
	}
	return text
}

func (a *applying) termsOf(provisioningID string) (*subscriber.Terms, error) {
	if terms, known := a.terms.Load(provisioningID); known {
		return terms.(*subscriber.Terms), nil
	}
	terms, err := a.im.Service.terms(a.ctx, a.why.Partner, provisioningID)
	if err == nil {
		a.terms.Store(provisioningID, terms)
	}
	return terms, err
}

// designate makes the customer's first user its administrator, where the template
// wants one before all others.
func (a *applying) designate(row importplan.Row, r Subscriber) error {
	if row.Verdict != importplan.Create || !r.Value.AdminFirst {
		return nil
	}
	designate := customer.Designate{Subscriber: row.ID, At: r.Value.Created}
	_, err := transact(a.ctx, a.im.Service, customer.Stream(a.why.Partner, row.Customer), follow(a.why), customer.Decider, customer.Command(designate))
	return err
}

// count counts rows as they are done, in order, and records how far the import is.
func (a *applying) count(rows <-chan *appliedRow) (err error) {
	recorded, last := a.progress().Rows, a.im.Service.Now()
	checkpoint := func() {
		done := a.progress()
		c := importplan.Progress{Done: done, Held: a.held, At: a.im.Service.Now()}
		if err != nil || done.Rows == recorded {
			return
		}
		if _, err = a.record(c); err != nil {
			a.cancel(err)
			return
		}
		recorded, last, a.held = done.Rows, c.At, nil
	}
	for row := range rows {
		if row.done != nil {
			<-row.done
		}
		if err == nil {
			err = row.err
		}
		if err != nil {
			a.cancel(err)
			continue
		}
		a.add(row)
		if n := a.progress().Rows; n-recorded >= cmp.Or(a.im.Checkpoint, checkpointRows) || len(a.held) >= checkpointHeld || n%64 == 0 && a.im.Service.Now().Sub(last) >= checkpointEvery {
			checkpoint()
		}
	}
	checkpoint()
	return err
}

func (a *applying) add(row *appliedRow) {
	a.mu.Lock()
	defer a.mu.Unlock()
	d := &a.done
	d.Rows++
	d.Offset = row.next
	d.Position = max(d.Position, row.position)
	switch {
	case row.held != "":
		d.Held++
		a.held = append(a.held, importplan.Held{Row: row.Number, ID: row.ID, Reason: row.held})
	case row.Verdict == importplan.Create:
		d.Created++
	case row.Verdict == importplan.Change, row.Verdict == importplan.ChangePackage:
		d.Changed++
	case row.Verdict == importplan.Delete:
		d.Deleted++
	case row.Verdict == importplan.Unchanged:
		d.Unchanged++
	case row.Verdict == importplan.Reject:
		d.Rejected++
	}
}

func (a *applying) progress() importplan.Done {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.done
}
