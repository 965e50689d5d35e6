package rest

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"ledgerline/commands"
)

// early is how long before its expiry a token is replaced: longer than a call
// may take, so that none is sent with a token about to expire.
const early = time.Minute

// tokens holds the access token and replaces it when it runs out or is
// refused, however many callers notice, by one request.
type tokens struct {
	config Config
	http   *http.Client
	flight singleflight.Group

	mu      sync.Mutex
	access  string
	expires time.Time // zero: not known
	refresh string
}

func newTokens(c Config, client *http.Client) *tokens {
	return &tokens{config: c, http: client, access: c.AccessToken, refresh: c.RefreshToken}
}

// token returns a usable token other than refused, which may be empty.
func (t *tokens) token(ctx context.Context, refused string) (string, error) {
	if access, ok := t.current(refused); ok {
		return access, nil
	}
	// The refresh belongs to all who wait for it, so it outlives the first.
	shared := context.WithoutCancel(ctx)
	done := t.flight.DoChan("", func() (any, error) {
		if access, ok := t.current(refused); ok {
			return access, nil
		}
		return t.renew(shared)
	})
	select {
	case <-ctx.Done():
		return "", notSent(ctx.Err())
	case r := <-done:
		if r.Err != nil {
			return "", t.failed(r.Err)
		}
		return r.Val.(string), nil
	}
}

// renewable says whether a refused token can be replaced.
func (t *tokens) renewable() bool { return t.config.canRefresh() }

func (t *tokens) current(refused string) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.config.canRefresh() {
		return t.access, true
	}
	stale := !t.expires.IsZero() && t.config.Now().Add(early).After(t.expires)
	return t.access, t.access != "" && t.access != refused && !stale
}

func (t *tokens) renew(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, t.config.CallTimeout)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, t.http)
	oauth := oauth2.Config{
		ClientID:     t.config.ClientID,
		ClientSecret: t.config.ClientSecret,
		Endpoint:     oauth2.Endpoint{TokenURL: t.config.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	t.mu.Lock()
	before := t.refresh
	t.mu.Unlock()

	fresh, err := oauth.TokenSource(ctx, &oauth2.Token{RefreshToken: before}).Token()
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	t.access, t.expires, t.refresh = fresh.AccessToken, time.Time{}, fresh.RefreshToken
	if fresh.ExpiresIn > 0 {
		t.expires = t.config.Now().Add(time.Duration(min(fresh.ExpiresIn, 1<<31)) * time.Second)
	}
	t.mu.Unlock()
	if fresh.RefreshToken != before && t.config.RefreshTokenChanged != nil {
		t.config.RefreshTokenChanged(fresh.RefreshToken)
	}
	return fresh.AccessToken, nil
}

// failed translates: whatever became of the refresh, the call itself was not sent.
func (t *tokens) failed(err error) error {
	failure := &commands.WebexError{Outcome: commands.NotDone, Message: "no access token: the refresh failed", Err: err}
	var reply *oauth2.RetrieveError
	if errors.As(err, &reply) && reply.Response != nil {
		failure.Status = reply.Response.StatusCode
		failure.TrackingID = reply.Response.Header.Get("TrackingID")
		failure.RetryAfter = retryAfter(reply.Response.Header, t.config.Now(), t.config.MaxRetryAfter)
		failure.Err = nil // its text repeats the reply, which may hold a token
	}
	return failure
}
