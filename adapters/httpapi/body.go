package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"ledgerline/domain"
)

// maxBody is the most that a JSON body may have, in bytes.
const maxBody = 64 << 10

// decode reads the JSON body of a request into a struct. Members that the struct
// does not have are ignored below /v1, as Webex does, and refused elsewhere. All
// members that are wrong are named; the others are read all the same.
func decode(w http.ResponseWriter, c *call, into any) error {
	if err := mediaType(c, "application/json"); err != nil {
		return err
	}
	if err := c.read(w); err != nil {
		return err
	}
	return c.parse(into)
}

// decodeOptional is decode for requests that may have no body.
func decodeOptional(w http.ResponseWriter, c *call, into any) error {
	if c.ContentLength == 0 {
		return nil
	}
	return decode(w, c, into)
}

func mediaType(c *call, want string) error {
	media, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	charset := strings.ToLower(params["charset"])
	if err != nil || media != want || charset != "" && charset != "utf-8" && want != "text/csv" {
		return &refusal{
			status: http.StatusUnsupportedMediaType, name: "media-type", title: "Media type not supported",
			detail: "The Content-Type of the body must be " + want + ".",
		}
	}
	return nil
}

func (c *call) read(w http.ResponseWriter) error {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(readWithin)) // not every server can
	body, err := io.ReadAll(http.MaxBytesReader(w, c.Body, maxBody))
	_ = control.SetReadDeadline(time.Time{})
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return tooLarge(maxBody)
	case err != nil:
		return badBody("The body broke off before its end.")
	}
	c.body = body
	return nil
}

func tooLarge(limit int64) error {
	return &refusal{
		status: http.StatusRequestEntityTooLarge, name: "too-large", title: "Too large",
		detail: fmt.Sprintf("The body is longer than %d bytes.", limit),
	}
}

func badBody(detail string) error {
	return &refusal{status: http.StatusBadRequest, name: "bad-json", title: "Not the JSON asked for", detail: detail, code: codeBody}
}

// parse reads the body that was read before.
func (c *call) parse(into any) error { return parse(c.body, into, !isV1(c.URL.Path)) }

// parse reads a JSON object into a struct; with strict, members that the struct
// does not have are refused.
func parse(body []byte, into any, strict bool) error {
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return badBody("The body must be a JSON object.")
	}
	var whole jsontext.Value
	var syntax *jsontext.SyntacticError
	switch err := jsonv2.Unmarshal(body, &whole); {
	case errors.As(err, &syntax):
		return badBody(fmt.Sprintf("The body is not valid JSON: there is a mistake near byte %d.", syntax.ByteOffset))
	case err != nil:
		return badBody("The body is not valid JSON.")
	}
	unknown := jsonv2.RejectUnknownMembers(strict)
	err := jsonv2.Unmarshal(body, into, unknown)
	if err == nil {
		return nil
	}
	if wrong := parseEach(body, into, unknown); wrong != nil {
		return wrong
	}
	return badBody("The body is not the JSON asked for.")
}

// mostMistakes is how many wrong members of one body are named.
const mostMistakes = 100

// parseEach reads the members of a JSON object one by one and names those that
// are wrong.
func parseEach(body []byte, into any, options jsonv2.Options) error {
	var f domain.Fields
	in := jsontext.NewDecoder(bytes.NewReader(body))
	_, _ = in.ReadToken() // the brace; what is read here is valid
	for in.PeekKind() == '"' && len(f) < mostMistakes {
		member := []byte("{")
		for _, end := range []byte(":}") {
			part, err := in.ReadValue()
			if err != nil {
				return err
			}
			member = append(append(member, part...), end)
		}
		var wrong *jsonv2.SemanticError
		if errors.As(jsonv2.Unmarshal(member, into, options), &wrong) {
			wrongMember(&f, wrong)
		}
	}
	return f.Err()
}

// wrongMember names the member of a body that has the wrong type, or is not known.
func wrongMember(f *domain.Fields, e *jsonv2.SemanticError) {
	field := strings.ReplaceAll(strings.TrimPrefix(string(e.JSONPointer), "/"), "/", ".")
	switch {
	case errors.Is(e.Err, jsonv2.ErrUnknownName):
		f.Add(field, domain.Malformed, "is not known here; leave it out")
	case e.GoType == nil:
		f.Add(field, domain.Malformed, "must have another form")
	default:
		f.Add(field, domain.Malformed, "must be "+typeNames[e.GoType.Kind().String()])
	}
}

// typeNames says what is asked for, by kind of Go type.
var typeNames = map[string]string{
	"string": "a text in quotes", "bool": "true or false", "int": "a whole number", "int64": "a whole number",
	"slice": "a list", "struct": "an object, or a time like 2026-01-31T12:00:00Z", "ptr": "a text in quotes",
	"map": "an object",
}

// writeJSON answers with a JSON body.
func writeJSON(w http.ResponseWriter, status int, body any) {
	writeBody(w, status, "application/json", body)
}

func writeBody(w http.ResponseWriter, status int, media string, body any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(body) // the client is gone: nobody to tell
}
