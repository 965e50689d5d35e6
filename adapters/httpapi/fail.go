package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/webex"
	"ledgerline/projections"
)

// refusal is an error in the words of HTTP. Its text is safe to show.
type refusal struct {
	status    int
	name      string // last part of the type of its problem
	title     string
	detail    string
	code      int // errorCode in /v1; 0: none
	fields    []domain.FieldError
	at        string        // what fields are: inBody, inQuery, inHeader
	challenge string        // WWW-Authenticate
	retry     int           // Retry-After in seconds; 0: none
	downloads []webex.Error // what Webex said, passed on
}

// Error returns the detail.
func (f *refusal) Error() string { return f.detail }

// Codes of our own in the error bodies of /v1. Cisco's have four to six digits;
// these have seven, so that the two cannot meet. 1001 and 1002 mean what they
// mean at Webex; codes that Webex reports are passed on as they are.
const (
	codeMissing   = 1001    // Webex: a mandatory parameter is missing; fieldName names it
	codeTooLong   = 1002    // Webex: invalid parameter size
	codeMalformed = 9000001 // a parameter has another form, or is not one of the values asked for
	codeNoSuch    = 9000002 // a parameter refers to something that does not exist
	codeState     = 9000003 // the subscriber is not in a state for this, or exists with other values
	codeBody      = 9000004 // the body is not the JSON asked for
	codeKeyReused = 9000005 // this Idempotency-Key came with another request
	codeContended = 9000006 // too many changes of the same thing at once
	codePrecheck  = 9000007 // Webex would refuse, and gave no code
)

var codes = map[domain.Problem]int{
	domain.Missing: codeMissing, domain.TooLong: codeTooLong, domain.Malformed: codeMalformed, domain.NoSuch: codeNoSuch,
}

// Refusals of requests that no use case sees.
var (
	errNoPath   = &refusal{status: http.StatusNotFound, name: "not-found", title: "Not found", detail: "There is nothing at this address."}
	errNotFound = &refusal{status: http.StatusNotFound, name: "not-found", title: "Not found", detail: "The requested resource could not be found."}
	errMethod   = &refusal{status: http.StatusMethodNotAllowed, name: "method-not-allowed", title: "Method not allowed", detail: "This address does not support the method. The Allow header lists those that it does."}
	errVersion  = &refusal{status: http.StatusPreconditionFailed, name: "version", title: "Changed in the meantime", detail: "This was changed by somebody else since it was read (If-Match). Read it again and repeat the change."}
	errBehind   = &refusal{status: http.StatusServiceUnavailable, name: "behind", title: "Not yet visible", detail: "The views have not caught up with the position asked for. Try again.", retry: 1}
	errPanic    = &refusal{status: http.StatusInternalServerError, name: "internal", title: "Internal error", detail: internal}
)

const internal = "Something went wrong on the server. Name the tracking id when you ask for help."

// fail is the only place where an error becomes a status and a body: a Webex
// error below /v1, a problem (RFC 9457) elsewhere. Outages are logged here, once.
func (a *api) fail(w http.ResponseWriter, c *call, err error) {
	f := a.judge(c, err)
	if f.challenge != "" {
		w.Header().Set("WWW-Authenticate", f.challenge)
	}
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retry))
	}
	if isV1(c.URL.Path) {
		writeJSON(w, f.status, f.webexError(c.tracking))
		return
	}
	writeBody(w, f.status, "application/problem+json", f.problem(c.tracking))
}

// judge finds the words for an error.
func (a *api) judge(c *call, err error) *refusal {
	var f *refusal
	var damaged *commands.DamagedError
	no := domain.AsRejection(err)
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, commands.ErrKeyReused):
		return &refusal{status: http.StatusUnprocessableEntity, name: "key-reused", title: "Idempotency-Key used before", detail: no.Text, code: codeKeyReused}
	case errors.Is(err, commands.ErrNoImportFile):
		return &refusal{status: http.StatusNotFound, name: "not-kept", title: "Not kept any more", detail: no.Text}
	case errors.Is(err, commands.ErrContended):
		return &refusal{status: http.StatusConflict, name: "contended", title: "Too many changes at once", detail: no.Text, code: codeContended, retry: 1}
	case no != nil:
		return refuse(no, err)
	case errors.Is(err, projections.ErrNotCurrent):
		return &refusal{status: http.StatusServiceUnavailable, name: "building", title: "Views are being built", detail: "Views that are being built cannot be compared. Try again when they are complete.", retry: 5}
	case errors.Is(err, commands.ErrTooLarge):
		return &refusal{status: http.StatusRequestEntityTooLarge, name: "too-large", title: "Too large", detail: "The request holds more than one record can. Shorten it."}
	case c.Context().Err() != nil:
		return &refusal{status: http.StatusServiceUnavailable, name: "cancelled", title: "Cancelled", detail: "The request was cancelled before it was answered.", retry: 1}
	}
	a.logOutage(c, err)
	switch {
	case errors.As(err, &damaged):
		return &refusal{status: http.StatusInternalServerError, name: "damaged", title: "Damaged record", detail: "The record at position " + damaged.Position.String() + " of the log is damaged and is not served. Restore it from a backup."}
	case noRoom(err):
		return errFull
	case errors.Is(err, commands.ErrWebexAccess):
		return &refusal{status: http.StatusBadGateway, name: "webex-access", title: "No access to Webex", detail: "Webex had to be asked, and Ledgerline's own access to Webex failed. This says nothing about the request. Have the credentials of this partner checked.", retry: 60}
	case errors.Is(err, commands.ErrNoWebex):
		return &refusal{status: http.StatusBadGateway, name: "webex-access", title: "No access to Webex", detail: "Webex had to be asked, and no access to Webex is configured for this partner. This says nothing about the request."}
	case errors.Is(err, commands.ErrWebexSilent):
		return &refusal{status: http.StatusBadGateway, name: "webex-silent", title: "Webex did not answer", detail: "Webex had to be asked and did not answer. Try again.", retry: 5}
	}
	return errPanic
}

// logOutage logs an error that is not the caller's. What Webex says in words may
// name a person and is left out.
func (a *api) logOutage(c *call, err error) {
	attrs := []any{"tracking", c.tracking, "route", c.Pattern}
	var w *commands.WebexError
	switch {
	case errors.As(err, &w):
		attrs = append(attrs, "webexStatus", w.Status, "webexTracking", w.TrackingID)
	case errors.Is(err, context.DeadlineExceeded):
		attrs = append(attrs, "error", "deadline exceeded")
	default:
		attrs = append(attrs, "error", err)
	}
	a.Log.Error("request failed", attrs...)
}

// refuse finds the words for a rule's no. All that is not there is absent in the
// same words, so that nobody learns what others have.
func refuse(no *domain.Rejection, err error) *refusal {
	f := &refusal{detail: no.Text, fields: no.Fields, at: inBody}
	var said *commands.WebexError
	if errors.As(err, &said) {
		f.downloads = said.Errors
	}
	switch no.Kind {
	case domain.NotFound:
		return errNotFound
	case domain.Conflict:
		f.status, f.name, f.title, f.code = http.StatusConflict, "conflict", "Not in this state", codeState
	case domain.Forbidden:
		f.status, f.name, f.title = http.StatusForbidden, "forbidden", "Not allowed"
	default:
		f.status, f.name, f.title, f.code = http.StatusBadRequest, "invalid", "The request needs correcting", codeMalformed
		if said != nil {
			f.code = codePrecheck
		}
	}
	return f
}
