package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/token"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func issued() token.Issued {
	return token.Issued{
		Name: "Portal of Nordic Voice", Holder: "Åsa Öberg", Partner: "nordic", Role: domain.RoleProgram,
		Scopes: []token.Scope{token.Read, token.Write}, Expires: noon.AddDate(1, 0, 0), At: noon,
	}
}

func with(change func(*token.Issued)) token.Issued {
	e := issued()
	change(&e)
	return e
}

type cases = []domaintest.Case[token.Command]

func TestIssue(t *testing.T) {
	domaintest.Run(t, token.Decider, cases{
		{
			Name: "somebody gets a token",
			When: token.Issue{Issued: issued()},
			Then: []domain.Event{issued()},
		},
		{
			Name: "a token may be for ever",
			When: token.Issue{Issued: with(func(e *token.Issued) { e.Expires = time.Time{} })},
			Then: []domain.Event{with(func(e *token.Issued) { e.Expires = time.Time{} })},
		},
		{
			Name: "its name is trimmed",
			When: token.Issue{Issued: with(func(e *token.Issued) { e.Name = "  " + e.Name + "\u00a0" })},
			Then: []domain.Event{issued()},
		},
		{
			Name: "its length counts characters",
			When: token.Issue{Issued: with(func(e *token.Issued) { e.Name = strings.Repeat("å", 128) })},
			Then: []domain.Event{with(func(e *token.Issued) { e.Name = strings.Repeat("å", 128) })},
		},
		{
			Name:  "a secret is issued once",
			Given: []domain.Event{issued()},
			When:  token.Issue{Issued: issued()},
		},
		{
			Name:  "a revoked one does not come back",
			Given: []domain.Event{issued(), token.Revoked{At: noon}},
			When:  token.Issue{Issued: issued()},
		},
		{
			Name: "everything that is missing is told",
			When: token.Issue{Issued: token.Issued{At: noon}},
			Err: domaintest.Wrong{"name": domain.Malformed, "partner": domain.Missing, "role": domain.Malformed,
				"scopes": domain.Missing},
		},
		{
			Name: "everything that is wrong is told",
			When: token.Issue{Issued: token.Issued{
				Name: strings.Repeat("x", 129), Partner: "nordic", Role: domain.RoleEngine, Scopes: []token.Scope{token.Read, "all"}, Expires: noon, At: noon,
			}},
			Err: domaintest.Wrong{"name": domain.Malformed, "role": domain.Malformed, "scopes": domain.Malformed, "expires": domain.Malformed},
		},
		{
			Name: "a name is one line of text",
			When: token.Issue{Issued: with(func(e *token.Issued) { e.Name = "two\nlines" })},
			Err:  domaintest.Wrong{"name": domain.Malformed},
		},
	})
}

func TestRevoke(t *testing.T) {
	domaintest.Run(t, token.Decider, cases{
		{
			Name:  "a token is revoked",
			Given: []domain.Event{issued()},
			When:  token.Revoke{Partner: "nordic", At: noon},
			Then:  []domain.Event{token.Revoked{At: noon}},
		},
		{
			Name:  "once is enough",
			Given: []domain.Event{issued(), token.Revoked{At: noon}},
			When:  token.Revoke{Partner: "nordic", At: noon},
		},
		{
			Name:  "another partner's token is not there",
			Given: []domain.Event{issued()},
			When:  token.Revoke{Partner: "baltic", At: noon},
			Err:   token.ErrNotFound,
		},
		{
			Name: "nor is one that was never issued",
			When: token.Revoke{At: noon},
			Err:  token.ErrNotFound,
		},
	})
}

func TestATokenOpensWhatItWasIssuedForUntilItEnds(t *testing.T) {
	s := domaintest.Fold(token.Decider, []domain.Event{issued()})
	require.True(t, s.Valid(noon))
	require.True(t, s.Valid(noon.AddDate(1, 0, 0).Add(-1)))
	require.False(t, s.Valid(noon.AddDate(1, 0, 0)), "at the instant when it expires it is over")
	require.True(t, s.May(token.Write))
	require.False(t, s.May(token.Admin))

	require.False(t, token.State{}.Valid(noon), "what was never issued opens nothing")
	require.False(t, domaintest.Fold(token.Decider, []domain.Event{issued(), token.Revoked{At: noon}}).Valid(noon))
	forever := with(func(e *token.Issued) { e.Expires = time.Time{} })
	require.True(t, domaintest.Fold(token.Decider, []domain.Event{forever}).Valid(noon.AddDate(100, 0, 0)))
}

func TestTheSecretIsNowhere(t *testing.T) {
	const secret = "llt_SECRET"
	require.Equal(t, token.ID(secret), token.ID(secret))
	require.NotEqual(t, token.ID(secret), token.ID(secret+"x"))
	require.NotContains(t, token.Stream(token.ID(secret)), secret)
}

func TestACommandWithoutARuleIsAProgrammersMistake(t *testing.T) {
	require.Panics(t, func() { _, _ = token.Decide(token.State{}, struct{ token.Command }{}) })
}

func TestStoredEventsAreReadAsEver(t *testing.T) {
	domaintest.Golden(t, token.Events, issued(), token.Revoked{At: noon})
}

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) { domaintest.Personal(t, token.Events) }
