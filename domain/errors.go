package domain

import (
	"errors"
	"strings"
)

// Kind says what sort of no a Rejection is, which decides the status of the
// HTTP reply and the exit code of the command line.
type Kind int

// Kinds of rejection.
const (
	Invalid   Kind = iota + 1 // the request itself is wrong; see Fields
	NotFound                  // there is no such thing, or it is another partner's
	Conflict                  // not in this state of things
	Forbidden                 // this actor may not
)

// Rejection is a rule's no. Its text is safe to show to whoever asked.
type Rejection struct {
	Kind   Kind
	Text   string       // what is wrong and what to do about it, one sentence
	Fields []FieldError // for Invalid: what is wrong, field by field
}

// Reject makes a rejection; used for package-level Err... values, to be
// compared with errors.Is.
func Reject(kind Kind, text string) *Rejection { return &Rejection{Kind: kind, Text: text} }

// Error returns the text, then each field's problem.
func (r *Rejection) Error() string {
	if len(r.Fields) == 0 {
		return r.Text
	}
	parts := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		parts[i] = f.Field + ": " + f.Problem
	}
	return strings.Join(parts, "; ")
}

// Problem classifies a FieldError, for callers that answer each class with a
// code of its own.
type Problem int

// Problems a field can have.
const (
	Malformed Problem = iota // not in the form or not one of the values asked for
	Missing                  // needed and not given
	TooLong                  // over the limit
	NoSuch                   // refers to something that does not exist
)

// FieldError says what is wrong with one field of a request and how to mend it.
type FieldError struct {
	Field   string // its name as the caller wrote it, for example "primaryPhoneNumber"
	Class   Problem
	Problem string // one clause with the fix: "must be one of softphone, basic, standard, premium"
}

// Fields collects what is wrong with the fields of one request.
type Fields []FieldError

// Add notes one problem.
func (f *Fields) Add(field string, class Problem, problem string) {
	*f = append(*f, FieldError{Field: field, Class: class, Problem: problem})
}

// Err returns an Invalid rejection, or nil when nothing is wrong.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Rejection{Kind: Invalid, Text: "Some fields need correcting.", Fields: f}
}

// AsRejection returns the rejection inside err, or nil when err is an outage.
func AsRejection(err error) *Rejection {
	var r *Rejection
	if errors.As(err, &r) {
		return r
	}
	return nil
}
