package main

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// clientCommands returns every command that talks to the HTTP API, and what
// explains them.
func clientCommands() []*cobra.Command {
	return []*cobra.Command{
		templatesCommand(), importCommand(), usersCommand(), causesCommand(), driftCommand(), licencesCommand(), auditCommand(), holdsCommand(), webexCommand(), tokensCommand(), simCommand(), exitCodesTopic(), jsonTopic(),
	}
}

// globalFlags adds the flags that all commands have, and makes mistakes with any
// flag a usageError.
func globalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.String("data", "./data", "data directory; the server that runs on it is used, if there is one")
	f.String("server", "", "URL of a server elsewhere, instead of --data")
	f.String("token-file", "", "file with the access token (default: admin-token in the data directory)")
	f.String("reason", "", "why you make this change; it is recorded")
	f.Bool("json", false, "print JSON: one document, or one line per item of a list")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError{errors.New(flagProblem(err) + "\nUsage: " + c.UseLine())}
	})
	root.SetHelpCommand(helpCommand())
	root.Version = version()
}

// helpCommand is `ledgerline help`, which fails on what it cannot explain.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Explain a command, or a topic: exit-codes, json",
		RunE: func(c *cobra.Command, args []string) error {
			explained, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usageError{fmt.Errorf("there is no command or topic %q. All of them: ledgerline help", strings.Join(args, " "))}
			}
			explained.InitDefaultHelpFlag()
			explained.InitDefaultVersionFlag()
			return explained.Help()
		},
	}
}

// version says what this program was built from.
func version() string {
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	of := map[string]string{}
	for _, s := range built.Settings {
		of[s.Key] = s.Value
	}
	text := cmp.Or(built.Main.Version, "(devel)")
	if revision := of["vcs.revision"]; revision != "" {
		text += ", revision " + revision
		if of["vcs.modified"] == "true" {
			text += " with changes"
		}
	}
	return text + ", " + built.GoVersion
}

// jsonTopic is what `ledgerline help json` shows.
func jsonTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "json",
		Short: "What --json prints",
		Long: `With --json, standard output holds JSON and nothing else. Lists are one document
per line. Members may be added; those that are there keep their meaning.

  templates list          lines: templates, as GET /api/templates has them
  templates apply         lines: {"result": created|changed|unchanged, "template", "check"}
  templates check         GET /api/templates/{provisioningId}/check
  import                  {"id", "status", "file", "dryRun", "rows", "created", "changed", "deleted", "unchanged",
                           "rejected", "held", "repaired", "toGo", "eta", "repairs": [text], "rejectedFile",
                           "reasons": [{"reason", "count", "rows"}],
                           "verdicts": [{"row", "userId", "verdict", "reason", "repairs"}]}, of the rows that
                           were rejected, held back or repaired; of all rows with --rows all; with --wait
                           also "users": {"total", "statuses"}; import apply and import undo the same
  import list             lines: imports, as GET /api/imports has them
  import plan, approve, pause, resume, cancel    the import, as GET /api/imports/{id} has it
  import show             {"import": GET /api/imports/{id}, "errors": [as GET /api/imports/{id}/errors],
                           "rows": [as GET /api/imports/{id}/rows]}, rows with --rows all or --verdict
  users list, export      lines: users, as GET /api/users has them; with --columns, these members of them
  users show, retry, cancel-retry, change-package, delete    the user, as GET /api/users/{id} has it
  users add               POST /api/users/batch: {"rows", "created", "unchanged", "rejected",
                           "users": [{"row", "userId", "verdict", "reason", "fields", "repairs", "id"}]}
  users explain           GET /api/users/{id}/explain, or POST /api/users/explain without USER
  users retry --all       {"users", "done", "rejected", "reasons": [{"reason", "count", "users"}]}
  causes list             lines: causes, as GET /api/causes has them
  causes show             GET /api/causes/{fingerprint}
  causes retry            {"fingerprint", "users", "retried", "again", "skipped", "eta",
                           "customers": [{"spEnterpriseId", "retried"}],
                           "reasons": [{"reason", "count", "users"}]}, of those who were skipped
  licences                GET /api/licences
  licences export         lines: {"customer", "template", "kind", "name", "assigned", "pending", "removed"}
  licences table, set     GET /api/licences/table
  drift list              lines: scans, as GET /api/drift has them
  drift scan              the scan, as POST /api/drift has it; with --wait as GET /api/drift/{id}
  drift show              {"scan": GET /api/drift/{id}, "findings": [as GET /api/drift/{id}/findings]}
  drift approve           what is done, as POST /api/drift/{id}/approve
  audit, audit export     lines: entries, as GET /api/audit has them
  holds list              lines: holds, as GET /api/holds has them
  holds place, lift       the hold
  webex lanes             GET /api/webex/lanes; with --watch a line each second
  tokens create           {"secret", "id", "name", "role", "scopes", "expires"}
  sim webex knobs         lines: {"name", "group", "kind", "means", "default", "value"}
  sim webex ...           what the simulator answers, see adapters/webex/README.md

The API is described at /openapi.json of a server.`,
	}
}

// noun is a command that only groups others.
func noun(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(verbs...)
	return c
}
