// Package template holds the rules for onboarding templates: the settings that
// apply to customers and their subscribers as they are onboarded.
//
// Source of fields and rules: section "Configure your Onboarding templates" of
// https://help.webex.com/en-us/article/no4dlj3/Webex-for-Cisco-BroadWorks-Solution-Guide
package template

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Stream returns the name of the stream of a partner's template. A provisioning
// id is the same with and without padding.
func Stream(partner, provisioningID string) string {
	return domain.StreamName("template", partner, "template", strings.TrimRight(provisioningID, "="))
}

// Settings are all that can be chosen. They are stored as they stand here.
type Settings struct {
	Name                string        `json:"name"`
	Region              string        `json:"region"`                  // data region of new customer organisations: US, EU, CA, ...
	EmailLanguage       string        `json:"emailLanguage"`           // of mails: en, sv, fr, da, bg, ...
	Cluster             string        `json:"cluster"`                 // BroadWorks cluster
	EnterpriseMode      bool          `json:"enterpriseMode"`          // customers are BroadWorks enterprises, not groups
	DefaultPackage      webex.Package `json:"defaultPackage"`          // of users for whom none is given
	Emails              Emails        `json:"emails"`                  // trusted or untrusted
	FlowThrough         bool          `json:"flowThrough"`             // BroadWorks provisions users
	ProvisionAdminFirst bool          `json:"provisionAdminFirst"`     // with untrusted e-mails: others wait for the first user
	AllowSelfActivation bool          `json:"allowSelfActivation"`     // with untrusted e-mails: users may come by themselves
	ShareLink           string        `json:"shareLink,omitzero"`      // activation link that users are given
	PartnerAdmin        string        `json:"partnerAdmin,omitzero"`   // named in mails
	Authentication      string        `json:"authentication,omitzero"` // one of Authentications; empty: BroadWorks
}

// Emails says whether addresses from BroadWorks are taken as they are.
type Emails string

// The two ways of verifying users.
const (
	Trusted   Emails = "trusted"
	Untrusted Emails = "untrusted"
)

// Authentications lists how users of new organisations may sign in.
var Authentications = []string{"BroadWorks Authentication", "Webex Authentication", "Partner Authentication", "Partner authentication with OpenID Connect"}

// Created: the partner has a new onboarding template.
type Created struct {
	ProvisioningID string    `json:"provisioningId"`
	Settings       Settings  `json:"settings"`
	At             time.Time `json:"at"` // UTC
}

// Changed: the template has these settings from now on.
type Changed struct {
	Settings Settings  `json:"settings"`
	At       time.Time `json:"at"` // UTC
}

// Events lists one of each event of a template, for the event codec.
var Events = []domain.Event{Created{}, Changed{}}

func (Created) EventType() string { return "template.created.v1" }
func (Changed) EventType() string { return "template.changed.v1" }

// State is a template as it stands. An empty ProvisioningID: there is none.
type State struct {
	ProvisioningID string
	Settings       Settings
	Created        time.Time
	Changed        time.Time
}

// Command is something that a template's stream can be asked.
type Command interface{ templateCommand() }

// Create makes a template. One that exists with the same settings is left alone.
type Create struct {
	ProvisioningID string
	Settings       Settings
	At             time.Time
}

// Change replaces the settings of a template.
type Change struct {
	Settings Settings
	At       time.Time
}

// Errors of templates.
var (
	ErrNotFound = domain.Reject(domain.NotFound, "There is no onboarding template with this provisioning id.")
	ErrExists   = domain.Reject(domain.Conflict, "There is a template with this provisioning id already, with other settings. Change it instead.")
)

// Decider is the rules.
var Decider = domain.Decider[State, Command]{Decide: Decide, Evolve: Evolve, Events: Events}

// Decide answers a command with the events to record.
func Decide(s State, c Command) ([]domain.Event, error) {
	switch c := c.(type) {
	case Create:
		return create(s, c)
	case Change:
		return change(s, c)
	}
	panic(fmt.Sprintf("template: no rule for %T", c))
}

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Created:
		s = State{ProvisioningID: e.ProvisioningID, Settings: e.Settings, Created: e.At, Changed: e.At}
	case Changed:
		s.Settings, s.Changed = e.Settings, e.At
	}
	return s
}

func create(s State, c Create) ([]domain.Event, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	switch {
	case s.ProvisioningID == "":
		return []domain.Event{Created{ProvisioningID: c.ProvisioningID, Settings: c.Settings, At: c.At}}, nil
	case s.Settings == c.Settings:
		return nil, nil
	}
	return nil, ErrExists
}

func change(s State, c Change) ([]domain.Event, error) {
	if s.ProvisioningID == "" {
		return nil, ErrNotFound
	}
	var f domain.Fields
	c.Settings.check(&f)
	if err := f.Err(); err != nil || s.Settings == c.Settings {
		return nil, err
	}
	return []domain.Event{Changed{Settings: c.Settings, At: c.At}}, nil
}

func (c Create) check() error {
	var f domain.Fields
	switch raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(c.ProvisioningID, "=")); {
	case c.ProvisioningID == "":
		f.Add("provisioningId", domain.Missing, "is missing")
	case err != nil || len(raw) == 0 || len(c.ProvisioningID) > 256 || strings.ContainsAny(c.ProvisioningID, "\r\n"):
		f.Add("provisioningId", domain.Malformed, "must be the provisioning id that Partner Hub shows on the template (base64, at most 256 characters)")
	}
	c.Settings.check(&f)
	return f.Err()
}

func (t Settings) check(f *domain.Fields) {
	text := func(field, value string, needed bool) {
		switch {
		case value == "" && needed:
			f.Add(field, domain.Missing, "is missing")
		case utf8.RuneCountInString(value) > 128:
			f.Add(field, domain.TooLong, "must have at most 128 characters")
		case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
			f.Add(field, domain.Malformed, "must not contain line breaks or other control characters")
		}
	}
	text("name", t.Name, true)
	text("region", t.Region, true)
	text("emailLanguage", t.EmailLanguage, true)
	text("cluster", t.Cluster, true)
	text("partnerAdmin", t.PartnerAdmin, false)
	if !t.DefaultPackage.Valid() {
		f.Add("defaultPackage", domain.Malformed, "must be one of softphone, basic, standard, premium")
	}
	if t.Emails != Trusted && t.Emails != Untrusted {
		f.Add("emails", domain.Malformed, "must be trusted or untrusted")
	}
	if t.Emails == Trusted && t.ProvisionAdminFirst {
		f.Add("provisionAdminFirst", domain.Malformed, "applies to untrusted e-mails only; set it to false")
	}
	if t.Emails == Trusted && t.AllowSelfActivation {
		f.Add("allowSelfActivation", domain.Malformed, "applies to untrusted e-mails only; set it to false")
	}
	if t.ShareLink != "" {
		if u, err := url.Parse(t.ShareLink); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(t.ShareLink) > 2048 || !utf8.ValidString(t.ShareLink) {
			f.Add("shareLink", domain.Malformed, "must be a link that starts with https://, at most 2048 characters")
		}
	}
	if t.Authentication != "" && !known(Authentications, t.Authentication) {
		f.Add("authentication", domain.Malformed, "must be one of "+strings.Join(Authentications, ", "))
	}
}

func known(values []string, value string) bool {
	for _, v := range values {
		if v == value {
			return true
		}
	}
	return false
}

func (Create) templateCommand() {}
func (Change) templateCommand() {}

// Finding is one thing that a template lacks for users to activate themselves
// in the portal.
type Finding struct {
	Field string // of Settings
	Text  string // what is missing and how to mend it
}

// Check says what the template lacks for users with untrusted e-mails to
// activate through the portal whose link is activationLink; nothing: it is set
// up for that.
// Source: https://help.webex.com/en-us/article/r73r98/Verify-User-Provisioning-with-Untrusted-Emails
func (s State) Check(activationLink string) []Finding {
	var found []Finding
	if s.Settings.Emails != Untrusted {
		found = append(found, Finding{"emails", `"Untrusted Emails" is not selected: set emails to "untrusted".`})
	}
	switch s.Settings.ShareLink {
	case "":
		found = append(found, Finding{"shareLink", "The share link is empty: set it to the activation link " + activationLink + "."})
	case activationLink:
	default:
		found = append(found, Finding{"shareLink", "The share link does not point to the activation link: set it to " + activationLink + "."})
	}
	return found
}
