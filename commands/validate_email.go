package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// ValidateEmail is a subscriber having shown that an address is theirs.
type ValidateEmail struct {
	ID    uuid.UUID
	Email string // the address that was proved
}

// ValidateEmail records the proof; provisioning starts by itself.
//
// Errors: subscriber.ErrNotFound, ErrNotThisEmail, ErrEmailNotAsked.
func (s *Service) ValidateEmail(ctx context.Context, req ValidateEmail, why domain.Cause) (Subscriber, error) {
	validate := subscriber.ValidateEmail{Email: req.Email, At: s.Now()}
	return transact(ctx, s, streamOf(req.ID), why, subscriber.Decider, subscriber.Command(validate))
}
