package main

import "github.com/spf13/cobra"

// rootCommand is the whole command line.
func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "ledgerline",
		Short:         "Takes BroadWorks subscribers to Webex",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	globalFlags(root)
	root.AddCommand(serveCommand(), verifyCommand(), rebuildCommand())
	root.AddCommand(clientCommands()...)
	return root
}
