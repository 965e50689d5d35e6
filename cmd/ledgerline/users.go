package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"ledgerline/domain/webex"
)

func usersCommand() *cobra.Command {
	return noun("users", "Users on their way to, in, or out of Webex",
		usersListCommand(), usersShowCommand(), usersAddCommand(), usersExplainCommand(), usersRetryCommand(), usersCancelRetryCommand(), usersChangePackageCommand(), usersDeleteCommand(), usersExportCommand())
}

// userFilter is the flags that choose users.
type userFilter struct {
	statuses, packages              []string
	template, customer, query       string
	excludeProvisioned, withRemoved bool
	quarantined                     bool
}

func (f *userFilter) flags(c *cobra.Command) {
	c.Flags().StringSliceVar(&f.statuses, "status", nil, "only these statuses: "+statusNames())
	c.Flags().StringSliceVar(&f.packages, "package", nil, "only these packages: softphone, basic, standard, premium")
	c.Flags().StringVar(&f.template, "template", "", "only users of this template (its provisioning id)")
	c.Flags().StringVar(&f.customer, "customer", "", "only users of this enterprise (spEnterpriseId)")
	c.Flags().StringVarP(&f.query, "query", "q", "", "only users in whose ids, names, addresses or numbers this occurs")
	c.Flags().BoolVar(&f.excludeProvisioned, "exclude-provisioned", false, "only users with errors or pending requirements")
	c.Flags().BoolVar(&f.quarantined, "quarantined", false, "only users whom the engine gave up because Webex never answered")
	c.Flags().BoolVar(&f.withRemoved, "with-removed", false, "users who were removed, too")
}

func statusNames() string {
	names := make([]string, len(webex.Statuses))
	for i, s := range webex.Statuses {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}

func (f *userFilter) values() url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"status": strings.Join(f.statuses, ","), "package": strings.Join(f.packages, ","),
		"template": f.template, "customer": f.customer, "q": f.query,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if f.excludeProvisioned {
		v.Set("excludeProvisioned", "true")
	}
	if f.quarantined {
		v.Set("quarantined", "true")
	}
	if f.withRemoved {
		v.Set("removed", "true")
	}
	return v
}

// user is a user as the API shows it.
type user struct {
	ID                 string `json:"id"`
	UserID             string `json:"userId"`
	SPEnterpriseID     string `json:"spEnterpriseId"`
	ProvisioningID     string `json:"provisioningId"`
	FirstName          string `json:"firstName"`
	LastName           string `json:"lastName"`
	Email              string `json:"email"`
	EmailTrusted       bool   `json:"emailTrusted"`
	PrimaryPhoneNumber string `json:"primaryPhoneNumber"`
	MobilePhoneNumber  string `json:"mobilePhoneNumber"`
	Extension          string `json:"extension"`
	Language           string `json:"language"`
	Timezone           string `json:"timezone"`
	Package            string `json:"package"`
	Status             string `json:"status"`
	Pending            string `json:"pending"`
	OutcomeUnknown     bool   `json:"outcomeUnknown"`
	Errors             []struct {
		Code        int    `json:"errorCode"`
		Description string `json:"description"`
	} `json:"errors"`
	Cause struct {
		Fingerprint string `json:"fingerprint"`
		Title       string `json:"title"`
		Fix         string `json:"fix"`
	} `json:"cause"`
	Flow             string `json:"flow"`
	PersonID         string `json:"personId"`
	Created          string `json:"created"`
	LastStatusChange string `json:"lastStatusChange"`
	NextTry          string `json:"nextTry"`
	Quarantined      bool   `json:"quarantined"`
	Next             struct {
		What    string `json:"what"`
		At      string `json:"at"`
		Attempt int    `json:"attempt"`
		Of      int    `json:"of"`
	} `json:"next"`
	Held *struct {
		ID     string `json:"id"`
		Reason string `json:"reason"`
	} `json:"held"`
}

func (u user) errorText() string {
	texts := make([]string, len(u.Errors))
	for i, e := range u.Errors {
		texts[i] = e.Description
		if e.Code != 0 {
			texts[i] = fmt.Sprintf("%d %s", e.Code, e.Description)
		}
	}
	return strings.Join(texts, "; ")
}

// pending says in words what somebody has to do before a user can go on.
var pending = map[string]string{
	string(webex.PendingEmailInput):      "the user is to enter an e-mail address",
	string(webex.PendingEmailValidation): "the user is to validate the e-mail address",
	string(webex.PendingUserMigration):   "the user is to let an existing Webex account move",
}

func usersListCommand() *cobra.Command {
	var f userFilter
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List users", Args: arguments(cobra.NoArgs),
		Example: `  ledgerline users list --exclude-provisioned
  ledgerline users list --status error --customer SP1+ent8
  ledgerline users list -q berg --json | jq .userId`,
		RunE: verb(func(c *cli, _ []string) error { return listUsers(c, &f, limit) }),
	}
	f.flags(c)
	c.Flags().IntVar(&limit, "limit", 100, "at most so many; 0: all")
	return c
}

func listUsers(c *cli, f *userFilter, limit int) error {
	if limit < 0 {
		return usageError{errors.New("--limit must not be negative")}
	}
	var rows [][]string
	more, err := c.each(c.ctx, "/api/users", f.values(), limit, func(item json.RawMessage) error {
		if c.json {
			return c.line(item)
		}
		var u user
		err := json.Unmarshal(item, &u)
		note := u.errorText()
		if note == "" {
			note = pending[u.Pending]
		}
		rows = append(rows, []string{u.UserID, u.FirstName + " " + u.LastName, u.Package, u.Status, u.SPEnterpriseID, shorten(note, 60)})
		return err
	})
	if err != nil {
		return err
	}
	if !c.json && len(rows) > 0 {
		c.table([]string{"BROADWORKS ID", "NAME", "PACKAGE", "STATUS", "CUSTOMER", "NOTE"}, rows)
	}
	switch {
	case more:
		c.say("There are more; --limit 0 shows all.")
	case !c.json && len(rows) == 0:
		c.say("No users are like that.")
	}
	return nil
}

func shorten(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-3]) + "..."
	}
	return text
}

func usersShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show USER", Short: "Show everything about one user, errors and pending requirement included",
		Long:    "Show everything about one user, named by BroadWorks user id or by our id.",
		Example: "  ledgerline users show 359200000008@as0.example",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE:    verb(showUser),
	}
}

func showUser(c *cli, args []string) error {
	found, err := c.find(args[0])
	if err != nil {
		return err
	}
	var u user // again, because lists may be a moment old
	text, err := c.get(c.ctx, userPath(found.ID), nil, &u)
	if err != nil {
		return err
	}
	if c.json {
		return c.line(text)
	}
	email := u.Email
	if email != "" && !u.EmailTrusted {
		email += " (not validated)"
	}
	unknown := ""
	if u.OutcomeUnknown {
		unknown = "whether Webex carried out the last request is being found out"
	}
	quarantine, held := "", ""
	if u.Quarantined {
		quarantine = "nothing more is asked of Webex for this user"
	}
	if u.Held != nil {
		held = u.Held.Reason
	}
	c.facts([][2]string{
		{"BroadWorks id", u.UserID}, {"Name", u.FirstName + " " + u.LastName}, {"E-mail", email},
		{"Customer", u.SPEnterpriseID}, {"Template", u.ProvisioningID}, {"Package", u.Package},
		{"Phone number", u.PrimaryPhoneNumber}, {"Mobile number", u.MobilePhoneNumber}, {"Extension", u.Extension},
		{"Language", u.Language}, {"Time zone", u.Timezone}, {"Status", u.Status}, {"Waits for", pending[u.Pending]},
		{"Outcome", unknown}, {"Error", u.errorText()}, {"What it means", u.Cause.Title}, {"Fix", u.Cause.Fix}, {"Quarantine", quarantine}, {"Next", u.next(time.Now())},
		{"Held", held}, {"Came by", u.Flow}, {"Since", when(u.Created)}, {"Status since", when(u.LastStatusChange)}, {"Webex person", u.PersonID}, {"Our id", u.ID},
	})
	switch {
	case u.Held != nil:
		c.say("To let it go on: ledgerline holds lift %s", u.Held.ID)
	case u.Status == string(webex.Failed):
		c.say("To try again now: ledgerline users retry %s", u.UserID)
		c.say("Who else has this trouble: ledgerline causes show %s", u.Cause.Fingerprint)
	}
	if u.Next.What == "retry" {
		c.say("To do without the next try: ledgerline users cancel-retry %s", u.UserID)
	}
	c.say("What happened so far: ledgerline audit %s", u.UserID)
	return nil
}

// coming says in words what the engine does next for a user.
var coming = map[string]string{
	"attempt":       "a request to Webex",
	"reply":         "the reply of Webex to a request that is being sent",
	"look-up":       "a look-up whether Webex carried out the last request",
	"poll":          "a look at how far Webex is",
	"retry":         "a new try, as planned",
	"administrator": "when the customer's administrator is active",
	"hold":          "when the hold is lifted",
}

// next is what the engine does next; empty: nothing, or nothing that is known
// here. Of a time that is past nothing is said: it does so as soon as it can.
func (u user) next(now time.Time) string {
	n := u.Next
	text := coming[n.What]
	switch {
	case text == "" || n.Attempt == 0:
	case n.Of > 0:
		text += fmt.Sprintf(" (%d of at most %d)", n.Attempt, n.Of)
	case n.Attempt > 1:
		text += fmt.Sprintf(" (attempt %d)", n.Attempt)
	}
	if at, err := time.Parse(time.RFC3339, n.At); err == nil && at.After(now) {
		text += ", " + when(n.At)
	}
	return text
}

func userPath(id string) string { return "/api/users/" + url.PathEscape(id) }

// find returns the user that somebody means: by our id in either form, or by
// BroadWorks user id. Of users with the same one, those who are here go first.
func (c *cli) find(text string) (found user, err error) {
	_, ours := webex.DecodeID(webex.TypeSubscriber, text)
	if _, err := uuid.Parse(text); err == nil || ours {
		_, err := c.get(c.ctx, userPath(text), nil, &found)
		return found, err
	}
	_, err = c.each(c.ctx, "/api/users", url.Values{"userId": {text}, "removed": {"true"}}, 0, func(item json.RawMessage) error {
		var u user
		err := json.Unmarshal(item, &u)
		if found.ID == "" || u.Status != string(webex.Removed) {
			found = u
		}
		return err
	})
	if err == nil && found.ID == "" {
		err = notFound(fmt.Sprintf("There is no user %s. To look for somebody: ledgerline users list --query TEXT", plain(text, false)))
	}
	return found, err
}
