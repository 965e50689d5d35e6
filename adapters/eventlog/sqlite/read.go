package sqlite

import (
	"context"
	"fmt"
	"iter"
	"strconv"

	"ledgerline/domain"
)

const (
	batchEntries = 1000    // that ReadAll and Tail yield at most at once
	batchBytes   = 4 << 20 // of bodies
)

// ReadStream implements commands.EventLog.
func (l *Log) ReadStream(ctx context.Context, stream string) ([]domain.Entry, error) {
	if l.damaged != nil {
		return nil, l.damaged
	}
	var entries []domain.Entry
	err := l.readers.with(ctx, func(r *reader) error {
		h, err := l.streamHead(r, stream)
		if err != nil || h.version == 0 {
			return err
		}
		entries = make([]domain.Entry, h.version)
		return r.snapshot(func() error { return l.walk(ctx, r, stream, h.last, entries) })
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// walk goes back through a stream from its last record and fills in entries.
func (l *Log) walk(ctx context.Context, r *reader, stream string, p domain.Position, entries []domain.Entry) error {
	for i := len(entries) - 1; i >= 0; i-- {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := r.fetch(p)
		if err != nil {
			return err
		}
		e, err := row.entry(l.codec)
		if err != nil {
			return fmt.Errorf("position %d: %w", p, err)
		}
		if e.Stream != stream || e.Version != i+1 {
			return damaged(p, "it is not where "+stream+" has version "+strconv.Itoa(i+1))
		}
		entries[i], p = e, row.previous
	}
	return nil
}

// streamHead returns where a stream ends. Memory is asked first: what is no
// longer there is in the index by then.
func (l *Log) streamHead(r *reader, stream string) (head, error) {
	if h, ok := l.recent.streamHead(stream); ok {
		return h, nil
	}
	return r.lookup.head(stream)
}

// find returns where an id is recorded, 0 for nowhere.
func (l *Log) find(r *reader, id eventID) (domain.Position, error) {
	if p := l.recent.find(id); p != 0 {
		return p, nil
	}
	return r.lookup.position(id)
}

// ReadAll yields what is in the log after a position, as eventlogtest.Log says.
func (l *Log) ReadAll(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	head := l.recent.position()
	return func(yield func([]domain.Entry, error) bool) {
		if stopped, err := l.yieldUpTo(ctx, after, head, yield); err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// Tail does the same and goes on, as eventlogtest.Log says.
func (l *Log) Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	return func(yield func([]domain.Entry, error) bool) {
		for after := after; ; {
			head, grown := l.recent.wait()
			stopped, err := l.yieldUpTo(ctx, after, head, yield)
			if stopped {
				return
			}
			if err == nil {
				after = max(after, head)
				err = l.awaitGrowth(ctx, grown)
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

func (l *Log) awaitGrowth(ctx context.Context, grown <-chan struct{}) error {
	select {
	case <-grown:
		return nil
	case <-l.recent.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// yieldUpTo yields the entries after a position up to head. The next batch is
// read and decoded while the consumer is busy with one. After stopped, yield
// must not be called again.
func (l *Log) yieldUpTo(ctx context.Context, after, head domain.Position, yield func([]domain.Entry, error) bool) (stopped bool, err error) {
	if after >= head {
		return false, ctx.Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	batches := make(chan []domain.Entry, 1)
	var failed error
	go func() {
		defer close(batches)
		failed = l.read(ctx, after, head, batches)
	}()
	defer func() {
		cancel()
		for range batches {
		}
	}()
	for batch := range batches {
		if !yield(batch, nil) {
			return true, nil
		}
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
	return false, failed
}

func (l *Log) read(ctx context.Context, after, head domain.Position, batches chan<- []domain.Entry) error {
	for after < head {
		batch, err := l.batch(ctx, after, head)
		if len(batch) > 0 {
			select {
			case batches <- batch:
			case <-ctx.Done():
				return ctx.Err()
			}
			after = batch[len(batch)-1].Position
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// batch returns the next entries; with an error, those before it.
func (l *Log) batch(ctx context.Context, after, head domain.Position) ([]domain.Entry, error) {
	entries := make([]domain.Entry, 0, min(batchEntries, head-after))
	err := l.readers.with(ctx, func(r *reader) (failed error) {
		size := 0
		err := r.rows(after, head, func(row *row) bool {
			var e domain.Entry
			if e, failed = row.entry(l.codec); failed != nil {
				failed = fmt.Errorf("position %d: %w", row.position, failed)
				return true
			}
			entries = append(entries, e)
			size += len(row.body)
			return len(entries) == batchEntries || size >= batchBytes
		})
		if failed != nil {
			return failed
		}
		return err
	})
	return entries, err
}
