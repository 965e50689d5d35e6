package domaintest

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

// T is the part of testing.T, or of rapid.T, that laws need.
type T interface {
	require.TestingT
	Helper()
}

// Laws checks what holds for all rules, whatever was asked after whatever has
// happened:
//
//   - the answer depends on state and command alone, and giving it changes neither
//     the state nor the events;
//   - asking again records nothing new;
//   - what is recorded is on the list of events, and read back as it was written;
//   - an event that the rules do not know leaves the state as it was;
//   - folding in two goes is folding at once.
func Laws[S, C any](t T, d domain.Decider[S, C], given []domain.Event, when C) {
	t.Helper()
	before, state := Fold(d, copies(t, given)), Fold(d, given)
	events, err := d.Decide(state, when)
	again, errAgain := d.Decide(state, when)
	require.Equal(t, events, again, "deciding is deterministic")
	require.Equal(t, fmt.Sprint(err), fmt.Sprint(errAgain), "deciding is deterministic")
	require.Equal(t, before, state, "deciding leaves the state as it was")

	for _, e := range events {
		require.Truef(t, listed(d.Events, e), "%T is not in Events", e)
	}
	require.Equal(t, copies(t, events), events, "events survive being stored")

	all := slices.Concat(given, events)
	more, _ := d.Decide(Fold(d, all), when)
	require.Empty(t, more, "asking twice records nothing new")

	folded(t, d, all)
}

// folded checks the laws of folding.
func folded[S, C any](t T, d domain.Decider[S, C], events []domain.Event) {
	t.Helper()
	whole := Fold(d, copies(t, events))
	for half := range events {
		first := Fold(d, events[:half])
		both := first
		for _, e := range events[half:] {
			both = d.Evolve(both, e)
		}
		require.Equal(t, Fold(d, copies(t, events[:half])), first, "evolving leaves the state before as it was")
		require.Equal(t, whole, both, "folding in two goes is folding at once")
	}
	require.Equal(t, whole, d.Evolve(whole, domain.Unknown{Type: "some.later_event.v1", Data: []byte(`{}`)}),
		"an unknown event leaves the state as it was")
}

func listed(list []domain.Event, e domain.Event) bool {
	return slices.ContainsFunc(list, func(known domain.Event) bool {
		return reflect.TypeOf(known) == reflect.TypeOf(e) && known.EventType() == e.EventType()
	})
}

// copies returns the events as they are read back once they are stored.
func copies(t T, events []domain.Event) []domain.Event {
	t.Helper()
	var read []domain.Event
	for _, e := range events {
		if _, unknown := e.(domain.Unknown); unknown {
			read = append(read, e)
			continue
		}
		read = append(read, decoded(t, e, encoded(t, e)))
	}
	return read
}

// encoded and decoded are what the event codec does.
func encoded(t T, e domain.Event) []byte {
	t.Helper()
	body, err := json.Marshal(e, json.Deterministic(true))
	require.NoErrorf(t, err, "store %T", e)
	return body
}

func decoded(t T, prototype domain.Event, body []byte) domain.Event {
	t.Helper()
	v := reflect.New(reflect.TypeOf(prototype))
	require.NoErrorf(t, json.Unmarshal(body, v.Interface()), "read %T", prototype)
	return v.Elem().Interface().(domain.Event)
}
