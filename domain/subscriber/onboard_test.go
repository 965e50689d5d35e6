package subscriber_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

type asked = func(*subscriber.Onboard)

// terms of the templates that the four flows need.
func terms(set func(*subscriber.Terms)) asked {
	return func(c *subscriber.Onboard) {
		c.Terms = &subscriber.Terms{ProvisioningID: templateID, DefaultPackage: "standard"}
		set(c.Terms)
	}
}

// The flows of section 2 of the domain reference.
func TestEachFlowBeginsWhereItShould(t *testing.T) {
	flow := func(f subscriber.Flow, set func(*subscriber.Terms), email string) subscriber.Onboard {
		return newcomer(terms(set), func(c *subscriber.Onboard) { c.Flow, c.Email = f, email })
	}
	trusted := func(t *subscriber.Terms) { t.TrustedEmails, t.FlowThrough = true, true }
	untrustedThrough := func(t *subscriber.Terms) { t.FlowThrough = true }
	selfActivated := func(t *subscriber.Terms) { t.SelfActivation = true }
	for _, c := range []struct {
		name    string
		when    subscriber.Onboard
		trusted bool
		status  webex.Status
	}{
		{"A: flow-through with a trusted address goes ahead", flow(subscriber.FlowThrough, trusted, email), true, webex.Provisioning},
		{"B: flow-through without one waits for the address", flow(subscriber.FlowThrough, untrustedThrough, ""), false, webex.PendingEmailInput},
		{"B: an untrusted address of BroadWorks is kept and still asked for", flow(subscriber.FlowThrough, untrustedThrough, email), false, webex.PendingEmailInput},
		{"C: self-activation waits for the mail to be answered", flow(subscriber.SelfActivation, selfActivated, email), false, webex.PendingEmailValidation},
		{"C: or for the address", flow(subscriber.SelfActivation, selfActivated, ""), false, webex.PendingEmailInput},
		{"D: the API vouches for an address, with trusted e-mails", flow(subscriber.API, trusted, email), true, webex.Provisioning},
		{"D: and with untrusted ones", flow(subscriber.API, selfActivated, email), true, webex.Provisioning},
		{"D: the API may leave the address to the user", flow(subscriber.API, selfActivated, ""), false, webex.PendingEmailInput},
	} {
		event := onboarded(func(e *subscriber.Onboarded) {
			e.Flow, e.Email, e.EmailTrusted = c.when.Flow, domain.Personal(c.when.Email), c.trusted
		})
		domaintest.Run(t, subscriber.Decider, cases{{Name: c.name, When: c.when, Then: events{event}}})
		s := after(event)
		require.Equal(t, c.status, s.Status(), c.name)
		require.Equal(t, at(0), s.Created)
		require.Equal(t, at(0), s.StatusChanged)
		require.Equal(t, 1, s.Lives)
	}
	domaintest.Run(t, subscriber.Decider, cases{
		{
			Name: "flow-through needs a template where it is on",
			When: flow(subscriber.FlowThrough, selfActivated, email),
			Err:  subscriber.ErrFlowThrough,
		},
		{
			Name: "self-activation needs a template that allows it",
			When: flow(subscriber.SelfActivation, untrustedThrough, email),
			Err:  subscriber.ErrSelfActivate,
		},
		{
			Name: "with trusted e-mails an address is needed",
			When: flow(subscriber.FlowThrough, trusted, ""),
			Err:  domaintest.Wrong{"email": domain.Missing},
		},
		{
			Name: "where the administrator comes first, others wait",
			When: flow(subscriber.API, func(t *subscriber.Terms) { t.AdminFirst = true }, email),
			Then: events{onboarded(func(e *subscriber.Onboarded) { e.AdminFirst = true })},
		},
		{
			Name: "with trusted e-mails nobody waits",
			When: flow(subscriber.API, func(t *subscriber.Terms) { t.AdminFirst, t.TrustedEmails = true, true }, email),
			Then: events{onboarded()},
		},
	})
}

func TestTheTemplateFillsInWhatIsNotSaid(t *testing.T) {
	domaintest.Run(t, subscriber.Decider, cases{
		{
			Name: "the default package",
			When: newcomer(func(c *subscriber.Onboard) { c.Profile.Package = "" }),
			Then: events{onboarded(func(e *subscriber.Onboarded) { e.Package = "standard" })},
		},
		{
			Name: "the language",
			When: newcomer(func(c *subscriber.Onboard) { c.Language, c.Terms.FallbackLanguage = "", "bg" }),
			Then: events{onboarded(func(e *subscriber.Onboarded) { e.Language = "bg" })},
		},
	})
}

func TestEverythingThatIsMissingIsTold(t *testing.T) {
	domaintest.Run(t, subscriber.Decider, cases{{
		Name: "at once",
		When: subscriber.Onboard{Flow: subscriber.API, At: at(0)},
		Err: domaintest.Wrong{"userId": domain.Missing, "spEnterpriseId": domain.Missing, "provisioningId": domain.Missing,
			"firstName": domain.Missing, "lastName": domain.Missing, "primaryPhoneNumber": domain.Missing},
	}})
}

func TestOnboardingAgainAsksForTheSame(t *testing.T) {
	other := map[string]asked{
		"name":       func(c *subscriber.Onboard) { c.Profile.FirstName = "Bo" },
		"last name":  func(c *subscriber.Onboard) { c.Profile.LastName = "Berg" },
		"number":     func(c *subscriber.Onboard) { c.Profile.PrimaryPhoneNumber = "+46701234568" },
		"mobile":     func(c *subscriber.Onboard) { c.Profile.MobilePhoneNumber = "+46701234568" },
		"extension":  func(c *subscriber.Onboard) { c.Profile.Extension = "2000" },
		"package":    func(c *subscriber.Onboard) { c.Profile.Package = "premium" },
		"time zone":  func(c *subscriber.Onboard) { c.Profile.Timezone = "UTC" },
		"language":   func(c *subscriber.Onboard) { c.Language = "bg" },
		"address":    func(c *subscriber.Onboard) { c.Email = "bo@ent.example" },
		"enterprise": func(c *subscriber.Onboard) { c.SPEnterpriseID = "SP1+other" },
		"template":   func(c *subscriber.Onboard) { c.ProvisioningID = "b3RoZXI" },
	}
	for name, change := range other {
		domaintest.Run(t, subscriber.Decider, cases{{
			Name: "another " + name + " is not the same", Given: ready, When: newcomer(change), Err: subscriber.ErrExists,
		}})
	}
	for name, change := range map[string]asked{
		"another way of writing a number":   func(c *subscriber.Onboard) { c.Profile.PrimaryPhoneNumber = "46 70-123 45 67" },
		"capitals in the address":           func(c *subscriber.Onboard) { c.Email = "Anna@ENT.example" },
		"capitals in the user id":           func(c *subscriber.Onboard) { c.Profile.UserID = "ANNA@as0.example" },
		"spaces around":                     func(c *subscriber.Onboard) { c.Profile.FirstName = " Anna\u00a0" },
		"what is left out":                  func(c *subscriber.Onboard) { c.Language, c.Profile.Timezone, c.Profile.Package = "", "", "" },
		"another flow":                      func(c *subscriber.Onboard) { c.Flow = subscriber.FlowThrough },
		"padding of the provisioning id":    func(c *subscriber.Onboard) { c.ProvisioningID += "=" },
		"a time zone that is not mentioned": func(c *subscriber.Onboard) { c.Profile.Timezone = "" },
	} {
		domaintest.Run(t, subscriber.Decider, cases{{Name: name + " makes no difference", Given: ready, When: newcomer(change)}})
	}
}

func TestSomebodyWhoLeftComesBackInTheSameStream(t *testing.T) {
	back := onboarded(func(e *subscriber.Onboarded) { e.At = at(30) })
	domaintest.Run(t, subscriber.Decider, cases{{
		Name:  "as anybody else",
		Given: gone,
		When:  newcomer(func(c *subscriber.Onboard) { c.At = at(30) }),
		Then:  events{back},
	}})
	s := after(gone, back)
	require.Equal(t, 2, s.Lives)
	require.Equal(t, webex.Provisioning, s.Status())
	require.Equal(t, at(30), s.Created, "a new life")
	require.Equal(t, at(30), s.StatusChanged)
	require.Empty(t, s.WebexID+s.PersonID)
	require.Equal(t, subscriber.RequestState{}, s.Request)
	require.Equal(t, webex.Profile{}, s.Applied)
}

func TestAUserIDIsNobodyElsesWhileItsUserIsHereUnderAnother(t *testing.T) {
	renamed := subscriber.UserIDChanged{UserID: "anna2@as0.example", At: at(4)}
	domaintest.Run(t, subscriber.Decider, cases{
		{
			Name:  "the id of a user who has another now",
			Given: given(provisioned, renamed),
			When:  newcomer(),
			Err:   subscriber.ErrRenamed,
		},
		{
			Name:  "once that user is gone the id is free",
			Given: given(provisioned, renamed, leaves, started(subscriber.Remove, 1, "t9"), accepted(subscriber.Remove), removed),
			When:  newcomer(),
			Then:  events{onboarded()},
		},
		{
			Name:  "once the claim is released the id is free",
			Given: given(subscriber.NameClaimed{Subscriber: another, At: at(0)}, subscriber.NameReleased{At: at(1)}),
			When:  newcomer(),
			Then:  events{onboarded()},
		},
		{
			Name:  "a claim is released by its holder alone",
			Given: given(subscriber.NameClaimed{Subscriber: another, At: at(0)}),
			When:  subscriber.ReleaseName{Subscriber: subscriber.ID("nordic", "somebody"), At: at(1)},
		},
		{
			Name:  "a claimed id cannot be claimed by a third",
			Given: given(subscriber.NameClaimed{Subscriber: another, At: at(0)}),
			When:  subscriber.ClaimName{Subscriber: subscriber.ID("nordic", "somebody"), At: at(1)},
			Err:   subscriber.ErrUserIDTaken,
		},
	})
}

func TestRepairsAreShown(t *testing.T) {
	c, repairs := newcomer(func(c *subscriber.Onboard) {
		c.Profile.PrimaryPhoneNumber, c.Profile.MobilePhoneNumber = "46701234567", "+359 700 000 000"
	}).Clean()
	require.Equal(t, []string{"primaryPhoneNumber: the + was missing; 46701234567 is taken as +46701234567"}, repairs)
	require.Equal(t, profile(), c.Profile)
	again, repairs := c.Clean()
	require.Equal(t, c, again, "what is clean stays as it is")
	require.Empty(t, repairs)
}

func TestScientificNotationIsUndoneWhereItKeptAllDigits(t *testing.T) {
	for text, want := range map[string]string{
		"46701234567.0": "+46701234567", "+46701234567,00": "+46701234567", "0701234567.0": "", "123456789012345.0": "+123456789012345", "46701234567.": "+46701234567",
		"4.6701234567E+10": "+46701234567", "4,6701234567e10": "+46701234567", "3.59700000001E+11": "+359700000001", "+4.6701234567E+10": "+46701234567",
		"4.67E+10": "", "4.67012E+10": "", "4.670123456E+10": "", "4.67012345678E+10": "", "46.701234567E+9": "", "4.67E+2": "",
		"0.46701234567E+11": "", "4.6701234567E-10": "", "4E+10": "", "1.2345678901234567E+16": "", "4.67.01234567E+10": "", "4.6701234567E+1O": "",
	} {
		number, repaired, problem := subscriber.ParseNumber(text)
		require.Equal(t, want, number, text)
		require.Equal(t, want != "", repaired, text)
		require.Equal(t, want == "", problem != "", text)
	}
	c, repairs := newcomer(func(c *subscriber.Onboard) { c.Profile.PrimaryPhoneNumber = "4.6701234567E+10" }).Clean()
	require.Equal(t, "+46701234567", c.Profile.PrimaryPhoneNumber)
	require.Equal(t, []string{"primaryPhoneNumber: a spreadsheet wrote it in scientific notation; 4.6701234567E+10 is taken as +46701234567"}, repairs)
}

// The rows of a real file with nearly every kind of mistake; what they are about
// is told by row, the rest is as in a good one.
func TestVerdictsOnAMessyFile(t *testing.T) {
	p := func(set func(*webex.Profile)) asked { return func(c *subscriber.Onboard) { set(&c.Profile) } }
	create := domaintest.Wrong(nil)
	for _, row := range []struct {
		name  string
		row   asked
		wrong domaintest.Wrong
	}{
		{"3: surrounding spaces are trimmed, no-break ones too", p(func(p *webex.Profile) { p.FirstName, p.LastName = "  Anna  ", "\u00a0Öberg " }), create},
		{"4: the user id is missing", p(func(p *webex.Profile) { p.UserID = "" }), domaintest.Wrong{"userId": domain.Missing}},
		{"5: the first name is missing", p(func(p *webex.Profile) { p.FirstName = "" }), domaintest.Wrong{"firstName": domain.Missing}},
		{"6: the last name is missing", p(func(p *webex.Profile) { p.LastName = "" }), domaintest.Wrong{"lastName": domain.Missing}},
		{"7: the enterprise is missing", func(c *subscriber.Onboard) { c.SPEnterpriseID = "" }, domaintest.Wrong{"spEnterpriseId": domain.Missing}},
		{"8: package names ignore case", p(func(p *webex.Profile) { p.Package = "Standard" }), create},
		{"9: there is no such package", p(func(p *webex.Profile) { p.Package = "gold" }), domaintest.Wrong{"package": domain.Malformed}},
		{"10: the default of the template applies", p(func(p *webex.Profile) { p.Package = "" }), create},
		{"11: there is no such template", func(c *subscriber.Onboard) { c.ProvisioningID, c.Terms = "nope", nil }, domaintest.Wrong{"provisioningId": domain.NoSuch}},
		{"12: no address", func(c *subscriber.Onboard) { c.Email = "not-an-address" }, domaintest.Wrong{"email": domain.Malformed}},
		{"13: two @", func(c *subscriber.Onboard) { c.Email = "two@at@signs.example" }, domaintest.Wrong{"email": domain.Malformed}},
		{"14: international addresses are kept as typed", func(c *subscriber.Onboard) { c.Email = "Å.Öberg@exämple.example" }, create},
		{"15: a trusted template needs an address", func(c *subscriber.Onboard) { c.Email = "" }, domaintest.Wrong{"email": domain.Missing}},
		{"16: an untrusted one waits for it", func(c *subscriber.Onboard) { c.Email, c.Terms.TrustedEmails = "", false }, create},
		{"17: 64 characters before the @", func(c *subscriber.Onboard) { c.Email = strings.Repeat("x", 64) + "@ent.example" }, create},
		{"18: 65 are too many", func(c *subscriber.Onboard) { c.Email = strings.Repeat("x", 65) + "@ent.example" }, domaintest.Wrong{"email": domain.TooLong}},
		{"23: a lost + is put back", p(func(p *webex.Profile) { p.PrimaryPhoneNumber = "46701234567" }), create},
		{"24: a number destroyed by a spreadsheet", p(func(p *webex.Profile) { p.PrimaryPhoneNumber = "4.67012E+10" }), domaintest.Wrong{"primaryPhoneNumber": domain.Malformed}},
		{"25: separators are removed", p(func(p *webex.Profile) { p.PrimaryPhoneNumber = "+46 70-123 45 68" }), create},
		{"26: no possible number", p(func(p *webex.Profile) { p.PrimaryPhoneNumber = "+999999" }), domaintest.Wrong{"primaryPhoneNumber": domain.Malformed}},
		{"27: neither number nor extension", p(func(p *webex.Profile) { p.PrimaryPhoneNumber, p.Extension = "", "" }), domaintest.Wrong{"primaryPhoneNumber": domain.Missing}},
		{"28: leading zeros of an extension stay", p(func(p *webex.Profile) { p.PrimaryPhoneNumber, p.Extension = "", "0042" }), create},
		{"29: an extension has digits only", p(func(p *webex.Profile) { p.Extension = "12a" }), domaintest.Wrong{"extension": domain.Malformed}},
		{"30: an unknown language", func(c *subscriber.Onboard) { c.Language = "xx_YY" }, domaintest.Wrong{"language": domain.Malformed}},
		{"31: an unknown time zone", p(func(p *webex.Profile) { p.Timezone = "Mars/Olympus" }), domaintest.Wrong{"timezone": domain.Malformed}},
		{"32: what looks like a formula is text", p(func(p *webex.Profile) { p.FirstName = "=1+1" }), create},
		{"33: quotes and separators", p(func(p *webex.Profile) { p.FirstName, p.LastName = `Jean "JL"`, "Müller; von" }), create},
		{"34: a line break in a name", p(func(p *webex.Profile) { p.LastName = "two\nlines" }), domaintest.Wrong{"lastName": domain.Malformed}},
		{"35: Cyrillic", p(func(p *webex.Profile) { p.FirstName, p.LastName = "Мария", "Стоянова" }), create},
		{"36: a name of 200 characters", p(func(p *webex.Profile) { p.LastName = strings.Repeat("x", 200) }), domaintest.Wrong{"lastName": domain.TooLong}},
		{"37: a control character", p(func(p *webex.Profile) { p.FirstName = "a\x00b" }), domaintest.Wrong{"firstName": domain.Malformed}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := newcomer(row.row)
			if row.wrong != nil {
				domaintest.Run(t, subscriber.Decider, cases{{Name: "rejected", When: c, Err: row.wrong}})
				return
			}
			clean, _ := c.Clean()
			expected := onboarded(func(e *subscriber.Onboarded) {
				q := clean.Profile
				e.FirstName, e.LastName, e.Package = domain.Personal(q.FirstName), domain.Personal(q.LastName), q.Package
				e.PrimaryPhoneNumber, e.Extension = domain.Personal(q.PrimaryPhoneNumber), domain.Personal(q.Extension)
				e.Email, e.EmailTrusted = domain.Personal(c.Email), c.Email != ""
				if q.Package == "" {
					e.Package = "standard"
				}
			})
			domaintest.Run(t, subscriber.Decider, cases{{Name: "created", When: c, Then: events{expected}}})
		})
	}
}

func BenchmarkOnboard(b *testing.B) {
	c, s := newcomer(), subscriber.State{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := subscriber.Decide(s, c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOnboardInternationalAddress(b *testing.B) {
	c, s := newcomer(func(c *subscriber.Onboard) { c.Email = "Å.Öberg@exämple.example" }), subscriber.State{}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := subscriber.Decide(s, c); err != nil {
			b.Fatal(err)
		}
	}
}
