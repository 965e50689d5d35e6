package commands

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// ChangeSubscriber asks for other values. Nil keeps a value, an empty text
// removes it where it may be removed.
type ChangeSubscriber struct {
	ID                                    uuid.UUID
	UserID                                *string
	FirstName, LastName                   *string
	PrimaryPhoneNumber, MobilePhoneNumber *string
	Extension, Timezone                   *string
	Package                               *string
}

// ChangeSubscriber records all of the changes or none; they are carried to Webex
// by themselves. Asking for what is there already changes nothing.
//
// Errors: Invalid with fields; subscriber.ErrNotFound, ErrNumberNeeded, ErrUserIDTaken.
func (s *Service) ChangeSubscriber(ctx context.Context, req ChangeSubscriber, why domain.Cause) (Subscriber, error) {
	now := s.Now()
	c := subscriber.All{subscriber.ChangeDetails{
		FirstName: req.FirstName, LastName: req.LastName, PrimaryPhoneNumber: req.PrimaryPhoneNumber,
		MobilePhoneNumber: req.MobilePhoneNumber, Extension: req.Extension, Timezone: req.Timezone, At: now,
	}}
	if req.Package != nil {
		c = append(c, subscriber.ChangePackage{Package: webex.Package(*req.Package), At: now})
	}
	if req.UserID == nil {
		return transact(ctx, s, streamOf(req.ID), why, subscriber.Decider, subscriber.Command(c))
	}
	c = append(c, subscriber.ChangeUserID{UserID: *req.UserID, At: now})
	return s.changeUserID(ctx, req.ID, strings.TrimSpace(*req.UserID), c, why)
}

// changeUserID claims the stream named after the new id before the change, and
// lets go of the name that is no longer used after it. Stopped in between, or while
// Webex still has the name, it leaves a claim that the next user of the name finds
// stale.
func (s *Service) changeUserID(ctx context.Context, id uuid.UUID, userID string, c subscriber.Command, why domain.Cause) (Subscriber, error) {
	before, err := read(ctx, s, why.Partner, streamOf(id), subscriber.Decider)
	if err != nil {
		return Subscriber{}, err
	}
	if _, err := subscriber.Decide(before.Value, c); err != nil {
		return Subscriber{}, err
	}
	claimed := subscriber.ID(why.Partner, userID)
	if claimed != id {
		if err := s.claim(ctx, claimed, id, why); err != nil {
			return Subscriber{}, err
		}
	}
	after, err := transact(ctx, s, streamOf(id), why, subscriber.Decider, c)
	now := after.Value
	switch {
	case domain.AsRejection(err) != nil:
		now = before.Value
	case err != nil:
		return Subscriber{}, err
	}
	return after, errors.Join(err, s.releaseUnused(ctx, id, now, why, claimed, subscriber.ID(why.Partner, before.Value.Profile.UserID)))
}

// releaseUnused ends the claims of a subscriber on those of the names that it does
// not use as things stand.
func (s *Service) releaseUnused(ctx context.Context, id uuid.UUID, now subscriber.State, why domain.Cause, names ...uuid.UUID) (err error) {
	for _, name := range names {
		if name == id || now.Uses(why.Partner, name) {
			continue
		}
		release := subscriber.ReleaseName{Subscriber: id, At: s.Now()}
		_, releaseErr := transact(ctx, s, streamOf(name), follow(why), subscriber.Decider, subscriber.Command(release))
		err = errors.Join(err, releaseErr)
	}
	return err
}

func (s *Service) claim(ctx context.Context, name, id uuid.UUID, why domain.Cause) error {
	claim := subscriber.Command(subscriber.ClaimName{Subscriber: id, At: s.Now()})
	_, err := transact(ctx, s, streamOf(name), follow(why), subscriber.Decider, claim)
	if !errors.Is(err, subscriber.ErrUserIDTaken) {
		return err
	}
	if err := s.releaseStale(ctx, name, why); err != nil {
		return subscriber.ErrUserIDTaken
	}
	_, err = transact(ctx, s, streamOf(name), follow(why), subscriber.Decider, claim)
	return err
}

// claimTime is how long a change of user id may take from the claim of the name to
// the change itself. Until then the claim is not taken for stale.
const claimTime = 5 * time.Minute

// releaseStale ends a claim on a name whose holder is gone or has another user
// id by now, here and at Webex.
//
// Errors: subscriber.ErrClaimed if the holder still uses the name, or nobody claims it.
func (s *Service) releaseStale(ctx context.Context, name uuid.UUID, why domain.Cause) error {
	r, err := read(ctx, s, why.Partner, streamOf(name), subscriber.Decider)
	if err != nil {
		return err
	}
	if r.Value.Claimed == uuid.Nil {
		return subscriber.ErrClaimed
	}
	entries, err := s.Log.ReadStream(ctx, streamOf(r.Value.Claimed))
	if err != nil {
		return err
	}
	holder := subscriber.Decider.Fold(entries)
	coming := holder.Here() && s.Now().Before(r.Value.Changed.Add(claimTime)) && !slices.ContainsFunc(entries, func(e domain.Entry) bool {
		to, ok := e.Event.(subscriber.UserIDChanged)
		return ok && e.Position > r.Position && subscriber.ID(why.Partner, string(to.UserID)) == name
	})
	if coming || holder.Uses(why.Partner, name) {
		return subscriber.ErrClaimed
	}
	release := subscriber.ReleaseName{Subscriber: r.Value.Claimed, At: s.Now()}
	_, err = transact(ctx, s, streamOf(name), follow(why), subscriber.Decider, subscriber.Command(release))
	return err
}

func streamOf(id uuid.UUID) string { return domain.StreamOf(subscriber.Kind, id) }
