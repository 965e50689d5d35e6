package commands

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/token"
)

// IssueToken asks for a new bearer token of the cause's partner.
type IssueToken struct {
	Name    string // whom or what it is for
	Role    string // domain.RoleAdmin or domain.RoleProgram
	Scopes  []token.Scope
	Expires time.Time // UTC; zero: never
}

// IssueToken makes a token and returns its secret, which is recorded nowhere
// and cannot be shown again, and its id.
//
// Errors: Invalid with fields.
func (s *Service) IssueToken(ctx context.Context, req IssueToken, why domain.Cause) (secret string, id uuid.UUID, err error) {
	secret = "llt_" + rand.Text() // 130 bits
	id = token.ID(secret)
	issue := token.Issue{Issued: token.Issued{
		Name: strings.TrimSpace(req.Name), Partner: why.Partner, Role: req.Role,
		Scopes: req.Scopes, Expires: req.Expires, At: s.Now(),
	}}
	if _, err := transact(ctx, s, token.Stream(id), why, token.Decider, token.Command(issue)); err != nil {
		return "", uuid.Nil, err
	}
	return secret, id, nil
}

// RevokeToken ends a token of the cause's partner.
//
// Errors: token.ErrNotFound.
func (s *Service) RevokeToken(ctx context.Context, id uuid.UUID, why domain.Cause) error {
	revoke := token.Revoke{Partner: why.Partner, At: s.Now()}
	_, err := transact(ctx, s, token.Stream(id), why, token.Decider, token.Command(revoke))
	return err
}

// Authenticate returns the token that a secret belongs to. ok is false if there
// is none or it opens nothing any more.
func (s *Service) Authenticate(ctx context.Context, secret string) (t token.State, id uuid.UUID, ok bool, err error) {
	id = token.ID(secret)
	entries, err := s.Log.ReadStream(ctx, token.Stream(id))
	if err != nil {
		return token.State{}, uuid.Nil, false, err
	}
	t = token.Decider.Fold(entries)
	return t, id, t.Valid(s.Now()), nil
}
