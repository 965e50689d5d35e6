package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Exit codes of every verb, as exitCodesTopic tells them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitRefused  = 3
	exitNotFound = 4
	exitSome     = 5
	exitWaits    = 6
	exitStopped  = 130 // 128 + SIGINT, as shells have it
)

// exitCodesTopic is what `ledgerline help exit-codes` shows.
func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes of all commands mean",
		Long: `Exit codes of all commands:

  0    done
  1    failed: an outage, a file that cannot be read, a server that does not answer
  2    usage: no such command or flag, or an argument is missing
  3    refused: by a rule, by missing rights, or because the input is invalid
  4    not found: no such user, template, token, hold or import
  5    done in part: some rows or users were rejected, or are held
  6    waits: somebody has to approve it first, as was said
  130  stopped with Ctrl-C; what was done until then stays done`,
	}
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

// silentError ends the program after everything was said.
type silentError struct{ code int }

// Error is not shown to anybody.
func (e silentError) Error() string { return "exit code told" }

// exitCode tells what an error means for whoever called the program.
func exitCode(err error) int {
	var silent silentError
	var usage usageError
	var problem *problemError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &silent):
		return silent.code
	case errors.As(err, &usage), strings.HasPrefix(err.Error(), "unknown command"):
		return exitUsage
	case errors.As(err, &problem):
		switch {
		case problem.Status == http.StatusNotFound:
			return exitNotFound
		case problem.Status < 500 && problem.Status != http.StatusTooManyRequests:
			return exitRefused
		}
	case errors.Is(err, errRefused):
		return exitRefused
	case errors.Is(err, errNotFound):
		return exitNotFound
	case errors.Is(err, context.Canceled):
		return exitStopped
	}
	return exitFailed
}

// Errors that are found out on this side.
var (
	errRefused  = errors.New("refused")
	errNotFound = errors.New("not found")
)

// refused says no in words, with exitRefused.
func refused(text string) error { return worded{text, errRefused} }

// notFound says that something is not there, in words, with exitNotFound.
func notFound(text string) error { return worded{text, errNotFound} }

type worded struct {
	text string
	kind error
}

func (e worded) Error() string { return e.text }
func (e worded) Unwrap() error { return e.kind }

// arguments says in plain words what a check of arguments finds wrong, as a
// usageError.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		err := check(c, args)
		if err == nil {
			return nil
		}
		text := err.Error()
		names := strings.Fields(c.Use)[1:]
		switch {
		case len(args) < len(names):
			text = strings.Join(names[len(args):], " ") + " is missing"
		case !c.HasSubCommands() && len(names) == 0:
			text = fmt.Sprintf("%s takes no argument; leave out %q", c.CommandPath(), args[0])
		case !c.HasSubCommands():
			text = fmt.Sprintf("%s takes %s only; leave out %q, or put what has spaces in quotes", c.CommandPath(), strings.Join(names, " "), args[len(names)])
		}
		return usageError{errors.New(text + "\nUsage: " + c.UseLine())}
	}
}

// flagProblem says in plain words what is wrong with a flag.
func flagProblem(err error) string {
	var value *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &value):
		form := map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a time like 30s or 5m"}[value.GetFlag().Value.Type()]
		if form == "" {
			return err.Error()
		}
		return fmt.Sprintf("--%s must be %s, not %q", value.GetFlag().Name, form, value.GetValue())
	case errors.As(err, &missing):
		return fmt.Sprintf("--%s needs a value", missing.GetFlag().Name)
	}
	return err.Error()
}
