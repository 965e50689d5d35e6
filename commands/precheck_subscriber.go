package commands

import (
	"context"
	"errors"
	"net/http"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Errors of use cases that have to ask Webex.
var (
	// ErrWebexSilent is said when Webex did not answer.
	ErrWebexSilent = errors.New("Webex did not answer")
	// ErrWebexAccess is said when Webex does not let Ledgerline in.
	ErrWebexAccess = errors.New("our own access to Webex failed")
	// ErrNoWebex is said when nothing is known of how to reach Webex for a partner.
	ErrNoWebex = errors.New("no access to Webex is configured for this partner")
)

// PrecheckSubscriber says whether onboarding would be refused, by the ledger or
// by Webex. Only the e-mail address is needed. Nothing is recorded or reserved.
//
// Errors: Invalid with fields; those of OnboardSubscriber; ErrWebexSilent,
// ErrWebexAccess, ErrNoWebex, which say nothing about the subscriber; a rejection
// joined with the *WebexError that says what Webex would refuse.
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
			if _, _, err := s.preview(ctx, c, partner); err != nil {
				return err
			}
		}
	}
	client := s.paced(partner, API, c.SPEnterpriseID)
	if client == nil {
		return ErrNoWebex
	}
	req = webex.Request{Profile: c.Profile, ProvisioningID: c.ProvisioningID, SPEnterpriseID: c.SPEnterpriseID, Email: c.Email, Language: c.Language}
	_, err := client.Validate(ctx, req, "LEDGERLINE_"+s.NewID().String())
	return judged(err)
}

// judged tells what Webex says of the subscriber from what keeps it from saying
// anything.
func judged(err error) error {
	var e *WebexError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e):
		return errors.Join(ErrWebexSilent, err)
	case e.noAccess() || e.Status == http.StatusForbidden:
		return errors.Join(ErrWebexAccess, err)
	case e.Outcome == Conflict || e.Outcome == Refused && e.Status == http.StatusConflict:
		return errors.Join(domain.Reject(domain.Conflict, "Webex says: "+e.details()[0].Description), e)
	case e.Outcome == Refused && e.Status != 0:
		return errors.Join(domain.Reject(domain.Invalid, "Webex says: "+e.details()[0].Description), e)
	}
	return errors.Join(ErrWebexSilent, err)
}
