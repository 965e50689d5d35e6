package csvfile

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

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
// semicolons or tabs, and named in any order, case and language of headers.csv;
// the file is UTF-8 or UTF-16, with or without a byte order mark, or
// Windows-1252. Columns that are given otherwise may be missing.
//
// Errors: Invalid with the columns that are missing or there twice as fields, or
// if rows are separated otherwise than the first line; ErrEmpty; whatever reading
// fails with.
func Open(file io.Reader, given ...string) (*File, error) {
	r, h, err := open(file, given...)
	if err != nil {
		return nil, err
	}
	return &File{Ignored: h.ignored, records: r, header: h}, nil
}

// Ignored returns the columns of a file that nobody knows, whether it has those
// that it needs or not.
//
// Errors: those of Open.
func Ignored(file io.Reader) ([]string, error) {
	_, h, err := open(file, mandatory...)
	return h.ignored, err
}

// Encoding is how the text of the file is written, as far as it was read: UTF-8,
// UTF-16 or Windows-1252.
func (f *File) Encoding() string {
	if f.records.utf16 != nil {
		return "UTF-16"
	}
	return f.records.text.String()
}

// Rows is Open for callers that do not ask what was ignored. A file that cannot
// be read to its end yields a last row that says so.
func Rows(file io.Reader, given ...string) (iter.Seq[commands.ImportRow], error) {
	f, err := Open(file, given...)
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

// batchSize is how many rows gocsv maps at a time: it looks at the header anew
// for every batch, and memory does not grow with the file.
const batchSize = 256

// batch is what gocsv reads from: its CSVReader.
type batch struct {
	header  []string
	cells   [][]string
	numbers []int
	bad     [batchSize]error
	repairs [batchSize][]string
	rows    [batchSize]imported
	told    bool // that the file is in Windows-1252
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
	garbled, problem := -1, ""
	for j, cell := range cells {
		text, wrong := from.text.text(cell)
		if wrong != "" && garbled < 0 {
			garbled, problem = j, wrong
		}
		cells[j] = original(text)
	}
	b.cells[i], b.repairs[i] = cells, nil
	if from.text == windows1252 && !b.told {
		b.told, b.repairs[i] = true, []string{asWindows1252}
	}
	var f domain.Fields
	switch b.bad[i] = nil; {
	case rec.problem != "":
		b.bad[i] = domain.Reject(domain.Invalid, "The row cannot be read: "+rec.problem+".")
	case len(rec.cells) != len(h.cells):
		b.bad[i] = domain.Reject(domain.Invalid, fmt.Sprintf("The row has %d cells where the first line has %d; look for a separator or a line break too many or too few.", len(rec.cells), len(h.cells)))
	case garbled >= 0:
		f.Add(h.column(garbled), domain.Malformed, problem)
		b.bad[i] = f.Err()
	}
	return nil
}

// asWindows1252 is a repair of the first row of a file that this was done to.
const asWindows1252 = "the file is not UTF-8 and was taken for Windows-1252; check that accented letters are right"

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
		row := commands.ImportRow{Number: number, Subscriber: rows[i].subscriber(), Repairs: b.repairs[i], Err: b.bad[i]}
		if row.Err == nil {
			row.Delete, row.Err = deletes(rows[i].Delete)
		}
		if !yield(row) {
			return false
		}
	}
	return true
}
