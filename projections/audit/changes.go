package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/drift"
	"ledgerline/domain/hold"
	"ledgerline/domain/importplan"
	"ledgerline/domain/licence"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/token"
	"ledgerline/domain/webex"
)

// field is one value of a state, as shown; empty: none.
type field struct{ name, value string }

// states follows one stream and tells what each event changes.
type states struct {
	evolve func(domain.Event) []field
	before []field
}

// next returns what one more event changes.
func (s *states) next(e domain.Event) []Change {
	after := s.evolve(e)
	var changes []Change
	for _, f := range after {
		if old := valueOf(s.before, f.name); old != f.value {
			changes = append(changes, Change{Field: f.name, Old: old, New: f.value})
		}
	}
	s.before = after
	return changes
}

func valueOf(fields []field, name string) string {
	for _, f := range fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// statesOf returns what follows a stream; one of a kind that is not known here
// changes no fields.
func statesOf(stream string) *states {
	kind, _, _ := domain.SplitStream(stream)
	switch kind {
	case subscriber.Kind:
		return follow(subscriber.Evolve, subscriberFields)
	case "template":
		return follow(template.Evolve, templateFields)
	case "token":
		return follow(token.Evolve, tokenFields)
	case "licences":
		return follow(licence.Evolve, licenceFields)
	case hold.Kind:
		return follow(hold.Evolve, holdFields)
	case importplan.Kind:
		return follow(importplan.Evolve, importFields)
	case "customer":
		return follow(customer.Evolve, customerFields)
	case drift.StreamKind:
		return follow(drift.Evolve, driftFields)
	}
	return &states{evolve: func(domain.Event) []field { return nil }}
}

func follow[S any](evolve func(S, domain.Event) S, fields func(S) []field) *states {
	var state S
	return &states{
		before: fields(state),
		evolve: func(e domain.Event) []field {
			state = evolve(state, e)
			return fields(state)
		},
	}
}

func subscriberFields(s subscriber.State) []field {
	p := s.Profile
	return []field{
		{"status", string(s.Status())},
		{"flow", string(s.Flow)},
		{"userId", p.UserID},
		{"spEnterpriseId", s.SPEnterpriseID},
		{"provisioningId", s.ProvisioningID},
		{"package", string(p.Package)},
		{"firstName", p.FirstName},
		{"lastName", p.LastName},
		{"email", s.Email},
		{"emailTrusted", yes(s.EmailTrusted)},
		{"primaryPhoneNumber", p.PrimaryPhoneNumber},
		{"mobilePhoneNumber", p.MobilePhoneNumber},
		{"extension", p.Extension},
		{"language", s.Language},
		{"timezone", p.Timezone},
		{"webexId", s.WebexID},
		{"personId", s.PersonID},
		{"errors", errorTexts(s.Errors)},
		{"request", requestText(s.Request)},
		{"consentMail", yes(s.ConsentMail)},
		{"nextTry", instant(s.RetryAt)},
		{"quarantined", yes(s.Quarantined)},
		{"claimedBy", id(s.Claimed)},
	}
}

func holdFields(s hold.State) []field {
	return []field{
		{"held", yes(s.Held)},
		{"scope", string(s.Scope.Kind)},
		{"name", s.Scope.Name},
		{"reason", s.Reason},
	}
}

func importFields(s importplan.State) []field {
	if s.At.IsZero() {
		return nil
	}
	var approvals []string
	for _, a := range s.Approvals {
		approvals = append(approvals, string(a.Kind))
	}
	return []field{
		{"status", string(s.Status(s.Changed))},
		{"file", s.FileName},
		{"undoes", id(s.Undoes)},
		{"approvals", strings.Join(approvals, ", ")},
		{"reason", s.Reason},
		{"done", fmt.Sprintf("%d of %d rows", s.Done.Rows, s.Counts.Rows+s.Counts.Missing)},
		{"heldBack", strconv.Itoa(s.Done.Held)},
	}
}

var phases = map[subscriber.Phase]string{
	subscriber.Started: "started", subscriber.Accepted: "accepted", subscriber.Postponed: "postponed", subscriber.Lost: "outcome unknown",
}

func requestText(r subscriber.RequestState) string {
	if r.Phase == subscriber.Idle {
		return ""
	}
	text := string(r.Kind) + " " + phases[r.Phase]
	if r.Attempt > 1 {
		text += fmt.Sprintf(" (attempt %d)", r.Attempt)
	}
	if r.Phase == subscriber.Postponed {
		text += " until " + instant(r.Until)
	}
	return text
}

func errorTexts(errors []webex.Error) string {
	texts := make([]string, len(errors))
	for i, e := range errors {
		texts[i] = e.Description
		if e.Code != 0 {
			texts[i] = strconv.Itoa(e.Code) + ": " + e.Description
		}
	}
	return strings.Join(texts, "; ")
}

func templateFields(t template.State) []field {
	s := t.Settings
	if t.ProvisioningID == "" {
		return []field{{"provisioningId", ""}}
	}
	return []field{
		{"provisioningId", t.ProvisioningID},
		{"name", s.Name},
		{"region", s.Region},
		{"emailLanguage", s.EmailLanguage},
		{"cluster", s.Cluster},
		{"enterpriseMode", strconv.FormatBool(s.EnterpriseMode)},
		{"defaultPackage", string(s.DefaultPackage)},
		{"emails", string(s.Emails)},
		{"flowThrough", strconv.FormatBool(s.FlowThrough)},
		{"provisionAdminFirst", strconv.FormatBool(s.ProvisionAdminFirst)},
		{"allowSelfActivation", strconv.FormatBool(s.AllowSelfActivation)},
		{"shareLink", s.ShareLink},
		{"partnerAdmin", s.PartnerAdmin},
		{"authentication", s.Authentication},
	}
}

func tokenFields(t token.State) []field {
	scopes := make([]string, len(t.Issued.Scopes))
	for i, s := range t.Issued.Scopes {
		scopes[i] = string(s)
	}
	return []field{
		{"name", t.Issued.Name},
		{"holder", string(t.Issued.Holder)},
		{"role", t.Issued.Role},
		{"scopes", strings.Join(scopes, " ")},
		{"expires", instant(t.Issued.Expires)},
		{"revoked", yes(t.Revoked)},
	}
}

// licenceFields has one field for each package, those of Default included, so
// that the first change of one shows what it was.
func licenceFields(s licence.State) []field {
	var fields []field
	add := func(p webex.Package) {
		fields = append(fields, field{string(p), strings.Join(s.Of(p), ", ")})
	}
	for p := range licence.Default {
		add(p)
	}
	for p := range s.Changed {
		if _, ok := licence.Default[p]; !ok {
			add(p)
		}
	}
	slices.SortFunc(fields, func(a, b field) int { return cmp.Compare(a.name, b.name) })
	return fields
}

func customerFields(s customer.State) []field {
	return []field{{"administrator", id(s.Administrator)}, {"administratorActive", yes(s.Active)}}
}

func driftFields(s drift.State) []field {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return []field{
		{"phase", string(s.Phase)},
		{"provisioningId", s.Filter.ProvisioningID},
		{"spEnterpriseId", s.Filter.SPEnterpriseID},
		{"findings", number(s.Len())},
		{"approved", number(s.Approved())},
		{"settled", number(s.Settled())},
		{"broken", s.Reason},
	}
}

// yes shows a thing that is mostly not so.
func yes(b bool) string {
	if b {
		return "true"
	}
	return ""
}

func id(u [16]byte) string {
	if u == [16]byte{} {
		return ""
	}
	return domain.StreamOf(subscriber.Kind, u)
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
