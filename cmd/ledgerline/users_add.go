package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func usersAddCommand() *cobra.Command {
	var n newUser
	c := &cobra.Command{
		Use: "add [FILE]", Short: "Onboard a user whom flags describe, or up to 25 from a JSON file",
		Long: `Onboard a user whom flags describe, or up to 25 from a JSON file: one object, an
array of them, or one a line, with userId, provisioningId, spEnterpriseId,
firstName and lastName, and where wanted package, primaryPhoneNumber,
mobilePhoneNumber, extension, email, language, timezone, flow. - reads standard
input.

Each user is onboarded on its own, and those who are there already with the same
values are left alone. The exit code is 5 if some are rejected, 3 if all are.
More than 25 are refused; they come as a CSV file, with ledgerline import.`,
		Example: `  ledgerline users add --user-id 4670@as0.example --template NmMwZTFkNDA --customer SP1+ent8 \
      --first-name Anna --last-name Lind --extension 1000 --email anna@ent8.example
  ledgerline users add newcomers.json`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		described := n.body()
		if (len(args) == 1) == (len(described) > 0) {
			return usageError{errors.New("describe one user, with --user-id, --template and others, or name a JSON file of users; one of the two")}
		}
		return verb(func(c *cli, args []string) error {
			if len(args) == 0 {
				return addUsers(c, []any{described})
			}
			objects, err := readObjects(c.in, args[0])
			if err != nil {
				return err
			}
			users := make([]any, len(objects))
			for i, object := range objects {
				users[i] = object
			}
			return addUsers(c, users)
		})(cmd, args)
	}
	n.flags(c)
	return c
}

func addUsers(c *cli, users []any) error {
	if len(users) == 0 {
		return refused("There is no user in the file.")
	}
	text, _, err := c.ask(c.ctx, http.MethodPost, "/api/users/batch", nil, map[string]any{"users": users})
	if err != nil {
		return err
	}
	var added struct {
		importCounts
		Users []importRow `json:"users"`
	}
	if err := json.Unmarshal(text, &added); err != nil {
		return err
	}
	if c.json {
		err = c.line(json.RawMessage(text))
	} else {
		for _, u := range added.Users {
			fmt.Fprintln(c.out, plain(u.String(), false))
			for _, repair := range u.Repairs {
				fmt.Fprintf(c.out, "  %s\n", plain(repair, false))
			}
		}
	}
	if added.Created > 0 {
		c.sayRecorded()
	}
	switch {
	case err != nil:
		return err
	case added.Rejected == added.Rows:
		return silentError{exitRefused}
	case added.Rejected > 0:
		return silentError{exitSome}
	}
	return nil
}

// String is the verdict in one line.
func (r importRow) String() string {
	who := r.UserID
	if who == "" {
		who = fmt.Sprintf("User %d", r.Row)
	}
	switch r.Verdict {
	case "create":
		return who + ": onboarded"
	case "reject":
		return who + ": rejected: " + r.Reason
	}
	return who + ": " + r.Verdict
}
