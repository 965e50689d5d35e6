package csvfile

import (
	"bufio"
	"fmt"
	"io"

	"golang.org/x/text/transform"
)

// Rejects writes the rows of a file that were rejected, with the reasons beside
// them: corrected, the result can be imported in place of the original.
type Rejects struct {
	in     *records
	header header
	out    *writer
	end    func() error // of the encoding
}

// NewRejects begins a file of rejected rows of the original: same separator,
// encoding and columns, and one named error, which replaces the one that the
// original may have.
//
// Errors: those of Open.
func NewRejects(w io.Writer, original io.Reader) (*Rejects, error) {
	in, h, err := open(original, mandatory...) // what it lacks was given otherwise
	if err != nil {
		return nil, err
	}
	end := func() error { return nil }
	mark := in.text == utf8Text // rows that are not UTF-8 must not be taken for another encoding
	if in.utf16 != nil {
		encoded := transform.NewWriter(w, in.utf16.NewEncoder())
		w, end, mark = encoded, encoded.Close, false // it marks what it writes
	}
	out := &writer{w: bufio.NewWriter(w), sep: in.sep}
	if mark {
		_, _ = out.w.WriteString("\ufeff")
	}
	if in.told != "" {
		_, _ = out.w.WriteString(in.told + "\r\n")
	}
	r := &Rejects{in: in, header: h, out: out, end: end}
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
func (r *Rejects) Close() error {
	if err := r.out.w.Flush(); err != nil {
		return err
	}
	return r.end()
}

func (r *Rejects) write(cells []string, reason string) error {
	columns := len(r.header.cells)
	old := r.header.err
	if old == columns-1 && len(cells) > columns {
		old = len(cells) - 1 // as it was written here, behind the cells too many
	}
	line := make([]string, 0, columns+1)
	for i := range max(len(cells), columns) {
		switch {
		case i == old:
		case i < len(cells):
			line = append(line, cells[i])
		default:
			line = append(line, "")
		}
	}
	return r.out.Write(append(line, neutral(r.in.text.bytes(reason))))
}
