package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// DeleteSubscriber records that the subscriber is to leave Webex, which then
// happens by itself. Deleting again changes nothing.
//
// Errors: subscriber.ErrNotFound.
func (s *Service) DeleteSubscriber(ctx context.Context, id uuid.UUID, why domain.Cause) (Subscriber, error) {
	del := subscriber.Delete{At: s.Now()}
	return transact(ctx, s, streamOf(id), why, subscriber.Decider, subscriber.Command(del))
}
