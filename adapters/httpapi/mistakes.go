package httpapi

import (
	"errors"
	"slices"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
)

// mistakes adds to what is wrong with a new user already all that the rules find,
// so that everything can be mended at once. Without mistakes it returns nil and
// leaves the finding to the use case.
func (a *api) mistakes(c *call, b v1Request, found domain.Fields) error {
	if len(found) == 0 {
		return nil
	}
	asked, _ := b.onboard().Clean()
	t, err := current(c.Context(), a, c.partner(), template.Stream(c.partner(), asked.ProvisioningID), template.Decider)
	switch {
	case err == nil:
		asked.Terms = &subscriber.Terms{TrustedEmails: t.Value.Settings.Emails == template.Trusted}
	case !errors.Is(err, errNotFound):
		return err
	}
	more, _ := fieldsOf(asked.Check())
	return together(found, more).Err()
}

// together returns the mistakes of both; of a field, those that were found first.
func together(found, more domain.Fields) domain.Fields {
	all := slices.Clone(found)
	for _, field := range more {
		if !slices.ContainsFunc(found, func(f domain.FieldError) bool { return f.Field == field.Field }) {
			all = append(all, field)
		}
	}
	return all
}

// fieldsOf returns the mistakes in fields that err stands for. ok is false if it
// stands for something else.
func fieldsOf(err error) (found domain.Fields, ok bool) {
	if err == nil {
		return nil, true
	}
	if no := domain.AsRejection(err); no != nil && len(no.Fields) > 0 {
		return no.Fields, true
	}
	return nil, false
}
