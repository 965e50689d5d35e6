package httpapi

import (
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/token"
)

// errShownOnce is said when a request for a token is repeated.
var errShownOnce = domain.Reject(domain.Conflict, "A token was issued with this Idempotency-Key already, and its secret is shown once only. Revoke that token and issue another with a new key.")

// issueToken serves POST /api/tokens. The answer is the only place in which the
// secret ever appears.
func (a *api) issueToken(w http.ResponseWriter, c *call) error {
	var body struct {
		Name    string        `json:"name"`
		Role    string        `json:"role"`
		Scopes  []token.Scope `json:"scopes"`
		Expires time.Time     `json:"expires"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	req := commands.IssueToken{Name: body.Name, Role: body.Role, Scopes: body.Scopes, Expires: body.Expires.UTC()}
	secret, id, err := a.Service.IssueToken(c.Context(), req, why)
	if errors.Is(err, commands.ErrKeyReused) {
		return errShownOnce
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/tokens/"+id.String())
	writeJSON(w, http.StatusCreated, struct {
		Secret string `json:"secret"`
		tokenBody
	}{secret, tokenBody{ID: id.String(), Name: trimmed(body.Name), Role: body.Role, Scopes: body.Scopes, Expires: expiry(body.Expires)}})
	return nil
}

// tokenBody is a token without its secret.
type tokenBody struct {
	ID      string        `json:"id"`
	Name    string        `json:"name"`
	Role    string        `json:"role"`
	Scopes  []token.Scope `json:"scopes"`
	Expires string        `json:"expires,omitempty"` // absent: never
}

func expiry(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// revokeToken serves DELETE /api/tokens/{id}. Revoking again changes nothing.
func (a *api) revokeToken(w http.ResponseWriter, c *call) error {
	id, err := uuid.Parse(c.PathValue("id"))
	if err != nil || len(c.PathValue("id")) != 36 {
		return errNotFound
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	if err := a.Service.RevokeToken(c.Context(), id, why); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// whoAmI serves GET /api/whoami.
func (a *api) whoAmI(w http.ResponseWriter, c *call) error {
	t := c.token.Issued
	writeJSON(w, http.StatusOK, struct {
		Partner string    `json:"partner"`
		Actor   string    `json:"actor"` // as the audit log names it
		Token   tokenBody `json:"token"`
	}{t.Partner, c.actor(), tokenBody{ID: c.tokenID, Name: t.Name, Role: t.Role, Scopes: t.Scopes, Expires: expiry(t.Expires)}})
	return nil
}
