package simulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// call is one request to the API, with what is known about who sent it.
type call struct {
	*http.Request
	partner string
	id      string // the subscriber's in the path
	body    []byte
	knobs   *Knobs // not to be changed
}

// answer is what the API says.
type answer struct {
	status int
	body   any
	link   string
	wait   string // Retry-After; empty: none
}

type errorBody struct {
	Message    string   `json:"message"`
	Errors     []detail `json:"errors,omitempty"`
	TrackingID string   `json:"trackingId"`
}

type detail struct {
	ErrorCode   int    `json:"errorCode,omitempty"`
	Description string `json:"description"`
	FieldName   string `json:"fieldName,omitempty"`
}

func refuse(status int, message string, details ...detail) answer {
	return answer{status: status, body: errorBody{Message: message, Errors: details}}
}

// handler serves one operation.
type handler struct {
	do     func(*Simulator, call) answer
	write  bool // changes something
	list   bool // answers with pages
	body   bool // needs JSON
	steady bool // never 423: the vendor lists none
}

// routes by method; an asterisk stands for a subscriber's id.
var routes = map[string]map[string]handler{
	"/v1/broadworks/subscribers": {
		http.MethodGet:  {do: (*Simulator).list, list: true},
		http.MethodPost: {do: (*Simulator).provision, write: true, body: true},
	},
	"/v1/broadworks/subscribers/validate": {
		http.MethodPost: {do: (*Simulator).validate, body: true},
	},
	"/v1/broadworks/subscribers/*": {
		http.MethodGet:    {do: (*Simulator).read},
		http.MethodPut:    {do: (*Simulator).update, write: true, body: true},
		http.MethodDelete: {do: (*Simulator).remove, write: true},
	},
	"/v1/subscribers/*/emails/consentMove": {
		http.MethodPost: {do: (*Simulator).resendConsent, write: true, steady: true},
	},
}

// ServeHTTP answers /v1/... like Webex, and /simulator/... about itself.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tracking := "ROUTER_" + uuid.NewString()
	w.Header().Set("TrackingID", tracking)
	if strings.HasPrefix(r.URL.Path, "/simulator/") {
		s.control(w, r)
		return
	}
	if kind := s.out(); kind != "" {
		s.reply(w, r, tracking, s.mishap(r, kind))
		return
	}
	if r.URL.Path == "/v1/access_token" {
		s.accessToken(w, r)
		return
	}
	s.reply(w, r, tracking, s.answer(w, r))
}

func (s *Simulator) answer(w http.ResponseWriter, r *http.Request) answer {
	methods, id := route(r.URL.Path)
	if methods == nil {
		return refuse(http.StatusNotFound, "The requested resource could not be found.")
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	partner, known := s.partnerOf(token)
	if !known {
		return refuse(http.StatusUnauthorized, "The request requires a valid access token set in the Authorization request header.")
	}
	k := s.knobs.Load()
	if ok, seconds := s.grant(k, token); !ok || s.happens(k.Throttle) {
		a := refuse(http.StatusTooManyRequests, "The request was rate limited.")
		a.wait = s.retryAfter(k, max(k.RetryAfter, seconds))
		return a
	}
	h, found := methods[r.Method]
	if !pause(r, s.millis(k.Latency)+s.millis(h.latency(k))) {
		panic(http.ErrAbortHandler)
	}
	switch {
	case !found:
		return refuse(http.StatusMethodNotAllowed, "The request method is not supported here.")
	case h.write && slices.Contains(k.ReadOnlyTokens, token):
		return refuse(http.StatusForbidden, "The token does not have the scope that this needs.")
	case !h.steady && s.happens(k.Lock):
		a := refuse(http.StatusLocked, "The resource is temporarily locked.")
		a.wait = s.retryAfter(k, k.RetryAfter)
		return a
	case s.happens(k.ServerError):
		return s.mishap(r, cmp.Or(s.kind(k.ServerErrorMix), strconv.Itoa(k.ServerStatus)))
	}
	c := call{Request: r, partner: partner, id: id, knobs: k}
	if h.body {
		var trouble *answer
		if c.body, trouble = readJSON(w, r); trouble != nil {
			return *trouble
		}
	}
	a := h.do(s, c)
	if h.write && a.status < 300 && s.happens(k.LostReply) {
		kind := s.kind(k.LostReplyMix)
		if kind == "" && k.LostReplyStatus != 0 {
			kind = strconv.Itoa(k.LostReplyStatus)
		}
		return s.mishap(r, cmp.Or(kind, reset))
	}
	return a
}

// latency is how long this kind of operation takes beyond the others.
func (h handler) latency(k *Knobs) Delay {
	switch {
	case h.list:
		return k.ListLatency
	case h.write:
		return k.WriteLatency
	}
	return k.ReadLatency
}

func (s *Simulator) reply(w http.ResponseWriter, r *http.Request, tracking string, a answer) {
	if problem, ok := a.body.(errorBody); ok {
		problem.TrackingID = tracking
		a.body = problem
	}
	if a.link != "" {
		w.Header().Set("Link", a.link)
	}
	if a.wait != "" {
		w.Header().Set("Retry-After", a.wait)
	}
	if k := s.knobs.Load(); k.ClockSkew != 0 {
		w.Header().Set("Date", s.clock(k).Format(http.TimeFormat))
	}
	s.note(r.Method, strconv.Itoa(a.status))
	writeJSON(w, a.status, a.body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) // the client is gone: nobody to tell
}

// route finds what serves a path, and the id in it.
func route(path string) (methods map[string]handler, id string) {
	if methods = routes[path]; methods != nil {
		return methods, ""
	}
	parts := strings.Split(path, "/")
	for _, at := range []int{3, 4} {
		if at < len(parts) && parts[at] != "" {
			pattern := slices.Clone(parts)
			pattern[at] = "*"
			if methods = routes[strings.Join(pattern, "/")]; methods != nil {
				return methods, parts[at]
			}
		}
	}
	return nil, ""
}

// readJSON returns the body of a request, or what is wrong with it.
func readJSON(w http.ResponseWriter, r *http.Request) ([]byte, *answer) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		a := refuse(http.StatusUnsupportedMediaType, "Content type must be application/json.")
		return nil, &a
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		a := refuse(http.StatusBadRequest, "The request body is too long.")
		return nil, &a
	case err != nil:
		panic(http.ErrAbortHandler)
	}
	return body, nil
}

func (s *Simulator) note(method, what string) {
	s.gate.Lock()
	defer s.gate.Unlock()
	s.total[method+" "+what]++
}

// pause waits as long as a slow Webex; false: the client went away.
func pause(r *http.Request, millis int64) bool {
	if millis == 0 {
		return true
	}
	timer := time.NewTimer(time.Duration(millis) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
