package commands

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain/importplan"
)

// ImportProgress is how far an import is.
type ImportProgress struct {
	ID     uuid.UUID
	Status importplan.Status
	Done   importplan.Done
	Total  int           // rows of the plan, missing users included
	Rate   float64       // rows a second, lately; 0: not known, or not being carried out
	ETA    time.Duration // until all rows are done; 0: not known, or not being carried out
}

// WatchEvery is how often Watch looks.
const WatchEvery = 500 * time.Millisecond

// Progress returns how far an import is by now; one that is being carried out here
// may be further than what is recorded.
//
// Errors: importplan.ErrNotFound.
func (im *Importer) Progress(ctx context.Context, partner string, id uuid.UUID) (ImportProgress, error) {
	r, err := im.Get(ctx, partner, id)
	if err != nil {
		return ImportProgress{}, err
	}
	now := im.Service.Now()
	s := r.Value
	p := ImportProgress{ID: id, Status: s.Status(now), Done: s.Done, Total: s.Counts.Rows + s.Counts.Missing}
	im.mu.Lock()
	a := im.applying[id]
	im.mu.Unlock()
	if a == nil || p.Status != importplan.Applying {
		return p, nil
	}
	if done := a.progress(); done.Rows > p.Done.Rows {
		p.Done = done
	}
	if p.Rate = a.rate(now); p.Rate > 0 {
		p.ETA = time.Duration(float64(p.Total-p.Done.Rows) / p.Rate * float64(time.Second))
	}
	return p, nil
}

// Watch yields how far an import is, and again whenever that has changed, until it
// has ended or ctx ends.
//
// Errors: importplan.ErrNotFound.
func (im *Importer) Watch(ctx context.Context, partner string, id uuid.UUID) iter.Seq2[ImportProgress, error] {
	return func(yield func(ImportProgress, error) bool) {
		ticker := time.NewTicker(WatchEvery)
		defer ticker.Stop()
		for shown := (ImportProgress{}); ; {
			p, err := im.Progress(ctx, partner, id)
			if err != nil {
				yield(p, err)
				return
			}
			if p != shown && !yield(p, nil) {
				return
			}
			if shown = p; p.Status == importplan.Ended || p.Status == importplan.Given || p.Status == importplan.Expired {
				return
			}
			select {
			case <-im.over(id):
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// over returns what is closed when nobody carries an import out any more; nil:
// nobody does.
func (im *Importer) over(id uuid.UUID) <-chan struct{} {
	im.mu.Lock()
	defer im.mu.Unlock()
	if a := im.applying[id]; a != nil {
		return a.over
	}
	return nil
}

// rate returns how many rows a second were done lately.
func (a *applying) rate(now time.Time) float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n := len(a.samples); n == 0 || now.Sub(a.samples[n-1].at) >= WatchEvery {
		a.samples = append(a.samples, sample{now, a.done.Rows})
	}
	for len(a.samples) > 2 && now.Sub(a.samples[1].at) > rateOver {
		a.samples = a.samples[1:]
	}
	first := a.samples[0]
	passed := now.Sub(first.at).Seconds()
	if passed <= 0 {
		return 0
	}
	return float64(a.done.Rows-first.rows) / passed
}
