// Package projectionstest is entries in, rows out: a log in memory, made-up
// histories, and the laws that every read model keeps.
package projectionstest

import (
	"context"
	"iter"
	"slices"
	"sort"
	"sync"

	"ledgerline/domain"
)

// Log is a log of given entries.
type Log struct {
	Batch func(left int) int // how many entries are yielded next; nil: all
	// Repeat yields everything from the first entry, whatever was asked for.
	Repeat bool

	mu      sync.Mutex
	entries []domain.Entry
	failing error
	grown   chan struct{}
}

// NewLog returns a log that holds these entries.
func NewLog(entries ...domain.Entry) *Log {
	return &Log{entries: entries, grown: make(chan struct{})}
}

// Add appends entries, as they are.
func (l *Log) Add(entries ...domain.Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, entries...)
	close(l.grown)
	l.grown = make(chan struct{})
}

// Fail makes reading fail after what is there now; nil mends it.
func (l *Log) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failing = err
	close(l.grown)
	l.grown = make(chan struct{})
}

// Head implements projections.Log.
func (l *Log) Head(context.Context) (domain.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.entries) == 0 {
		return 0, nil
	}
	return l.entries[len(l.entries)-1].Position, nil
}

// ReadStream returns the entries of one stream.
func (l *Log) ReadStream(_ context.Context, stream string) (found []domain.Entry, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		if e.Stream == stream {
			found = append(found, e)
		}
	}
	return found, nil
}

// ReadAll implements projections.Log.
func (l *Log) ReadAll(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	return l.read(ctx, after, false)
}

// Tail implements projections.Log.
func (l *Log) Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	return l.read(ctx, after, true)
}

func (l *Log) read(ctx context.Context, after domain.Position, wait bool) iter.Seq2[[]domain.Entry, error] {
	if l.Repeat {
		after = 0
	}
	return func(yield func([]domain.Entry, error) bool) {
		for {
			batch, grown, failing := l.next(after)
			switch {
			case ctx.Err() != nil:
				yield(nil, ctx.Err())
				return
			case len(batch) > 0:
				after = batch[len(batch)-1].Position
				if !yield(batch, nil) {
					return
				}
			case failing != nil:
				yield(nil, failing)
				return
			case !wait:
				return
			default:
				select {
				case <-grown:
				case <-ctx.Done():
				}
			}
		}
	}
}

func (l *Log) next(after domain.Position) ([]domain.Entry, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].Position > after })
	n := len(l.entries) - i
	if n == 0 {
		return nil, l.grown, l.failing
	}
	if l.Batch != nil {
		n = min(max(l.Batch(n), 1), n)
	}
	return slices.Clone(l.entries[i : i+n]), l.grown, nil
}
