package rest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// outcomeOf says what a status that is not 2xx means, as in section 5 of the
// design. A redirect is unknown: Webex documents none.
func outcomeOf(status int) commands.Outcome {
	switch {
	case status == http.StatusTooManyRequests || status == http.StatusLocked:
		return commands.NotDone
	case status == http.StatusConflict:
		return commands.Conflict
	case status >= 400 && status < 500:
		return commands.Refused
	default:
		return commands.Unknown
	}
}

// errorBody is what comes with an error; every field may be missing.
type errorBody struct {
	Message    string          `json:"message"`
	Code       code            `json:"errorCode"`
	Errors     json.RawMessage `json:"errors"`
	TrackingID string          `json:"trackingId"`
}

// refusal turns a reply that is not 2xx into the port's error.
func (c *Client) refusal(r reply) *commands.WebexError {
	failure := &commands.WebexError{
		Outcome:    outcomeOf(r.status),
		Status:     r.status,
		TrackingID: r.tracking(),
	}
	switch r.status {
	case http.StatusTooManyRequests, http.StatusLocked, http.StatusServiceUnavailable:
		failure.RetryAfter = retryAfter(r.header, c.config.Now(), c.config.MaxRetryAfter)
	}
	var body errorBody
	if isJSON(r.header) && json.Unmarshal(r.body, &body) == nil {
		var problems []problem
		if json.Unmarshal(body.Errors, &problems) == nil {
			failure.Errors = details(problems)
		}
		if len(failure.Errors) == 0 && body.Code != 0 {
			failure.Errors = []webex.Error{{Code: int(body.Code), Description: clip(body.Message)}}
		}
		failure.Message = clip(body.Message)
		failure.TrackingID = cmp.Or(body.TrackingID, failure.TrackingID)
	}
	failure.Message = cmp.Or(failure.Message, http.StatusText(r.status), "unexpected reply")
	return failure
}

// unreadable is a reply that says success and cannot be understood: what was
// asked may well have been carried out.
func unreadable(r reply, err error) *commands.WebexError {
	return &commands.WebexError{
		Outcome:    commands.Unknown,
		Status:     r.status,
		Message:    "the reply cannot be understood",
		TrackingID: r.tracking(),
		Err:        err,
	}
}

func notSent(err error) *commands.WebexError {
	return &commands.WebexError{Outcome: commands.NotDone, Message: "not sent: " + err.Error(), Err: err}
}

func noReply(err error) *commands.WebexError {
	return &commands.WebexError{Outcome: commands.Unknown, Message: "no reply: " + err.Error(), Err: err}
}

// retryAfter reads a Retry-After header: seconds or an HTTP date. Missing,
// unreadable or past is 0; never more than most.
func retryAfter(h http.Header, now time.Time, most time.Duration) time.Duration {
	header := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && !math.IsNaN(seconds) {
		if seconds >= most.Seconds() {
			return most
		}
		return max(0, time.Duration(seconds*float64(time.Second)))
	}
	if at, err := http.ParseTime(header); err == nil {
		if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
			now = theirs // the clock that the date is of
		}
		return min(most, max(0, at.Sub(now)))
	}
	return 0
}

func isJSON(h http.Header) bool {
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/json" || (strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}

// clip keeps the first 1,000 bytes of a text from outside.
func clip(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	for cut := most; ; cut-- {
		if utf8.RuneStart(s[cut]) {
			return s[:cut] + "…"
		}
	}
}

func tooLong(most int64) error { return fmt.Errorf("the reply is longer than %d bytes", most) }
