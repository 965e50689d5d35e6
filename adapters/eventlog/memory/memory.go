// Package memory is an event log without a disk, for tests of rules, use cases
// and projections. It keeps every promise of the port but the one about power.
package memory

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/adapters/eventlog"
	"ledgerline/commands"
	"ledgerline/domain"
)

const batchSize = 1000 // entries that ReadAll and Tail yield at most at once

// Log is an event log in memory.
type Log struct {
	codec *eventlog.Codec
	now   func() time.Time

	mu      sync.Mutex
	entries []domain.Entry // position 1 first
	bodies  [][]byte
	streams map[string][]domain.Position
	ids     map[uuid.UUID]domain.Position
	grown   chan struct{} // closed by the next append
}

// New returns an empty log that stamps its entries by now; nil: time.Now.
func New(codec *eventlog.Codec, now func() time.Time) *Log {
	if now == nil {
		now = time.Now
	}
	return &Log{
		codec:   codec,
		now:     now,
		streams: map[string][]domain.Position{},
		ids:     map[uuid.UUID]domain.Position{},
		grown:   make(chan struct{}),
	}
}

// ReadStream implements commands.EventLog.
func (l *Log) ReadStream(ctx context.Context, stream string) ([]domain.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	entries := make([]domain.Entry, len(l.streams[stream]))
	for i, p := range l.streams[stream] {
		entries[i] = l.entries[p-1]
	}
	return entries, nil
}

// Append implements commands.EventLog.
func (l *Log) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	records, err := l.codec.Records(stream, why, events)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch known := l.known(stream, records); {
	case known == len(records):
		return l.ids[records[known-1].ID], nil
	case known != 0:
		return 0, fmt.Errorf("append to %s: %w", stream, commands.ErrReused)
	case len(l.streams[stream]) != expected:
		return 0, fmt.Errorf("append to %s: %w", stream, commands.ErrStale)
	}
	return l.record(stream, why, records)
}

// known returns how many of the records are in the log as they are here, or -1
// if one of them is there otherwise.
func (l *Log) known(stream string, records []eventlog.Record) int {
	n := 0
	for _, r := range records {
		p, ok := l.ids[r.ID]
		if !ok {
			continue
		}
		e := l.entries[p-1]
		if e.Stream != stream || e.Event.EventType() != r.Type || !bytes.Equal(l.bodies[p-1], r.Body) {
			return -1
		}
		n++
	}
	return n
}

func (l *Log) record(stream string, why domain.Cause, records []eventlog.Record) (domain.Position, error) {
	at := l.now().UTC().Truncate(time.Millisecond)
	if n := len(l.entries); n > 0 && at.Before(l.entries[n-1].At) {
		at = l.entries[n-1].At
	}
	why.Command = uuid.UUID{}
	entries := make([]domain.Entry, len(records))
	for i, r := range records {
		event, err := l.codec.Decode(r.Type, r.Body)
		if err != nil {
			return 0, err
		}
		entries[i] = domain.Entry{
			Position: domain.Position(len(l.entries) + i + 1),
			Stream:   stream,
			Version:  len(l.streams[stream]) + i + 1,
			ID:       r.ID,
			At:       at,
			Cause:    why,
			Event:    event,
		}
	}
	for i, e := range entries {
		l.streams[stream] = append(l.streams[stream], e.Position)
		l.ids[e.ID] = e.Position
		l.bodies = append(l.bodies, records[i].Body)
	}
	l.entries = append(l.entries, entries...)
	close(l.grown)
	l.grown = make(chan struct{})
	return domain.Position(len(l.entries)), nil
}

// Head returns the position of the last entry, 0 if there is none.
func (l *Log) Head(ctx context.Context) (domain.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return domain.Position(len(l.entries)), ctx.Err()
}

// ReadAll yields what is in the log after a position, as eventlogtest.Log says.
func (l *Log) ReadAll(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	head, _ := l.Head(ctx)
	return func(yield func([]domain.Entry, error) bool) {
		for after := after; after < head; {
			batch, _ := l.batch(after, head)
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(batch, nil) {
				return
			}
			after += domain.Position(len(batch))
		}
	}
}

// Tail does the same and goes on, as eventlogtest.Log says.
func (l *Log) Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error] {
	return func(yield func([]domain.Entry, error) bool) {
		for after := after; ; {
			batch, grown := l.batch(after, 1<<62)
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if len(batch) > 0 {
				if !yield(batch, nil) {
					return
				}
				after += domain.Position(len(batch))
				continue
			}
			select {
			case <-grown:
			case <-ctx.Done():
			}
		}
	}
}

// batch returns a copy of what follows, and what will tell of more.
func (l *Log) batch(after, last domain.Position) ([]domain.Entry, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last = min(last, domain.Position(len(l.entries)), after+batchSize)
	if after >= last {
		return nil, l.grown
	}
	return slices.Clone(l.entries[after:last]), l.grown
}
