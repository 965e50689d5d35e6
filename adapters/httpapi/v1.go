package httpapi

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// v1Subscriber is a subscriber in the words of Webex.
// Source: https://developer.webex.com/docs/api/v1/broadworks-subscribers
type v1Subscriber struct {
	ID                 string        `json:"id"`
	PersonID           string        `json:"personId,omitempty"`
	UserID             string        `json:"userId"`
	SPEnterpriseID     string        `json:"spEnterpriseId"`
	FirstName          string        `json:"firstName"`
	LastName           string        `json:"lastName"`
	Email              string        `json:"email,omitempty"`
	PrimaryPhoneNumber string        `json:"primaryPhoneNumber,omitempty"`
	MobilePhoneNumber  string        `json:"mobilePhoneNumber,omitempty"`
	Extension          string        `json:"extension,omitempty"`
	Package            webex.Package `json:"package"`
	Status             webex.Status  `json:"status"`
	Errors             []webex.Error `json:"errors,omitempty"`
	Created            string        `json:"created"`
	LastStatusChange   string        `json:"lastStatusChange"`
	ProvisioningID     string        `json:"provisioningId"`
	SelfActivated      bool          `json:"selfActivated"`
}

func showV1(id uuid.UUID, s subscriber.State) v1Subscriber {
	r := record(id, s)
	return v1Subscriber{
		ID: r.ID, PersonID: r.PersonID, UserID: r.UserID, SPEnterpriseID: r.SPEnterpriseID,
		FirstName: r.FirstName, LastName: r.LastName, Email: r.Email, PrimaryPhoneNumber: r.PrimaryPhoneNumber,
		MobilePhoneNumber: r.MobilePhoneNumber, Extension: r.Extension, Package: r.Package, Status: r.Status,
		Errors: r.Errors, Created: stamp(r.Created), LastStatusChange: stamp(r.LastStatusChange),
		ProvisioningID: r.ProvisioningID, SelfActivated: r.SelfActivated,
	}
}

// v1Request is what a subscriber is provisioned with.
type v1Request struct {
	ProvisioningID     string `json:"provisioningId"`
	UserID             string `json:"userId"`
	SPEnterpriseID     string `json:"spEnterpriseId"`
	FirstName          string `json:"firstName"`
	LastName           string `json:"lastName"`
	Package            string `json:"package"`
	PrimaryPhoneNumber string `json:"primaryPhoneNumber"`
	MobilePhoneNumber  string `json:"mobilePhoneNumber"`
	Extension          string `json:"extension"`
	Email              string `json:"email"`
	Language           string `json:"language"`
	Timezone           string `json:"timezone"`
}

func (b v1Request) request() webex.Request {
	return webex.Request{
		Profile: webex.Profile{
			UserID: b.UserID, FirstName: b.FirstName, LastName: b.LastName, PrimaryPhoneNumber: b.PrimaryPhoneNumber,
			MobilePhoneNumber: b.MobilePhoneNumber, Extension: b.Extension, Timezone: b.Timezone, Package: webex.Package(b.Package),
		},
		ProvisioningID: b.ProvisioningID, SPEnterpriseID: b.SPEnterpriseID, Email: b.Email, Language: b.Language,
	}
}

// onboard is the command that the values stand for, without the template's terms.
func (b v1Request) onboard() subscriber.Onboard {
	r := b.request()
	return subscriber.Onboard{ProvisioningID: r.ProvisioningID, SPEnterpriseID: r.SPEnterpriseID, Profile: r.Profile, Email: r.Email, Language: r.Language}
}

// missing names the mandatory fields that are not given. Webex asks for the
// package, which /api takes from the template.
func (b v1Request) missing() (f domain.Fields) {
	for _, field := range []struct{ name, value string }{
		{"provisioningId", b.ProvisioningID}, {"userId", b.UserID}, {"spEnterpriseId", b.SPEnterpriseID},
		{"firstName", b.FirstName}, {"lastName", b.LastName}, {"package", b.Package},
	} {
		if strings.TrimSpace(field.value) == "" {
			f.Add(field.name, domain.Missing, "is missing")
		}
	}
	return f
}

// v1Provision serves POST /v1/broadworks/subscribers.
func (a *api) v1Provision(w http.ResponseWriter, c *call) error {
	var body v1Request
	err := decode(w, c, &body)
	wrong, ok := fieldsOf(err)
	if !ok {
		return err
	}
	if err := a.mistakes(c, body, together(wrong, body.missing())); err != nil {
		return err
	}
	id, r, err := a.onboard(c, commands.OnboardSubscriber{Request: body.request()})
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	writeJSON(w, http.StatusOK, showV1(id, r.Value))
	return nil
}

// v1Validate serves POST /v1/broadworks/subscribers/validate.
func (a *api) v1Validate(w http.ResponseWriter, c *call) error {
	var body struct {
		v1Request
		CustomerInfo *struct {
			PrimaryEmail string `json:"primaryEmail"`
		} `json:"customerInfo"`
	}
	err := decode(w, c, &body)
	wrong, ok := fieldsOf(err)
	if !ok {
		return err
	}
	if len(wrong) == 0 && body.CustomerInfo != nil && strings.TrimSpace(body.CustomerInfo.PrimaryEmail) == "" {
		wrong.Add("customerInfo.primaryEmail", domain.Missing, "is missing")
	}
	if len(wrong) > 0 {
		given, _ := body.onboard().Clean()
		more, _ := fieldsOf(given.CheckGiven())
		return together(wrong, more).Err()
	}
	if err := a.Service.PrecheckSubscriber(c.Context(), body.request(), c.partner()); err != nil {
		return err
	}
	type info struct {
		InfoCode    int    `json:"infoCode"`
		Description string `json:"description"`
	}
	writeJSON(w, http.StatusOK, struct {
		Message string `json:"message"`
		Info    []info `json:"info"`
	}{"success", []info{{100, "Provisioning precheck validation successful."}}})
	return nil
}

// v1Get serves GET /v1/broadworks/subscribers/{subscriberId}.
func (a *api) v1Get(w http.ResponseWriter, c *call) error {
	id, r, err := a.v1Here(c)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, showV1(id, r.Value))
	return nil
}

// v1Here reads the subscriber of the path. One that is being removed is absent.
func (a *api) v1Here(c *call) (uuid.UUID, commands.Subscriber, error) {
	text := c.PathValue("subscriberId")
	if _, ok := webex.DecodeID(webex.TypeSubscriber, text); !ok {
		return uuid.UUID{}, commands.Subscriber{}, errNotFound
	}
	id, r, err := a.user(c, text)
	if err == nil && !r.Value.Here() {
		err = errNotFound
	}
	return id, r, err
}

// v1Update serves PUT /v1/broadworks/subscribers/{subscriberId}.
func (a *api) v1Update(w http.ResponseWriter, c *call) error {
	var body struct {
		detailsBody
		lasting
		Package *string `json:"package"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	return a.v1Change(w, c, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		if err := a.lasts(c, id, body.lasting); err != nil {
			return commands.Subscriber{}, err
		}
		change := body.change(id)
		change.Package = body.Package
		return s.ChangeSubscriber(c.Context(), change, why)
	}, func(id uuid.UUID, r commands.Subscriber) {
		writeJSON(w, http.StatusOK, showV1(id, r.Value))
	})
}

// lasting is what stays as it is while a subscriber is provisioned.
// Source: PUT /broadworks/subscribers/{subscriberId}.
type lasting struct {
	Email          *string `json:"email"`
	SPEnterpriseID *string `json:"spEnterpriseId"`
	ProvisioningID *string `json:"provisioningId"`
	Language       *string `json:"language"`
}

// lasts refuses values that are not the current ones.
func (a *api) lasts(c *call, id uuid.UUID, b lasting) error {
	if b == (lasting{}) {
		return nil
	}
	_, r, err := a.user(c, id.String())
	if err != nil {
		return err
	}
	if !r.Value.Here() {
		return errNotFound
	}
	var f domain.Fields
	for _, field := range []struct {
		name  string
		asked *string
		have  string
		form  func(string) string
	}{
		{"email", b.Email, r.Value.Email, subscriber.CanonicalEmail},
		{"spEnterpriseId", b.SPEnterpriseID, r.Value.SPEnterpriseID, trimmed},
		{"provisioningId", b.ProvisioningID, r.Value.ProvisioningID, func(id string) string { return strings.TrimRight(id, "=") }},
		{"language", b.Language, r.Value.Language, trimmed},
	} {
		if field.asked != nil && field.form(trimmed(*field.asked)) != field.form(field.have) {
			f.Add(field.name, domain.Malformed, "cannot be changed; remove the subscriber and provision it again")
		}
	}
	return f.Err()
}

// v1Remove serves DELETE /v1/broadworks/subscribers/{subscriberId}.
func (a *api) v1Remove(w http.ResponseWriter, c *call) error {
	return a.v1Change(w, c, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		r, err := s.DeleteSubscriber(c.Context(), id, why)
		if err == nil && !r.Changed {
			err = errNotFound // somebody else removed it
		}
		return r, err
	}, func(uuid.UUID, commands.Subscriber) { w.WriteHeader(http.StatusNoContent) })
}

// v1ConsentMove serves POST /v1/subscribers/{subscriberId}/emails/consentMove.
func (a *api) v1ConsentMove(w http.ResponseWriter, c *call) error {
	return a.v1Change(w, c, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.ResendConsent(c.Context(), id, why)
	}, func(uuid.UUID, commands.Subscriber) { w.WriteHeader(http.StatusNoContent) })
}

// v1Change carries out one change of the subscriber of the path.
func (a *api) v1Change(w http.ResponseWriter, c *call, do userChange, answer func(uuid.UUID, commands.Subscriber)) error {
	if _, ok := webex.DecodeID(webex.TypeSubscriber, c.PathValue("subscriberId")); !ok {
		return errNotFound
	}
	id, r, err := a.changed(c, c.PathValue("subscriberId"), do)
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	answer(id, r)
	return nil
}
