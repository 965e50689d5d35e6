package httpapi

import (
	"strings"

	"ledgerline/domain"
)

// webexError is the error body of Webex.
type webexError struct {
	Message    string        `json:"message"`
	Errors     []webexDetail `json:"errors,omitempty"`
	TrackingID string        `json:"trackingId"`
}

type webexDetail struct {
	ErrorCode   int    `json:"errorCode,omitempty"`
	Description string `json:"description"`
	FieldName   string `json:"fieldName,omitempty"`
}

func (f *refusal) webexError(tracking string) webexError {
	body := webexError{Message: f.detail, TrackingID: tracking}
	for _, e := range f.downloads {
		body.Errors = append(body.Errors, webexDetail{ErrorCode: e.Code, Description: e.Description})
	}
	for _, field := range f.fields {
		body.Errors = append(body.Errors, webexDetail{ErrorCode: codes[field.Class], Description: field.Field + ": " + field.Problem, FieldName: field.Field})
	}
	if body.Errors == nil && f.code != 0 {
		body.Errors = []webexDetail{{ErrorCode: f.code, Description: f.detail}}
	}
	return body
}

// problem is an error body of RFC 9457.
type problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail"`
	TraceID string         `json:"traceId"`
	Errors  []problemField `json:"errors,omitempty"`
}

// problemField is what is wrong with one part of a request and how to mend it.
type problemField struct {
	In      string `json:"in"`                // inBody, inQuery, inHeader
	Pointer string `json:"pointer,omitempty"` // JSON pointer into the body, as a URI fragment
	Name    string `json:"name,omitempty"`    // of the parameter or header
	Code    string `json:"code"`
	Problem string `json:"problem"`
	Fix     string `json:"fix"`
}

// Parts of a request.
const (
	inBody   = "body"
	inQuery  = "query"
	inHeader = "header"
)

func (f *refusal) problem(tracking string) problem {
	p := problem{Type: "urn:ledgerline:problem:" + f.name, Title: f.title, Status: f.status, Detail: f.detail, TraceID: tracking}
	for _, field := range f.fields {
		out := problemField{In: f.at, Code: classes[field.Class].code, Problem: field.Problem, Fix: classes[field.Class].fix}
		if text, fix, found := strings.Cut(field.Problem, "; "); found {
			out.Problem, out.Fix = text, fix
		} else if strings.HasPrefix(field.Problem, "must ") {
			out.Fix = "It " + field.Problem + "."
		}
		if f.at == inBody {
			out.Pointer = pointer(field.Field)
		} else {
			out.Name = field.Field
		}
		p.Errors = append(p.Errors, out)
	}
	return p
}

var classes = map[domain.Problem]struct{ code, fix string }{
	domain.Malformed: {"malformed", "Correct the value."},
	domain.Missing:   {"missing", "Give a value."},
	domain.TooLong:   {"too-long", "Shorten the value."},
	domain.NoSuch:    {"no-such", "Name one that exists."},
}

// pointer turns a field like licences[0] into #/licences/0.
func pointer(field string) string {
	return "#/" + pointers.Replace(field)
}

var pointers = strings.NewReplacer("~", "~0", "/", "~1", "[", "/", "]", "", ".", "/")
