package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// SubmitEmail is a subscriber entering an address.
type SubmitEmail struct {
	ID    uuid.UUID
	Email string
}

// SubmitEmail records an address that is to be validated.
//
// Errors: Invalid with fields; subscriber.ErrNotFound, ErrEmailNotAsked,
// ErrEmailFixed, ErrInProgress.
func (s *Service) SubmitEmail(ctx context.Context, req SubmitEmail, why domain.Cause) (Subscriber, error) {
	submit := subscriber.SubmitEmail{Email: req.Email, At: s.Now()}
	return transact(ctx, s, streamOf(req.ID), why, subscriber.Decider, subscriber.Command(submit))
}
