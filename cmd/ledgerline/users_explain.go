package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// newUser is the flags that describe a user who is not there yet.
type newUser struct{ values map[string]*string }

// newUserFlags names the flags, what they stand for in the API, and their use.
var newUserFlags = [][3]string{
	{"user-id", "userId", "BroadWorks user id"},
	{"template", "provisioningId", "provisioning id of the onboarding template"},
	{"customer", "spEnterpriseId", "enterprise of the user (spEnterpriseId)"},
	{"first-name", "firstName", "first name"},
	{"last-name", "lastName", "last name"},
	{"package", "package", "softphone, basic, standard or premium; the template's if left out"},
	{"phone", "primaryPhoneNumber", "primary phone number, like +46701234567"},
	{"mobile", "mobilePhoneNumber", "mobile phone number"},
	{"extension", "extension", "extension"},
	{"email", "email", "e-mail address"},
	{"language", "language", "language like sv or sv_SE"},
	{"timezone", "timezone", "time zone like Europe/Stockholm"},
	{"flow", "flow", "how the user would come: api, flow_through, self_activation"},
}

func (n *newUser) flags(c *cobra.Command) {
	n.values = map[string]*string{}
	for _, f := range newUserFlags {
		n.values[f[1]] = c.Flags().String(f[0], "", f[2])
	}
}

// body is what was given, as the API takes it.
func (n *newUser) body() map[string]string {
	body := map[string]string{}
	for name, value := range n.values {
		if *value != "" {
			body[name] = *value
		}
	}
	return body
}

func usersExplainCommand() *cobra.Command {
	var n newUser
	var live, all bool
	c := &cobra.Command{
		Use: "explain [USER]", Short: "Explain why a user is where it is, or what onboarding one would lead to",
		Long: `Explain why a user is where it is, step by step: found, allowed by the template,
asked of Webex, answered, followed, with tracking ids and times; and what is
awaited, from whom. All of it comes from the log; --live asks Webex, too.

Without USER, explain what would happen if the user that the flags describe were
onboarded. Nothing is recorded and nothing changes at Webex, which is asked for a
precheck only. The exit code is then 0 if the user would be taken, 3 if not, and
1 if Webex gave no answer.`,
		Example: `  ledgerline users explain 359200000008@as0.example
  ledgerline users explain 359200000008@as0.example --live
  ledgerline users explain --user-id 4670@as0.example --template NmMwZTFkNDA --customer SP1+ent8 \
      --first-name Anna --last-name Lind --extension 1000 --email anna@ent8.example`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		describes := len(n.body()) > 0
		switch {
		case len(args) == 1 && describes:
			return usageError{errors.New("name a user who is there, or describe one who is not with flags; not both")}
		case len(args) == 0 && !describes:
			return usageError{errors.New("name a user, or describe one who is not there yet, with --user-id, --template and others")}
		case len(args) == 0 && (live || all):
			return usageError{errors.New("--live and --all-lives are for users who are there already")}
		}
		marks := plainMarks
		if isTerminal(cmd.OutOrStdout()) {
			marks = fineMarks
		}
		return verb(func(c *cli, args []string) error {
			if len(args) == 0 {
				return explainNewUser(c, n.body(), marks)
			}
			return explainUser(c, args[0], live, all, marks)
		})(cmd, args)
	}
	n.flags(c)
	c.Flags().BoolVar(&live, "live", false, "ask Webex as well, without effect, and compare")
	c.Flags().BoolVar(&all, "all-lives", false, "every time that the user was onboarded, not just the last")
	return c
}

// explanation is a chain as the API shows it.
type explanation struct {
	Verdict string `json:"verdict"`
	What    string `json:"what"`
	Status  string `json:"status"`
	Awaited struct {
		From string `json:"from"`
		What string `json:"what"`
		Next string `json:"next"`
	} `json:"awaited"`
	Steps []explanationStep `json:"steps"`
}

type explanationStep struct {
	Name        string       `json:"name"`
	Verdict     string       `json:"verdict"`
	What        string       `json:"what"`
	Input       []namedValue `json:"input"`
	Output      []namedValue `json:"output"`
	Differences []struct {
		Field  string `json:"field"`
		Ledger string `json:"ledger"`
		Webex  string `json:"webex"`
	} `json:"differences"`
	OurTracking   string `json:"ourTrackingId"`
	WebexTracking string `json:"webexTrackingId"`
	At            string `json:"at"`
	TookMS        *int64 `json:"tookMs"`
	Entries       []struct {
		Position uint64 `json:"position"`
	} `json:"entries"`
}

type namedValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func explainUser(c *cli, text string, live, all bool, marks map[string]string) error {
	u, err := c.find(text)
	if err != nil {
		return err
	}
	query := url.Values{}
	if live {
		query.Set("live", "true")
	}
	if all {
		query.Set("lives", "all")
	}
	var x explanation
	whole, err := c.get(c.ctx, userPath(u.ID)+"/explain", query, &x)
	if err != nil {
		return err
	}
	if c.json {
		return c.line(whole)
	}
	c.chain(u.UserID, x, marks)
	return nil
}

func explainNewUser(c *cli, body map[string]string, marks map[string]string) error {
	whole, _, err := c.ask(c.ctx, http.MethodPost, "/api/users/explain", nil, body)
	if err != nil {
		return err
	}
	var x explanation
	if err := json.Unmarshal(whole, &x); err != nil {
		return err
	}
	if c.json {
		err = c.line(json.RawMessage(whole))
	} else {
		c.chain(body["userId"], x, marks)
	}
	switch {
	case err != nil:
		return err
	case x.Verdict == "stopped":
		return silentError{exitRefused}
	case x.Verdict == "unknown":
		return silentError{exitFailed}
	}
	return nil
}

// awaited names whom somebody waits for.
func awaited(from string) string {
	switch from {
	case "webex":
		return "Webex"
	case "ledgerline":
		return "Ledgerline"
	}
	return "the " + spaced(from)
}

// Marks of verdicts: for terminals, and for everything else.
var (
	fineMarks  = map[string]string{"ok": "✓", "stopped": "✗", "waiting": "…", "unknown": "?", "skipped": "-"}
	plainMarks = map[string]string{"ok": "[ok]", "stopped": "[no]", "waiting": "[..]", "unknown": "[??]", "skipped": "[--]"}
)

// chain prints an explanation.
func (c *cli) chain(userID string, x explanation, marks map[string]string) {
	line := func(indent int, text string) {
		fmt.Fprintln(c.out, strings.TrimRight(strings.Repeat(" ", indent)+plain(text, false), " "))
	}
	line(0, marks[x.Verdict]+" "+userID+": "+x.What)
	if x.Awaited.What != "" {
		line(2, "Waits for "+awaited(x.Awaited.From)+": "+x.Awaited.What)
	}
	if x.Awaited.Next != "" {
		line(2, "Next: "+when(x.Awaited.Next))
	}
	for _, s := range x.Steps {
		line(0, "")
		line(2, marks[s.Verdict]+" "+spaced(s.Name)+": "+s.What)
		for _, v := range s.Input {
			line(6, "in   "+v.Name+" = "+v.Value)
		}
		for _, v := range s.Output {
			line(6, "out  "+v.Name+" = "+v.Value)
		}
		for _, d := range s.Differences {
			line(6, fmt.Sprintf("differs  %s: %q here, %q at Webex", d.Field, d.Ledger, d.Webex))
		}
		for _, note := range s.notes() {
			line(6, note)
		}
	}
}

// spaced is a name of the API for people.
func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }

// notes say when a step was, how long it took, and where to find it again.
func (s explanationStep) notes() []string {
	var all []string
	if s.At != "" {
		at := "at " + when(s.At)
		if s.TookMS != nil {
			at += fmt.Sprintf(", took %d ms", *s.TookMS)
		}
		all = append(all, at)
	}
	if s.OurTracking != "" {
		all = append(all, "tracking id, ours: "+s.OurTracking)
	}
	if s.WebexTracking != "" {
		all = append(all, "tracking id, Webex's: "+s.WebexTracking)
	}
	positions := make([]string, len(s.Entries))
	for i, e := range s.Entries {
		positions[i] = fmt.Sprint(e.Position)
	}
	if len(positions) > 0 {
		all = append(all, "in the log at "+strings.Join(positions, ", "))
	}
	return all
}
