package csvfile

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/gocarina/gocsv"

	"ledgerline/commands"
	"ledgerline/domain"
)

// ErrEmpty is said of a file without a single line.
var ErrEmpty = domain.Reject(domain.Invalid, "The file is empty. Its first line must name the columns.")

// File is a file of subscribers, read once and as a stream.
type File struct {
	// Ignored are the columns that nobody knows, as they stand in the file.
	Ignored []string

	records *records
	header  header
	err     error
}

// Open reads the first line of a file. Columns are separated by commas,
// semicolons or tabs, and named in any case and order; the file is UTF-8, with
// or without a byte order mark, or UTF-16 with one.
//
// Errors: Invalid with the columns that are missing or there twice as fields;
// ErrEmpty; whatever reading fails with.
func Open(file io.Reader) (*File, error) {
	r, h, err := open(file)
	if err != nil {
		return nil, err
	}
	return &File{Ignored: h.ignored, records: r, header: h}, nil
}

// Rows is Open for callers that do not ask what was ignored. A file that cannot
// be read to its end yields a last row that says so.
func Rows(file io.Reader) (iter.Seq[commands.ImportRow], error) {
	f, err := Open(file)
	if err != nil {
		return nil, err
	}
	return f.Rows(), nil
}

// Err returns what reading failed with; nil: nothing so far, or the file ended.
func (f *File) Err() error {
	if errors.Is(f.err, io.EOF) {
		return nil
	}
	return f.err
}

// Rows yields the rows below the first line, once. A row that cannot be read has
// an Err, and the ones after it are read all the same.
func (f *File) Rows() iter.Seq[commands.ImportRow] {
	return func(yield func(commands.ImportRow) bool) {
		b := batch{header: f.header.names}
		for f.err == nil {
			b.numbers = b.numbers[:0]
			for len(b.numbers) < batchSize && f.err == nil {
				f.err = b.read(f.records, f.header)
			}
			if !b.yield(yield) {
				return
			}
		}
		if f.Err() == nil {
			return
		}
		yield(commands.ImportRow{Number: f.records.number + 1,
			Err: domain.Reject(domain.Invalid, "The file could not be read any further, so nothing is known of the rows from here on. Import it again.")})
	}
}

// open finds out how a file is built.
func open(file io.Reader) (*records, header, error) {
	r := newRecords(file)
	r.skipEmptyLines()
	best := -1
	for _, sep := range []byte(",;\t") {
		probe := records{in: r.in, sep: sep, eol: r.eol}
		length, _, err := probe.scan()
		if err != nil {
			break
		}
		raw, _ := r.in.Peek(length)
		score := 0
		for cell := range strings.SplitSeq(string(raw), string(sep)) {
			if known(strings.Trim(cell, "\"\r\n ")) != "" {
				score++
			}
		}
		if score > best {
			best, r.sep = score, sep
		}
	}
	first, err := r.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, header{}, ErrEmpty
	case err != nil:
		return nil, header{}, fmt.Errorf("read the first line: %w", err)
	case first.problem != "":
		return nil, header{}, domain.Reject(domain.Invalid, "The first line of the file cannot be read: "+first.problem+".")
	}
	h, err := readHeader(first.cells)
	return r, h, err
}

// batchSize is how many rows gocsv maps at a time: it looks at the header anew
// for every batch, and memory does not grow with the file.
const batchSize = 256

// batch is what gocsv reads from: its CSVReader.
type batch struct {
	header  []string
	cells   [][]string
	numbers []int
	bad     [batchSize]error
	rows    [batchSize]imported
}

// read adds the next record.
func (b *batch) read(from *records, h header) error {
	rec, err := from.next()
	if err != nil {
		return err
	}
	i := len(b.numbers)
	b.numbers = append(b.numbers, rec.number)
	if i == len(b.cells) {
		b.cells = append(b.cells, nil)
	}
	cells := append(b.cells[i][:0], rec.cells[:min(len(rec.cells), len(b.header))]...)
	for j, cell := range cells {
		cells[j] = original(cell)
	}
	b.cells[i], b.bad[i] = cells, problem(rec, h)
	return nil
}

// problem says why a record cannot be a row, if so.
func problem(rec record, h header) error {
	var f domain.Fields
	switch bad := notText(rec.cells); {
	case rec.problem != "":
		return domain.Reject(domain.Invalid, "The row cannot be read: "+rec.problem+".")
	case len(rec.cells) != len(h.cells):
		return domain.Reject(domain.Invalid, fmt.Sprintf("The row has %d cells where the first line has %d; look for a separator or a line break too many or too few.", len(rec.cells), len(h.cells)))
	case bad >= 0:
		f.Add(h.cells[bad], domain.Malformed, "has characters that are not UTF-8; save the file as \"CSV UTF-8\" and import it again")
	}
	return f.Err()
}

// Read is not used.
func (b *batch) Read() ([]string, error) { return nil, io.EOF }

// ReadAll returns the header and the rows of the batch.
func (b *batch) ReadAll() ([][]string, error) {
	return slices.Insert(slices.Clone(b.cells[:len(b.numbers)]), 0, b.header), nil
}

func (b *batch) yield(yield func(commands.ImportRow) bool) bool {
	rows := b.rows[:]
	if err := gocsv.UnmarshalCSV(b, &rows); err != nil {
		panic(fmt.Sprintf("csvfile: text does not fit into text: %v", err))
	}
	for i, number := range b.numbers {
		if !yield(commands.ImportRow{Number: number, Subscriber: rows[i].subscriber(), Err: b.bad[i]}) {
			return false
		}
	}
	return true
}
