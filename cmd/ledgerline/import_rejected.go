package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ledgerline/adapters/csvfile"
	"ledgerline/domain"
)

// reason is why rows were rejected, and which.
type reason struct {
	Reason string `json:"reason"`
	Count  int    `json:"count"`
	Rows   []int  `json:"rows"` // the first few
}

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

// reasons groups rejected rows. It keeps so many reasons, and so many rows of
// each, whatever the file.
type reasons map[string]*reason

const (
	differentReasons = 1000
	rowsPerReason    = 5
	otherReasons     = "other reasons; see the file of rejected rows"
)

func (rs reasons) add(text string, row int) {
	r := rs[text]
	if r == nil && len(rs) >= differentReasons {
		text = otherReasons
		r = rs[text]
	}
	if r == nil {
		r = &reason{Reason: text}
		rs[text] = r
	}
	r.Count++
	if len(r.Rows) < rowsPerReason {
		r.Rows = append(r.Rows, row)
	}
}

// sorted returns the most frequent reason first.
func (rs reasons) sorted() []*reason {
	sorted := make([]*reason, 0, len(rs))
	for _, r := range rs {
		sorted = append(sorted, r)
	}
	slices.SortFunc(sorted, func(a, b *reason) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rows[0], b.Rows[0]))
	})
	return sorted
}

// rejectedFile is where the rejected rows of a file go: beside it if that can be,
// and only if there are any. That it cannot be written does not hold up an
// import.
type rejectedFile struct {
	users   *userFile
	path    string // empty as long as there is none
	in, out *os.File
	made    bool // by open, rather than there before
	added   bool
	rows    *csvfile.Rejects

	displaced error // why the file is not beside the original
	err       error // the first that keeps rows out of the file
}

// open finds a place for the file. Away from the original nothing is overwritten,
// as it may be what was rejected of another one.
func (f *rejectedFile) open() {
	name := strings.TrimSuffix(filepath.Base(f.users.rejects), ".csv") + ".rejected.csv"
	how := os.O_WRONLY | os.O_CREATE
	for _, path := range []string{filepath.Join(filepath.Dir(f.users.rejects), name), name} {
		_, err := os.Lstat(path)
		f.made = errors.Is(err, fs.ErrNotExist)
		if f.out, err = os.OpenFile(path, how, 0o600); err == nil {
			f.path = path
			return
		}
		f.displaced = cmp.Or(f.displaced, err)
		how |= os.O_EXCL
	}
	f.made = true
	if f.out, f.err = os.CreateTemp("", "*."+name); f.err == nil {
		f.path = f.out.Name()
	}
}

func (f *rejectedFile) add(row int, reason string) {
	if f.out == nil && f.err == nil {
		f.open()
	}
	if !f.added && f.err == nil {
		f.err = f.begin()
	}
	if f.err == nil {
		f.err = f.rows.Add(row, reason)
	}
}

func (f *rejectedFile) begin() (err error) {
	f.added = true
	if f.in, err = os.Open(f.users.path); err != nil {
		return err
	}
	if err := f.out.Truncate(0); err != nil {
		return err
	}
	f.rows, err = csvfile.NewRejects(f.out, f.in)
	return err
}

// close ends the file, and removes one that was made for nothing.
func (f *rejectedFile) close() error {
	errs := []error{f.err}
	if f.rows != nil {
		errs = append(errs, f.rows.Close())
	}
	for _, file := range []*os.File{f.in, f.out} {
		if file != nil {
			errs = append(errs, file.Close())
		}
	}
	if f.out != nil && !f.added {
		if f.made {
			errs = append(errs, os.Remove(f.path))
		}
		f.path = ""
	}
	return errors.Join(errs...)
}

// headerProblem says what is wrong with the first line of a file, and how it has
// to be.
func headerProblem(err error) string {
	no := domain.AsRejection(err)
	if no == nil || len(no.Fields) == 0 {
		return err.Error()
	}
	return no.Error() + "\n" + no.Text
}
