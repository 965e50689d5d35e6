package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/token"
)

// issueAdminTokens makes an administrator token for each partner that has none,
// and prints it this once. It is kept in admin-token for the first partner that
// the directory knew, in admin-token-NAME for others.
func (e *engine) issueAdminTokens(ctx context.Context, o engineOptions) error {
	for _, partner := range e.Partners {
		first, own := filepath.Join(o.Data, "admin-token"), filepath.Join(o.Data, "admin-token-"+partner)
		holder, err := e.tokenHolder(ctx, first)
		switch {
		case err != nil:
			return err
		case holder == "":
			own = first
		case holder == partner || exists(own):
			continue
		}
		why := domain.Cause{Partner: partner, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine, Reason: "first start"}
		secret, _, err := e.service.IssueToken(ctx, commands.IssueToken{Name: "administrator", Role: domain.RoleAdmin, Scopes: token.Scopes}, why)
		if err != nil {
			return err
		}
		if err := writeFile(own, []byte(secret+"\n")); err != nil {
			return err
		}
		fmt.Fprintf(o.Say, "Administrator token of partner %q, shown this once and kept in %s:\n  %s\n", partner, own, secret)
	}
	return nil
}

// knownPartners returns the partners for whom the directory keeps tokens.
func (e *engine) knownPartners(ctx context.Context, data string) ([]string, error) {
	first := filepath.Join(data, "admin-token")
	holder, err := e.tokenHolder(ctx, first)
	if err != nil || holder == "" {
		return nil, err
	}
	others, err := filepath.Glob(first + "-*")
	known := []string{holder}
	for _, path := range others {
		known = append(known, strings.TrimPrefix(path, first+"-"))
	}
	return known, err
}

// tokenHolder returns the partner whose token a file holds; empty: there is no
// such file.
func (e *engine) tokenHolder(ctx context.Context, path string) (partner string, err error) {
	kept, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	t, _, ok, err := e.service.Authenticate(ctx, strings.TrimSpace(string(kept)))
	if err == nil && !ok {
		err = fmt.Errorf("%s: this token opens nothing here; remove the file to get a new one", path)
	}
	return t.Issued.Partner, err
}
