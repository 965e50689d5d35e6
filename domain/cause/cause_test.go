package cause_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/domain/cause"
	"ledgerline/domain/webex"
)

const template = "ZjViMzYxODctYzhkZC00NzI3"

func TestFingerprintsOfVersion1NeverChange(t *testing.T) {
	var golden []struct {
		Code        int               `json:"code"`
		Text        string            `json:"text"`
		Template    string            `json:"template"`
		Normal      string            `json:"normal"`
		Fingerprint cause.Fingerprint `json:"fingerprint"`
	}
	stored, err := os.ReadFile("testdata/fingerprints.v1.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(stored, &golden))
	require.GreaterOrEqual(t, len(golden), 10)
	for _, g := range golden {
		require.Equal(t, g.Normal, cause.Normal(g.Text), g.Text)
		require.Equal(t, g.Fingerprint, cause.Of([]webex.Error{{Code: g.Code, Description: g.Text}}, g.Template), g.Text)
		require.True(t, g.Fingerprint.Valid())
	}
}

func TestUsersWithTheSameTroubleShareAFingerprint(t *testing.T) {
	for name, texts := range map[string][]string{
		"addresses":     {"The address anna.b@firm.example is taken", "The address <Bo+x@other.example> is taken"},
		"user ids":      {"User 'anna' exists", "User 'bo.c' exists", "User “Cia D” exists"},
		"after =":       {"No such user userId=anna, sorry", "No such user userId=bo, sorry", "No such user userId=c123@x.example, sorry"},
		"numbers":       {"The number +46 70 123 45 67 is used", "The number (070) 123-4567 is used", "The number 4711 is used"},
		"uuids":         {"See 6970e6bb-7439-4ffb-ad34-d3ff0167ddad.", "See 0C4A6E1B-0000-4000-8000-000000000000."},
		"tracking ids":  {"Failed (ROUTER_5F9C2B01-1D6A-01BB-6A1E-0F3F1D6A01BB)", "Failed (ROUTERGW_1)"},
		"dates":         {"Locked until 2026-02-01T10:00:00.000Z today", "Locked until 2027-03-02 11:12:13 today"},
		"ids in base64": {"Subscriber Y2lzY29zcGFyazovL3VzL1NVQlNDUklCRVIvNjk3 is gone", "Subscriber abCDeFgHiJKlmNOpQrStUv is gone"},
		"space":         {" Some   THING\nelse ", "some thing else"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range texts[1:] {
				require.Equal(t, cause.Normal(texts[0]), cause.Normal(text))
			}
		})
	}
}

func TestDifferentTroublesDiffer(t *testing.T) {
	of := func(code int, text, template string) cause.Fingerprint {
		return cause.Of([]webex.Error{{Code: code, Description: text}}, template)
	}
	one := of(10022, "The email address is already associated with an existing user", template)
	require.NotEqual(t, one, of(10022, "The BroadWorks UserID is already associated with an existing user", template))
	require.NotEqual(t, one, of(10023, "The email address is already associated with an existing user", template))
	require.NotEqual(t, one, of(10022, "The email address is already associated with an existing user", "other"))
	require.Equal(t, one, of(10022, "the email address is already associated with an existing user", template+"=="))
	require.NotEqual(t, of(0, "ab", "c"), of(0, "a", "bc"))
	require.NotEqual(t, cause.Normal("A value of primaryPhoneNumber"), cause.Normal("A value of mobilePhoneNumberOfTheUser"))
}

func TestTheFirstErrorDecides(t *testing.T) {
	first, second := webex.Error{Code: 1001, Description: "first"}, webex.Error{Code: 1002, Description: "second"}
	require.Equal(t, cause.Of([]webex.Error{first}, template), cause.Of([]webex.Error{first, second}, template))
	require.NotEqual(t, cause.Of([]webex.Error{second, first}, template), cause.Of([]webex.Error{first, second}, template))
	require.Empty(t, cause.Of(nil, template))
	require.False(t, cause.Of(nil, template).Valid())
	require.Equal(t, "value-missing", cause.Find([]webex.Error{first, second}).ID)
}

// sentences are texts as a reply may hold them, with marks in odd places.
var sentences = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`([a-zA-Z]{1,9}|['"“”«»(<\[{+=:;,.!*@#é-]|[0-9]{1,4}| ){0,40}`),
)

func TestTheNormalFormOfANormalFormIsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		once := cause.Normal(sentences.Draw(t, "text"))
		require.Equal(t, once, cause.Normal(once))
	})
}

func TestNoAddressAndNoNumberIsLeft(t *testing.T) {
	addresses := rapid.StringMatching(`[a-z][a-z0-9.!#$%&'*+/=?^_{|}~-]{3,20}[a-z]@[a-z]{3,9}\.(com|example)`)
	numbers := rapid.StringMatching(`\+?[0-9]{2,4}([ -]?[0-9]{2,3}){1,4}`)
	rapid.Check(t, func(t *rapid.T) {
		before, after := sentences.Draw(t, "before"), sentences.Draw(t, "after")
		address := addresses.Draw(t, "address")
		local, domain, _ := strings.Cut(address, "@")
		got := cause.Normal(before + " " + address + " " + after + " " + numbers.Draw(t, "number"))
		require.NotContains(t, got, local+"@")
		require.NotContains(t, got, "@"+domain)
		require.NotContains(t, got, "@")
		require.False(t, strings.ContainsFunc(got, unicode.IsNumber), got)
	})
}

func TestNothingOfAnAddressIsLeftInAPlainSentence(t *testing.T) {
	addresses := rapid.StringMatching(`qx[a-z0-9.'_+-]{0,10}@qx[a-z]{3,9}\.example`)
	marks := rapid.SampledFrom([]string{"", "'", `"`, "(", ")", "<", ">", ",", ":", ".", "user="})
	rapid.Check(t, func(t *rapid.T) {
		got := cause.Normal("the address " + marks.Draw(t, "before") + addresses.Draw(t, "address") + marks.Draw(t, "after") + " is taken")
		require.NotContains(t, got, "qx")
		require.Contains(t, got, "the address")
	})
}

func TestOnlyFingerprintsAreValid(t *testing.T) {
	require.True(t, cause.Fingerprint("v1-0123456789abcdef").Valid())
	for _, text := range []string{"", "v1-", "v2-0123456789abcdef", "v1-0123456789ABCDEF", "v1-0123456789abcde", "0123456789abcdef"} {
		require.False(t, cause.Fingerprint(text).Valid(), text)
	}
}
