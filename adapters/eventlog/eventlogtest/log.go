// Package eventlogtest is the promises of an event log as a test suite.
package eventlogtest

import (
	"context"
	"iter"

	"ledgerline/commands"
	"ledgerline/domain"
)

// Log is an event log with the reading side that projections and the bus use.
type Log interface {
	commands.EventLog

	// ReadAll yields the entries after a position, in order of positions, up to
	// what was the head when it was called, and ends. Batches are not empty, and
	// the consumer may keep them. An error is yielded last, with a nil batch.
	//
	// Errors: *commands.DamagedError, after everything before the damage;
	// ctx.Err().
	ReadAll(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error]

	// Tail yields the same and then each further entry as soon as it is
	// recorded, until ctx ends, which it yields as ctx.Err().
	//
	// Errors: as ReadAll.
	Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error]

	// Head returns the position of the last entry, 0 for an empty log.
	Head(ctx context.Context) (domain.Position, error)
}
