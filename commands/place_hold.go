package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
)

// Hold is what a use case left of a hold.
type Hold = Recorded[hold.State]

// ErrNoHold is said of a hold that never was.
var ErrNoHold = domain.Reject(domain.NotFound, "There is no such hold.")

// PlaceHold keeps requests that change something from Webex until the hold is
// lifted. Where requests are held already nothing changes.
//
// Errors: Invalid with fields.
func (s *Service) PlaceHold(ctx context.Context, of hold.Scope, reason string, why domain.Cause) (uuid.UUID, Hold, error) {
	place := hold.Place{Scope: of, Reason: reason, At: s.Now()}
	r, err := transact(ctx, s, hold.Stream(why.Partner, of), why, hold.Decider, hold.Command(place))
	return hold.ID(why.Partner, of), r, err
}

// LiftHold lets requests go on. Lifting twice changes nothing.
//
// Errors: ErrNoHold.
func (s *Service) LiftHold(ctx context.Context, id uuid.UUID, why domain.Cause) (Hold, error) {
	r, err := transact(ctx, s, domain.StreamOf(hold.Kind, id), why, hold.Decider, hold.Command(hold.Lift{At: s.Now()}))
	if err == nil && r.Version == 0 {
		err = ErrNoHold
	}
	return r, err
}

// HeldBy returns the hold that keeps the next request of a subscriber from Webex;
// one that is not held: none does.
func (s *Service) HeldBy(ctx context.Context, partner string, of subscriber.State) (id uuid.UUID, held Hold, err error) {
	for _, scope := range holding(of) {
		held, err = read(ctx, s, partner, hold.Stream(partner, scope), hold.Decider)
		if err != nil || held.Value.Held {
			return hold.ID(partner, scope), held, err
		}
	}
	return uuid.Nil, Hold{}, nil
}
