// Package csvfile reads and writes subscribers as spreadsheets have them.
//
// Rows are mapped to columns by gocsv. Records are cut out of the file here
// rather than by encoding/csv, which reads on to the end of the file after a
// quote that is never closed, and changes line breaks inside cells.
package csvfile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// Row is the columns that are read, under the names of the Webex API; exported
// because gocsv finds the fields of exported types only.
type Row struct {
	UserID             string `csv:"userId"`
	SPEnterpriseID     string `csv:"spEnterpriseId"`
	ProvisioningID     string `csv:"provisioningId"`
	FirstName          string `csv:"firstName"`
	LastName           string `csv:"lastName"`
	Email              string `csv:"email"`
	Package            string `csv:"package"`
	PrimaryPhoneNumber string `csv:"primaryPhoneNumber"`
	MobilePhoneNumber  string `csv:"mobilePhoneNumber"`
	Extension          string `csv:"extension"`
	Language           string `csv:"language"`
	Timezone           string `csv:"timezone"`
}

var (
	mandatory = []string{"userId", "spEnterpriseId", "provisioningId", "firstName", "lastName"}
	columns   = append(slices.Clone(mandatory), "email", "package", "primaryPhoneNumber", "mobilePhoneNumber", "extension", "language", "timezone")
)

// UserColumns are the columns that WriteUsers writes, in their order.
var UserColumns = append(slices.Clone(columns), "status", "errorCode", "errorDescription", "created", "lastStatusChange", "selfActivated")

const (
	errorColumn  = "error"  // holds the reason in a file of rejected rows
	deleteColumn = "delete" // says who is to be deleted; read, never written
)

// imported is a Row as it is read.
type imported struct {
	Row
	Delete string
}

// UnmarshalCSVWithFields is called by gocsv for each cell; without it, reflection
// takes most of the time of reading a file.
func (r *imported) UnmarshalCSVWithFields(column, cell string) error {
	if field := r.field(column); field != nil {
		*field = cell
	}
	return nil
}

func (r *imported) field(column string) *string {
	switch column {
	case "userId":
		return &r.UserID
	case "spEnterpriseId":
		return &r.SPEnterpriseID
	case "provisioningId":
		return &r.ProvisioningID
	case "firstName":
		return &r.FirstName
	case "lastName":
		return &r.LastName
	case "email":
		return &r.Email
	case "package":
		return &r.Package
	case "primaryPhoneNumber":
		return &r.PrimaryPhoneNumber
	case "mobilePhoneNumber":
		return &r.MobilePhoneNumber
	case "extension":
		return &r.Extension
	case "language":
		return &r.Language
	case "timezone":
		return &r.Timezone
	case deleteColumn:
		return &r.Delete
	}
	return nil
}

func (r imported) subscriber() commands.OnboardSubscriber {
	return commands.OnboardSubscriber{Request: webex.Request{
		ProvisioningID: r.ProvisioningID, SPEnterpriseID: r.SPEnterpriseID, Email: r.Email, Language: r.Language,
		Profile: webex.Profile{
			UserID: r.UserID, FirstName: r.FirstName, LastName: r.LastName,
			PrimaryPhoneNumber: r.PrimaryPhoneNumber, MobilePhoneNumber: r.MobilePhoneNumber,
			Extension: r.Extension, Timezone: r.Timezone, Package: webex.Package(r.Package),
		},
	}}
}

// exported is the columns that are written.
type exported struct {
	Row
	Status           string `csv:"status"`
	ErrorCode        string `csv:"errorCode"`
	ErrorDescription string `csv:"errorDescription"`
	Created          string `csv:"created"`
	LastStatusChange string `csv:"lastStatusChange"`
	SelfActivated    bool   `csv:"selfActivated"`
}

func export(s webex.Subscriber) exported {
	e := exported{
		Row: Row{
			UserID: s.UserID, SPEnterpriseID: s.SPEnterpriseID, ProvisioningID: s.ProvisioningID,
			FirstName: s.FirstName, LastName: s.LastName, Email: s.Email, Package: string(s.Package),
			PrimaryPhoneNumber: s.PrimaryPhoneNumber, MobilePhoneNumber: s.MobilePhoneNumber,
			Extension: s.Extension, Language: s.Language, Timezone: s.Timezone,
		},
		Status: string(s.Status), Created: instant(s.Created), LastStatusChange: instant(s.LastStatusChange),
		SelfActivated: s.SelfActivated,
	}
	var codes, texts []string
	for _, problem := range s.Errors {
		codes = append(codes, fmt.Sprint(problem.Code))
		texts = append(texts, problem.Description)
	}
	e.ErrorCode, e.ErrorDescription = strings.Join(codes, "; "), strings.Join(texts, "; ")
	return e
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
