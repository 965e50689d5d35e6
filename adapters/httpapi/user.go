package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections/userstatus"
)

// record is a subscriber as Webex would show it: of one that is at Webex, the
// values that are there, not those on the way.
func record(id uuid.UUID, s subscriber.State) webex.Subscriber {
	shown := webex.Subscriber{
		Request: webex.Request{
			Profile: s.Profile, ProvisioningID: s.ProvisioningID, SPEnterpriseID: s.SPEnterpriseID,
			Email: s.Email, Language: s.Language,
		},
		ID: webex.EncodeID(webex.TypeSubscriber, id), Status: s.Status(), Errors: s.Errors,
		Created: s.Created, LastStatusChange: s.StatusChanged, SelfActivated: s.Flow == subscriber.SelfActivation,
	}
	if s.PersonID != "" && s.Applied.UserID != "" {
		shown.Profile = s.Applied
	}
	if shown.Status == webex.Provisioned {
		shown.PersonID = s.PersonID
	}
	return shown
}

// user is a subscriber in /api: everything known, and the values wanted.
type user struct {
	ID                 uuid.UUID       `json:"id"`
	SubscriberID       string          `json:"subscriberId"` // the same id as /v1 writes it
	UserID             string          `json:"userId"`
	SPEnterpriseID     string          `json:"spEnterpriseId"`
	ProvisioningID     string          `json:"provisioningId"`
	FirstName          string          `json:"firstName"`
	LastName           string          `json:"lastName"`
	Email              string          `json:"email,omitempty"`
	EmailTrusted       bool            `json:"emailTrusted"`
	PrimaryPhoneNumber string          `json:"primaryPhoneNumber,omitempty"`
	MobilePhoneNumber  string          `json:"mobilePhoneNumber,omitempty"`
	Extension          string          `json:"extension,omitempty"`
	Language           string          `json:"language,omitempty"`
	Timezone           string          `json:"timezone,omitempty"`
	Package            webex.Package   `json:"package"`
	Status             webex.Status    `json:"status"`
	Pending            webex.Status    `json:"pending,omitempty"`        // the requirement that somebody has to meet
	OutcomeUnknown     bool            `json:"outcomeUnknown,omitempty"` // whether Webex carried out the last request is being found out
	Errors             []webex.Error   `json:"errors,omitempty"`
	Cause              *userCause      `json:"cause,omitempty"` // of Errors, where one user is shown
	Flow               subscriber.Flow `json:"flow"`
	SelfActivated      bool            `json:"selfActivated"`
	PersonID           string          `json:"personId,omitempty"`
	Created            string          `json:"created"`
	LastStatusChange   string          `json:"lastStatusChange"`
	Changed            string          `json:"changed"`
	Quarantined        bool            `json:"quarantined,omitempty"` // the engine gave up; errors say why
	NextTry            string          `json:"nextTry,omitempty"`     // when the process looks again; absent: a person's turn
	Next               *nextStep       `json:"next,omitempty"`        // only of a user asked for alone
	Held               *heldBy         `json:"held,omitempty"`        // likewise
	Version            int             `json:"version"`
	Position           uint64          `json:"position"`
}

func showUser(r userstatus.Row) user {
	p := r.Profile
	u := user{
		ID: r.ID, SubscriberID: webex.EncodeID(webex.TypeSubscriber, r.ID), UserID: p.UserID,
		SPEnterpriseID: r.SPEnterpriseID, ProvisioningID: r.ProvisioningID, FirstName: p.FirstName, LastName: p.LastName,
		Email: r.Email, EmailTrusted: r.EmailTrusted, PrimaryPhoneNumber: p.PrimaryPhoneNumber,
		MobilePhoneNumber: p.MobilePhoneNumber, Extension: p.Extension, Language: r.Language, Timezone: p.Timezone,
		Package: p.Package, Status: r.Status(), Pending: r.Pending(), OutcomeUnknown: r.Request.Phase == subscriber.Lost,
		Errors: r.Errors, Flow: r.Flow, SelfActivated: r.SelfActivated(), PersonID: r.PersonID,
		Created: stamp(r.Created), LastStatusChange: stamp(r.StatusChanged), Changed: stamp(r.Changed),
		Quarantined: r.Quarantined, Version: r.Version, Position: uint64(r.Position),
	}
	if at, due := r.NextTry(); due {
		u.NextTry = stamp(at)
	}
	return u
}

// stamp writes a time as Webex does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// userID reads the id in a path: a uuid, or the id that /v1 shows.
//
// Errors: errNotFound for any other text.
func userID(text string) (uuid.UUID, error) {
	if id, ok := webex.DecodeID(webex.TypeSubscriber, text); ok {
		return id, nil
	}
	if id, err := uuid.Parse(text); err == nil && len(text) == 36 {
		return id, nil
	}
	return uuid.UUID{}, errNotFound
}

func userStream(id uuid.UUID) string { return userstatus.Row{ID: id}.Stream() }

// user reads a subscriber from the log, so that it is always current.
//
// Errors: errNotFound.
func (a *api) user(c *call, text string) (uuid.UUID, commands.Subscriber, error) {
	id, err := userID(text)
	if err != nil {
		return id, commands.Subscriber{}, err
	}
	r, err := current(c.Context(), a, c.partner(), userStream(id), subscriber.Decider)
	if err == nil && r.Value.Lives == 0 {
		err = errNotFound // a name that is claimed by another's stream
	}
	return id, r, err
}

// answerUser answers with a subscriber as a use case left it.
func (a *api) answerUser(w http.ResponseWriter, c *call, status int, id uuid.UUID, r commands.Subscriber) error {
	w.Header().Set("ETag", etag(r.Version))
	row := userstatus.Row{ID: id, Partner: c.partner(), Version: r.Version, Position: r.Position, State: r.Value}
	shown := showUser(row)
	if row.Stage == subscriber.Stopped {
		shown.Cause = causeOfUser(w, row, c.language())
	}
	if c.Method == http.MethodGet {
		if err := a.showObstacles(c, &shown, row); err != nil {
			return err
		}
	}
	writeJSON(w, status, shown)
	return nil
}
