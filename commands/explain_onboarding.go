package commands

import (
	"context"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/explain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
)

// ExplainOnboarding tells what OnboardSubscriber would lead to, as far as it can be
// known without effect: nothing is recorded, and Webex is asked for a precheck
// only. What would be refused is a part of the explanation, not an error.
func (s *Service) ExplainOnboarding(ctx context.Context, req OnboardSubscriber, partner string) (explain.Explanation, error) {
	p := explain.Plan{Given: req.command(s)}
	p.Asked, p.Repairs = p.Given.Clean()
	p.ID = subscriber.ID(partner, p.Asked.Profile.UserID)
	var err error
	if p.Asked.Terms, err = s.terms(ctx, partner, p.Asked.ProvisioningID); err != nil {
		return explain.Explanation{}, err
	}
	if p.Asked.Terms != nil {
		t, err := read(ctx, s, partner, template.Stream(partner, p.Asked.ProvisioningID), template.Decider)
		if err != nil {
			return explain.Explanation{}, err
		}
		p.Template = t.Value
	}
	before, after, err := s.preview(ctx, p.Asked, partner)
	if err != nil && domain.AsRejection(err) == nil {
		return explain.Explanation{}, err
	}
	p.Before, p.New, p.Refused = before.Value, after.Changed, err
	c, err := read(ctx, s, partner, customer.Stream(partner, p.Asked.SPEnterpriseID), customer.Decider)
	if err != nil {
		return explain.Explanation{}, err
	}
	p.Customer = c.Value
	if r, ok := p.Precheckable(); ok {
		ctx, cancel := context.WithTimeout(ctx, askWithin)
		defer cancel()
		a := s.precheck(ctx, s.paced(partner, Admin, r.SPEnterpriseID), r)
		p.Precheck = &a
	}
	return p.Explain(), nil
}
