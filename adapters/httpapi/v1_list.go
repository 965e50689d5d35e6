package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"ledgerline/domain/webex"
	"ledgerline/projections/userstatus"
)

// Limits of a page of /v1.
const (
	v1Page    = 50
	v1MaxPage = 100
)

// v1List serves GET /v1/broadworks/subscribers.
func (a *api) v1List(w http.ResponseWriter, c *call) error {
	f, page, err := v1Filter(c.params())
	if err != nil {
		return err
	}
	list, err := a.Users.List(c.Context(), c.partner(), f, page)
	if err != nil {
		return err
	}
	if plus, differs := withPlus(f); differs && len(list.Rows) == 0 {
		if list, err = a.Users.List(c.Context(), c.partner(), plus, page); err != nil {
			return err
		}
	}
	body := struct {
		Items []v1Subscriber `json:"items"`
	}{make([]v1Subscriber, 0, len(list.Rows))}
	for _, row := range list.Rows {
		body.Items = append(body.Items, showV1(row.ID, row.State))
	}
	a.v1Links(w, c, page, list.Next != "")
	writeJSON(w, http.StatusOK, body)
	return nil
}

// v1Filter reads the parameters of a list. Others are ignored.
func v1Filter(p *params) (userstatus.Filter, userstatus.Page, error) {
	f := userstatus.Filter{
		UserID: p.text("userId"), PersonID: strings.TrimRight(p.text("personId"), "="), Email: p.text("email"),
		ProvisioningID: p.text("provisioningId"), SPEnterpriseID: p.text("spEnterpriseId"),
		Statuses: p.statuses("status", webex.Statuses), SelfActivated: p.truth("selfActivated"),
		StatusChangedAfter: p.strictlyAfter("lastStatusChange"), CreatedAfter: p.strictlyAfter("after"),
	}
	if f.Statuses == nil {
		f.Statuses = webex.Statuses // subscribers that are being removed are absent
	}
	page := userstatus.Page{Limit: p.number("max", v1Page, 1, v1MaxPage), Offset: p.number("offset", 0, 0, 1<<31-1)}
	return f, page, p.err()
}

// withPlus returns the filter that is meant when somebody wrote a + without
// percent-encoding it, so that it arrived as a space.
func withPlus(f userstatus.Filter) (plus userstatus.Filter, differs bool) {
	plus = f
	for _, text := range []*string{&plus.UserID, &plus.Email, &plus.SPEnterpriseID} {
		differs = differs || strings.Contains(*text, " ")
		*text = strings.ReplaceAll(*text, " ", "+")
	}
	return plus, differs
}

// v1Links sets the Link header of a page.
func (a *api) v1Links(w http.ResponseWriter, c *call, page userstatus.Page, more bool) {
	at := func(offset int) url.Values {
		q := c.URL.Query()
		q.Set("max", strconv.Itoa(page.Limit))
		q.Set("offset", strconv.Itoa(offset))
		return q
	}
	var links []string
	if page.Offset > 0 {
		links = append(links, a.link(c, "first", at(0)), a.link(c, "prev", at(max(0, page.Offset-page.Limit))))
	}
	if more {
		links = append(links, a.link(c, "next", at(page.Offset+page.Limit)))
	}
	if links != nil {
		w.Header().Set("Link", strings.Join(links, ", "))
	}
}
