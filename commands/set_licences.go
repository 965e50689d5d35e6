package commands

import (
	"context"

	"ledgerline/domain"
	"ledgerline/domain/licence"
	"ledgerline/domain/webex"
)

// Licences is a partner's table of licences as a use case left it.
type Licences = Recorded[licence.State]

// SetLicences says what a package entitles to.
type SetLicences struct {
	Package  webex.Package
	Licences []string
}

// SetLicences changes the table of licences of a partner.
//
// Errors: Invalid with fields.
func (s *Service) SetLicences(ctx context.Context, req SetLicences, why domain.Cause) (Licences, error) {
	set := licence.SetLicences{Package: req.Package, Licences: req.Licences, At: s.Now()}
	return transact(ctx, s, licence.Stream(why.Partner), why, licence.Decider, set)
}

// LicenceTable returns a partner's table of licences.
func (s *Service) LicenceTable(ctx context.Context, partner string) (licence.State, error) {
	r, err := read(ctx, s, partner, licence.Stream(partner), licence.Decider)
	return r.Value, err
}
