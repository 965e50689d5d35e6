// Package domaintest tests rules by telling them: given what has happened, when
// this is asked, then that is recorded. Every case also has to keep the laws that
// hold for all rules.
package domaintest

import (
	"errors"
	"fmt"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

// Case is one example of a rule.
type Case[C any] struct {
	Name  string         // a sentence that is true when the case passes
	Given []domain.Event // what has happened
	When  C              // what is asked
	Then  []domain.Event // what is recorded; none: things are as asked already
	Err   error          // the rule says no: an error for errors.Is, or Wrong
}

// Run checks the cases and the laws.
func Run[S, C any](t *testing.T, d domain.Decider[S, C], cases []Case[C]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Helper()
			events, err := d.Decide(Fold(d, c.Given), c.When)
			switch {
			case c.Err != nil:
				require.Empty(t, events, "a no records nothing")
				require.Truef(t, says(err, c.Err), "want the error %v, got %v", c.Err, err)
			default:
				require.NoError(t, err)
				require.Equal(t, c.Then, events)
			}
			Laws(t, d, c.Given, c.When)
		})
	}
}

// Fold returns the state after these events.
func Fold[S, C any](d domain.Decider[S, C], events []domain.Event) S {
	var s S
	for _, e := range events {
		s = d.Evolve(s, e)
	}
	return s
}

// Wrong is the error of a request in which these fields are wrong, and no others.
// It goes where an error is expected.
type Wrong map[string]domain.Problem

// Error names the fields.
func (w Wrong) Error() string { return fmt.Sprintf("wrong fields %v", map[string]domain.Problem(w)) }

func says(err, want error) bool {
	wrong, ok := want.(Wrong)
	if !ok {
		return errors.Is(err, want)
	}
	r := domain.AsRejection(err)
	return r != nil && r.Kind == domain.Invalid && maps.Equal(wrong, wrongIn(r))
}

func wrongIn(r *domain.Rejection) Wrong {
	w := Wrong{}
	for _, f := range r.Fields {
		w[f.Field] = f.Class
	}
	return w
}
