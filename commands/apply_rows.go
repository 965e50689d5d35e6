package commands

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"

	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/importplan"
)

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
