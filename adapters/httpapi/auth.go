package httpapi

import (
	"fmt"
	"net/http"
	"strings"

	"ledgerline/domain"
	"ledgerline/domain/token"
)

// authenticate finds out whose token a request shows.
func (a *api) authenticate(c *call) error {
	header := c.Header.Get("Authorization")
	scheme, secret, _ := strings.Cut(header, " ")
	secret = strings.TrimSpace(secret)
	switch {
	case header == "":
		return errNoToken
	case !strings.EqualFold(scheme, "Bearer") || secret == "" || len(secret) > 512:
		return errBadToken
	}
	t, id, ok, err := a.Service.Authenticate(c.Context(), secret)
	if err != nil {
		return fmt.Errorf("authenticate: %w", err)
	}
	if !ok {
		return errBadToken
	}
	c.token, c.tokenID = t, id.String()
	return nil
}

// Refusals of access.
var (
	errNoToken = &refusal{
		status: http.StatusUnauthorized, name: "unauthenticated", title: "A token is needed",
		detail: "Send a valid access token in the Authorization header: Bearer, a space, the token.", challenge: "Bearer realm=\"ledgerline\"",
	}
	errBadToken = &refusal{
		status: http.StatusUnauthorized, name: "unauthenticated", title: "The token is not valid",
		detail:    "The access token is unknown, expired or revoked. Ask an administrator for a new one.",
		challenge: "Bearer realm=\"ledgerline\", error=\"invalid_token\"",
	}
	errRole = &refusal{
		status: http.StatusForbidden, name: "forbidden", title: "The role may not do this",
		detail: "Only a system that acts for the subscriber, with a token of the role program, may do this. An administrator retries the activation instead.",
	}
)

// errPerson is said to a program that wants to do what a person answers for.
var errPerson = &refusal{
	status: http.StatusForbidden, name: "forbidden", title: "The role may not do this",
	detail: "A person decides this: use a token of the role admin.",
}

// roleErrors says no to others, by the role that a route needs.
var roleErrors = map[string]*refusal{domain.RoleProgram: errRole, domain.RoleAdmin: errPerson}

func missingScope(scope token.Scope) error {
	return &refusal{
		status: http.StatusForbidden, name: "missing-scope", title: "The token lacks a scope",
		detail:    "The access token lacks the scope " + string(scope) + ".",
		challenge: fmt.Sprintf("Bearer realm=\"ledgerline\", error=\"insufficient_scope\", scope=%q", scope),
	}
}

// surface says through what a request came.
func (c *call) surface() string {
	switch {
	case isV1(c.URL.Path):
		return domain.SurfaceV1
	case c.Header.Get("Ledgerline-Surface") == domain.SurfaceCLI && c.token.May(token.Admin):
		return domain.SurfaceCLI
	case c.Header.Get("Ledgerline-Surface") == domain.SurfaceBulk:
		return domain.SurfaceBulk
	}
	return domain.SurfaceAPI
}

func (c *call) actor() string { return "token:" + c.tokenID[:8] }

func isV1(path string) bool { return path == "/v1" || strings.HasPrefix(path, "/v1/") }
