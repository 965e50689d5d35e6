package cause_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/cause"
	"ledgerline/domain/webex"
)

func TestTheCatalogueIsInOrder(t *testing.T) {
	file, err := os.Open("catalogue.json")
	require.NoError(t, err)
	defer file.Close()
	strict := json.NewDecoder(file)
	strict.DisallowUnknownFields()
	var read struct{ Entries []cause.Entry }
	require.NoError(t, strict.Decode(&read), "no field is misspelt")

	entries := cause.Catalogue()
	require.GreaterOrEqual(t, len(entries), 15)
	ids, matches := map[string]bool{}, map[string]string{}
	for i, e := range entries {
		t.Run(e.ID, func(t *testing.T) {
			require.Regexp(t, `^[a-z]+(-[a-z]+)*$`, e.ID)
			require.False(t, ids[e.ID], "ids are unique")
			ids[e.ID] = true
			require.Contains(t, []cause.Who{cause.Subscriber, cause.Admin, cause.Partner, cause.Webex}, e.Who)
			require.Contains(t, []cause.Retry{cause.Automatic, cause.AfterFix, cause.Never}, e.Retry)
			require.Regexp(t, `^(documented|uncertain|ledgerline): .+`, e.Source)
			require.Equal(t, i == len(entries)-1, e.ID == cause.Unknown, "unknown is the last")
			require.Equal(t, e.ID == cause.Unknown, len(e.Match) == 0, "unknown alone matches nothing")
			for _, m := range e.Match {
				require.True(t, m.Code != 0 || len(m.Text) > 0, "a match says something")
				for _, part := range m.Text {
					require.Equal(t, cause.Normal(part), part, "fragments are parts of normal texts")
				}
				require.Emptyf(t, matches[fmt.Sprint(m)], "this match %v is another entry's too", m)
				matches[fmt.Sprint(m)] = e.ID
			}
			require.Len(t, e.Texts, len(cause.Languages))
			for _, lang := range cause.Languages {
				requireText(t, lang, e.Texts[lang])
			}
		})
	}
}

var sentence = regexp.MustCompile(`^\p{Lu}.*\.$`)

func requireText(t *testing.T, lang string, text cause.Text) {
	require.NotEmpty(t, text.Title, lang)
	require.NotContains(t, text.Title, ".", "%s: a title is no sentence", lang)
	require.LessOrEqual(t, len([]rune(text.Title)), 70, "%s: %s", lang, text.Title)
	for _, s := range []string{text.Explanation, text.Fix} {
		require.Regexp(t, sentence, s, lang)
		require.LessOrEqual(t, len([]rune(s)), 240, "%s: %s", lang, s)
		require.NotContains(t, s, "  ")
	}
	cyrillic := strings.ContainsFunc(text.Explanation, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) })
	require.Equal(t, lang == "bg", cyrillic, "%s: %s", lang, text.Explanation)
}

func TestFindKnowsTheCause(t *testing.T) {
	for text, want := range map[string]struct {
		code int
		id   string
	}{
		"The BroadWorks UserID is already associated with an existing user": {10022, "user-id-taken"},
		"The email address is already associated with an existing user":     {10022, "email-taken"},
		"Something else is taken": {10022, "already-mapped"},
		"The email address belongs to a user of another organization (simulator)":                    {900409, "email-other-organisation"},
		"Provisioning failed in the background (simulator)":                                          {900500, "background-failure"},
		"Null parameter: firstName is mandatory (firstName)":                                         {1001, "value-missing"},
		"Null parameter: primaryPhoneNumber or extension is mandatory":                               {1001, "number-missing"},
		"primaryPhoneNumber or extension is mandatory":                                               {0, "number-missing"},
		"Invalid parameter size: userId":                                                             {1002, "value-too-long"},
		"Invalid value of email":                                                                     {0, "value-invalid"},
		"The provisioning id is unknown.":                                                            {0, "template-unknown"},
		"Webex gave no reason.":                                                                      {0, "no-reason"},
		"Webex did not answer, several times. Retry the activation when Webex works again.":          {0, "no-answer"},
		"Webex says that this conflicts with something it has already.":                              {0, "conflict"},
		"Webex has this BroadWorks user already, with another enterprise. Remove it there.":          {0, "other-record"},
		"The record at Webex is gone; it was not removed through Ledgerline.":                        {0, "record-gone"},
		"It is not known whether the consent mail was sent. Ask for it again if it does not arrive.": {0, "consent-mail-unknown"},
		"A subscriber that is provisioning cannot be updated.":                                       {0, "update-not-possible"},
		"The request requires a valid access token set in the Authorization request header.":         {0, "access-refused"},
		"The request was rate limited.":                                                              {0, "webex-busy"},
		"Service Unavailable":                                                                        {0, "webex-outage"},
		"Could not connect to the BroadWorks cluster":                                                {6003, "cluster-unreachable"},
		"The next try was cancelled. Retry the activation when it is to go on.":                      {0, "retry-cancelled"},
		"A teapot": {418, cause.Unknown},
		"":         {0, cause.Unknown},
	} {
		e := cause.Find([]webex.Error{{Code: want.code, Description: text}})
		require.Equal(t, want.id, e.ID, text)
		require.Equal(t, e.ID, cause.Explain(want.code, cause.Normal(text)).ID)
	}
	require.Equal(t, cause.Unknown, cause.Find(nil).ID)
}

func TestTextsComeInTheLanguageAskedFor(t *testing.T) {
	e := cause.Find([]webex.Error{{Code: 10022, Description: "userid"}})
	require.Equal(t, e.Texts["en"], e.In("en"))
	for _, lang := range []string{"sv", "sv_SE", "sv-SE", "SV-se", "sv-Latn-SE"} {
		require.Equal(t, e.Texts["sv"], e.In(lang), lang)
	}
	for _, lang := range []string{"", "de", "de-AT", "svx", "-", "*"} {
		require.Equal(t, e.Texts["en"], e.In(lang), lang)
	}
}
