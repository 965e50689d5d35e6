package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ledgerline/domain"
	"ledgerline/domain/token"
)

func tokensCommand() *cobra.Command {
	var role, expires string
	var scopes []string
	create := &cobra.Command{
		Use: "create NAME", Short: "Make an access token",
		Long: `Make an access token, and print it: the only thing on standard output, and this
once only. NAME says whom or what it is for.

Scopes: read, write, and admin (tokens and the licence table).`,
		Example: `  ledgerline tokens create "activation portal" > portal-token
  ledgerline tokens create Anna --role admin --scopes read,write,admin --expires 2026-12-31`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error { return createToken(c, args[0], role, scopes, expires) }),
	}
	create.Flags().StringVar(&role, "role", domain.RoleProgram, "admin for a person, program for a system")
	create.Flags().StringSliceVar(&scopes, "scopes", []string{"read", "write"}, "what it may do: read, write, admin")
	create.Flags().StringVar(&expires, "expires", "", "when it ends, for example 2026-12-31 or 2026-12-31T12:00:00Z (default: never)")
	revoke := &cobra.Command{
		Use: "revoke ID", Short: "End an access token",
		Example: "  ledgerline tokens revoke 1a2b3c4d-...",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			if _, _, err := c.ask(c.ctx, http.MethodDelete, "/api/tokens/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			c.say("The token opens nothing any more.")
			return nil
		}),
	}
	return noun("tokens", "Access tokens for people and systems", create, revoke)
}

func createToken(c *cli, name, role string, scopes []string, expires string) error {
	full, err := fullScopes(scopes)
	if err != nil {
		return err
	}
	body := map[string]any{"name": name, "role": role, "scopes": full}
	if expires != "" {
		at, err := time.Parse(time.RFC3339, expires)
		if err != nil {
			at, err = time.ParseInLocation(time.DateOnly, expires, time.Local)
		}
		if err != nil {
			return usageError{errors.New("--expires must be a date like 2026-12-31, or a time like 2026-12-31T12:00:00Z")}
		}
		body["expires"] = at
	}
	text, _, err := c.ask(c.ctx, http.MethodPost, "/api/tokens", nil, body)
	if err != nil {
		return err
	}
	if c.json {
		return c.line(json.RawMessage(text))
	}
	var made struct {
		Secret string `json:"secret"`
		ID     string `json:"id"`
	}
	if err := json.Unmarshal(text, &made); err != nil {
		return err
	}
	fmt.Fprintln(c.out, made.Secret)
	c.say("This is shown only once. To end it: ledgerline tokens revoke %s", made.ID)
	return nil
}

// fullScopes takes scopes by their short names as well as by their full ones.
func fullScopes(names []string) ([]token.Scope, error) {
	short := map[string]token.Scope{"read": token.Read, "write": token.Write, "admin": token.Admin}
	full := make([]token.Scope, len(names))
	for i, name := range names {
		name = strings.TrimSpace(name)
		scope, known := short[name]
		if !known {
			scope = token.Scope(name)
		}
		if !slices.Contains(token.Scopes, scope) {
			return nil, usageError{fmt.Errorf("--scopes: there is no scope %q; there are read, write and admin", name)}
		}
		full[i] = scope
	}
	return full, nil
}
