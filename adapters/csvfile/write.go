package csvfile

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/gocarina/gocsv"

	"ledgerline/domain/webex"
)

// WriteUsers writes users with their status as CSV (RFC 4180, UTF-8). Reading
// the file gives back every value as it was: cells that a spreadsheet would run
// are written with a ' in front, which Open takes away again. It stops at the
// first error of users and returns it.
func WriteUsers(w io.Writer, users iter.Seq2[webex.Subscriber, error]) error {
	out := &writer{w: bufio.NewWriterSize(w, 64<<10), sep: ',', harmless: true}
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

// writer writes records for gocsv: its CSVWriter.
type writer struct {
	w        *bufio.Writer
	sep      byte
	harmless bool // cells that a spreadsheet would run get a ' in front
}

// Write writes one record.
func (w *writer) Write(cells []string) error {
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

// original is the reverse of neutral.
func original(cell string) string {
	if rest, found := strings.CutPrefix(cell, "'"); found && runs(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

func runs(cell string) bool { return cell != "" && strings.IndexByte("=+-@\t\r", cell[0]) >= 0 }

// Rejects writes the rows of a file that were rejected, with the reasons beside
// them: corrected, the result can be imported in place of the original.
type Rejects struct {
	in     *records
	header header
	out    *writer
}

// NewRejects begins a file of rejected rows of the original: same separator, same
// columns, and one named error.
//
// Errors: those of Open.
func NewRejects(w io.Writer, original io.Reader) (*Rejects, error) {
	in, h, err := open(original)
	if err != nil {
		return nil, err
	}
	out := &writer{w: bufio.NewWriter(w), sep: in.sep}
	if in.bom {
		_, _ = out.w.WriteString("\ufeff")
	}
	r := &Rejects{in: in, header: h, out: out}
	return r, r.write(h.cells, errorColumn)
}

// Add writes one rejected row, its cells as they stand in the original. A row
// that cannot be cut into cells is put into the first one. Rows are added in
// ascending order.
func (r *Rejects) Add(row int, reason string) error {
	for {
		rec, err := r.in.next()
		switch {
		case err != nil:
			return fmt.Errorf("find row %d again: %w", row, err)
		case rec.number > row:
			return fmt.Errorf("there is no row %d", row)
		case rec.number == row:
			return r.write(rec.cells, reason)
		}
	}
}

// Close writes what is left; it leaves the files open.
func (r *Rejects) Close() error { return r.out.w.Flush() }

func (r *Rejects) write(cells []string, reason string) error {
	line := make([]string, 0, len(r.header.cells)+1)
	for i := range max(len(cells), len(r.header.cells)) {
		switch {
		case i == r.header.err:
		case i < len(cells):
			line = append(line, cells[i])
		default:
			line = append(line, "")
		}
	}
	return r.out.Write(append(line, neutral(reason)))
}
