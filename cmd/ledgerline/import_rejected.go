package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// reason is why rows were rejected, and which.
type reason struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	Rows   []int  `json:"rows"` // the first few
}

const rowsPerReason = 5

// String is the reason in one line.
func (r *reason) String() string {
	rows := make([]string, len(r.Rows))
	for i, row := range r.Rows {
		rows[i] = fmt.Sprint(row)
	}
	if r.Count > len(rows) {
		rows = append(rows, "...")
	}
	word := "rows"
	if r.Count == 1 {
		word = "row"
	}
	return fmt.Sprintf("%d x %s (%s %s)", r.Count, plain(r.Reason, false), word, strings.Join(rows, ", "))
}

// fetchRejected writes the rows of a file that were rejected or held back to a
// file beside it, if there are any. That it cannot be written does not make the
// import fail.
func (c *cli) fetchRejected(users *userFile, r *importResult) {
	if users == nil || r.Rejected+r.Held == 0 {
		return
	}
	path, err := c.writeRejected(users, r.ID)
	if r.RejectedFile = path; err != nil {
		c.say("The rows that were not carried out could not all be written to a file: %v. To try again: ledgerline import rejected %s FILE", err, r.ID)
	}
}

func (c *cli) writeRejected(users *userFile, id string) (path string, err error) {
	reply, err := c.do(c.ctx, http.MethodGet, importPath(id)+"/rejected.csv", nil, nil, "")
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	file, displaced, err := placeRejected(users.rejects)
	if err != nil {
		return "", err
	}
	if displaced != nil {
		c.say("The rejected rows go to %s: %v", file.Name(), displaced)
	}
	_, err = io.Copy(file, reply.Body)
	return file.Name(), errors.Join(err, file.Close())
}

// placeRejected makes the file of the rejected rows of another: beside it if that
// can be. Away from it nothing is overwritten, as that may be what was rejected of
// another one. displaced is why it is not beside it.
func placeRejected(of string) (file *os.File, displaced, err error) {
	name := strings.TrimSuffix(filepath.Base(of), ".csv") + ".rejected.csv"
	how := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	for _, path := range []string{filepath.Join(filepath.Dir(of), name), name} {
		if file, err = os.OpenFile(path, how, 0o600); err == nil {
			return file, displaced, nil
		}
		displaced = cmp.Or(displaced, err)
		how = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	}
	file, err = os.CreateTemp("", "*."+name)
	return file, displaced, err
}
