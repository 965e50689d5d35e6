package main

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes of every verb, as exitCodesTopic tells them.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitRefused  = 3
	exitNotFound = 4
	exitSome     = 5
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
  4    not found: no such user, template or token
  5    done in part: some rows or users were rejected
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

// arguments makes what cobra says about arguments a usageError.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usageError{errors.New(err.Error() + "\nUsage: " + c.UseLine())}
		}
		return nil
	}
}
