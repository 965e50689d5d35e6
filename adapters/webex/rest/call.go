package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"ledgerline/commands"
)

// longestReadWait is the longest Retry-After that a read waits for itself; a
// longer one is the caller's to plan with.
const longestReadWait = time.Minute

var errNoID = errors.New("a subscriber has to be named")

// reply is a complete answer, already cut to size.
type reply struct {
	status int
	header http.Header
	body   []byte
	broken error // the body could not be read to its end
}

func (r reply) tracking() string { return r.header.Get("TrackingID") }

func (r reply) receipt() commands.Receipt { return commands.Receipt{TrackingID: r.tracking()} }

func (r reply) ok() bool { return r.status >= 200 && r.status < 300 }

// request is one thing asked of Webex.
type request struct {
	method   string
	url      string
	body     []byte // JSON; nil: none
	tracking string
}

// ask sends a request once; what is not 2xx is an error. Only a refused token
// leads to a second, since that reply says that nothing was carried out.
func (c *Client) ask(ctx context.Context, q request) (reply, error) {
	r, err := c.send(ctx, q)
	if err == nil && !r.ok() {
		err = c.refusal(r)
	}
	return r, err
}

// read sends a GET, and again after a passing failure, as often as configured
// and as long as the context lasts.
func (c *Client) read(ctx context.Context, address string) (reply, error) {
	for attempt := 1; ; attempt++ {
		r, err := c.ask(ctx, request{method: http.MethodGet, url: address})
		if err == nil && r.broken != nil {
			err = unreadable(r, r.broken)
		}
		var failure *commands.WebexError
		if !errors.As(err, &failure) || attempt >= c.config.ReadAttempts || !passing(failure) || ctx.Err() != nil {
			return r, err
		}
		pause := failure.RetryAfter
		if pause == 0 {
			pause = time.Duration(float64(200*time.Millisecond<<min(attempt, 8)) * (0.5 + rand.Float64()))
		}
		if deadline, set := ctx.Deadline(); pause > longestReadWait || (set && time.Until(deadline) < pause) {
			return r, err
		}
		if c.config.Wait(ctx, pause) != nil {
			return r, err
		}
	}
}

func passing(e *commands.WebexError) bool {
	return e.Outcome == commands.NotDone || e.Status == 0 || e.Status >= 500
}

// send asks, and asks again with a new token where the first was refused.
func (c *Client) send(ctx context.Context, q request) (reply, error) {
	if c.invalid != nil {
		return reply{}, notSent(c.invalid)
	}
	if q.url == "" {
		return reply{}, notSent(errNoID)
	}
	token, err := c.tokens.token(ctx, "")
	if err != nil {
		return reply{}, err
	}
	r, err := c.once(ctx, q, token)
	if err != nil || r.status != http.StatusUnauthorized || !c.tokens.renewable() {
		return r, err
	}
	if token, err = c.tokens.token(ctx, token); err != nil {
		return reply{}, err
	}
	return c.once(ctx, q, token)
}

// once sends one request and reads its reply. An error is always a *WebexError
// and says whether the request can have left this machine.
func (c *Client) once(ctx context.Context, q request, token string) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	var left atomic.Bool
	req, err := newRequest(watch(ctx, &left), q, token)
	if err != nil {
		return reply{}, notSent(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		err = reason(err)
		if left.Load() {
			return reply{}, noReply(err)
		}
		return reply{}, notSent(err)
	}
	defer res.Body.Close()
	most := c.config.MaxReply
	if res.StatusCode >= 300 {
		most = c.config.MaxError
	}
	r := reply{status: res.StatusCode, header: res.Header}
	r.body, r.broken = io.ReadAll(io.LimitReader(res.Body, most+1))
	if int64(len(r.body)) > most {
		r.body, r.broken = nil, tooLong(most)
	}
	return r, nil
}

// watch notes whether a connection was handed to the request: until then
// nothing of it can have been sent. Go asks for another connection only after
// the first proved dead with nothing written (or for a GET), so the note is
// taken back then.
func watch(ctx context.Context, left *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { left.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { left.Store(true) },
	})
}

func newRequest(ctx context.Context, q request, token string) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		body = bytes.NewReader(q.body)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, q.url, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "ledgerline")
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.tracking != "" {
		req.Header.Set("TrackingID", q.tracking)
	}
	return req, nil
}

// reason unwraps Go's error, whose text repeats the address with its query:
// e-mails and user ids, which do not belong in a log.
func reason(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
