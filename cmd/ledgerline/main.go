// Command ledgerline takes BroadWorks subscribers to Webex: engine, API,
// simulator of Webex and command line in one binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	syscall.Umask(0o077) // what is written holds personal data
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, rootCommand()))
}

// run executes the command line and returns the exit code.
func run(ctx context.Context, root *cobra.Command) int {
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var silent silentError
	if !errors.As(err, &silent) {
		fmt.Fprintln(root.ErrOrStderr(), "ledgerline:", err)
	}
	return exitCode(err)
}
