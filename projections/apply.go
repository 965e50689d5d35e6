package projections

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/domain"
)

// applied is what one transaction has done for a model.
type applied struct {
	*model
	last   domain.Position
	events int
}

// transact applies what has come in one transaction, checkpoints with it: one
// batch, or on the way to a far head many, which saves writing the same pages
// again and again. more is false when nothing comes any more.
func (v *Views) transact(b *buffer, models []*model, far domain.Position) (more bool, err error) {
	batch, err := b.take()
	if len(batch) == 0 {
		return false, err
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	first := batch[0].Position
	done := make([]applied, len(models))
	for i, m := range models {
		done[i] = applied{model: m, last: m.position}
	}
	if err := v.write(b, batch, done, far); err != nil {
		return false, errors.Join(fmt.Errorf("apply from position %d: %w", first, err), v.forget(models))
	}
	v.grew(int(done[0].last-first) + 1)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, d := range done {
		d.position = d.last
		d.model.events += d.events
	}
	v.announce()
	return true, nil
}

// forget drops what models keep in memory after a transaction did not succeed.
// While all is built from nothing that is more than the transaction.
func (v *Views) forget(models []*model) error {
	if v.building {
		return v.startAnew(v.models)
	}
	for _, m := range models {
		m.writer.Reset()
	}
	return nil
}

func (v *Views) write(b *buffer, batch []domain.Entry, done []applied, far domain.Position) (err error) {
	defer v.begin(&err)()
	if err != nil {
		return err
	}
	for n := 0; len(batch) > 0; {
		if err := v.applyAll(done, batch); err != nil {
			return err
		}
		n += len(batch)
		goOn := batch[len(batch)-1].Position < far && n < longEntries
		b.recycle(batch)
		if !goOn {
			break
		}
		batch, _ = b.take() // an error comes again with the next transaction
	}
	for _, d := range done {
		if err := d.finish(v, far == 0); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
	}
	return nil
}

// applyAll folds a batch into all models, as far as possible at the same time.
func (v *Views) applyAll(done []applied, batch []domain.Entry) error {
	prepared := make([]chan struct{}, len(done))
	for i := range done {
		p, ok := done[i].writer.(Preparer)
		due := after(batch, done[i].last)
		if !ok || len(due) < leastPrepared {
			continue
		}
		prepared[i] = make(chan struct{})
		go func() { defer close(prepared[i]); p.Prepare(due) }()
	}
	var failed error
	for i := range done {
		if prepared[i] != nil {
			<-prepared[i]
		}
		if due := after(batch, done[i].last); failed == nil && len(due) > 0 {
			failed = done[i].apply(v, due)
		}
	}
	return failed
}

const leastPrepared = 256 // entries; fewer are not worth a goroutine

// apply folds entries, of which there is one at least.
func (d *applied) apply(v *Views, due []domain.Entry) error {
	n, err := d.writer.Apply(v.writer, due)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	d.last = due[len(due)-1].Position
	d.events += n
	return nil
}

// finish writes what is left, which on the way to a far head can wait, and the
// checkpoint.
func (d *applied) finish(v *Views, flush bool) error {
	if d.last == d.position {
		return nil
	}
	if flush {
		if err := d.writer.Flush(v.writer); err != nil {
			return err
		}
	}
	return sqlitex.Execute(v.writer, "UPDATE models SET position=?, events=events+? WHERE name=?", &sqlitex.ExecOptions{
		Args: []any{int64(d.last), d.events, d.Name},
	})
}

// after returns the entries above a position.
func after(entries []domain.Entry, position domain.Position) []domain.Entry {
	for i, e := range entries {
		if e.Position > position {
			return entries[i:]
		}
	}
	return nil
}
