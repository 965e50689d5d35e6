package webex

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
)

// Call is a request to Webex as it is sent, but for the server's address, the
// credentials and the tracking id.
type Call struct {
	Method string
	Path   []string // parts below the version of the API, not yet escaped
	Fields []Field  // members of the JSON body; nil: no body
}

// Field is a member of a JSON body.
type Field struct{ Name, Value string }

// Address is the path, escaped: "/broadworks/subscribers".
func (c Call) Address() string {
	address := ""
	for _, part := range c.Path {
		address += "/" + url.PathEscape(part)
	}
	return address
}

// Body is the JSON body; nil: there is none.
func (c Call) Body() []byte {
	if c.Fields == nil {
		return nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range c.Fields {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(f.Name) // a text always can be
		value, _ := json.Marshal(f.Value)
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// ProvisionCall is POST /broadworks/subscribers. Empty values are left out.
func ProvisionCall(r Request) Call {
	return Call{Method: http.MethodPost, Path: []string{"broadworks", "subscribers"}, Fields: given(r)}
}

// ValidateCall is POST /broadworks/subscribers/validate, with the body of a
// provisioning.
func ValidateCall(r Request) Call {
	return Call{Method: http.MethodPost, Path: []string{"broadworks", "subscribers", "validate"}, Fields: given(r)}
}

// UpdateCall is PUT /broadworks/subscribers/{id} with the fields that differ, an
// empty text where one is removed. Where none does, it has no Fields: there is
// nothing to send.
func UpdateCall(id string, from, to Profile) Call {
	call := Call{Method: http.MethodPut, Path: []string{"broadworks", "subscribers", id}}
	for i, f := range to.fields() {
		if f != from.fields()[i] {
			call.Fields = append(call.Fields, f)
		}
	}
	return call
}

// RemoveCall is DELETE /broadworks/subscribers/{id}.
func RemoveCall(id string) Call {
	return Call{Method: http.MethodDelete, Path: []string{"broadworks", "subscribers", id}}
}

// ConsentCall is POST /subscribers/{id}/emails/consentMove.
func ConsentCall(id string) Call {
	return Call{Method: http.MethodPost, Path: []string{"subscribers", id, "emails", "consentMove"}}
}

func given(r Request) []Field {
	fields := []Field{}
	all := append([]Field{{"provisioningId", r.ProvisioningID}, {"spEnterpriseId", r.SPEnterpriseID}, {"email", r.Email}, {"language", r.Language}}, r.fields()...)
	for _, f := range all {
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// fields are what an update can change.
func (p Profile) fields() []Field {
	return []Field{
		{"userId", p.UserID},
		{"firstName", p.FirstName},
		{"lastName", p.LastName},
		{"primaryPhoneNumber", p.PrimaryPhoneNumber},
		{"mobilePhoneNumber", p.MobilePhoneNumber},
		{"extension", p.Extension},
		{"timezone", p.Timezone},
		{"package", string(p.Package)},
	}
}
