// Package commands is the write side: one file per use case. A use case cleans
// up its input, reads the clock, names the stream and asks the rules; what they
// answer is appended to the log, which is the only way to change anything.
package commands

import (
	"context"
	"errors"

	"ledgerline/domain"
)

// Limits of an append, the same for every log.
const (
	MaxEventBytes  = 256 << 10 // encoded size of one event
	MaxAppendBytes = 512 << 10 // of all events of one append
	MaxStreamName  = 64        // characters, ASCII
)

// Errors of an EventLog. Anything else is an outage: whether the append took
// place is then unknown, and the same append may be repeated.
var (
	// ErrStale: the stream has grown past the expected version.
	ErrStale = errors.New("the stream has grown in the meantime")
	// ErrReused: an event id is recorded already, with another body or elsewhere.
	ErrReused = errors.New("this command was already used for something else")
	// ErrTooLarge: over MaxEventBytes, MaxAppendBytes or MaxStreamName; or a cause
	// whose texts are over MaxEventBytes.
	ErrTooLarge = errors.New("too large for the log")
	// ErrFull: there is no room to write. Nothing was written; repeat when there is.
	ErrFull = errors.New("the disk is full; nothing was recorded, try again when there is room")
)

// DamagedError reports a record whose checksum does not match. It is never served.
type DamagedError struct {
	Position domain.Position
	Detail   string
}

// Error names the position.
func (e *DamagedError) Error() string {
	return "damaged record at position " + e.Position.String() + ": " + e.Detail
}

// EventLog is the append-only record of everything that has happened.
//
// Implementations are safe for concurrent use and pass eventlogtest.Run.
type EventLog interface {
	// ReadStream returns the entries of one stream, oldest first. A stream that
	// nobody wrote to is empty, which is not an error. It sees every append that
	// was acknowledged before it was called.
	//
	// Errors: *DamagedError.
	ReadStream(ctx context.Context, stream string) ([]domain.Entry, error)

	// Append adds events to a stream, all or none, provided that it still holds
	// exactly expected of them. The ids of the events are EventID(why.Command, i),
	// and why.Command must not be zero. It returns the position of the last event;
	// once it has returned, the events survive loss of power.
	//
	// Repeating an append that succeeded (same stream, ids, types and bodies), or
	// its first events only, changes nothing and returns the position recorded
	// then, whatever has happened to the stream since and whatever expected says
	// now.
	//
	// Errors: ErrStale if the stream has another version, and then leaves no trace;
	// ErrReused if one of the ids is recorded with another type, body or stream;
	// ErrTooLarge; ErrFull.
	Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error)
}
