package sqlite

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

func TestCause(t *testing.T) {
	t.Run("every field of a cause is stored, but for the command", func(t *testing.T) {
		var c domain.Cause
		v := reflect.ValueOf(&c).Elem()
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String {
				f.SetString("the text of " + v.Type().Field(i).Name)
			}
		}
		got, err := parseCause(string(appendCause(nil, c)))
		require.NoError(t, err)
		require.Equal(t, c, got)
		require.Equal(t, len(causeFields(&c))+1, v.NumField())
	})
	t.Run("a cause that was stored with fewer fields can be read", func(t *testing.T) {
		got, err := parseCause("\x04acme")
		require.NoError(t, err)
		require.Equal(t, domain.Cause{Partner: "acme"}, got)
	})
	t.Run("one that was cut off cannot", func(t *testing.T) {
		_, err := parseCause("\x04acm")
		require.Error(t, err)
	})
}
