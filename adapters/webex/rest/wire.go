package rest

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"ledgerline/domain/webex"
)

// record is a subscriber as Webex writes it.
type record struct {
	ID                 string    `json:"id"`
	PersonID           string    `json:"personId"`
	UserID             string    `json:"userId"`
	SPEnterpriseID     string    `json:"spEnterpriseId"`
	FirstName          string    `json:"firstName"`
	LastName           string    `json:"lastName"`
	Email              string    `json:"email"`
	PrimaryPhoneNumber string    `json:"primaryPhoneNumber"`
	MobilePhoneNumber  string    `json:"mobilePhoneNumber"`
	Extension          string    `json:"extension"`
	Timezone           string    `json:"timezone"` // not documented in replies
	Language           string    `json:"language"` // in older revisions of the API
	Package            string    `json:"package"`
	Status             string    `json:"status"`
	Errors             []problem `json:"errors"`
	Created            instant   `json:"created"`
	LastStatusChange   instant   `json:"lastStatusChange"`
	ProvisioningID     string    `json:"provisioningId"`
	SelfActivated      yes       `json:"selfActivated"`
}

func (r record) subscriber() webex.Subscriber {
	s := webex.Subscriber{
		ID:               r.ID,
		PersonID:         r.PersonID,
		Status:           webex.Status(r.Status),
		Errors:           details(r.Errors),
		Created:          time.Time(r.Created),
		LastStatusChange: time.Time(r.LastStatusChange),
		SelfActivated:    bool(r.SelfActivated),
	}
	s.Request = webex.Request{
		ProvisioningID: r.ProvisioningID,
		SPEnterpriseID: r.SPEnterpriseID,
		Email:          r.Email,
		Language:       r.Language,
		Profile: webex.Profile{
			UserID:             r.UserID,
			FirstName:          r.FirstName,
			LastName:           r.LastName,
			PrimaryPhoneNumber: r.PrimaryPhoneNumber,
			MobilePhoneNumber:  r.MobilePhoneNumber,
			Extension:          r.Extension,
			Timezone:           r.Timezone,
			Package:            webex.Package(r.Package),
		},
	}
	return s
}

// problem is one entry of errors.
type problem struct {
	Code        code   `json:"errorCode"`
	Description string `json:"description"`
	FieldName   string `json:"fieldName"`
}

// mostErrors is how many errors of one reply or record are kept.
const mostErrors = 20

func details(problems []problem) []webex.Error {
	var out []webex.Error
	for _, p := range problems[:min(len(problems), mostErrors)] {
		text := p.Description
		if p.FieldName != "" && !strings.Contains(text, p.FieldName) {
			text = strings.TrimSpace(text + " (" + p.FieldName + ")")
		}
		out = append(out, webex.Error{Code: int(p.Code), Description: clip(text)})
	}
	return out
}

// code is an error number: integer, float or text. Anything else is 0.
type code int

// UnmarshalJSON never fails: a reply is not lost over an odd code.
func (c *code) UnmarshalJSON(data []byte) error {
	number, err := strconv.ParseFloat(strings.Trim(string(data), `" `), 64)
	if err == nil && math.Abs(number) < math.MaxInt32 {
		*c = code(number)
	}
	return nil
}

// yes is a truth, written as a boolean or as text: the vendor's examples do both.
type yes bool

// UnmarshalJSON never fails: what is not true is false.
func (y *yes) UnmarshalJSON(data []byte) error {
	*y = yes(strings.EqualFold(strings.Trim(string(data), `"`), "true"))
	return nil
}

// instant is a time in ISO 8601; what is not readable as such is zero.
type instant time.Time

// UnmarshalJSON never fails: a record is not lost over an odd time.
func (i *instant) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			*i = instant(at.UTC())
		}
	}
	return nil
}
