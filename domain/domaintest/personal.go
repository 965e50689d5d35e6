package domaintest

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

// Personal checks that fields of events which say who somebody is are declared
// as such, which is how they are found where they are to be encrypted or hidden.
func Personal(t *testing.T, list []domain.Event) {
	t.Helper()
	for _, e := range list {
		for _, field := range exposed(reflect.TypeOf(e)) {
			t.Errorf("%T.%s says who somebody is: declare it as domain.Personal", e, field)
		}
	}
	require.NotEmpty(t, list)
}

var personal = reflect.TypeFor[domain.Personal]()

// exposed names the fields of a type, and of the types in it, that say who
// somebody is without being declared so.
func exposed(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return exposed(t.Elem())
	case reflect.Struct:
	default:
		return nil
	}
	var names []string
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		of := f.Type
		if of.Kind() == reflect.Pointer {
			of = of.Elem()
		}
		if tells(name) && of != personal {
			names = append(names, f.Name)
		}
		for _, inner := range exposed(of) {
			names = append(names, f.Name+"."+inner)
		}
	}
	return names
}

func tells(name string) bool {
	return slices.Contains([]string{"userId", "email", "firstName", "lastName", "extension", "holder"}, name) ||
		strings.HasSuffix(strings.ToLower(name), "phonenumber")
}
