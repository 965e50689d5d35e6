package httpapi

import (
	"errors"
	"io"
	"net/http"
	"slices"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections/userstatus"
)

// Limits of a page of users.
const (
	userPage    = 50
	userMaxPage = 1000
)

// listUsers serves GET /api/users.
func (a *api) listUsers(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := userFilter(p)
	page := userstatus.Page{Limit: p.number("limit", userPage, 1, userMaxPage), After: p.text("cursor")}
	if p.oneOf("sort", "created", "-lastStatusChange") != "created" {
		page.Order = userstatus.ByStatusChange
	}
	if err := a.after(c, p); err != nil {
		return err
	}
	found, err := a.Users.List(c.Context(), c.partner(), f, page)
	if errors.Is(err, userstatus.ErrCursor) {
		return badCursor(err)
	}
	if err != nil {
		return err
	}
	body := struct {
		Items []user `json:"items"`
		Next  string `json:"next,omitempty"`
	}{make([]user, 0, len(found.Rows)), found.Next}
	for _, row := range found.Rows {
		body.Items = append(body.Items, showUser(row))
	}
	a.linkNext(w, c, found.Next)
	writeJSON(w, http.StatusOK, body)
	return nil
}

func userFilter(p *params) userstatus.Filter {
	f := userstatus.Filter{
		Text: p.text("q"), UserID: p.text("userId"), Email: p.text("email"), PersonID: p.text("personId"),
		ProvisioningID: p.text("template"), SPEnterpriseID: p.text("customer"),
		Packages: list(p, "package", webex.Packages), Statuses: p.statuses("status", allStatuses),
		Flow:               subscriber.Flow(p.oneOf("flow", "", string(subscriber.FlowThrough), string(subscriber.SelfActivation), string(subscriber.API))),
		ExcludeProvisioned: p.flag("excludeProvisioned"),
		SelfActivated:      p.truth("selfActivated"),
		StatusChangedAfter: p.strictlyAfter("changedAfter"),
		CreatedAfter:       p.strictlyAfter("createdAfter"),
		Removed:            p.flag("removed"),
		Quarantined:        p.flag("quarantined"),
	}
	return f
}

// allStatuses are Webex's and ours.
var allStatuses = append(slices.Clone(webex.Statuses), webex.Removing, webex.Removed)

// after waits until the views show what ?after= asks for, and refuses parameters
// that nobody has asked for until then.
func (a *api) after(c *call, p *params) error {
	at := p.position("after")
	if err := p.only(); err != nil || at == 0 {
		return err
	}
	return a.caughtUp(c, at)
}

func badCursor(err error) error {
	p := &params{}
	p.wrong.Add("cursor", domain.Malformed, "must be the cursor of the page before, with the same filters")
	return errors.Join(p.err(), err)
}

// getUser serves GET /api/users/{id}, from the log: always current.
func (a *api) getUser(w http.ResponseWriter, c *call) error {
	p := c.params()
	p.position("after") // holds anyway
	p.language()
	if err := p.only(); err != nil {
		return err
	}
	id, r, err := a.user(c, c.PathValue("id"))
	if err != nil {
		return err
	}
	return a.answerUser(w, c, http.StatusOK, id, r)
}

// countUsers serves GET /api/users/counts.
func (a *api) countUsers(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := userstatus.CountFilter{
		ProvisioningID: p.text("template"), SPEnterpriseID: p.text("customer"),
		CreatedAfter: p.instant("createdAfter"), CreatedBefore: p.instant("createdBefore"),
	}
	if err := a.after(c, p); err != nil {
		return err
	}
	counts, err := a.Users.Counts(c.Context(), c.partner(), f)
	if err != nil {
		return err
	}
	body := struct {
		Total    int                  `json:"total"`
		Statuses map[webex.Status]int `json:"statuses"`
	}{Statuses: counts}
	for _, n := range counts {
		body.Total += n
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// userMembers are the members of a user in a list, which lacks those that only a
// user asked for alone has.
var userMembers = slices.DeleteFunc(membersOf[user](), func(name string) bool { return name == "cause" || name == "next" || name == "held" })

// exportUsers serves GET /api/users/export.
func (a *api) exportUsers(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := userFilter(p)
	form := p.exportForm(a.UserColumns, userMembers)
	if err := a.after(c, p); err != nil {
		return err
	}
	rows := a.Users.All(c.Context(), c.partner(), f)
	return a.export(w, c, "users", form, func(w io.Writer) error {
		if form.csv {
			return a.WriteCSV(w, showing(rows, exportedUser), form.columns...)
		}
		return writeLines(w, showing(rows, showUser), form.columns)
	})
}

// exportedUser is a user with the values asked for, also those that are still on their
// way to Webex: an import of what was exported takes nothing back.
func exportedUser(r userstatus.Row) webex.Subscriber {
	shown := record(r.ID, r.State)
	shown.Profile = r.Profile
	return shown
}
