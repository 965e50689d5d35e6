package httpapi

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"syscall"
	"time"

	"zombiezen.com/go/sqlite"

	"ledgerline/commands"
	"ledgerline/domain"
)

var errFull = &refusal{
	status: http.StatusServiceUnavailable, name: "full", title: "The disk is full", retry: 60,
	detail: "The disk is full; nothing was recorded. Try again when there is room.",
}

// noRoom says whether an error is a disk without room: for the log, the views or
// an imported file.
func noRoom(err error) bool {
	if errors.Is(err, commands.ErrFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	switch code := sqlite.ErrCode(err); code {
	case sqlite.ResultIOErrWrite, sqlite.ResultIOErrSHMSize, sqlite.ResultIOErrSHMMap:
		return true
	default:
		return code.ToPrimary() == sqlite.ResultFull
	}
}

// room remembers whether the last write found the disk full.
type room struct {
	now  func() time.Time
	mu   sync.Mutex
	full time.Time // when it was; zero: it was not
}

// fullFor is how long a full disk is believed in without another try: longer than
// the Retry-After of errFull, so that those who keep trying keep it known, and not
// for ever, as a program that is not ready may be sent no writes at all.
const fullFor = 2 * time.Minute

// tried notes how a write ended.
func (r *room) tried(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.full = time.Time{}
	case noRoom(err):
		r.full = r.now()
	}
}

// err is commands.ErrFull while the disk is believed to be full.
func (r *room) err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.full.IsZero() || r.now().Sub(r.full) > fullFor {
		return nil
	}
	return commands.ErrFull
}

// watched is a log that tells how each append ended.
type watched struct {
	commands.EventLog
	room *room
}

// Append implements commands.EventLog.
func (l watched) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	at, err := l.EventLog.Append(ctx, stream, expected, why, events...)
	l.room.tried(err)
	return at, err
}

// writable says why the log cannot be written to.
func (a *api) writable(ctx context.Context) error {
	if err := a.room.err(); err != nil {
		return err
	}
	return a.Writable(ctx)
}
