package sqlite

import (
	"context"
	"errors"
	"fmt"

	"ledgerline/commands"
	"ledgerline/domain"
)

// Problem is something in a log that is not as it should be.
type Problem struct {
	Position domain.Position
	Detail   string
}

// Verify reads everything that was recorded before the call and returns what is
// wrong with it: records whose checksum does not match, missing positions,
// streams with gaps or forks, ids that are recorded twice or that the index
// does not find, times that decrease. It calls progress (nil: nothing) now and
// then, and remembers every stream meanwhile. Appends and reads go on.
func (l *Log) Verify(ctx context.Context, progress func(done, all domain.Position)) ([]Problem, error) {
	all := l.recent.position()
	v := verifier{log: l, streams: map[string]head{}}
	for v.done < all {
		if progress != nil {
			progress(v.done, all)
		}
		err := l.readers.with(ctx, func(r *reader) error { return v.some(r, all) })
		var damaged *commands.DamagedError
		switch {
		case errors.As(err, &damaged):
			v.report(damaged.Position, "%s", damaged.Detail)
			v.done = damaged.Position
		case err != nil:
			return v.problems, err
		}
	}
	for stream, h := range v.streams {
		if err := l.readers.with(ctx, func(r *reader) error { return v.reachable(r, stream, h) }); err != nil {
			return v.problems, err
		}
	}
	if progress != nil {
		progress(all, all)
	}
	return v.problems, nil
}

const verifyAtOnce = 10_000 // records between two calls of progress

type verifier struct {
	log      *Log
	done     domain.Position
	at       int64
	streams  map[string]head
	problems []Problem
}

func (v *verifier) report(p domain.Position, format string, args ...any) {
	v.problems = append(v.problems, Problem{p, fmt.Sprintf(format, args...)})
}

func (v *verifier) some(r *reader, all domain.Position) (failed error) {
	n := 0
	err := r.rows(v.done, all, func(row *row) bool {
		failed = v.check(r, row)
		v.done = row.position
		n++
		return failed != nil || n == verifyAtOnce
	})
	return errors.Join(failed, err)
}

func (v *verifier) check(r *reader, row *row) error {
	stream := row.name()
	before := v.streams[stream]
	if row.version != before.version+1 {
		v.report(row.position, "%s goes from version %d to %d", stream, before.version, row.version)
	} else if row.previous != before.last {
		v.report(row.position, "%s has its event before at %d, not %d", stream, before.last, row.previous)
	}
	v.streams[stream] = head{version: row.version, last: row.position}
	if row.at < v.at {
		v.report(row.position, "its time is before that of a lower position")
	}
	v.at = row.at
	if _, err := row.entry(v.log.codec); err != nil {
		v.report(row.position, "%v", err)
	}
	p, err := v.log.find(r, row.id)
	if err == nil && p != row.position {
		v.report(row.position, "its id %s is indexed at %d", row.id, p)
	}
	return err
}

// reachable checks that the stream is served up to its end.
func (v *verifier) reachable(r *reader, stream string, h head) error {
	got, err := v.log.streamHead(r, stream)
	if err == nil && got.version < h.version {
		v.report(h.last, "%s is indexed up to version %d only", stream, got.version)
	}
	return err
}
