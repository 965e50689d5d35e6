package template_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/template"
)

const (
	// id is the shape of a provisioning id in section 19.4 of the domain reference.
	id   = "ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ"
	link = "https://activate.nordic.example/"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// settings are those of a template whose users activate themselves.
func settings(changes ...func(*template.Settings)) template.Settings {
	s := template.Settings{
		Name: "Residential", Region: "EU", EmailLanguage: "sv", Cluster: "as0", EnterpriseMode: true, DefaultPackage: "basic",
		Emails: template.Untrusted, FlowThrough: true, ProvisionAdminFirst: true, AllowSelfActivation: true,
		ShareLink: link, PartnerAdmin: "Nordic Voice", Authentication: "BroadWorks Authentication",
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func trusted(s *template.Settings) {
	s.Emails, s.ProvisionAdminFirst, s.AllowSelfActivation = template.Trusted, false, false
}

func name(text string) func(*template.Settings) { return func(s *template.Settings) { s.Name = text } }

func created(changes ...func(*template.Settings)) template.Created {
	return template.Created{ProvisioningID: id, Settings: settings(changes...), At: noon}
}

func create(changes ...func(*template.Settings)) template.Create {
	return template.Create{ProvisioningID: id, Settings: settings(changes...), At: noon}
}

type cases = []domaintest.Case[template.Command]

func TestCreate(t *testing.T) {
	domaintest.Run(t, template.Decider, cases{
		{
			Name: "a template is new",
			When: create(),
			Then: []domain.Event{created()},
		},
		{
			Name: "a template with trusted e-mails is new",
			When: create(trusted),
			Then: []domain.Event{created(trusted)},
		},
		{
			Name:  "one that exists as asked is left alone",
			Given: []domain.Event{created()},
			When:  create(),
		},
		{
			Name:  "one that exists with other settings is not overwritten",
			Given: []domain.Event{created()},
			When:  create(name("Business")),
			Err:   template.ErrExists,
		},
		{
			Name: "everything that is missing is told",
			When: template.Create{At: noon},
			Err: domaintest.Wrong{"provisioningId": domain.Missing, "name": domain.Missing, "region": domain.Missing,
				"emailLanguage": domain.Missing, "cluster": domain.Missing, "defaultPackage": domain.Malformed, "emails": domain.Malformed},
		},
	})
	for _, bad := range []string{"no base64!", id + "\n", strings.Repeat("A", 257), "=="} {
		domaintest.Run(t, template.Decider, cases{{
			Name: "no provisioning id is " + strings.TrimSpace(bad),
			When: template.Create{ProvisioningID: bad, Settings: settings(), At: noon},
			Err:  domaintest.Wrong{"provisioningId": domain.Malformed},
		}})
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name  string
		with  func(*template.Settings)
		wrong domaintest.Wrong
	}{
		{"a name has at most 128 characters", name(strings.Repeat("å", 129)), domaintest.Wrong{"name": domain.TooLong}},
		{"a name has no line breaks", name("two\nlines"), domaintest.Wrong{"name": domain.Malformed}},
		{"nor other control characters", name("a\u0085b"), domaintest.Wrong{"name": domain.Malformed}},
		{"nor bytes that are no text", name("a\xffb"), domaintest.Wrong{"name": domain.Malformed}},
		{"a package is one of the four", func(s *template.Settings) { s.DefaultPackage = "gold" }, domaintest.Wrong{"defaultPackage": domain.Malformed}},
		{"e-mails are trusted or not", func(s *template.Settings) { s.Emails = "perhaps" }, domaintest.Wrong{"emails": domain.Malformed}},
		{
			"with trusted e-mails nobody waits for the administrator or activates himself",
			func(s *template.Settings) { s.Emails = template.Trusted },
			domaintest.Wrong{"provisionAdminFirst": domain.Malformed, "allowSelfActivation": domain.Malformed},
		},
		{"a share link is a link", func(s *template.Settings) { s.ShareLink = "activate here" }, domaintest.Wrong{"shareLink": domain.Malformed}},
		{"that a browser opens", func(s *template.Settings) { s.ShareLink = "javascript://x/" }, domaintest.Wrong{"shareLink": domain.Malformed}},
		{"and not endless", func(s *template.Settings) { s.ShareLink = link + strings.Repeat("x", 2048) }, domaintest.Wrong{"shareLink": domain.Malformed}},
		{"and text", func(s *template.Settings) { s.ShareLink = link + "\xff" }, domaintest.Wrong{"shareLink": domain.Malformed}},
		{"sign-in is one of the four", func(s *template.Settings) { s.Authentication = "none" }, domaintest.Wrong{"authentication": domain.Malformed}},
	} {
		domaintest.Run(t, template.Decider, cases{
			{Name: c.name + ", when it is created", When: create(c.with), Err: c.wrong},
			{
				Name:  c.name + ", when it is changed",
				Given: []domain.Event{created()},
				When:  template.Change{Settings: settings(c.with), At: noon},
				Err:   c.wrong,
			},
		})
	}
}

func TestChange(t *testing.T) {
	domaintest.Run(t, template.Decider, cases{
		{
			Name:  "a template gets other settings",
			Given: []domain.Event{created()},
			When:  template.Change{Settings: settings(name("Business")), At: noon.Add(time.Hour)},
			Then:  []domain.Event{template.Changed{Settings: settings(name("Business")), At: noon.Add(time.Hour)}},
		},
		{
			Name:  "the same settings change nothing",
			Given: []domain.Event{created()},
			When:  template.Change{Settings: settings(), At: noon},
		},
		{
			Name: "what is not there cannot be changed",
			When: template.Change{Settings: settings(), At: noon},
			Err:  template.ErrNotFound,
		},
	})
	s := domaintest.Fold(template.Decider, []domain.Event{created(), template.Changed{Settings: settings(trusted), At: noon.Add(time.Hour)}})
	require.Equal(t, template.State{ProvisioningID: id, Settings: settings(trusted), Created: noon, Changed: noon.Add(time.Hour)}, s)
}

// F-103 to F-107.
func TestCheckSaysWhatIsMissingForUsersToActivateThemselves(t *testing.T) {
	share := func(link string) func(*template.Settings) { return func(s *template.Settings) { s.ShareLink = link } }
	for _, c := range []struct {
		name    string
		with    []func(*template.Settings)
		missing []string
	}{
		{"nothing, when untrusted e-mails are selected and the share link is the activation link", nil, nil},
		{"untrusted e-mails", []func(*template.Settings){trusted}, []string{"emails"}},
		{"the share link", []func(*template.Settings){share("")}, []string{"shareLink"}},
		{"the right share link", []func(*template.Settings){share("https://elsewhere.example/")}, []string{"shareLink"}},
		{"both", []func(*template.Settings){trusted, share("")}, []string{"emails", "shareLink"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := domaintest.Fold(template.Decider, []domain.Event{created(c.with...)})
			var missing []string
			for _, f := range s.Check(link) {
				missing = append(missing, f.Field)
				require.NotEmpty(t, f.Text)
				if f.Field == "shareLink" {
					require.Contains(t, f.Text, link, "the finding says how to mend it")
				}
			}
			require.Equal(t, c.missing, missing)
		})
	}
	require.Len(t, template.State{}.Check(""), 2, "an activation link that is not known is not the share link")
}

func TestAProvisioningIDIsTheSameWithAndWithoutPadding(t *testing.T) {
	require.Equal(t, template.Stream("nordic", id), template.Stream("nordic", id+"=="))
	require.NotEqual(t, template.Stream("nordic", id), template.Stream("baltic", id))
}

func TestACommandWithoutARuleIsAProgrammersMistake(t *testing.T) {
	require.Panics(t, func() { _, _ = template.Decide(template.State{}, struct{ template.Command }{}) })
}

func TestStoredEventsAreReadAsEver(t *testing.T) {
	domaintest.Golden(t, template.Events, created(), template.Changed{Settings: settings(), At: noon})
}

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) { domaintest.Personal(t, template.Events) }
