package httpapi

import (
	"net/http"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// userChange is one change of a subscriber.
type userChange func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error)

// changed carries out a change of the subscriber that a path names.
func (a *api) changed(c *call, text string, do userChange) (uuid.UUID, commands.Subscriber, error) {
	id, err := userID(text)
	if err != nil {
		return id, commands.Subscriber{}, err
	}
	why, err := c.cause()
	if err != nil {
		return id, commands.Subscriber{}, err
	}
	r, err := once(a, c, why, userStream(id), subscriber.Decider, func(s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
		return do(s, id, why)
	})
	return id, r, err
}

// change carries out a change of the user that the path names and answers with
// what it left behind.
func (a *api) change(w http.ResponseWriter, c *call, status int, do userChange) error {
	id, r, err := a.changed(c, c.PathValue("id"), do)
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	return a.answerUser(w, c, status, id, r)
}

// onboard carries out an onboarding.
func (a *api) onboard(c *call, req commands.OnboardSubscriber) (id uuid.UUID, r commands.Subscriber, err error) {
	why, err := c.cause()
	if err != nil {
		return id, r, err
	}
	return a.onboardFor(c, req, why)
}

// onboardFor is onboard for a cause that is known.
func (a *api) onboardFor(c *call, req commands.OnboardSubscriber, why domain.Cause) (id uuid.UUID, r commands.Subscriber, err error) {
	id = subscriber.ID(why.Partner, trimmed(req.UserID))
	r, err = once(a, c, why, userStream(id), subscriber.Decider, func(s *commands.Service, why domain.Cause) (commands.Subscriber, error) {
		holder, r, err := s.OnboardSubscriber(c.Context(), req, why)
		if err == nil {
			id = holder // of the BroadWorks user id, which may have been another's
		}
		return r, err
	})
	return id, r, err
}

// newUser is the values of a user who is not there yet.
type newUser struct {
	v1Request
	Flow subscriber.Flow `json:"flow"`
}

// onboarding reads the body of a new user.
func (a *api) onboarding(w http.ResponseWriter, c *call) (req commands.OnboardSubscriber, err error) {
	var body newUser
	err = decode(w, c, &body)
	return a.asked(c, body, err)
}

// asked is the onboarding that values stand for, with all mistakes if reading them
// found any.
func (a *api) asked(c *call, body newUser, err error) (req commands.OnboardSubscriber, _ error) {
	wrong, ok := fieldsOf(err)
	if !ok {
		return req, err
	}
	switch body.Flow {
	case "", subscriber.API, subscriber.FlowThrough, subscriber.SelfActivation:
	default:
		wrong.Add("flow", domain.Malformed, "must be one of api, flow_through, self_activation")
	}
	return commands.OnboardSubscriber{Request: body.request(), Flow: body.Flow}, a.mistakes(c, body.v1Request, wrong)
}

// onboardUser serves POST /api/users: 201 for a new user, 200 for one that is
// there already with these values.
func (a *api) onboardUser(w http.ResponseWriter, c *call) error {
	req, err := a.onboarding(w, c)
	if err != nil {
		return err
	}
	id, r, err := a.onboard(c, req)
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	if !r.Changed {
		return a.answerUser(w, c, http.StatusOK, id, r)
	}
	w.Header().Set("Location", "/api/users/"+id.String())
	return a.answerUser(w, c, http.StatusCreated, id, r)
}

// detailsBody is what can be changed of a user; absent stays, empty removes.
type detailsBody struct {
	UserID             *string `json:"userId"`
	FirstName          *string `json:"firstName"`
	LastName           *string `json:"lastName"`
	PrimaryPhoneNumber *string `json:"primaryPhoneNumber"`
	MobilePhoneNumber  *string `json:"mobilePhoneNumber"`
	Extension          *string `json:"extension"`
	Timezone           *string `json:"timezone"`
}

func (b detailsBody) change(id uuid.UUID) commands.ChangeSubscriber {
	return commands.ChangeSubscriber{
		ID: id, UserID: b.UserID, FirstName: b.FirstName, LastName: b.LastName, PrimaryPhoneNumber: b.PrimaryPhoneNumber,
		MobilePhoneNumber: b.MobilePhoneNumber, Extension: b.Extension, Timezone: b.Timezone,
	}
}

// changeUser serves PATCH /api/users/{id}.
func (a *api) changeUser(w http.ResponseWriter, c *call) error {
	var body detailsBody
	if err := decode(w, c, &body); err != nil {
		return err
	}
	return a.change(w, c, http.StatusOK, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.ChangeSubscriber(c.Context(), body.change(id), why)
	})
}

// changePackage serves PUT /api/users/{id}/package.
func (a *api) changePackage(w http.ResponseWriter, c *call) error {
	var body struct {
		Package string `json:"package"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	return a.change(w, c, http.StatusOK, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.ChangeSubscriber(c.Context(), commands.ChangeSubscriber{ID: id, Package: &body.Package}, why)
	})
}

// retryUser serves POST /api/users/{id}/retry.
func (a *api) retryUser(w http.ResponseWriter, c *call) error {
	var body struct {
		Email string `json:"email"`
	}
	if err := decodeOptional(w, c, &body); err != nil {
		return err
	}
	return a.change(w, c, http.StatusAccepted, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.RetryActivation(c.Context(), commands.RetryActivation{ID: id, Email: body.Email}, why)
	})
}

// cancelRetry serves DELETE /api/users/{id}/retry.
func (a *api) cancelRetry(w http.ResponseWriter, c *call) error {
	return a.change(w, c, http.StatusOK, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.CancelRetry(c.Context(), id, why)
	})
}

// deleteUser serves DELETE /api/users/{id}. Deleting again changes nothing.
func (a *api) deleteUser(w http.ResponseWriter, c *call) error {
	return a.change(w, c, http.StatusAccepted, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.DeleteSubscriber(c.Context(), id, why)
	})
}

// resendConsent serves POST /api/users/{id}/consent-mail.
func (a *api) resendConsent(w http.ResponseWriter, c *call) error {
	return a.change(w, c, http.StatusAccepted, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.ResendConsent(c.Context(), id, why)
	})
}

// submitEmail serves POST /api/users/{id}/email.
func (a *api) submitEmail(w http.ResponseWriter, c *call) error {
	email, err := emailBody(w, c)
	if err != nil {
		return err
	}
	return a.change(w, c, http.StatusOK, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.SubmitEmail(c.Context(), commands.SubmitEmail{ID: id, Email: email}, why)
	})
}

// validateEmail serves POST /api/users/{id}/email/validation.
func (a *api) validateEmail(w http.ResponseWriter, c *call) error {
	email, err := emailBody(w, c)
	if err != nil {
		return err
	}
	return a.change(w, c, http.StatusAccepted, func(s *commands.Service, id uuid.UUID, why domain.Cause) (commands.Subscriber, error) {
		return s.ValidateEmail(c.Context(), commands.ValidateEmail{ID: id, Email: email}, why)
	})
}

func emailBody(w http.ResponseWriter, c *call) (string, error) {
	var body struct {
		Email string `json:"email"`
	}
	if err := decode(w, c, &body); err != nil {
		return "", err
	}
	var f domain.Fields
	if body.Email = trimmed(body.Email); body.Email == "" {
		f.Add("email", domain.Missing, "is missing; enter a valid e-mail address")
	}
	return body.Email, f.Err()
}
