package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// exportOptions are the flags that all exports have.
type exportOptions struct {
	format  string
	columns []string
}

func (o *exportOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.format, "format", "", "csv or jsonl (default: by the name of the file, otherwise csv)")
	c.Flags().StringSliceVar(&o.columns, "columns", nil, "only these, in this order: columns of CSV, members of JSON lines; a wrong one is answered with all there are")
}

// export writes to a file, or to standard output, what the API exports.
func (c *cli) export(what string, query url.Values, path string, o exportOptions) error {
	switch {
	case o.format == "" && (c.json || strings.HasSuffix(path, ".jsonl")):
		o.format = "jsonl"
	case o.format == "":
		o.format = "csv"
	case o.format != "csv" && o.format != "jsonl":
		return usageError{errors.New("--format must be csv or jsonl")}
	}
	query.Set("format", o.format)
	if len(o.columns) > 0 {
		query.Set("columns", strings.Join(o.columns, ","))
	}
	reply, err := c.do(c.ctx, http.MethodGet, "/api/"+what+"/export", query, nil, "")
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	toOut := path == "-" || path == "/dev/stdout"
	rows := &rowCounter{in: reply.Body, quoting: o.format == "csv"}
	if !toOut || !c.screen {
		rows.bar = newProgress(c.talk, "Exporting", 0)
		defer rows.bar.end()
	}
	if toOut {
		if _, err = io.Copy(c.out, rows); err == nil {
			err = c.out.Flush()
		}
		return brokenOff(c, err)
	}
	if err := writeExport(path, rows); err != nil {
		return brokenOff(c, err)
	}
	c.say("The %s are in %s.", exported[what], path)
	return nil
}

// exported is what the API exports, in words.
var exported = map[string]string{"users": "users", "licences": "licence counts", "audit": "entries"}

// rowCounter shows how many rows were read.
type rowCounter struct {
	in      io.Reader
	bar     *progress // nil: none
	quoting bool      // line breaks between quotes end no row
	quoted  bool
	rows    int
}

// Read implements io.Reader.
func (r *rowCounter) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	for _, b := range p[:n] {
		switch {
		case b == '"':
			r.quoted = r.quoting && !r.quoted
		case b == '\n' && !r.quoted:
			r.rows++
		}
	}
	if r.bar != nil {
		r.bar.show(r.rows)
	}
	return n, err
}

func brokenOff(c *cli, err error) error {
	if err == nil || c.ctx.Err() != nil {
		return c.ctx.Err()
	}
	return fmt.Errorf("the export broke off before its end: %w", err)
}

// writeExport writes to a file all or nothing, to the one that a symbolic link
// leads to for one. What is not a regular file, a device or a pipe, is written
// to as it stands.
func writeExport(path string, from io.Reader) error {
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
