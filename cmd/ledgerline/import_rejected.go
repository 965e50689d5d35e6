package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
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

// rejectedFile is where the rejected rows of a file go: beside it, and only if
// there are any.
type rejectedFile struct {
	original string
	path     string // empty as long as nothing was rejected
	in, out  *os.File
	rows     *csvfile.Rejects
}

func (f *rejectedFile) add(row int, reason string) error {
	if f.rows == nil {
		if err := f.begin(); err != nil {
			return err
		}
	}
	return f.rows.Add(row, reason)
}

func (f *rejectedFile) begin() (err error) {
	if f.in, err = os.Open(f.original); err != nil {
		return err
	}
	path := strings.TrimSuffix(f.original, ".csv") + ".rejected.csv"
	if f.out, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	f.path = path
	f.rows, err = csvfile.NewRejects(f.out, f.in)
	return err
}

func (f *rejectedFile) close() error {
	var errs []error
	if f.rows != nil {
		errs = append(errs, f.rows.Close())
	}
	for _, file := range []*os.File{f.in, f.out} {
		if file != nil {
			errs = append(errs, file.Close())
		}
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
