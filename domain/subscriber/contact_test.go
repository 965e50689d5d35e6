package subscriber_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
)

func TestNumbersAreBroughtToE164(t *testing.T) {
	for text, want := range map[string]string{
		"+46701234567":                   "+46701234567",
		"+46 70-123 45 68":               "+46701234568",
		"+1 (240) 555-1212":              "+12405551212",
		"+46.70.123.45.67":               "+46701234567",
		"+46/70/1234567":                 "+46701234567",
		"+46\u00a070\u202f123\u200745":   "+467012345",
		"+46\u201170\u2010123\u201345":   "+467012345",
		"+12345678":                      "+12345678",
		"+123456789012345":               "+123456789012345",
		"(+46)701234567":                 "+46701234567",
		"":                               "",
		"+44\u2012" + "20 7946 0958":     "+442079460958",
		"+1-240-555-1212":                "+12405551212",
		"+\u00a0359 700 000 000":         "+359700000000",
		" +359700000000 ":                "+359700000000",
		"+999 999 99":                    "+99999999",
		"+7 (495) 123-45-67":             "+74951234567",
		"+33 1 23 45 67 89":              "+33123456789",
		"+4" + strings.Repeat("5", 13):   "+4" + strings.Repeat("5", 13),
		"+ 4 6 7 0 1 2 3 4 5 6 7 - - - ": "+46701234567",
	} {
		number, repaired, problem := subscriber.ParseNumber(text)
		require.Equal(t, want, number, text)
		require.False(t, repaired, text)
		require.Empty(t, problem, text)
	}
}

func TestAPlusThatASpreadsheetLostIsPutBack(t *testing.T) {
	number, repaired, problem := subscriber.ParseNumber("46701234567")
	require.Equal(t, "+46701234567", number)
	require.True(t, repaired)
	require.Empty(t, problem)
}

func TestWhatIsNoPossibleNumberIsRefusedWithTheReason(t *testing.T) {
	for text, reason := range map[string]string{
		"4.67012E+10":          "spreadsheet",
		"4,67012E+10":          "spreadsheet",
		"4.67012e10":           "spreadsheet",
		"+999999":              "8 to 15 digits",
		"+1234567":             "8 to 15 digits",
		"+1234567890123456":    "8 to 15 digits",
		"-":                    "8 to 15 digits",
		"+":                    "8 to 15 digits",
		"0701234567":           "country code instead of 0",
		"+0701234567":          "country code instead of 0",
		"0046701234567":        "country code instead of 0",
		"+46 (0)70-123 45 67":  "without (0)",
		"++46701234567":        "with country code",
		"46+701234567":         "with country code",
		"+46701234567 ext 5":   "with country code",
		"the number 5":         "with country code",
		"+٤٦٧٠١٢٣٤٥٦٧":         "with country code",
		"+4670\n1234567":       "with country code",
		"tel:+46701234567":     "with country code",
		"+46701234567;ext=123": "with country code",
	} {
		number, _, problem := subscriber.ParseNumber(text)
		require.Empty(t, number, text)
		require.Contains(t, problem, reason, text)
	}
}

func TestAddressesAreComparedInOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"anna@ent.example":                       "anna@ent.example",
		"MESSY17@ENT.EXAMPLE":                    "messy17@ent.example",
		"o'neil+x_y-z=1@ent.example":             "o'neil+x_y-z=1@ent.example",
		"Å.Öberg@exämple.example":                "å.öberg@xn--exmple-cua.example",
		"A\u030a.O\u0308berg@EXÄMPLE.example":    "å.öberg@xn--exmple-cua.example",
		"ЖЕЛЬО@пример.example":                   "жельо@xn--e1afmkfd.example",
		"жельо@xn--e1afmkfd.example":             "жельо@xn--e1afmkfd.example",
		"用户@例子.example":                          "用户@xn--fsqu00a.example",
		strings.Repeat("x", 64) + "@ent.example": strings.Repeat("x", 64) + "@ent.example",
	} {
		got := subscriber.CanonicalEmail(text)
		require.Equal(t, want, got, text)
		require.Equal(t, got, subscriber.CanonicalEmail(got), "the form is its own form")
	}
	require.NotEqual(t, subscriber.CanonicalEmail("a@straße.example"), subscriber.CanonicalEmail("a@strasse.example"), "two domains")
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no @":                      "not-an-address",
		"two @":                     "two@at@signs.example",
		"nothing before the @":      "@ent.example",
		"nothing after it":          "anna@",
		"a space":                   "an na@ent.example",
		"a no-break space":          "an\u00a0na@ent.example",
		"a zero-width space":        "an\u200bna@ent.example",
		"text that runs backwards":  "an\u202ena@ent.example",
		"a control character":       "an\x00na@ent.example",
		"bytes that are no text":    "an\xffna@ent.example",
		"a quoted local part":       `"an na"@ent.example`,
		"a name around it":          "Anna <anna@ent.example>",
		"two addresses":             "a@ent.example,b@ent.example",
		"a dot at the start":        ".anna@ent.example",
		"a dot at the end":          "anna.@ent.example",
		"two dots in a row":         "an..na@ent.example",
		"a domain without a dot":    "anna@localhost",
		"an address literal":        "anna@[192.0.2.1]",
		"a domain with a dash":      "anna@-ent.example",
		"an empty label":            "anna@ent..example",
		"a dot at the end of it":    "anna@ent.example.",
		"the same in capitals":      "anna@Ent.example.",
		"a semicolon in disguise":   "an\u037ena@ent.example",
		"a label over 63":           "anna@" + strings.Repeat("x", 64) + ".example",
		"over 64 before the @":      strings.Repeat("x", 65) + "@ent.example",
		"over 64, composed":         strings.Repeat("å", 65) + "@ent.example",
		"over 254 in all":           "anna@" + strings.Repeat(strings.Repeat("x", 60)+".", 5) + "example",
		"a domain that is no label": "anna@exa_mple.example",
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, subscriber.CanonicalEmail(text))
			domaintest.Run(t, subscriber.Decider, cases{{
				Name:  "and not recorded",
				Given: given(untrusted("")),
				When:  subscriber.RetryActivation{Email: text, At: at(1)},
				Err:   domaintest.Wrong{"email": classOf(text)},
			}})
		})
	}
}

// classOf is TooLong for what is long before it is anything else.
func classOf(email string) domain.Problem {
	local, _, _ := strings.Cut(email, "@")
	if len([]rune(local)) > subscriber.MaxEmailLocal || len(email) > subscriber.MaxEmail {
		return domain.TooLong
	}
	return domain.Malformed
}

func TestUserIDsAreComparedWithoutCaseAndSpacesAround(t *testing.T) {
	require.Equal(t, "a@as0.example", subscriber.FoldUserID(" A@AS0.example\u00a0"))
	require.Equal(t, subscriber.FoldUserID("A\u030asa"), subscriber.FoldUserID("åsa"))
	require.Equal(t, subscriber.FoldUserID("ΣΟΦΟΣ"), subscriber.FoldUserID("σοφος"))
	require.NotEqual(t, subscriber.FoldUserID("weiß"), subscriber.FoldUserID("weiss"))
	require.NotEqual(t, subscriber.FoldUserID("ılgaz"), subscriber.FoldUserID("ilgaz"))
	require.Equal(t, subscriber.Stream("nordic", "Anna@as0.example"), subscriber.Stream("nordic", "ANNA@AS0.EXAMPLE "))
	require.NotEqual(t, subscriber.Stream("nordic", "anna"), subscriber.Stream("baltic", "anna"))
}

func TestLanguages(t *testing.T) {
	for _, text := range []string{"sv", "sv_SE", "en_US", "bg_BG", "fr_CA", "da_DK"} {
		require.NoError(t, newcomer(func(c *subscriber.Onboard) { c.Language = text }).Check(), text)
	}
	for _, text := range []string{"xx_YY", "sv-SE", "SV", "sv_se", "sv_", "_SE", "swe", "sv_SE_x", "en_UK", "sv_150", "s", "\xff"} {
		domaintest.Run(t, subscriber.Decider, cases{{
			Name: text + " is no language",
			When: newcomer(func(c *subscriber.Onboard) { c.Language = text }),
			Err:  domaintest.Wrong{"language": domain.Malformed},
		}})
	}
}

func TestTimezones(t *testing.T) {
	for _, text := range []string{"Europe/Stockholm", "America/Argentina/Buenos_Aires", "UTC", "Etc/GMT+5"} {
		require.NoError(t, newcomer(func(c *subscriber.Onboard) { c.Profile.Timezone = text }).Check(), text)
	}
	for _, text := range []string{"Mars/Olympus", "Local", "localtime", "posix/Europe/Stockholm", "right/UTC", "../etc/passwd", "/etc/localtime", "Europe", "CEST"} {
		domaintest.Run(t, subscriber.Decider, cases{{
			Name: text + " is no time zone",
			When: newcomer(func(c *subscriber.Onboard) { c.Profile.Timezone = text }),
			Err:  domaintest.Wrong{"timezone": domain.Malformed},
		}})
	}
}

func TestNames(t *testing.T) {
	for _, text := range []string{"Жельо", "=1+1", `Jean "JL"`, "Müller; von", "O'Neil", strings.Repeat("å", subscriber.MaxName)} {
		require.NoError(t, newcomer(func(c *subscriber.Onboard) { c.Profile.FirstName = text }).Check(), text)
	}
	for text, class := range map[string]domain.Problem{
		"":               domain.Missing,
		" \u00a0":        domain.Missing,
		"two\nlines":     domain.Malformed,
		"two\u2028lines": domain.Malformed,
		"a\x00b":         domain.Malformed,
		"a\xffb":         domain.Malformed,
		strings.Repeat("å", subscriber.MaxName+1): domain.TooLong,
	} {
		domaintest.Run(t, subscriber.Decider, cases{{
			Name: "a name is not " + text,
			When: newcomer(func(c *subscriber.Onboard) { c.Profile.LastName = text }),
			Err:  domaintest.Wrong{"lastName": class},
		}})
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, text := range []string{"", "+46701234567", "46701234567", "4.67012E+10", "+46 (0)70", "+1 (240) 555-1212", "0", "\u00a0+", "e1", "1,0000000000E+10", "+46701234567.0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		number, repaired, problem := subscriber.ParseNumber(text)
		if problem != "" {
			require.Empty(t, number)
			return
		}
		if number == "" {
			require.Empty(t, text)
			return
		}
		require.Regexp(t, `^\+[1-9][0-9]{7,14}$`, number)
		require.True(t, repaired || strings.Contains(text, "+"))
		if !strings.ContainsAny(text, "eE.,") { // nor is it what a spreadsheet made of a number
			require.Equal(t, repaired, !strings.Contains(text, "+"))
		}
		again, repaired, problem := subscriber.ParseNumber(number)
		require.Equal(t, number, again)
		require.False(t, repaired)
		require.Empty(t, problem)
	})
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, text := range []string{"", "anna@ent.example", "Å.Öberg@exämple.example", "two@at@signs.example", "ǰ@x.example", "ß@straße.example", "İ@x.example", "\u0345@x.y", "Ꭵ@x.y", "a@b.c."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		canonical := subscriber.CanonicalEmail(text)
		require.Equal(t, canonical, subscriber.CanonicalEmail(canonical))
		require.Equal(t, subscriber.FoldUserID(text), subscriber.FoldUserID(subscriber.FoldUserID(text)))
	})
}
