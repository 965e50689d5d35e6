package licence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/licence"
	"ledgerline/domain/webex"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func set(p webex.Package, names ...string) licence.Set {
	return licence.Set{Package: p, Licences: names, At: noon}
}

func asked(p webex.Package, names ...string) licence.SetLicences {
	return licence.SetLicences{Package: p, Licences: names, At: noon}
}

func TestSetLicences(t *testing.T) {
	domaintest.Run(t, licence.Decider, []domaintest.Case[licence.SetLicences]{
		{
			Name: "a package gets other licences, their names trimmed",
			When: asked("basic", " Calling ", "Fax"),
			Then: []domain.Event{set("basic", "Calling", "Fax")},
		},
		{
			Name: "a package may entitle to nothing",
			When: asked("basic"),
			Then: []domain.Event{licence.Set{Package: "basic", Licences: []string{}, At: noon}},
		},
		{
			Name: "what a package has from the start is nothing new",
			When: asked("softphone", "Calling"),
		},
		{
			Name:  "going back to what it had from the start is recorded",
			Given: []domain.Event{set("softphone", "Fax")},
			When:  asked("softphone", "Calling"),
			Then:  []domain.Event{set("softphone", "Calling")},
		},
		{
			Name: "there is no such package",
			When: asked("gold", "Calling"),
			Err:  domaintest.Wrong{"package": domain.Malformed},
		},
		{
			Name: "each name that is no name is told",
			When: asked("basic", "Calling", " ", "two\nlines", "bad\xff", strings.Repeat("å", 129), "Calling"),
			Err: domaintest.Wrong{"licences[1]": domain.Malformed, "licences[2]": domain.Malformed, "licences[3]": domain.Malformed,
				"licences[4]": domain.Malformed, "licences[5]": domain.Malformed},
		},
		{
			Name: "the length of a name counts characters",
			When: asked("basic", strings.Repeat("å", 128)),
			Then: []domain.Event{set("basic", strings.Repeat("å", 128))},
		},
	})
}

func TestAPackageEntitlesToWhatWasSetLastOrElseTheDefault(t *testing.T) {
	s := domaintest.Fold(licence.Decider, []domain.Event{set("basic", "A"), set("premium", "B"), set("basic", "C")})
	require.Equal(t, []string{"C"}, s.Of("basic"))
	require.Equal(t, []string{"B"}, s.Of("premium"))
	require.Equal(t, licence.Default["standard"], s.Of("standard"))
	require.Empty(t, s.Of("gold"))
}

func TestEveryPackageHasADefault(t *testing.T) {
	for _, p := range webex.Packages {
		require.NotEmpty(t, licence.Default[p], p)
	}
	require.Len(t, licence.Default, len(webex.Packages))
}

func TestEachPartnerHasATableOfItsOwn(t *testing.T) {
	require.Equal(t, licence.Stream("nordic"), licence.Stream("nordic"))
	require.NotEqual(t, licence.Stream("nordic"), licence.Stream("baltic"))
}

func TestStoredEventsAreReadAsEver(t *testing.T) {
	domaintest.Golden(t, licence.Events, set("standard", "Calling", "Messaging"))
}

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) { domaintest.Personal(t, licence.Events) }
