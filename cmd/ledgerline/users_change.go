package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"ledgerline/domain/webex"
)

func usersRetryCommand() *cobra.Command {
	var f userFilter
	var email string
	var all, yes bool
	c := &cobra.Command{
		Use: "retry [USER]", Short: "Try the activation of a user again, or of many",
		Example: `  ledgerline users retry 359200000008@as0.example
  ledgerline users retry 359200000008@as0.example --email mette@example.com
  ledgerline users retry --status error --all --yes`,
		Args: arguments(cobra.MaximumNArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			switch {
			case len(args) == 1 && all || len(args) == 0 && !all:
				return usageError{errors.New("name one user, or choose many with filters and --all")}
			case all && email != "":
				return usageError{errors.New("--email is for one user; every user needs an address of their own")}
			case all:
				return retryAll(c, &f, yes)
			}
			u, err := c.find(args[0])
			if err != nil {
				return err
			}
			if err := c.change(u, http.MethodPost, "/retry", map[string]string{"email": email}, "A new try is under way"); err != nil {
				return err
			}
			c.sayHeld(u.ID)
			return nil
		}),
	}
	f.flags(c)
	c.Flags().StringVar(&email, "email", "", "a new address for the user, which you vouch for")
	c.Flags().BoolVar(&all, "all", false, "retry everybody whom the filters choose")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "go ahead without being asked")
	return c
}

func usersCancelRetryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "cancel-retry USER", Short: "Cancel the next try that the engine has planned for a user",
		Long:    "Cancel the next try that the engine has planned for a user. The user stops in error until somebody retries.",
		Example: "  ledgerline users cancel-retry 359200000008@as0.example",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			u, err := c.find(args[0])
			if err != nil {
				return err
			}
			return c.change(u, http.MethodDelete, "/retry", nil, "No next try is planned")
		}),
	}
}

func usersChangePackageCommand() *cobra.Command {
	return &cobra.Command{
		Use: "change-package USER PACKAGE", Short: "Move a user to another package",
		Example: "  ledgerline users change-package 359200000008@as0.example premium",
		Args:    arguments(cobra.ExactArgs(2)),
		RunE: verb(func(c *cli, args []string) error {
			u, err := c.find(args[0])
			if err != nil {
				return err
			}
			return c.change(u, http.MethodPut, "/package", map[string]string{"package": args[1]}, "The package is "+args[1])
		}),
	}
}

func usersDeleteCommand() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "delete USER", Short: "Remove a user from Webex",
		Long:    "Remove a user from Webex. The user can be onboarded again later; what happened so far stays in the audit log.",
		Example: "  ledgerline users delete 359200000008@as0.example",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error {
			u, err := c.find(args[0])
			if err != nil {
				return err
			}
			if u.Status == string(webex.Removed) {
				return c.removedAlready(u)
			}
			if err := c.confirm(fmt.Sprintf("Remove %s %s (%s) from Webex?", u.FirstName, u.LastName, u.UserID), yes); err != nil {
				return err
			}
			return c.change(u, http.MethodDelete, "", nil, "The user is being removed")
		}),
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "go ahead without being asked")
	return c
}

// removedAlready tells that a user is gone.
func (c *cli) removedAlready(u user) error {
	if c.json {
		text, err := c.get(c.ctx, userPath(u.ID), nil, &u)
		if err != nil {
			return err
		}
		return c.line(text)
	}
	fmt.Fprintf(c.out, "%s was removed already.\n", plain(u.UserID, false))
	return nil
}

// change asks for a change of one user and tells where that leaves the user.
func (c *cli) change(u user, method, path string, body any, done string) error {
	text, _, err := c.ask(c.ctx, method, userPath(u.ID)+path, nil, body)
	if err != nil {
		return err
	}
	u = user{}
	if err := json.Unmarshal(text, &u); err != nil {
		return err
	}
	if c.json {
		err = c.line(json.RawMessage(text))
	} else {
		fmt.Fprintf(c.out, "%s: %s. Status: %s\n", plain(u.UserID, false), plain(done, false), plain(u.Status, false))
	}
	c.sayRecorded()
	c.say("To see how it goes: ledgerline users show %s", u.UserID)
	return err
}

// sayHeld says that a user's request is held, if it is.
func (c *cli) sayHeld(id string) {
	var u user
	if _, err := c.get(c.ctx, userPath(id), nil, &u); err == nil && u.Held != nil {
		c.say("It is held: %s", u.Held.Reason)
		c.say("To let it go on: ledgerline holds lift %s", u.Held.ID)
	}
}

// retryAll retries everybody whom a filter chooses.
func retryAll(c *cli, f *userFilter, yes bool) error {
	if len(f.values()) == 0 {
		return usageError{errors.New("choose whom to retry, for example with --status error")}
	}
	var chosen []user
	_, err := c.each(c.ctx, "/api/users", f.values(), 0, func(item json.RawMessage) error {
		var u user
		err := json.Unmarshal(item, &u)
		chosen = append(chosen, user{ID: u.ID, UserID: u.UserID})
		return err
	})
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		c.say("No users are like that.")
		return nil
	}
	c.sayExpected(len(chosen))
	if err := c.confirm(fmt.Sprintf("Retry %s?", count(len(chosen), "user", "users")), yes); err != nil {
		return err
	}
	return c.many("Retrying", chosen, func(u user) error {
		_, _, err := c.ask(c.ctx, http.MethodPost, userPath(u.ID)+"/retry", nil, nil)
		return err
	})
}

// callsOfARetry is how many calls to Webex a retry can take: one removes the record
// of the try that failed, one makes a new one.
const callsOfARetry = 2

// sayExpected tells how long retries would take at Webex. Where that is not known,
// nothing is said.
func (c *cli) sayExpected(users int) {
	var expected struct {
		ETA int `json:"eta"`
	}
	calls := url.Values{"calls": {fmt.Sprint(users * callsOfARetry)}}
	if _, err := c.get(c.ctx, "/api/webex/eta", calls, &expected); err == nil && !c.local {
		c.say("Webex: %s to go, about %s at most.", count(users, "user", "users"), span(expected.ETA))
	}
}
