package domaintest

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

// counter is rules that keep the laws; each test breaks one.
type counter struct{ Names []string }

type named struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (named) EventType() string { return "counter.named.v1" }

func good() domain.Decider[counter, string] {
	return domain.Decider[counter, string]{
		Events: []domain.Event{named{}},
		Decide: func(c counter, name string) ([]domain.Event, error) {
			for _, n := range c.Names {
				if n == name {
					return nil, nil
				}
			}
			return []domain.Event{named{Name: name}}, nil
		},
		Evolve: func(c counter, e domain.Event) counter {
			if e, ok := e.(named); ok {
				c.Names = append(c.Names[:len(c.Names):len(c.Names)], e.Name)
			}
			return c
		},
	}
}

// failures is a test that notes how it fails.
type failures struct{ text string }

type stopped struct{}

func (*failures) Helper() {}

func (f *failures) Errorf(format string, args ...any) { f.text += fmt.Sprintf(format, args...) }

func (*failures) FailNow() { panic(stopped{}) }

func broken(t *testing.T, law string, d domain.Decider[counter, string]) {
	t.Helper()
	var f failures
	func() {
		defer func() {
			if p := recover(); p != nil && p != (stopped{}) {
				panic(p)
			}
		}()
		Laws(&f, d, []domain.Event{named{Name: "a"}, named{Name: "b"}}, "c")
	}()
	require.Contains(t, f.text, law)
}

func TestRulesThatKeepTheLawsPass(t *testing.T) {
	Laws(t, good(), []domain.Event{named{Name: "a"}, named{Name: "b"}}, "c")
	Laws(t, good(), nil, "c")
}

func TestEachLawIsChecked(t *testing.T) {
	t.Run("deciding is deterministic", func(t *testing.T) {
		d, n := good(), 0
		d.Decide = func(counter, string) ([]domain.Event, error) {
			n++
			return []domain.Event{named{Name: fmt.Sprint(n)}}, nil
		}
		broken(t, "deterministic", d)
	})
	t.Run("deciding leaves the state as it was", func(t *testing.T) {
		d := good()
		d.Decide = func(c counter, _ string) ([]domain.Event, error) {
			if len(c.Names) > 0 {
				c.Names[0] = "changed"
			}
			return nil, nil
		}
		broken(t, "deciding leaves the state", d)
	})
	t.Run("asking twice records nothing new", func(t *testing.T) {
		d := good()
		d.Decide = func(_ counter, name string) ([]domain.Event, error) { return []domain.Event{named{Name: name}}, nil }
		broken(t, "asking twice", d)
	})
	t.Run("what is recorded is on the list", func(t *testing.T) {
		d := good()
		d.Events = nil
		broken(t, "not in Events", d)
	})
	t.Run("evolving leaves the state before as it was", func(t *testing.T) {
		d := good()
		d.Evolve = func(c counter, e domain.Event) counter {
			if e, ok := e.(named); ok {
				if len(c.Names) > 0 {
					c.Names[0] = e.Name
				}
				c.Names = append(c.Names, e.Name)
			}
			return c
		}
		broken(t, "evolving leaves", d)
	})
	t.Run("an unknown event leaves the state as it was", func(t *testing.T) {
		d := good()
		d.Evolve = func(c counter, e domain.Event) counter {
			return counter{Names: append(c.Names[:len(c.Names):len(c.Names)], e.EventType())}
		}
		d.Decide = func(counter, string) ([]domain.Event, error) { return nil, nil }
		broken(t, "unknown event", d)
	})
}

func TestWrongFieldsAreComparedOneByOne(t *testing.T) {
	var f domain.Fields
	f.Add("email", domain.Missing, "is missing")
	require.True(t, says(f.Err(), Wrong{"email": domain.Missing}))
	require.False(t, says(f.Err(), Wrong{"email": domain.Malformed}))
	require.False(t, says(f.Err(), Wrong{"email": domain.Missing, "package": domain.Missing}))
	require.False(t, says(errors.New("outage"), Wrong{}))
	require.False(t, says(domain.Reject(domain.Conflict, "no"), Wrong{}))
}

func TestFieldsThatSayWhoSomebodyIsAreFound(t *testing.T) {
	require.Empty(t, exposed(reflect.TypeOf(struct {
		Email domain.Personal  `json:"email,omitzero"`
		Phone *domain.Personal `json:"primaryPhoneNumber"`
		Other string           `json:"reason"`
	}{})))
	require.Equal(t, []string{"Email", "In.Phone"}, exposed(reflect.TypeOf(struct {
		Email string `json:"email"`
		In    []struct {
			Phone *string `json:"mobilePhoneNumber,omitzero"`
		} `json:"in"`
	}{})))
}
