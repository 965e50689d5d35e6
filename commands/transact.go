package commands

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// Service is the write side. Its methods are the use cases; all are safe for
// concurrent use.
type Service struct {
	Log   EventLog
	Webex func(partner string) Webex // nil if the partner has none here
	Now   func() time.Time           // UTC
	NewID func() uuid.UUID           // version 7, for commands that bring no id
	Lanes *Lanes                     // shared by all that calls Webex; nil: nobody waits for a turn
}

// Recorded is what a use case left behind.
type Recorded[S any] struct {
	Value    S               // after the command
	Version  int             // of the stream
	Position domain.Position // of its last entry: wait for it to read what was written; 0: nothing recorded
	Changed  bool            // this call recorded something
}

// Errors of every use case.
var (
	// ErrOtherPartner is said of another partner's things: they are not there.
	ErrOtherPartner = domain.Reject(domain.NotFound, "There is no such thing.")
	// ErrKeyReused is said when one idempotency key comes with two requests.
	ErrKeyReused = domain.Reject(domain.Invalid, "This Idempotency-Key was used for another request. Use a new key.")
	// ErrContended is said when others kept changing the same thing.
	ErrContended = domain.Reject(domain.Conflict, "Too many changes of the same thing at once. Try again.")
)

// maxRaces bounds how often a command starts over because somebody else was
// faster. Each lost race means that another command succeeded.
const maxRaces = 64

// transact reads, decides and appends, and starts over when somebody else
// appended first: the only way to change anything. Repeating a command (why.Command)
// that was recorded changes nothing.
func transact[S, C any](ctx context.Context, s *Service, stream string, why domain.Cause, d domain.Decider[S, C], c C) (Recorded[S], error) {
	if why.Command == uuid.Nil {
		why.Command = s.NewID()
	}
	again := false
	for range maxRaces {
		entries, err := s.Log.ReadStream(ctx, stream)
		if err != nil {
			return Recorded[S]{}, fmt.Errorf("read %s: %w", stream, err)
		}
		if err := checkEarlier(entries, why); err != nil {
			return Recorded[S]{}, err
		}
		r := recorded(d, entries)
		if repeated(entries, why) {
			return r, nil
		}
		r, err = record(ctx, s, stream, r, why, d, c)
		switch {
		case errors.Is(err, ErrKeyReused) && !again:
			again = true // perhaps the same request, sent twice at once
		case !errors.Is(err, ErrStale):
			return r, err
		}
	}
	return Recorded[S]{}, ErrContended
}

// transactNew is transact for streams that most likely do not exist yet: it
// saves reading them, unless the command may have been recorded before.
func transactNew[S, C any](ctx context.Context, s *Service, stream string, why domain.Cause, d domain.Decider[S, C], c C) (Recorded[S], error) {
	if why.Command != uuid.Nil {
		return transact(ctx, s, stream, why, d, c)
	}
	why.Command = s.NewID()
	r, err := record(ctx, s, stream, Recorded[S]{}, why, d, c)
	if errors.Is(err, ErrStale) || err == nil && !r.Changed || domain.AsRejection(err) != nil {
		return transact(ctx, s, stream, why, d, c)
	}
	return r, err
}

// record decides on top of r and appends what was decided.
func record[S, C any](ctx context.Context, s *Service, stream string, r Recorded[S], why domain.Cause, d domain.Decider[S, C], c C) (Recorded[S], error) {
	events, err := d.Decide(r.Value, c)
	if err != nil || len(events) == 0 {
		return r, err
	}
	at, err := s.Log.Append(ctx, stream, r.Version, why, events...)
	switch {
	case errors.Is(err, ErrReused):
		return r, ErrKeyReused
	case err != nil:
		return r, fmt.Errorf("append to %s: %w", stream, err)
	}
	for _, e := range events {
		r.Value = d.Evolve(r.Value, e)
	}
	return Recorded[S]{Value: r.Value, Version: r.Version + len(events), Position: at, Changed: true}, nil
}

// read returns what is recorded of a partner's thing.
func read[S, C any](ctx context.Context, s *Service, partner, stream string, d domain.Decider[S, C]) (Recorded[S], error) {
	entries, err := s.Log.ReadStream(ctx, stream)
	if err != nil {
		return Recorded[S]{}, fmt.Errorf("read %s: %w", stream, err)
	}
	if err := checkEarlier(entries, domain.Cause{Partner: partner}); err != nil {
		return Recorded[S]{}, err
	}
	return recorded(d, entries), nil
}

func recorded[S, C any](d domain.Decider[S, C], entries []domain.Entry) Recorded[S] {
	r := Recorded[S]{Value: d.Fold(entries), Version: len(entries)}
	if len(entries) > 0 {
		r.Position = entries[len(entries)-1].Position
	}
	return r
}

func checkEarlier(entries []domain.Entry, why domain.Cause) error {
	if len(entries) > 0 && entries[0].Cause.Partner != why.Partner {
		return ErrOtherPartner
	}
	for _, e := range entries {
		if why.Command != uuid.Nil && e.ID == why.Command && e.Cause.Request != why.Request {
			return ErrKeyReused
		}
	}
	return nil
}

func repeated(entries []domain.Entry, why domain.Cause) bool {
	for _, e := range entries {
		if e.ID == why.Command {
			return true
		}
	}
	return false
}
