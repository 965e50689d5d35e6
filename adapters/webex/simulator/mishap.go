package simulator

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// What can come instead of an answer, beside any 5xx.
const (
	reset = "reset" // the connection is dropped
	hang  = "hang"  // silence, then the connection is dropped
)

var statusText = regexp.MustCompile(`^5[0-9][0-9]$`)

func isMishap(kind string) bool { return kind == reset || kind == hang || statusText.MatchString(kind) }

// mishap answers with a 5xx, or not at all.
func (s *Simulator) mishap(r *http.Request, kind string) answer {
	switch kind {
	case hang:
		io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)) // until then nobody sees the client go away
		s.note(r.Method, "hung")
		pause(r, s.millis(s.knobs.Load().Hang))
		panic(http.ErrAbortHandler)
	case reset:
		s.note(r.Method, "dropped")
		panic(http.ErrAbortHandler)
	}
	status, _ := strconv.Atoi(kind)
	return refuse(status, "Something went wrong on the server or behind it.")
}

// outage is a time during which every request meets the same mishap.
type outage struct {
	kind  string
	until int64 // ms since 1970
}

// out returns the mishap of the outage under way; empty: none is.
func (s *Simulator) out() string {
	if o := s.outage.Load(); o != nil && s.now() < o.until {
		return o.kind
	}
	return ""
}

// Outage lets every request fail from now on, for as long as given; 0 ends an
// outage. kind is a 5xx, "reset" or "hang".
//
// Errors: no such kind, or a time that is negative or longer than a day.
func (s *Simulator) Outage(length time.Duration, kind string) error {
	switch {
	case !isMishap(kind):
		return fmt.Errorf("kind: there is no %q; there are 500 to 599, reset and hang", kind)
	case length < 0 || length > 24*time.Hour:
		return fmt.Errorf("for is from 0s to 24h, not %v", length)
	}
	s.outage.Store(&outage{kind, s.now() + length.Milliseconds()})
	return nil
}

var retryAfterForms = []string{"seconds", "date", "none", "year", "negative", "text"}

// retryAfter writes the header in one of its forms.
func (s *Simulator) retryAfter(k *Knobs, seconds int) string {
	if k.RetryAfter == 0 {
		return ""
	}
	switch s.kind(k.RetryAfterMix) {
	case "none":
		return ""
	case "date": // of whole seconds: never too early
		return s.clock(k).Add(time.Duration(seconds)*time.Second + time.Second - 1).Format(http.TimeFormat)
	case "year":
		return strconv.Itoa(int(year.Seconds()))
	case "negative":
		return strconv.Itoa(-seconds)
	case "text":
		return "soon"
	}
	return strconv.Itoa(seconds)
}

// clock is what Webex's clock shows.
func (s *Simulator) clock(k *Knobs) time.Time {
	return time.UnixMilli(s.now() + k.ClockSkew.millis()).UTC()
}
