// Package sqlite is the event log in one SQLite file, for a single machine. See
// README.md for the layout and why it is so.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ledgerline/adapters/eventlog"
	"ledgerline/commands"
	"ledgerline/domain"
)

// ErrClosed: the log was closed.
var ErrClosed = errors.New("the event log is closed")

// Options of a log. The zero value is fine.
type Options struct {
	Now     func() time.Time // stamps what is appended; nil: time.Now
	Readers int              // how many reads run at the same time; 0: 4

	window int // records that are indexed at once; 0: windowSize
}

// Log is an event log in a file. It is safe for concurrent use.
type Log struct {
	path    string
	codec   *eventlog.Codec
	lock    *fileLock
	queue   *queue
	recent  *recent
	readers *pool
	writer  *writer
	damaged error // found while opening, so that it is not known where streams end

	stopped chan struct{} // closed when the writer has ended
	close   sync.Once
}

// Open opens the log at path and creates it if there is none. Beside it are
// kept path.lock, which admits one opener at a time and is let go however the
// process ends, and path.index, which is disposable.
//
// A damaged record does not keep a log from being opened. If it is met while
// opening, streams can be neither read nor appended to, as their ends are not
// known; ReadAll, Tail and Verify work as always.
//
// Errors: ErrInUse.
func Open(path string, codec *eventlog.Codec, opts Options) (*Log, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Readers == 0 {
		opts.Readers = 4
	}
	if opts.window == 0 {
		opts.window = windowSize
	}
	lock, err := acquire(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	l := &Log{path: path, codec: codec, lock: lock, queue: newQueue(), stopped: make(chan struct{})}
	if err := l.open(opts); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), lock.release())
	}
	go func() {
		defer close(l.stopped)
		l.writer.run(l.queue)
	}()
	return l, nil
}

func (l *Log) open(opts Options) (err error) {
	conn, err := openLog(l.path)
	if err != nil {
		return err
	}
	rd := newReader(conn)
	defer func() {
		if err != nil {
			rd.close()
		}
	}()
	head, at, err := rd.end()
	if err != nil {
		return err
	}
	l.recent = newRecent(head)
	ix, err := openIndex(l.path+".index", opts.window, rd, l.recent)
	if damaged := (*commands.DamagedError)(nil); errors.As(err, &damaged) {
		l.damaged = fmt.Errorf("%s must be repaired: %w", l.path, damaged)
	} else if err != nil {
		return errors.Join(err, ix.close())
	}
	if rd.lookup, err = openLookup(l.path + ".index"); err != nil {
		return errors.Join(err, ix.close())
	}
	ix.serve(rd.lookup)
	l.writer = newWriter(rd, ix, l.recent, opts.Now, head, at)
	if err := l.writer.words.load(); err != nil {
		return errors.Join(err, ix.close())
	}
	l.readers = newPool(opts.Readers, func() (*reader, error) { return openReader(l.path) })
	return nil
}

// Close waits for what is being appended and closes the log. Further calls
// return ErrClosed; so does a Tail that is waiting.
func (l *Log) Close() error {
	err := ErrClosed
	l.close.Do(func() {
		l.queue.close()
		<-l.stopped
		l.recent.close()
		err = errors.Join(l.readers.close(), l.writer.close(), l.lock.release())
	})
	return err
}

// Append implements commands.EventLog. When ctx ends while it waits, the append
// may or may not take place; it may be repeated.
func (l *Log) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	records, err := l.codec.Records(stream, why, events)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if l.damaged != nil {
		return 0, l.damaged
	}
	r := &request{stream: stream, expected: expected, cause: newWord(0, string(appendCause(nil, why))), records: records}
	r.kind, r.streamID = splitName(stream)
	g, err := l.queue.add(r)
	if err != nil {
		return 0, err
	}
	select {
	case <-g.done:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if r.err != nil {
		return 0, fmt.Errorf("append to %s: %w", stream, r.err)
	}
	return r.position, nil
}

// Head returns the position of the last entry, 0 if there is none.
func (l *Log) Head(ctx context.Context) (domain.Position, error) {
	return l.recent.position(), ctx.Err()
}
