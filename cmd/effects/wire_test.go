package effects

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"sync"
	"time"

	"ledgerline/adapters/webex/simulator"
)

var errReset = errors.New("connection reset by peer")

// wire carries requests to a simulator without a socket, and notes them. A 502 of
// the simulator becomes one of the three things that a client cannot tell from it:
// a 502, a reset connection, or silence until the client has had enough.
type wire struct {
	sim *simulator.Simulator

	mu     sync.Mutex
	chance *rand.Rand
	sent   []sent // in the order in which they arrived
}

// sent is one request, and what the client was told.
type sent struct {
	at     time.Time
	method string
	user   string // of a POST, as in its body
	of     string // the user's customer
	status int    // 0: nothing
}

var _ http.RoundTripper = (*wire)(nil)

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	at := time.Now()
	served, note, err := w.receive(r)
	if err != nil {
		return nil, err
	}
	note.at = at
	w.mu.Lock()
	w.sent = append(w.sent, note)
	n := len(w.sent) - 1
	w.mu.Unlock()
	reply, err := w.reply(r.Context(), served)
	if err == nil {
		w.mu.Lock()
		w.sent[n].status = reply.StatusCode
		w.mu.Unlock()
	}
	return reply, err
}

// receive turns a request of a client into one of a server.
func (w *wire) receive(r *http.Request) (*http.Request, sent, error) {
	served, note := r.Clone(r.Context()), sent{method: r.Method}
	served.RequestURI = r.URL.RequestURI()
	if r.Body == nil {
		served.Body = http.NoBody
		return served, note, nil
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	served.Body = io.NopCloser(bytes.NewReader(body))
	if r.Method == http.MethodPost {
		var asked struct{ UserID, SPEnterpriseID string }
		err = errors.Join(err, json.Unmarshal(body, &asked))
		note.user, note.of = asked.UserID, asked.SPEnterpriseID
	}
	return served, note, err
}

func (w *wire) reply(ctx context.Context, served *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	w.sim.ServeHTTP(answer, served)
	if answer.Code == http.StatusBadGateway {
		w.mu.Lock()
		luck := w.chance.IntN(3)
		w.mu.Unlock()
		switch luck {
		case 0:
			return nil, errReset
		case 1:
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
	return answer.Result(), nil
}

// log returns what was sent until now.
func (w *wire) log() []sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
}

// ambiguous says whether the client cannot know if its request was carried out.
func (s sent) ambiguous() bool { return s.status == 0 || s.status >= 500 }

func (s sent) tooMany() bool { return s.status == http.StatusTooManyRequests }

func count(all []sent, is func(sent) bool) (n int) {
	for _, s := range all {
		if is(s) {
			n++
		}
	}
	return n
}
