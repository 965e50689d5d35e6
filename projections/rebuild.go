package projections

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"ledgerline/domain"
)

// Rebuilt is all models built anew in a file of their own, at the position that
// the served ones were at when they were compared.
type Rebuilt struct {
	Report Report
	served *Views
	fresh  *Views
}

// Rebuild builds all models anew beside the file and compares their rows with
// those that are served, which goes on meanwhile. progress may be nil; it is told
// how far it is and how far it has to go. The caller ends it with SwapIn or
// Discard.
//
// Errors: ErrNotCurrent; those of the log.
func (v *Views) Rebuild(ctx context.Context, log Log, progress func(done, of domain.Position)) (*Rebuilt, error) {
	path := v.path + ".rebuild"
	if err := errors.Join(remove(path), os.RemoveAll(path+".building")); err != nil {
		return nil, err
	}
	fresh, err := Open(path, v.options)
	if err != nil {
		return nil, err
	}
	r := &Rebuilt{served: v, fresh: fresh}
	if err := r.build(ctx, log, progress); err != nil {
		return nil, errors.Join(err, r.Discard())
	}
	return r, nil
}

// Verify rebuilds, compares, counts, and leaves everything as it was.
func (v *Views) Verify(ctx context.Context, log Log, progress func(done, of domain.Position)) (Report, error) {
	r, err := v.Rebuild(ctx, log, progress)
	if err != nil {
		return Report{}, err
	}
	return r.Report, r.Discard()
}

// build follows the log up to where the served views are, most of the way while
// these go on, the last bit while they stand still.
func (r *Rebuilt) build(ctx context.Context, log Log, progress func(done, of domain.Position)) error {
	if err := r.upTo(ctx, log, r.served.Applied(), progress); err != nil {
		return err
	}
	r.served.writing.Lock()
	defer r.served.writing.Unlock()
	position := r.served.Applied()
	for _, m := range r.served.Status() {
		if m.Building || m.Applied != position {
			return ErrNotCurrent
		}
	}
	if err := r.upTo(ctx, log, position, progress); err != nil {
		return err
	}
	return r.compare(ctx)
}

// ErrNotCurrent is said of views that cannot be compared because one of the models
// is still catching up. Try again when it has.
var ErrNotCurrent = errors.New("a read model is still being built")

// upTo applies the log up to exactly this position.
func (r *Rebuilt) upTo(ctx context.Context, log Log, position domain.Position, progress func(done, of domain.Position)) error {
	if progress == nil {
		progress = func(domain.Position, domain.Position) {}
	}
	ends := limited{log, position}
	return r.fresh.follow(ctx, ends, ends.ReadAll, r.fresh.models, func() { progress(r.fresh.Applied(), position) })
}

// SwapIn makes the rebuilt rows the served ones. Run must not be running.
func (r *Rebuilt) SwapIn(ctx context.Context) error {
	v := r.served
	v.files.Lock()
	defer v.files.Unlock()
	v.writing.Lock()
	defer v.writing.Unlock()
	if err := r.fresh.closeWhole(); err != nil {
		return err
	}
	if err := v.close(); err != nil {
		return err
	}
	if err := errors.Join(remove(v.path), os.Rename(r.fresh.path, v.path)); err != nil {
		return fmt.Errorf("swap in %s: %w", r.fresh.path, err)
	}
	return v.open()
}

// closeWhole closes the file so that all of it is in one synced file.
func (v *Views) closeWhole() error {
	v.files.Lock()
	defer v.files.Unlock()
	if err := v.close(); err != nil { // the last connection moves the WAL into the file
		return err
	}
	return errors.Join(syncFile(v.path), os.RemoveAll(v.mark()))
}

// Discard removes the rebuilt file.
func (r *Rebuilt) Discard() error {
	return errors.Join(r.fresh.Close(), remove(r.fresh.path), os.RemoveAll(r.fresh.mark()))
}

// limited is a log that ends at a position.
type limited struct {
	Log
	last domain.Position
}

// Head implements Log.
func (l limited) Head(context.Context) (domain.Position, error) { return l.last, nil }

// ReadAll implements Log.
func (l limited) ReadAll(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	return func(yield func([]domain.Entry, error) bool) {
		if after >= l.last {
			return
		}
		for batch, err := range l.Log.ReadAll(ctx, after) {
			n := len(batch)
			for n > 0 && batch[n-1].Position > l.last {
				n--
			}
			if err != nil || n > 0 {
				if !yield(batch[:n], err) {
					return
				}
			}
			if n < len(batch) {
				return
			}
		}
	}
}
