package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// RetryActivation asks for a new try.
type RetryActivation struct {
	ID    uuid.UUID
	Email string // replaces the address; empty: the one that is known
}

// RetryActivation starts a new try of an activation that failed or waits for
// somebody; the address is vouched for by whoever asks. A try that is under way
// with this address is left alone.
//
// Errors: Invalid with fields; subscriber.ErrNotFound, ErrNothingToRetry,
// ErrEmailFixed, ErrInProgress.
func (s *Service) RetryActivation(ctx context.Context, req RetryActivation, why domain.Cause) (Subscriber, error) {
	retry := subscriber.RetryActivation{Email: req.Email, At: s.Now()}
	return transact(ctx, s, streamOf(req.ID), why, subscriber.Decider, subscriber.Command(retry))
}
