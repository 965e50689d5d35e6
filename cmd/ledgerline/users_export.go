package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

func usersExportCommand() *cobra.Command {
	var f userFilter
	var format string
	c := &cobra.Command{
		Use: "export FILE", Short: "Write users to a file, as CSV or JSON lines",
		Long: `Write users to a file, as CSV or JSON lines; - is standard output. The CSV can be
imported again: cells that a spreadsheet would run as a formula get a ' in
front, which the import takes away.`,
		Example: `  ledgerline users export users.csv
  ledgerline users export - --status error --format jsonl`,
		Args: arguments(cobra.ExactArgs(1)),
		RunE: verb(func(c *cli, args []string) error { return exportUsers(c, &f, args[0], format) }),
	}
	f.flags(c)
	c.Flags().StringVar(&format, "format", "", "csv or jsonl (default: by the name of the file, otherwise csv)")
	return c
}

func exportUsers(c *cli, f *userFilter, path, format string) error {
	switch {
	case format == "" && (c.json || strings.HasSuffix(path, ".jsonl")):
		format = "jsonl"
	case format == "":
		format = "csv"
	case format != "csv" && format != "jsonl":
		return usageError{errors.New("--format must be csv or jsonl")}
	}
	query := f.values()
	query.Set("format", format)
	reply, err := c.do(c.ctx, http.MethodGet, "/api/users/export", query, nil, "")
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if path == "-" || path == "/dev/stdout" {
		if _, err = io.Copy(c.out, reply.Body); err == nil {
			err = c.out.Flush()
		}
		return brokenOff(c, err)
	}
	if err := writeUsers(path, reply.Body); err != nil {
		return brokenOff(c, err)
	}
	c.say("The users are in %s.", path)
	return nil
}

func brokenOff(c *cli, err error) error {
	if err == nil || c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return fmt.Errorf("the export broke off before its end: %w", err)
}

// writeUsers writes to a file all or nothing, to the one that a symbolic link
// leads to for one. What is not a regular file, a device or a pipe, is written
// to as it stands.
func writeUsers(path string, from io.Reader) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
		return writeWhole(path, from)
	}
	if _, linkErr := os.Lstat(path); errors.Is(linkErr, fs.ErrNotExist) {
		return writeWhole(path, from)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600) // creates where a link leads to nothing
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// writeWhole writes a file that only its owner may read, and only if all of it
// came.
func writeWhole(path string, from io.Reader) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, from)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
