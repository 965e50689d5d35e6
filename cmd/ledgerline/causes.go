package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

func causesCommand() *cobra.Command {
	return noun("causes", "What stops users, what to do about it, and to retry them all", causesListCommand(), causesShowCommand(), causesRetryCommand())
}

// langFlag adds the flag for the language of explanations.
func langFlag(c *cobra.Command, lang *string) {
	c.Flags().StringVar(lang, "lang", "en", "language of titles, explanations and fixes: en, sv, fr, da, bg")
}

// causeItem is a cause as the API lists it.
type causeItem struct {
	Fingerprint    string           `json:"fingerprint"`
	Title          string           `json:"title"`
	Explanation    string           `json:"explanation"`
	Fix            string           `json:"fix"`
	Who            string           `json:"who"`
	ErrorCode      int              `json:"errorCode"`
	Text           string           `json:"text"`
	ProvisioningID string           `json:"provisioningId"`
	Stopped        int              `json:"stopped"`
	Ever           int              `json:"ever"`
	Through        int              `json:"through"`
	LastThrough    string           `json:"lastThrough"`
	FirstSeen      string           `json:"firstSeen"`
	LastSeen       string           `json:"lastSeen"`
	Suggestion     *causeSuggestion `json:"suggestion"`
}

type causeSuggestion struct {
	Through int    `json:"through"`
	Since   string `json:"since"`
	Retry   int    `json:"retry"`
}

// suggest tells that a retry is worth while, if it is.
func (c *cli) suggest(item causeItem) {
	if s := item.Suggestion; s != nil {
		c.say("%s with the cause %s came through since %s: retry the other %d with\n  ledgerline causes retry %s",
			count(s.Through, "user", "users"), item.Fingerprint, when(s.Since), s.Retry, item.Fingerprint)
	}
}

// mostCauses is the most that the API lists.
const mostCauses = 500

func causesListCommand() *cobra.Command {
	var template, customer, lang string
	var past bool
	var limit int
	c := &cobra.Command{
		Use: "list", Short: "List what stops users, the most frequent first",
		Example: `  ledgerline causes list
  ledgerline causes list --customer SP1+ent28 --lang sv`,
		Args: arguments(cobra.NoArgs),
		PreRunE: func(*cobra.Command, []string) error {
			if limit < 1 || limit > mostCauses {
				return usageError{fmt.Errorf("--limit must be from 1 to %d", mostCauses)}
			}
			return nil
		},
		RunE: verb(func(c *cli, _ []string) error {
			query := url.Values{"lang": {lang}, "limit": {strconv.Itoa(limit)}, "past": {strconv.FormatBool(past)}}
			for name, value := range map[string]string{"template": template, "customer": customer} {
				if value != "" {
					query.Set(name, value)
				}
			}
			return listCauses(c, query)
		}),
	}
	c.Flags().StringVar(&template, "template", "", "only users of this template (its provisioning id)")
	c.Flags().StringVar(&customer, "customer", "", "only users of this enterprise (spEnterpriseId)")
	c.Flags().BoolVar(&past, "past", false, "causes too that stop nobody now")
	c.Flags().IntVar(&limit, "limit", 100, "at most so many, up to 500")
	langFlag(c, &lang)
	return c
}

func listCauses(c *cli, query url.Values) error {
	var list struct {
		Items []json.RawMessage `json:"items"`
		All   int               `json:"all"`
	}
	if _, err := c.get(c.ctx, "/api/causes", query, &list); err != nil {
		return err
	}
	var rows [][]string
	var items []causeItem
	for _, text := range list.Items {
		if c.json {
			if err := c.line(text); err != nil {
				return err
			}
			continue
		}
		var item causeItem
		if err := json.Unmarshal(text, &item); err != nil {
			return err
		}
		items = append(items, item)
		rows = append(rows, []string{item.Fingerprint, strconv.Itoa(item.Stopped), strconv.Itoa(item.Ever), item.Who, when(item.LastSeen), shorten(item.ProvisioningID, 20), item.Title})
	}
	if len(rows) > 0 {
		c.table([]string{"CAUSE", "STOPPED", "EVER", "WHO CAN FIX IT", "LAST SEEN", "TEMPLATE", "WHAT"}, rows)
	}
	for _, item := range items {
		c.suggest(item)
	}
	switch {
	case list.All > len(list.Items):
		c.say("There are %d in all; narrow the list with --template or --customer, or raise --limit.", list.All)
	case list.All == 0:
		c.say("Nothing stops users like that.")
	}
	return nil
}

func causesShowCommand() *cobra.Command {
	var lang string
	c := &cobra.Command{
		Use: "show FINGERPRINT", Short: "Explain one cause: what to do, which customers, which users",
		Example: "  ledgerline causes show v1-0123456789abcdef",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE:    verb(func(c *cli, args []string) error { return showCause(c, args[0], lang) }),
	}
	langFlag(c, &lang)
	return c
}

func causePath(fingerprint string) string { return "/api/causes/" + url.PathEscape(fingerprint) }

// noCause says in words that the API knows no such cause.
func noCause(fingerprint string, err error) error {
	if exitCode(err) != exitNotFound {
		return err
	}
	return notFound(fmt.Sprintf("No user was ever stopped by %s. To see all causes: ledgerline causes list --past", plain(fingerprint, false)))
}

func showCause(c *cli, fingerprint, lang string) error {
	var shown struct {
		causeItem
		Customers []struct {
			SPEnterpriseID string `json:"spEnterpriseId"`
			Stopped        int    `json:"stopped"`
			Ever           int    `json:"ever"`
		} `json:"customers"`
		Users []user `json:"users"`
		Next  string `json:"next"`
	}
	text, err := c.get(c.ctx, causePath(fingerprint), url.Values{"lang": {lang}}, &shown)
	if err != nil {
		return noCause(fingerprint, err)
	}
	if c.json {
		return c.line(text)
	}
	code := ""
	if shown.ErrorCode != 0 {
		code = strconv.Itoa(shown.ErrorCode)
	}
	c.facts([][2]string{
		{"Cause", shown.Fingerprint}, {"What", shown.Title}, {"Explanation", shown.Explanation}, {"Fix", shown.Fix}, {"Who can fix it", shown.Who},
		{"Webex's code", code}, {"Webex's text", shown.Text}, {"Template", shown.ProvisioningID},
		{"Stopped now", strconv.Itoa(shown.Stopped)}, {"Ever stopped", strconv.Itoa(shown.Ever)}, {"Came through", strconv.Itoa(shown.Through)},
		{"The last at", when(shown.LastThrough)}, {"First seen", when(shown.FirstSeen)}, {"Last seen", when(shown.LastSeen)},
	})
	var rows [][]string
	for _, customer := range shown.Customers {
		rows = append(rows, []string{customer.SPEnterpriseID, strconv.Itoa(customer.Stopped), strconv.Itoa(customer.Ever)})
	}
	fmt.Fprintln(c.out)
	c.table([]string{"CUSTOMER", "STOPPED", "EVER"}, rows)
	rows = nil
	for _, u := range shown.Users {
		rows = append(rows, []string{u.UserID, u.FirstName + " " + u.LastName, u.SPEnterpriseID, when(u.LastStatusChange)})
	}
	if len(rows) > 0 {
		fmt.Fprintln(c.out)
		c.table([]string{"BROADWORKS ID", "NAME", "CUSTOMER", "STOPPED SINCE"}, rows)
	}
	if shown.Next != "" {
		c.say("These are the first %d of %d users.", len(shown.Users), shown.Stopped)
	}
	c.suggest(shown.causeItem)
	return nil
}
