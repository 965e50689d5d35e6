package commands

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// Subscriber is a subscriber as a use case left it.
type Subscriber = Recorded[subscriber.State]

// OnboardSubscriber asks for one BroadWorks user to come to Webex. Field names
// in rejections are those of Webex's API.
type OnboardSubscriber struct {
	webex.Request
	Flow subscriber.Flow // empty: subscriber.API
}

// OnboardSubscriber records that the user is to come to Webex; the activation
// goes on by itself. Repeating it with the same values changes nothing. It
// returns the id of the subscriber beside what was recorded.
//
// Errors: Invalid with fields; subscriber.ErrExists, ErrClaimed, ErrRenamed,
// ErrLeaving, ErrFlowThrough, ErrSelfActivate.
func (s *Service) OnboardSubscriber(ctx context.Context, req OnboardSubscriber, why domain.Cause) (uuid.UUID, Subscriber, error) {
	c, _ := req.command(s).Clean()
	terms, err := s.terms(ctx, why.Partner, c.ProvisioningID)
	if err != nil {
		return uuid.Nil, Subscriber{}, err
	}
	c.Terms = terms
	return s.onboard(ctx, c, why)
}

func (req OnboardSubscriber) command(s *Service) subscriber.Onboard {
	c := subscriber.Onboard{
		Flow: req.Flow, ProvisioningID: req.ProvisioningID, SPEnterpriseID: req.SPEnterpriseID,
		Profile: req.Profile, Email: req.Email, Language: req.Language, At: s.Now(),
	}
	if c.Flow == "" {
		c.Flow = subscriber.API
	}
	return c
}

// onboard carries out a command that was cleaned and whose terms are known.
func (s *Service) onboard(ctx context.Context, c subscriber.Onboard, why domain.Cause) (uuid.UUID, Subscriber, error) {
	id := subscriber.ID(why.Partner, c.Profile.UserID)
	stream := domain.StreamOf(subscriber.Kind, id)
	r, err := transactNew(ctx, s, stream, why, subscriber.Decider, subscriber.Command(c))
	if errors.Is(err, subscriber.ErrClaimed) {
		switch err = s.releaseStale(ctx, id, why); {
		case err == nil:
			r, err = transact(ctx, s, stream, why, subscriber.Decider, subscriber.Command(c))
		case errors.Is(err, subscriber.ErrClaimed):
			return s.onboardedByAnotherName(ctx, c, why.Partner)
		}
	}
	if err != nil {
		return id, Subscriber{}, err
	}
	if r.Value.AdminFirst && r.Changed {
		designate := customer.Designate{Subscriber: id, At: c.At}
		if _, err := transact(ctx, s, customer.Stream(why.Partner, c.SPEnterpriseID), follow(why), customer.Decider, customer.Command(designate)); err != nil {
			return id, r, err
		}
	}
	return id, r, nil
}

// onboardedByAnotherName answers for a user whose id was changed to the one asked
// for: unchanged if it has the values asked for.
func (s *Service) onboardedByAnotherName(ctx context.Context, c subscriber.Onboard, partner string) (uuid.UUID, Subscriber, error) {
	name, err := read(ctx, s, partner, subscriber.Stream(partner, c.Profile.UserID), subscriber.Decider)
	if err != nil {
		return uuid.Nil, Subscriber{}, err
	}
	holder := name.Value.Claimed
	r, err := read(ctx, s, partner, streamOf(holder), subscriber.Decider)
	if err != nil {
		return uuid.Nil, Subscriber{}, err
	}
	events, err := subscriber.Decide(r.Value, c)
	if err == nil && len(events) > 0 {
		err = subscriber.ErrClaimed // the holder has left meanwhile
	}
	return holder, r, err
}

// follow is the cause of a second thing recorded for the same reason.
func follow(why domain.Cause) domain.Cause {
	why.Command = uuid.Nil
	return why
}

// terms returns what the template says about newcomers, nil if there is none.
func (s *Service) terms(ctx context.Context, partner, provisioningID string) (*subscriber.Terms, error) {
	if provisioningID == "" {
		return nil, nil
	}
	r, err := read(ctx, s, partner, template.Stream(partner, provisioningID), template.Decider)
	if err != nil || r.Version == 0 {
		return nil, err
	}
	t := r.Value.Settings
	return &subscriber.Terms{
		ProvisioningID: provisioningID, DefaultPackage: t.DefaultPackage, TrustedEmails: t.Emails == template.Trusted,
		FlowThrough: t.FlowThrough, SelfActivation: t.AllowSelfActivation, AdminFirst: t.ProvisionAdminFirst,
	}, nil
}
