package commands_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// prechecks is a Webex that answers prechecks only.
type prechecks struct {
	commands.Webex
	answer error
}

func (p prechecks) Validate(context.Context, webex.Request, string) (commands.Receipt, error) {
	return commands.Receipt{}, p.answer
}

func TestAPrecheckTellsARefusalOfTheSubscriberFromWebexNotBeingAsked(t *testing.T) {
	precheck := func(client commands.Webex) error {
		w := newWorld(t)
		w.service.Webex = func(string) commands.Webex { return client }
		return w.service.PrecheckSubscriber(t.Context(), webex.Request{Email: "a@ent.example"}, nordic)
	}
	for name, c := range map[string]struct {
		answer error
		is     error
	}{
		"token not accepted":    {&commands.WebexError{Outcome: commands.Refused, Status: 401}, commands.ErrWebexAccess},
		"role not enough":       {&commands.WebexError{Outcome: commands.Refused, Status: 403}, commands.ErrWebexAccess},
		"refresh token refused": {&commands.WebexError{Outcome: commands.NotDone, Status: 400, Message: "no access token: the refresh failed"}, commands.ErrWebexAccess},
		"no reply":              {&commands.WebexError{Outcome: commands.Unknown}, commands.ErrWebexSilent},
		"not sent":              {&commands.WebexError{Outcome: commands.NotDone}, commands.ErrWebexSilent},
		"refused unsent":        {&commands.WebexError{Outcome: commands.Refused}, commands.ErrWebexSilent},
		"busy":                  {&commands.WebexError{Outcome: commands.NotDone, Status: 429}, commands.ErrWebexSilent},
		"broken":                {&commands.WebexError{Outcome: commands.Unknown, Status: 500}, commands.ErrWebexSilent},
		"cancelled":             {context.Canceled, commands.ErrWebexSilent},
	} {
		err := precheck(prechecks{answer: c.answer})
		require.ErrorIs(t, err, c.is, name)
		require.Nil(t, domain.AsRejection(err), name)
		require.True(t, errors.Is(err, c.answer), name)
	}
	require.ErrorIs(t, precheck(nil), commands.ErrNoWebex)
	require.NoError(t, precheck(prechecks{}))
	for status, kind := range map[int]domain.Kind{400: domain.Invalid, 409: domain.Conflict} {
		outcome := map[int]commands.Outcome{400: commands.Refused, 409: commands.Conflict}[status]
		no := domain.AsRejection(precheck(prechecks{answer: &commands.WebexError{Outcome: outcome, Status: status, Message: "taken"}}))
		require.Equal(t, kind, no.Kind)
		require.Equal(t, "Webex says: taken", no.Text)
	}
}
