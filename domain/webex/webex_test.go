package webex_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain/webex"
)

// vector is from section 19.4 of the domain reference.
const vector = "Y2lzY29zcGFyazovL3VzL1NVQlNDUklCRVIvNjk3MGU2YmItNzQzOS00ZmZiLWFkMzQtZDNmZjAxNjdkZGFk"

var id = uuid.MustParse("6970e6bb-7439-4ffb-ad34-d3ff0167ddad")

func TestPublicIDsHaveTheShapeThatWebexGivesThem(t *testing.T) {
	require.Equal(t, vector, webex.EncodeID(webex.TypeSubscriber, id))
	for _, text := range []string{vector, vector + "=", vector + "=="} {
		got, ok := webex.DecodeID(webex.TypeSubscriber, text)
		require.True(t, ok, text)
		require.Equal(t, id, got)
	}
}

func TestNothingElseIsAPublicID(t *testing.T) {
	for name, text := range map[string]string{
		"empty":            "",
		"another type":     webex.EncodeID(webex.TypePerson, id),
		"a bare uuid":      id.String(),
		"no base64":        "not an id",
		"cut short":        vector[:len(vector)-4],
		"with a line end":  vector + "\n",
		"with one inside":  vector[:8] + "\n" + vector[8:],
		"a uuid in braces": "Y2lzY29zcGFyazovL3VzL1NVQlNDUklCRVIvezY5NzBlNmJiLTc0MzktNGZmYi1hZDM0LWQzZmYwMTY3ZGRhZH0",
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := webex.DecodeID(webex.TypeSubscriber, text)
			require.False(t, ok)
			require.Equal(t, uuid.Nil, got)
		})
	}
}

func TestWebexKnowsFourPackages(t *testing.T) {
	require.Equal(t, []webex.Package{"softphone", "basic", "standard", "premium"}, webex.Packages)
	for _, p := range webex.Packages {
		require.True(t, p.Valid())
	}
	for _, p := range []webex.Package{"", "gold", "Basic", "webex_calling"} {
		require.False(t, p.Valid(), p)
	}
}

func TestStatusesAreThoseThatWebexDocuments(t *testing.T) {
	require.Equal(t, []webex.Status{
		"pending_email_input", "pending_email_validation", "pending_user_migration", "provisioning", "provisioned", "updating", "error",
	}, webex.Statuses)
}

func FuzzDecodeID(f *testing.F) {
	f.Add(webex.TypeSubscriber, vector)
	f.Add(webex.TypePerson, webex.EncodeID(webex.TypePerson, uuid.Nil)+"=")
	f.Add("", "Y2lzY29zcGFyazovL3VzLw")
	f.Fuzz(func(t *testing.T, kind, text string) {
		if got, ok := webex.DecodeID(kind, text); ok {
			again, ok := webex.DecodeID(kind, webex.EncodeID(kind, got))
			require.True(t, ok)
			require.Equal(t, got, again)
		}
	})
}
