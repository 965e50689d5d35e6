package httpapi

import (
	"net/http"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/subscriber"
	"ledgerline/projections/causes"
	"ledgerline/projections/userstatus"
)

// Limits of lists of causes, and of the users of one.
const (
	causePage    = 100
	causeMaxPage = 500
)

// known is what the catalogue says of a cause, in the caller's language.
type known struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	Explanation string      `json:"explanation"`
	Fix         string      `json:"fix"`
	Who         cause.Who   `json:"who"`
	Retry       cause.Retry `json:"retry"`
	Shared      bool        `json:"shared"`
}

func knownIn(e cause.Entry, lang string) known {
	text := e.In(lang)
	return known{e.ID, text.Title, text.Explanation, text.Fix, e.Who, e.Retry, e.Shared}
}

// userCause is what stops one user.
type userCause struct {
	Fingerprint cause.Fingerprint `json:"fingerprint"`
	known
}

// causeOfUser returns the cause of a user who is stopped.
func causeOfUser(w http.ResponseWriter, r userstatus.Row, lang string) *userCause {
	spoken(w, lang)
	return &userCause{cause.Of(r.Errors, r.ProvisioningID), knownIn(cause.Find(r.Errors), lang)}
}

// spoken tells in which language the texts of an answer are.
func spoken(w http.ResponseWriter, lang string) {
	w.Header().Set("Content-Language", lang)
	w.Header().Set("Vary", "Accept-Language")
}

// causeItem is one cause with how many it stops.
type causeItem struct {
	userCause
	ErrorCode      int              `json:"errorCode,omitempty"`
	Text           string           `json:"text"`
	ProvisioningID string           `json:"provisioningId"`
	Stopped        int              `json:"stopped"`
	Ever           int              `json:"ever"`
	Through        int              `json:"through"`
	LastThrough    string           `json:"lastThrough,omitempty"`
	FirstSeen      string           `json:"firstSeen"`
	LastSeen       string           `json:"lastSeen"`
	Suggestion     *causeSuggestion `json:"suggestion,omitempty"`
}

// causeSuggestion is that others came through, so a retry is worth while.
type causeSuggestion struct {
	Through int    `json:"through"`
	Since   string `json:"since"`
	Retry   int    `json:"retry"`
}

func showCause(c causes.Cause, lang string) causeItem {
	shown := causeItem{
		userCause: userCause{c.Fingerprint, knownIn(c.Entry, lang)}, ErrorCode: c.Code, Text: c.Text, ProvisioningID: c.ProvisioningID,
		Stopped: c.Stopped, Ever: c.Ever, Through: c.Through, FirstSeen: stamp(c.First), LastSeen: stamp(c.Last),
	}
	if !c.Came.IsZero() {
		shown.LastThrough = stamp(c.Came)
	}
	if s, ok := c.Suggest(); ok {
		shown.Suggestion = &causeSuggestion{Through: s.Through, Since: stamp(s.Since), Retry: s.Retry}
	}
	return shown
}

// listCauses serves GET /api/causes.
func (a *api) listCauses(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := causes.Filter{
		ProvisioningID: p.text("template"), SPEnterpriseID: p.text("customer"), Past: p.flag("past"),
		Limit: p.number("limit", causePage, 1, causeMaxPage),
	}
	p.language()
	if err := a.after(c, p); err != nil {
		return err
	}
	found, err := a.Causes.List(c.Context(), c.partner(), f)
	if err != nil {
		return err
	}
	body := struct {
		Items []causeItem `json:"items"`
		All   int         `json:"all"`
	}{make([]causeItem, 0, len(found.Causes)), found.All}
	lang := c.language()
	for _, item := range found.Causes {
		body.Items = append(body.Items, showCause(item, lang))
	}
	spoken(w, lang)
	writeJSON(w, http.StatusOK, body)
	return nil
}

// causeCustomer is how a cause affects one customer.
type causeCustomer struct {
	SPEnterpriseID string `json:"spEnterpriseId"`
	Stopped        int    `json:"stopped"`
	Ever           int    `json:"ever"`
}

// getCause serves GET /api/causes/{fingerprint}.
func (a *api) getCause(w http.ResponseWriter, c *call) error {
	p := c.params()
	p.language()
	if err := a.after(c, p); err != nil {
		return err
	}
	f := cause.Fingerprint(c.PathValue("fingerprint"))
	found, customers, err := a.Causes.Get(c.Context(), c.partner(), f)
	if err != nil {
		return err
	}
	users, next, err := a.stoppedBy(c, f, "", causes.Page{Limit: userPage})
	if err != nil {
		return err
	}
	lang := c.language()
	body := struct {
		causeItem
		Customers []causeCustomer `json:"customers"`
		Users     []user          `json:"users"`
		Next      string          `json:"next,omitempty"`
	}{showCause(found, lang), make([]causeCustomer, len(customers)), users, next}
	for i, customer := range customers {
		body.Customers[i] = causeCustomer(customer)
	}
	spoken(w, lang)
	writeJSON(w, http.StatusOK, body)
	return nil
}

// causeUsers serves GET /api/causes/{fingerprint}/users.
func (a *api) causeUsers(w http.ResponseWriter, c *call) error {
	p := c.params()
	page := causes.Page{Limit: p.number("limit", userPage, 1, causeMaxPage)}
	customer := p.text("customer")
	if text := p.text("cursor"); text != "" {
		var err error
		if page.After, err = uuid.Parse(text); err != nil {
			p.wrong.Add("cursor", domain.Malformed, "must be the cursor of the page before, with the same filters")
		}
	}
	if err := a.after(c, p); err != nil {
		return err
	}
	users, next, err := a.stoppedBy(c, cause.Fingerprint(c.PathValue("fingerprint")), customer, page)
	if err != nil {
		return err
	}
	a.linkNext(w, c, next)
	writeJSON(w, http.StatusOK, struct {
		Items []user `json:"items"`
		Next  string `json:"next,omitempty"`
	}{users, next})
	return nil
}

// stoppedBy returns a page of the users whom a cause stops, as they are now.
func (a *api) stoppedBy(c *call, f cause.Fingerprint, customer string, page causes.Page) (users []user, next string, err error) {
	found, more, err := a.Causes.Subscribers(c.Context(), c.partner(), f, customer, page)
	users = make([]user, 0, len(found))
	for _, s := range found {
		r, err := current(c.Context(), a, c.partner(), userStream(s.ID), subscriber.Decider)
		if err != nil {
			return nil, "", err
		}
		users = append(users, showUser(userstatus.Row{ID: s.ID, Partner: c.partner(), Version: r.Version, Position: r.Position, State: r.Value}))
	}
	if more {
		next = found[len(found)-1].ID.String()
	}
	return users, next, err
}
