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

// adminTokenFile is where a partner's administrator token is kept: admin-token
// for the first partner, admin-token-NAME for others.
func adminTokenFile(data string, partners []string, partner string) string {
	name := "admin-token"
	if partner != partners[0] {
		name += "-" + partner
	}
	return filepath.Join(data, name)
}

// issueAdminTokens makes an administrator token for each partner that has none,
// and prints it this once.
func (e *engine) issueAdminTokens(ctx context.Context, o engineOptions) error {
	for _, partner := range e.Partners {
		path := adminTokenFile(o.Data, e.Partners, partner)
		kept, err := os.ReadFile(path)
		if err == nil {
			if _, _, ok, err := e.service.Authenticate(ctx, strings.TrimSpace(string(kept))); ok || err != nil {
				return err
			}
			return fmt.Errorf("%s: this token opens nothing here; remove the file to get a new one", path)
		}
		if !os.IsNotExist(err) {
			return err
		}
		why := domain.Cause{Partner: partner, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine, Reason: "first start"}
		secret, _, err := e.service.IssueToken(ctx, commands.IssueToken{Name: "administrator", Role: domain.RoleAdmin, Scopes: token.Scopes}, why)
		if err != nil {
			return err
		}
		if err := writeFile(path, []byte(secret+"\n")); err != nil {
			return err
		}
		fmt.Fprintf(o.Say, "Administrator token of partner %q, shown this once and kept in %s:\n  %s\n", partner, path, secret)
	}
	return nil
}
