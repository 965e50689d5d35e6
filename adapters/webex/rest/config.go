// Package rest asks the real Webex for BroadWorks API.
//
// Source of paths, names and codes: https://developer.webex.com/docs/api/v1/broadworks-subscribers
package rest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config says where Webex is and who asks. Zero fields have sane defaults,
// except the credentials: either AccessToken, or the three for OAuth.
type Config struct {
	BaseURL     string `json:"baseUrl"`     // with /v1; empty: https://webexapis.com/v1
	AccessToken string `json:"accessToken"` // used as it is; with OAuth: until it is refused

	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
	RefreshToken string `json:"refreshToken"`
	TokenURL     string `json:"tokenUrl"` // empty: BaseURL + /access_token

	ConnectTimeout time.Duration `json:"connectTimeout"` // name, TCP and TLS each; 0: 10 s
	HeaderTimeout  time.Duration `json:"headerTimeout"`  // from request sent to reply begun; 0: 30 s
	CallTimeout    time.Duration `json:"callTimeout"`    // one request with its reply; 0: 30 s

	MaxReply      int64         `json:"maxReply"`      // bytes of a reply that is read; 0: 4 MiB
	MaxError      int64         `json:"maxError"`      // bytes of an error reply that are read; 0: 64 KiB
	MaxRetryAfter time.Duration `json:"maxRetryAfter"` // a longer Retry-After is cut to this; 0: 10 min
	ReadAttempts  int           `json:"readAttempts"`  // of one GET, the first included; 0: 3
	Connections   int           `json:"connections"`   // kept open between calls; 0: 64

	// RefreshTokenChanged is told when Webex hands out another refresh token,
	// to be kept for the next start. May be nil; called by one goroutine at a time.
	RefreshTokenChanged func(token string) `json:"-"`
	// Transport carries the requests; nil: HTTP/1.1 over TCP, with the limits above.
	Transport http.RoundTripper `json:"-"`
	// Now is the clock; nil: time.Now.
	Now func() time.Time `json:"-"`
	// Wait returns after d, or earlier with the context's error; nil: a timer.
	Wait func(ctx context.Context, d time.Duration) error `json:"-"`
}

// Check says what is wrong with a configuration, before it is used.
func (c Config) Check() error {
	c = c.withDefaults()
	for _, text := range []string{c.BaseURL, c.TokenURL} {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return fmt.Errorf("webex: %q is not an http(s) address", text)
		}
	}
	if c.AccessToken == "" && !c.canRefresh() {
		return errors.New("webex: no credentials: give an access token, or client id, client secret and refresh token")
	}
	return nil
}

func (c Config) canRefresh() bool {
	return c.ClientID != "" && c.ClientSecret != "" && c.RefreshToken != ""
}

func (c Config) withDefaults() Config {
	c.BaseURL = strings.TrimRight(cmp.Or(c.BaseURL, "https://webexapis.com/v1"), "/")
	c.TokenURL = cmp.Or(c.TokenURL, c.BaseURL+"/access_token")
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 10*time.Second)
	c.HeaderTimeout = cmp.Or(c.HeaderTimeout, 30*time.Second)
	c.CallTimeout = cmp.Or(c.CallTimeout, 30*time.Second)
	c.MaxReply = cmp.Or(c.MaxReply, 4<<20)
	c.MaxError = cmp.Or(c.MaxError, 64<<10)
	c.MaxRetryAfter = cmp.Or(c.MaxRetryAfter, 10*time.Minute)
	c.ReadAttempts = cmp.Or(c.ReadAttempts, 3)
	c.Connections = cmp.Or(c.Connections, 64)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	return c
}

// httpClient speaks HTTP/1.1 only. There Go repeats a request other than GET
// only if nothing of it was written, whereas over HTTP/2 it also repeats a
// DELETE that the server reset. Redirects are not followed: the token stays here.
func (c Config) httpClient() *http.Client {
	client := &http.Client{
		Transport:     c.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if client.Transport == nil {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		client.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			Protocols:              protocols,
			DialContext:            (&net.Dialer{Timeout: c.ConnectTimeout}).DialContext,
			TLSHandshakeTimeout:    c.ConnectTimeout,
			ResponseHeaderTimeout:  c.HeaderTimeout,
			MaxIdleConns:           c.Connections,
			MaxIdleConnsPerHost:    c.Connections,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		}
	}
	return client
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
