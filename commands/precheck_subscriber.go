package commands

import (
	"context"
	"errors"
	"net/http"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// ErrWebexSilent is said when Webex had to be asked and did not answer.
var ErrWebexSilent = errors.New("Webex did not answer")

// PrecheckSubscriber says whether onboarding would be refused, by the ledger or
// by Webex. Only the e-mail address is needed. Nothing is recorded or reserved.
//
// Errors: Invalid with fields; those of OnboardSubscriber; ErrWebexSilent; a
// rejection joined with the *WebexError that says what Webex would refuse.
func (s *Service) PrecheckSubscriber(ctx context.Context, req webex.Request, partner string) error {
	c, _ := OnboardSubscriber{Request: req}.command(s).Clean()
	if err := c.CheckGiven(); err != nil {
		return err
	}
	if c.ProvisioningID != "" {
		terms, err := s.terms(ctx, partner, c.ProvisioningID)
		if err != nil {
			return err
		}
		if c.Terms = terms; terms == nil || c.Check() == nil {
			if _, err := s.preview(ctx, c, partner); err != nil {
				return err
			}
		}
	}
	client := s.Webex(partner)
	if client == nil {
		return nil
	}
	req = webex.Request{Profile: c.Profile, ProvisioningID: c.ProvisioningID, SPEnterpriseID: c.SPEnterpriseID, Email: c.Email, Language: c.Language}
	_, err := client.Validate(ctx, req, "LEDGERLINE_"+s.NewID().String())
	var e *WebexError
	switch {
	case errors.As(err, &e) && (e.Outcome == Refused || e.Outcome == Conflict) && e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden:
		kind := domain.Invalid
		if e.Status == http.StatusConflict {
			kind = domain.Conflict
		}
		return errors.Join(domain.Reject(kind, "Webex says: "+e.details()[0].Description), e)
	case err != nil:
		return errors.Join(ErrWebexSilent, err)
	}
	return nil
}
