package domaintest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

var update = flag.Bool("update", false, "write the golden files that are missing; those that exist are kept for good")

// Golden checks that events which were stored once are still understood. There is
// an example of every event on the list, and testdata holds it as it was stored
// when its type was new. Those files never change: a new version of an event is
// another type. An event to which a field was added has a further example, after
// the one before, with that field.
func Golden(t *testing.T, list []domain.Event, examples ...domain.Event) {
	t.Helper()
	names, latest := map[string]bool{}, map[string]domain.Event{}
	for _, e := range examples {
		name := e.EventType()
		for n := 2; names[name]; n++ {
			name = fmt.Sprintf("%s-%d", e.EventType(), n)
		}
		names[name], latest[e.EventType()] = true, e
		t.Run(name+" is read as ever", func(t *testing.T) { golden(t, list, e, path(name)) })
	}
	for _, e := range list {
		e := latest[e.EventType()]
		require.NotNil(t, e, "every event has an example")
		require.Emptyf(t, unset(reflect.ValueOf(e), ""), "the latest example of %s says something in every field", e.EventType())
	}
	files, err := filepath.Glob(path("*"))
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		require.Truef(t, names[name], "%s was stored once, but no type reads it any more", name)
	}
}

func golden(t *testing.T, list []domain.Event, e domain.Event, file string) {
	require.Truef(t, listed(list, e), "%T is not in Events", e)
	require.Regexp(t, typeName, e.EventType())
	if _, err := os.Stat(file); os.IsNotExist(err) && *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, encoded(t, e), 0o644))
	}
	stored, err := os.ReadFile(file)
	require.NoError(t, err, "no golden file: go test -update writes those that are missing")
	require.Equal(t, e, decoded(t, e, stored))
	require.Equal(t, string(stored), string(encoded(t, e)), "what is stored for good must not change")
}

var typeName = regexp.MustCompile(`^[a-z]+\.[a-z_]+\.v[1-9][0-9]*$`)

func path(name string) string { return filepath.Join("testdata", name+".json") }

// unset names the fields of v that hold nothing.
func unset(v reflect.Value, name string) []string {
	if v.IsZero() {
		return []string{name}
	}
	var names []string
	if v.Kind() == reflect.Struct && v.NumField() > 0 && v.Type().Field(0).IsExported() {
		for i := range v.NumField() {
			names = append(names, unset(v.Field(i), strings.TrimPrefix(name+"."+v.Type().Field(i).Name, "."))...)
		}
	}
	return names
}
