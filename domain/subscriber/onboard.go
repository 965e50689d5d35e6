package subscriber

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Command is something that a subscriber's stream can be asked.
type Command interface{ subscriberCommand() }

// Terms are what the onboarding template says about a newcomer.
type Terms struct {
	ProvisioningID   string
	DefaultPackage   webex.Package
	TrustedEmails    bool
	FlowThrough      bool // flow-through provisioning is on
	SelfActivation   bool // subscribers may activate themselves
	AdminFirst       bool
	FallbackLanguage string // for those who give none; may be empty
}

// Onboard asks for a BroadWorks user to come to Webex. Repeating it with the
// same values changes nothing; empty values of a repetition are not compared.
type Onboard struct {
	Flow           Flow
	Terms          *Terms // nil: there is no such template
	ProvisioningID string // as asked for
	SPEnterpriseID string
	Profile        webex.Profile // an empty package means the template's default
	Email          string
	Language       string
	At             time.Time
}

// Errors of onboarding.
var (
	ErrExists       = domain.Reject(domain.Conflict, "This BroadWorks user id is onboarded already with other values. Change the user instead, or delete it first.")
	ErrClaimed      = domain.Reject(domain.Conflict, "This BroadWorks user id belongs to a user whose id was changed to it.")
	ErrRenamed      = domain.Reject(domain.Conflict, "The user who had this BroadWorks user id first is still onboarded under another one. Delete that user before the id is given to somebody else.")
	ErrLeaving      = domain.Reject(domain.Conflict, "This user is being removed from Webex. Try again when the removal is done.")
	ErrFlowThrough  = domain.Reject(domain.Conflict, "Flow-through provisioning is off in this template. Turn it on, or onboard the user through the API.")
	ErrSelfActivate = domain.Reject(domain.Conflict, "Users may not activate themselves with this template. Turn on \"Allow users to self activate\", or onboard the user.")
)

// Clean trims values, brings numbers to E.164 and names the repairs that it made
// beyond that, in words for the person who sent them.
func (c Onboard) Clean() (Onboard, []string) {
	var repairs []string
	p := &c.Profile
	for _, text := range []*string{&c.ProvisioningID, &c.SPEnterpriseID, &c.Email, &c.Language,
		&p.UserID, &p.FirstName, &p.LastName, &p.PrimaryPhoneNumber, &p.MobilePhoneNumber, &p.Extension, &p.Timezone} {
		*text = strings.TrimSpace(*text) // no-break spaces too
	}
	c.ProvisioningID = strings.TrimRight(c.ProvisioningID, "=") // padding is no part of it
	p.Package = webex.Package(strings.ToLower(strings.TrimSpace(string(p.Package))))
	mend := func(field string, text *string) {
		number, repaired, problem := ParseNumber(*text)
		if *text == "" || problem != "" {
			return
		}
		if repaired {
			what := "the + was missing"
			switch {
			case scientific(*text):
				what = "a spreadsheet wrote it in scientific notation"
			case fraction(*text):
				what = "a spreadsheet gave it decimals"
			}
			repairs = append(repairs, fmt.Sprintf("%s: %s; %s is taken as %s", field, what, *text, number))
		}
		*text = number
	}
	mend("primaryPhoneNumber", &p.PrimaryPhoneNumber)
	mend("mobilePhoneNumber", &p.MobilePhoneNumber)
	return c, repairs
}

// Check says what is wrong with the values, field by field, under the names of
// the Webex API.
func (c Onboard) Check() error {
	var f domain.Fields
	needed := func(field, value string, problem string) {
		switch {
		case value == "":
			f.Add(field, domain.Missing, "is missing")
		case problem != "":
			f.Add(field, classOf(problem), problem)
		}
	}
	optional := func(field, value string, check func(string) string) {
		if value == "" {
			return
		}
		if problem := check(value); problem != "" {
			f.Add(field, classOf(problem), problem)
		}
	}
	needed("userId", c.Profile.UserID, checkText(c.Profile.UserID, MaxUserID))
	needed("spEnterpriseId", c.SPEnterpriseID, checkText(c.SPEnterpriseID, MaxEnterpriseID))
	if c.ProvisioningID == "" {
		f.Add("provisioningId", domain.Missing, "is missing")
	} else if c.Terms == nil {
		f.Add("provisioningId", domain.NoSuch, "no onboarding template has this provisioning id")
	}
	optional("package", string(c.Profile.Package), checkPackage)
	optional("email", c.Email, checkEmail)
	if c.Email == "" && c.Terms != nil && c.Terms.TrustedEmails {
		f.Add("email", domain.Missing, "is missing; the template trusts e-mails, so it needs one")
	}
	optional("language", c.Language, checkLanguage)
	checkProfile(&f, c.Profile)
	return f.Err()
}

// CheckGiven checks only those values that are given, of which the e-mail address
// has to be one.
// Source: POST /broadworks/subscribers/validate.
func (c Onboard) CheckGiven() error {
	r := domain.AsRejection(c.Check())
	var f domain.Fields
	if c.Email == "" {
		f.Add("email", domain.Missing, "is missing")
	}
	if r != nil {
		for _, problem := range r.Fields {
			if problem.Class != domain.Missing && problem.Class != domain.NoSuch {
				f = append(f, problem)
			}
		}
	}
	return f.Err()
}

// checkProfile checks what onboarding and changing have in common.
func checkProfile(f *domain.Fields, p webex.Profile) {
	name := func(field, text string) {
		if text == "" {
			f.Add(field, domain.Missing, "is missing")
		} else if problem := checkText(text, MaxName); problem != "" {
			f.Add(field, classOf(problem), problem)
		}
	}
	name("firstName", p.FirstName)
	name("lastName", p.LastName)
	number := func(field, text string) {
		if _, _, problem := ParseNumber(text); text != "" && problem != "" {
			f.Add(field, domain.Malformed, problem)
		}
	}
	number("primaryPhoneNumber", p.PrimaryPhoneNumber)
	number("mobilePhoneNumber", p.MobilePhoneNumber)
	if problem := checkExtension(p.Extension); problem != "" {
		f.Add("extension", domain.Malformed, problem)
	}
	if p.PrimaryPhoneNumber == "" && p.Extension == "" {
		f.Add("primaryPhoneNumber", domain.Missing, "a primary phone number or an extension is needed")
	}
	if p.Timezone != "" {
		if problem := checkTimezone(p.Timezone); problem != "" {
			f.Add("timezone", domain.Malformed, problem)
		}
	}
}

func checkPackage(name string) string {
	if webex.Package(name).Valid() {
		return ""
	}
	names := make([]string, len(webex.Packages))
	for i, p := range webex.Packages {
		names[i] = string(p)
	}
	return "must be one of " + strings.Join(names, ", ")
}

func tooLong(max int) string { return fmt.Sprintf("must have at most %d characters", max) }

func classOf(problem string) domain.Problem {
	if strings.HasPrefix(problem, "must have at most") {
		return domain.TooLong
	}
	return domain.Malformed
}

func onboard(s State, c Onboard) ([]domain.Event, error) {
	c, _ = c.Clean()
	if err := c.Check(); err != nil {
		return nil, err
	}
	switch {
	case c.Flow == FlowThrough && !c.Terms.FlowThrough:
		return nil, ErrFlowThrough
	case c.Flow == SelfActivation && !c.Terms.SelfActivation:
		return nil, ErrSelfActivate
	case s.Claimed != uuid.Nil:
		return nil, ErrClaimed
	case s.Stage == Leaving:
		return nil, ErrLeaving
	case s.Here():
		return nil, s.compare(c)
	}
	p := c.Profile
	if p.Package == "" {
		p.Package = c.Terms.DefaultPackage
	}
	if c.Language == "" {
		c.Language = c.Terms.FallbackLanguage
	}
	return []domain.Event{Onboarded{
		Flow: c.Flow, UserID: domain.Personal(p.UserID), SPEnterpriseID: c.SPEnterpriseID, ProvisioningID: c.ProvisioningID,
		Package: p.Package, FirstName: domain.Personal(p.FirstName), LastName: domain.Personal(p.LastName),
		Email: domain.Personal(c.Email), EmailTrusted: c.Email != "" && c.emailTrusted(),
		PrimaryPhoneNumber: domain.Personal(p.PrimaryPhoneNumber), MobilePhoneNumber: domain.Personal(p.MobilePhoneNumber),
		Extension: domain.Personal(p.Extension), Language: c.Language, Timezone: p.Timezone,
		AdminFirst: c.Terms.AdminFirst && !c.Terms.TrustedEmails, At: c.At,
	}}, nil
}

// emailTrusted says whether the address may be used as it is. What the
// provider's own system or file says is trusted whatever the template; what
// BroadWorks has in its user profile, only if the template says so; what the
// subscriber typed, never.
// Source: the flows of https://help.webex.com/en-us/article/77600z/Managing-Webex-for-BroadWorks
func (c Onboard) emailTrusted() bool {
	return c.Flow == API || c.Flow == FlowThrough && c.Terms.TrustedEmails
}

// compare says whether onboarding asks for what is there already.
func (s State) compare(c Onboard) error {
	p, q := c.Profile, s.Profile
	same := func(asked, have string) bool { return asked == "" || asked == have }
	switch {
	case FoldUserID(p.UserID) != FoldUserID(q.UserID):
		return ErrRenamed
	case c.ProvisioningID == s.ProvisioningID && c.SPEnterpriseID == s.SPEnterpriseID &&
		same(string(p.Package), string(q.Package)) && same(p.FirstName, q.FirstName) && same(p.LastName, q.LastName) &&
		same(p.PrimaryPhoneNumber, q.PrimaryPhoneNumber) && same(p.MobilePhoneNumber, q.MobilePhoneNumber) &&
		same(p.Extension, q.Extension) && same(p.Timezone, q.Timezone) && same(c.Language, s.Language) &&
		same(CanonicalEmail(c.Email), CanonicalEmail(s.Email)):
		return nil
	}
	return ErrExists
}

func (Onboard) subscriberCommand() {}
