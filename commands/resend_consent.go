package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// ResendConsent asks for the mail to be sent again in which the owner of an
// existing account is asked to let it move. The mail is sent by Webex.
//
// Errors: subscriber.ErrNotFound, ErrConsentNotAsked.
func (s *Service) ResendConsent(ctx context.Context, id uuid.UUID, why domain.Cause) (Subscriber, error) {
	resend := subscriber.RequestConsentMail{At: s.Now()}
	return transact(ctx, s, streamOf(id), why, subscriber.Decider, subscriber.Command(resend))
}
