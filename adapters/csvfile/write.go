package csvfile

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"

	"ledgerline/domain/webex"
)

// WriteUsers writes users with their status as CSV (RFC 4180, UTF-8). Reading
// the file gives back every value as it was: cells that a spreadsheet would run
// are written with a ' in front, which Open takes away again. Columns are some of
// UserColumns, in this order; none stands for all. It stops at the first error of
// users and returns it.
func WriteUsers(w io.Writer, users iter.Seq2[webex.Subscriber, error], columns ...string) error {
	out := newWriter(w)
	for _, name := range columns {
		place := slices.Index(UserColumns, name)
		if place < 0 {
			return fmt.Errorf("csvfile: there is no column %q", name)
		}
		out.pick = append(out.pick, place)
	}
	if err := gocsv.MarshalCSV([]exported{}, out); err != nil {
		return err
	}
	batch := make([]exported, 0, batchSize)
	for user, err := range users {
		if err != nil {
			return err
		}
		if batch = append(batch, export(user)); len(batch) == batchSize {
			if err := gocsv.MarshalCSVWithoutHeaders(batch, out); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if err := gocsv.MarshalCSVWithoutHeaders(batch, out); err != nil {
		return err
	}
	return out.w.Flush()
}

// WriteTable writes a first line and rows as CSV, in the same form.
func WriteTable(w io.Writer, columns []string, rows iter.Seq2[[]string, error]) error {
	out := newWriter(w)
	if err := out.Write(columns); err != nil {
		return err
	}
	for row, err := range rows {
		if err != nil {
			return err
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.w.Flush()
}

// writer writes records for gocsv: its CSVWriter.
type writer struct {
	w        *bufio.Writer
	sep      byte
	harmless bool     // cells that a spreadsheet would run get a ' in front
	pick     []int    // places of the cells that are written; nil: all
	picked   []string // used by Write
}

// newWriter returns a writer of exports.
func newWriter(w io.Writer) *writer {
	return &writer{w: bufio.NewWriterSize(w, 64<<10), sep: ',', harmless: true}
}

// Write writes one record.
func (w *writer) Write(cells []string) error {
	if w.pick != nil {
		w.picked = w.picked[:0]
		for _, place := range w.pick {
			w.picked = append(w.picked, cells[place])
		}
		cells = w.picked
	}
	for i, cell := range cells {
		if i > 0 {
			_ = w.w.WriteByte(w.sep)
		}
		if w.harmless {
			cell = neutral(cell)
		}
		_, _ = w.w.WriteString(quote(cell, w.sep))
	}
	_, err := w.w.WriteString("\r\n")
	return err
}

// Flush does nothing: whoever made the writer flushes it at the end.
func (w *writer) Flush() {}

// Error returns nothing: Write and the last flush do.
func (w *writer) Error() error { return nil }

func quote(cell string, sep byte) string {
	if !strings.ContainsAny(cell, "\"\r\n") && strings.IndexByte(cell, sep) < 0 {
		return cell
	}
	return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
}

// neutral puts a ' in front of what a spreadsheet would run, and of what looks
// as if that had been done to it, so that original can tell.
func neutral(cell string) string {
	if runs(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

// original is the reverse of neutral. It also takes away the ="..." by which
// people keep Excel from changing a text.
func original(cell string) string {
	if rest, found := strings.CutPrefix(cell, "'"); found && runs(strings.TrimLeft(rest, "'")) {
		return rest
	}
	if rest, found := strings.CutPrefix(cell, `="`); found && strings.HasSuffix(rest, `"`) {
		inner := strings.ReplaceAll(rest[:len(rest)-1], `""`, "\x00")
		if !strings.Contains(inner, `"`) && !strings.Contains(rest, "\x00") {
			return strings.ReplaceAll(inner, "\x00", `"`)
		}
	}
	return cell
}

func runs(cell string) bool { return cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 }
