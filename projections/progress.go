package projections

import (
	"context"

	"ledgerline/domain"
)

// ModelStatus is how far one model is.
type ModelStatus struct {
	Name     string
	Applied  domain.Position
	Events   int  // applied so far that concern it
	Building bool // not yet complete: far behind the log since it was new
}

// Status returns how far each model is, in the order of Options.Models.
func (v *Views) Status() []ModelStatus {
	v.mu.Lock()
	defer v.mu.Unlock()
	status := make([]ModelStatus, len(v.models))
	for i, m := range v.models {
		status[i] = ModelStatus{Name: m.Name, Applied: m.position, Events: m.events, Building: !m.indexed}
	}
	return status
}

// Applied returns the position up to which all models have applied the log.
func (v *Views) Applied() domain.Position {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.applied()
}

func (v *Views) applied() domain.Position { return lowest(v.models) }

func (v *Views) lowest(models []*model) domain.Position {
	v.mu.Lock()
	defer v.mu.Unlock()
	return lowest(models)
}

func lowest(models []*model) domain.Position {
	if len(models) == 0 {
		return 0
	}
	position := models[0].position
	for _, m := range models {
		position = min(position, m.position)
	}
	return position
}

func complete(models []*model) bool {
	for _, m := range models {
		if !m.indexed {
			return false
		}
	}
	return true
}

// Wait returns when all models are complete and have applied the log up to a
// position, so that whoever wrote there reads their own writes.
//
// Errors: ctx.Err().
func (v *Views) Wait(ctx context.Context, position domain.Position) error {
	for {
		v.mu.Lock()
		applied, moved := v.applied() >= position && complete(v.models), v.moved
		v.mu.Unlock()
		if applied {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Lag is how far the views are behind the log.
type Lag struct {
	Head, Applied domain.Position
	Behind        int // positions, which is entries where the log has no gaps
}

// Lag compares the views with the head of the log.
func (v *Views) Lag(ctx context.Context, log Log) (Lag, error) {
	applied := v.Applied()
	head, err := log.Head(ctx)
	lag := Lag{Head: head, Applied: applied}
	if head > applied {
		lag.Behind = int(head - applied)
	}
	return lag, err
}

// Err returns the error that the loop has not got over yet; nil when it is well.
func (v *Views) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.err
}

func (v *Views) setErr(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

// announce wakes who waits for a checkpoint; v.mu is held.
func (v *Views) announce() {
	close(v.moved)
	v.moved = make(chan struct{})
}
