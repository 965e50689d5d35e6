// Package httpapi is Ledgerline over HTTP: the Webex-shaped API below /v1, our
// own below /api, and what operators of the program need beside them. Handlers
// read a request, call one use case or one query, and answer.
package httpapi

import (
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/token"
)

// New returns the API. It panics if a field that Config needs is missing.
func New(c Config) http.Handler {
	if c.Service == nil || c.Head == nil || c.Views == nil || c.Users == nil || c.Templates == nil ||
		c.Licences == nil || c.Holds == nil || c.Audit == nil || c.Causes == nil || c.Drift == nil || c.ReadCSV == nil || c.WriteCSV == nil ||
		c.WriteTable == nil || c.UserColumns == nil || c.Imports == nil || c.ImportList == nil || c.IgnoredCSV == nil || c.RejectCSV == nil {
		panic("httpapi: Config lacks a field that is needed")
	}
	a := &api{Config: c.withDefaults(), mux: http.NewServeMux(), routes: map[string]*route{}, document: document(), closing: make(chan struct{})}
	a.close = sync.OnceFunc(func() { close(a.closing) })
	a.room = &room{now: c.Service.Now}
	service := *c.Service
	service.Log = watched{service.Log, a.room}
	a.Service = &service
	a.metrics = newMetrics(a)
	for _, r := range routes {
		a.routes[r.pattern()] = r
		a.mux.HandleFunc(r.pattern(), func(http.ResponseWriter, *http.Request) {})
	}
	return a
}

// api is the handler of everything.
type api struct {
	Config
	mux      *http.ServeMux
	routes   map[string]*route // by pattern
	metrics  *metrics
	document []byte // OpenAPI, as JSON
	room     *room
	closing  chan struct{} // closed when the server shuts down, which answers without an end of their own would hold up
	close    func()
	target   atomic.Uint64 // position that the views had to reach to be ready, plus 1; 0: nobody asked yet
}

// call is one request with what is known about who sent it.
type call struct {
	*http.Request
	tracking string      // our id of the request
	token    token.State // zero on routes without a token
	tokenID  string
	body     []byte // as far as it was read by decode
}

func (c *call) partner() string { return c.token.Issued.Partner }

// ServeHTTP implements http.Handler.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, tracking: newTracking()}
	out := newAnswer(w)
	out.Header().Set("TrackingID", c.tracking)
	out.Header().Set("X-Content-Type-Options", "nosniff")
	out.Header().Set("Cache-Control", "no-store")
	route, err := a.route(out, r)
	began := time.Now()
	defer func() { a.metrics.request(route, r.Method, out.status, time.Since(began)) }()
	defer a.recover(out, c)
	if err == nil {
		err = a.serve(out, c, route)
	}
	if err != nil {
		a.fail(out, c, err)
	}
}

// route finds what serves a request; unknown paths and methods are errors. The
// mux only matches: its handlers do nothing, and what it says itself is put in
// our words.
func (a *api) route(w http.ResponseWriter, r *http.Request) (*route, error) {
	said := &headerOnly{header: http.Header{}}
	a.mux.ServeHTTP(said, r)
	if said.status == 0 {
		return a.routes[r.Pattern], nil
	}
	r.Pattern = ""
	if said.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", said.header.Get("Allow"))
		return nil, errMethod
	}
	return nil, errNoPath
}

func (a *api) recover(out *answer, c *call) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler || out.status != 0 {
		if p != http.ErrAbortHandler {
			a.Log.Error("panic", "tracking", c.tracking, "panic", p, "stack", string(debug.Stack()))
		}
		panic(http.ErrAbortHandler) // the client must not take half an answer for a whole one
	}
	a.Log.Error("panic", "tracking", c.tracking, "panic", p, "stack", string(debug.Stack()))
	a.fail(out, c, errPanic)
}

// answer is a ResponseWriter that remembers its status and gives slow readers a
// time limit for each part of an answer rather than for the whole.
type answer struct {
	http.ResponseWriter
	status   int // 0: not begun
	deadline time.Time
}

// Time limits of the parts of a request and its answer.
const (
	writeWithin = 30 * time.Second
	readWithin  = 30 * time.Second // a JSON body
	loadWithin  = 15 * time.Minute // a file
)

func newAnswer(w http.ResponseWriter) *answer {
	out := &answer{ResponseWriter: w}
	out.extend()
	return out
}

func (w *answer) extend() {
	if now := time.Now(); w.deadline.Sub(now) < writeWithin/2 {
		w.deadline = now.Add(writeWithin)
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(w.deadline) // not every server can
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *answer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.extend()
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *answer) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.extend()
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *answer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// headerOnly is a ResponseWriter that keeps what the mux says of a request that
// it cannot match.
type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(p []byte) (int, error) { return len(p), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }

// positionHeader tells where a write was recorded; ?after= takes it.
const positionHeader = "Ledgerline-Position"

// wait lets the views catch up with a write, so that whoever made it reads it.
// Views that are slow or stuck do not make the write fail.
func (a *api) wait(w http.ResponseWriter, c *call, at domain.Position) {
	w.Header().Set(positionHeader, at.String())
	if a.Views.Err() == nil {
		_ = a.caughtUp(c, at)
	}
}
