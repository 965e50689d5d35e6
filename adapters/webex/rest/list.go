package rest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// largestPage is the most that Webex allows.
const largestPage = 100

// FindSubscriber lists by userId. Webex may show several records of one user,
// a working one beside attempts that failed; one that did not fail comes first,
// then the latest. Letters of another case do not make another user.
func (c *Client) FindSubscriber(ctx context.Context, userID string) (webex.Subscriber, bool, error) {
	var best webex.Subscriber
	found := false
	for s, err := range commands.WebexRecords(ctx, c, commands.WebexFilter{UserID: userID}) {
		if err != nil {
			return webex.Subscriber{}, false, err
		}
		if strings.EqualFold(s.UserID, userID) && (!found || better(s, best)) {
			best, found = s, true
		}
	}
	return best, found, nil
}

func better(a, b webex.Subscriber) bool {
	if failed := a.Status == webex.Failed; failed != (b.Status == webex.Failed) {
		return !failed
	}
	return a.Created.After(b.Created)
}

// Page sends GET /broadworks/subscribers, or reads the address that rel="next"
// of the page before gave, on the same host only.
func (c *Client) Page(ctx context.Context, f commands.WebexFilter, from string) (commands.WebexPage, error) {
	if from == "" {
		from = c.at("broadworks", "subscribers") + "?" + query(f).Encode()
	}
	items, next, err := c.page(ctx, from)
	page := commands.WebexPage{Next: next}
	for _, r := range items {
		page.Records = append(page.Records, r.subscriber())
	}
	return page, err
}

// page reads one page and says where the next one is; empty: nowhere.
func (c *Client) page(ctx context.Context, address string) (items []record, next string, err error) {
	r, err := c.read(ctx, address)
	if err != nil {
		return nil, "", err
	}
	var body struct {
		Items *[]record `json:"items"`
	}
	if err := understood(r, &body); err != nil {
		return nil, "", err
	}
	if body.Items == nil {
		return nil, "", unreadable(r, errors.New("a list without items"))
	}
	if next, err = sameOrigin(address, nextLink(r.header.Values("Link"))); err != nil {
		return nil, "", unreadable(r, err)
	}
	return *body.Items, next, nil
}

// sameOrigin returns the next address, provided that it is on the same host:
// the token goes nowhere else.
func sameOrigin(from, next string) (string, error) {
	if next == "" {
		return "", nil
	}
	here, err := url.Parse(from)
	if err != nil {
		return "", err
	}
	there, err := here.Parse(next)
	if err != nil {
		return "", err
	}
	if there.Scheme != here.Scheme || !strings.EqualFold(there.Host, here.Host) || there.User != nil {
		return "", fmt.Errorf("the next page is elsewhere: %s://%s", there.Scheme, there.Host)
	}
	if there.IsAbs() && strings.HasPrefix(next, there.Scheme+"://") {
		return next, nil
	}
	return there.String(), nil
}

func query(f commands.WebexFilter) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"userId":           f.UserID,
		"personId":         f.PersonID,
		"email":            f.Email,
		"provisioningId":   f.ProvisioningID,
		"spEnterpriseId":   f.SPEnterpriseID,
		"status":           joined(f.Statuses),
		"lastStatusChange": millis(f.LastStatusChange),
		"after":            millis(f.CreatedAfter),
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.SelfActivated != nil {
		q.Set("selfActivated", strconv.FormatBool(*f.SelfActivated))
	}
	size := f.PageSize
	if size <= 0 || size > largestPage {
		size = largestPage
	}
	q.Set("max", strconv.Itoa(size))
	return q
}

func joined(statuses []webex.Status) string {
	var texts []string
	for _, s := range statuses {
		texts = append(texts, string(s))
	}
	return strings.Join(texts, ",")
}

// millis is how Webex prefers times in a query.
func millis(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return strconv.FormatInt(at.UnixMilli(), 10)
}
