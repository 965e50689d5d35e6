package main

import "github.com/spf13/cobra"

func usersExportCommand() *cobra.Command {
	var f userFilter
	var o exportOptions
	c := &cobra.Command{
		Use: "export FILE", Short: "Write users to a file, as CSV or JSON lines",
		Long: `Write users to a file, as CSV or JSON lines; - is standard output. The CSV can be
imported again: cells that a spreadsheet would run as a formula get a ' in
front, which the import takes away.`,
		Example: `  ledgerline users export users.csv
  ledgerline users export users.csv --columns userId,status,errorDescription
  ledgerline users export - --status error --format jsonl`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error { return c.export("users", f.values(), args[0], o) }),
	}
	f.flags(c)
	o.flags(c)
	return c
}
