package explain

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// requestNouns name a request in a sentence.
var requestNouns = map[subscriber.RequestKind]string{
	subscriber.Provision: "request to provision the user", subscriber.Update: "request to change the record",
	subscriber.Remove: "request to remove the record", subscriber.ResendConsent: "request to send the consent mail again",
}

// accepted says what the acceptance of a request means.
var accepted = map[subscriber.RequestKind]string{
	subscriber.Provision:     "Webex accepted the request; whether it succeeds shows only in the record.",
	subscriber.Update:        "Webex accepted the change; whether it succeeds shows only in the record.",
	subscriber.Remove:        "Webex removed the record.",
	subscriber.ResendConsent: "Webex sends the consent mail again.",
}

// foundDone says what a look-up showed of a lost request that was carried out.
var foundDone = map[subscriber.RequestKind]string{
	subscriber.Provision: "Webex was asked for the user and has it: the request without a reply had been carried out.",
	subscriber.Update:    "Webex was asked for the record and it shows the change: the request without a reply had been carried out.",
	subscriber.Remove:    "Webex was asked for the record and has none any more: it is removed.",
}

// foundNot says what a look-up showed of a lost request that was not.
var foundNot = map[subscriber.RequestKind]string{
	subscriber.Provision: "Webex was asked for the user and has none: the request without a reply was not carried out. It can be repeated.",
	subscriber.Update:    "Webex was asked for the record and it does not show the change. Sending it again does no harm.",
	subscriber.Remove:    "Webex was asked for the record and still has it: the request without a reply was not carried out. It can be repeated.",
}

// callValues are a request to Webex as values: method, path and the members of the
// body.
func callValues(c webex.Call) []Value {
	all := values("method", c.Method, "path", c.Address())
	for _, f := range c.Fields {
		all = append(all, Value{f.Name, quoted(f.Value)})
	}
	return all
}

// quoted shows that a value is removed.
func quoted(text string) string {
	if text == "" {
		return `""`
	}
	return text
}

// onboarding is the values that a user is onboarded with.
func onboardingValues(r webex.Request, flow subscriber.Flow) []Value {
	return values(
		"userId", r.UserID, "spEnterpriseId", r.SPEnterpriseID, "provisioningId", r.ProvisioningID, "flow", string(flow),
		"package", string(r.Package), "firstName", r.FirstName, "lastName", r.LastName, "email", r.Email,
		"primaryPhoneNumber", r.PrimaryPhoneNumber, "mobilePhoneNumber", r.MobilePhoneNumber, "extension", r.Extension,
		"language", r.Language, "timezone", r.Timezone,
	)
}

// settingsValues are those settings of a template that decide about newcomers.
func settingsValues(t template.State) []Value {
	s := t.Settings
	return values(
		"template", s.Name, "emails", string(s.Emails), "defaultPackage", string(s.DefaultPackage),
		"flowThrough", yesNo(s.FlowThrough), "allowSelfActivation", yesNo(s.AllowSelfActivation),
		"provisionAdminFirst", yesNo(s.ProvisionAdminFirst),
	)
}

// allowedBy says why somebody may come by a flow.
var allowedBy = map[subscriber.Flow]string{
	subscriber.API:            "The template is there; users asked for by the provider's own system or file are always let in.",
	subscriber.FlowThrough:    "The template lets BroadWorks provision users by itself (flow-through).",
	subscriber.SelfActivation: "The template lets users activate themselves.",
}

func askedBy(c domain.Cause) []Value {
	return values("by", c.Actor, "role", c.Role, "through", c.Surface, "reason", c.Reason, "asRequest", c.Request)
}

func errorText(errors []webex.Error) string {
	texts := make([]string, len(errors))
	for i, e := range errors {
		texts[i] = e.Description
		if e.Code != 0 {
			texts[i] = strconv.Itoa(e.Code) + " " + e.Description
		}
	}
	return strings.Join(texts, "; ")
}

func statusText(status int) string {
	if status == 0 {
		return ""
	}
	return strconv.Itoa(status)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func instant(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04:05.000Z")
}

func attempt(n int) string {
	if n <= 1 {
		return ""
	}
	return fmt.Sprintf(" Attempt %d.", n)
}

func sentence(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// administratorWords say how a customer's administrator bears on a user.
func administratorWords(c customer.State, id uuid.UUID) string {
	switch {
	case c.Administrator == id:
		return "The user is the customer's first, and so its administrator: nobody has to be waited for."
	case c.Active:
		return "The customer's administrator is active, so the others may follow."
	}
	return "The customer's administrator comes first and is not active yet."
}

func administratorID(c customer.State) string {
	if c.Administrator == uuid.Nil {
		return ""
	}
	return c.Administrator.String()
}
