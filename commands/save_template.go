package commands

import (
	"context"
	"strings"

	"ledgerline/domain"
	"ledgerline/domain/template"
)

// Template is an onboarding template as a use case left it.
type Template = Recorded[template.State]

// SaveTemplate says what a template is to be.
type SaveTemplate struct {
	ProvisioningID string
	template.Settings
}

func (t SaveTemplate) clean() SaveTemplate {
	for _, text := range []*string{&t.ProvisioningID, &t.Name, &t.Region, &t.EmailLanguage, &t.Cluster, &t.ShareLink, &t.PartnerAdmin, &t.Authentication} {
		*text = strings.TrimSpace(*text)
	}
	return t
}

// CreateTemplate makes a new template. One that is there with the same settings
// is left alone.
//
// Errors: Invalid with fields; template.ErrExists.
func (s *Service) CreateTemplate(ctx context.Context, req SaveTemplate, why domain.Cause) (Template, error) {
	req = req.clean()
	create := template.Create{ProvisioningID: req.ProvisioningID, Settings: req.Settings, At: s.Now()}
	return transact(ctx, s, template.Stream(why.Partner, req.ProvisioningID), why, template.Decider, template.Command(create))
}

// ChangeTemplate replaces the settings of a template.
//
// Errors: Invalid with fields; template.ErrNotFound.
func (s *Service) ChangeTemplate(ctx context.Context, req SaveTemplate, why domain.Cause) (Template, error) {
	req = req.clean()
	change := template.Change{Settings: req.Settings, At: s.Now()}
	return transact(ctx, s, template.Stream(why.Partner, req.ProvisioningID), why, template.Decider, template.Command(change))
}
