package simulator

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"slices"
	"strings"

	"ledgerline/domain/webex"
)

// body is what provisioning, update and precheck are sent. nil: left out.
// Fields that it does not know are ignored.
type body struct {
	ProvisioningID     *string `json:"provisioningId"`
	UserID             *string `json:"userId"`
	SPEnterpriseID     *string `json:"spEnterpriseId"`
	FirstName          *string `json:"firstName"`
	LastName           *string `json:"lastName"`
	Package            *string `json:"package"`
	PrimaryPhoneNumber *string `json:"primaryPhoneNumber"`
	MobilePhoneNumber  *string `json:"mobilePhoneNumber"`
	Extension          *string `json:"extension"`
	Email              *string `json:"email"`
	Language           *string `json:"language"`
	Timezone           *string `json:"timezone"`
	CustomerInfo       *struct {
		PrimaryEmail *string `json:"primaryEmail"`
	} `json:"customerInfo"`
}

type field struct {
	name  string
	value *string
}

func (b body) fields() []field {
	return []field{
		{"provisioningId", b.ProvisioningID}, {"userId", b.UserID}, {"spEnterpriseId", b.SPEnterpriseID},
		{"firstName", b.FirstName}, {"lastName", b.LastName}, {"package", b.Package}, // required up to here
		{"primaryPhoneNumber", b.PrimaryPhoneNumber}, {"mobilePhoneNumber", b.MobilePhoneNumber},
		{"extension", b.Extension}, {"email", b.Email}, {"language", b.Language}, {"timezone", b.Timezone},
	}
}

// longest text of a field; the vendor's limits are not published.
const longest = 255

// parse reads a body and checks what holds for every operation.
func parse(data []byte) (body, *answer) {
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		return b, bad("The request body is not valid JSON.", detail{Description: "The request body is not valid JSON."})
	}
	for _, f := range b.fields() {
		if len(text(f.value)) > longest {
			return b, bad("Invalid parameter size.", detail{1002, "Invalid parameter size: " + f.name, f.name})
		}
	}
	if b.Package != nil && !webex.Package(*b.Package).Valid() {
		return b, invalid("package")
	}
	if email := text(b.Email); email != "" {
		if at, err := mail.ParseAddress(email); err != nil || at.Address != email {
			return b, invalid("email")
		}
	}
	return b, nil
}

// complete says what a provisioning lacks.
func (b body) complete(k *Knobs) *answer {
	var missing []detail
	for _, f := range b.fields()[:6] {
		if strings.TrimSpace(text(f.value)) == "" {
			missing = append(missing, detail{1001, "Null parameter: " + f.name + " is mandatory", f.name})
		}
	}
	if len(missing) > 0 {
		return bad("A mandatory parameter is missing.", missing...)
	}
	if len(k.Templates) > 0 && !slices.Contains(k.Templates, *b.ProvisioningID) {
		a := refuse(k.UnknownTemplateStatus, "The provisioning id is unknown.")
		return &a
	}
	if k.RequireNumber {
		return b.over(profile{}).lacks()
	}
	return nil
}

// over returns a profile with what the body says put over it.
func (b body) over(p profile) profile {
	for _, f := range []struct {
		to   *string
		from *string
	}{
		{&p.UserID, b.UserID}, {&p.FirstName, b.FirstName}, {&p.LastName, b.LastName}, {&p.Package, b.Package},
		{&p.PrimaryPhoneNumber, b.PrimaryPhoneNumber}, {&p.MobilePhoneNumber, b.MobilePhoneNumber},
		{&p.Extension, b.Extension}, {&p.Timezone, b.Timezone},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	return p
}

// lacks says why a profile cannot stand.
func (p profile) lacks() *answer {
	switch {
	case p.PrimaryPhoneNumber == "" && p.Extension == "":
		return bad("A subscriber has a primary phone number or an extension.",
			detail{Description: "primaryPhoneNumber or extension is mandatory", FieldName: "primaryPhoneNumber"})
	case p.UserID == "":
		return invalid("userId")
	case p.FirstName == "":
		return invalid("firstName")
	case p.LastName == "":
		return invalid("lastName")
	case p.Package == "":
		return invalid("package")
	}
	return nil
}

func bad(message string, details ...detail) *answer {
	a := refuse(http.StatusBadRequest, message, details...)
	return &a
}

func invalid(name string) *answer {
	return bad("Invalid parameter: "+name, detail{Description: "Invalid value of " + name, FieldName: name})
}

func detailOf(p Problem) detail { return detail{ErrorCode: p.ErrorCode, Description: p.Description} }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
