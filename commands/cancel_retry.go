package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// CancelRetry ends the waiting for the next try of an activation, whether the
// engine planned one after a failure or waits between two attempts. The user then
// stops in error until somebody retries.
//
// Errors: subscriber.ErrNotFound, ErrNoRetry.
func (s *Service) CancelRetry(ctx context.Context, id uuid.UUID, why domain.Cause) (Subscriber, error) {
	cancel := subscriber.CancelRetry{At: s.Now()}
	return transact(ctx, s, streamOf(id), why, subscriber.Decider, subscriber.Command(cancel))
}
