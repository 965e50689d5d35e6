package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	textencoding "golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// maxRecord is the most that one record may take, in bytes: far more than the
// longest values that the rules allow.
const maxRecord = 64 << 10

// record is one line of a spreadsheet.
type record struct {
	number  int      // lines of the spreadsheet from 1, empty ones included
	cells   []string // reused by the next record
	problem string   // why it could not be cut into cells; it is then one cell
}

// records cuts a file into records. What is wrong with one record ends with
// its first line, so that a quote that is never closed costs one row.
type records struct {
	in     *bufio.Reader
	bom    bool                  // the file begins with a byte order mark
	utf16  textencoding.Encoding // of the file; nil: another
	told   string                // the first line, where it is Excel's sep=
	text   encoding
	sep    byte
	eol    byte // the last of a line: \n, or \r in files that have no other line ends
	number int
	cells  []string
}

func newRecords(file io.Reader) *records {
	r := &records{in: bufio.NewReaderSize(file, maxRecord), sep: ',', eol: '\n'}
	start, _ := r.in.Peek(maxRecord)
	order, unmarked := utf16Order(start)
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		r.bom, r.text = true, utf8Text
		_, _ = r.in.Discard(3)
	case bytes.HasPrefix(start, []byte("\xff\xfe")):
		r.decode(unicode.LittleEndian)
	case bytes.HasPrefix(start, []byte("\xfe\xff")):
		r.decode(unicode.BigEndian)
	case unmarked:
		r.decode(order)
	}
	start, _ = r.in.Peek(maxRecord)
	if r.text == ascii {
		r.text = encodingOf(start)
	}
	if onlyReturns(start) {
		r.eol = '\r'
	}
	return r
}

// decode reads on as UTF-16.
func (r *records) decode(order unicode.Endianness) {
	r.bom, r.text, r.utf16 = true, utf8Text, unicode.UTF16(order, unicode.UseBOM)
	r.in = bufio.NewReaderSize(r.utf16.NewDecoder().Reader(r.in), maxRecord)
}

// part reads some of the file again, as it would be cut at another separator.
func (r *records) part(text []byte, sep byte) *records {
	return &records{in: bufio.NewReaderSize(bytes.NewReader(text), maxRecord), text: r.text, sep: sep, eol: r.eol}
}

// onlyReturns says whether lines end in CR alone, as old programs for the Mac
// have it.
func onlyReturns(start []byte) bool {
	quoted, found := false, false
	for i, b := range start {
		switch {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '\n':
			return false
		case b == '\r':
			found = found || i+1 < len(start)
		}
	}
	return found
}

// next returns the next record that is not empty.
//
// Errors: io.EOF after the last; whatever reading fails with.
func (r *records) next() (record, error) {
	for {
		length, problem, err := r.scan()
		if err != nil {
			return record{}, err
		}
		r.number++
		raw, _ := r.in.Peek(length)
		if r.text == ascii {
			r.text = encodingOf(raw)
		}
		line := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
		_, _ = r.in.Discard(length)
		if problem == tooLong {
			if err := r.skipLine(); err != nil {
				return record{}, err
			}
		}
		if problem != "" {
			r.cells = append(r.cells[:0], line)
		} else {
			r.split(line)
		}
		if !empty(r.cells) {
			return record{number: r.number, cells: r.cells, problem: problem}, nil
		}
	}
}

const (
	bareQuote = "there is a quote inside a cell; put the whole cell in quotes and write each quote in it twice"
	openQuote = "a quote is opened and never closed"
	tooLong   = "the line is longer than 64 KiB"
)

// scan finds the length of the next record, line ending included, and what is
// wrong with it.
func (r *records) scan() (length int, problem string, err error) {
	const (
		cellStart = iota
		plain
		quoted
		afterQuote
		afterReturn
		formula // after =, where Excel protects text: ="0042"
		formulaText
		afterFormula
		broken
	)
	buf, _ := r.in.Peek(r.in.Buffered())
	line := 0 // length of the first line
	for i, state := 0, cellStart; ; i++ {
		if i == len(buf) {
			_, err := r.in.Peek(i + 1)
			buf, _ = r.in.Peek(r.in.Buffered())
			switch {
			case err == nil:
			case errors.Is(err, bufio.ErrBufferFull) && line == 0:
				return i, tooLong, nil
			case errors.Is(err, bufio.ErrBufferFull):
				return line, openQuote, nil
			case errors.Is(err, io.EOF) && i > 0 && state == quoted:
				if line == 0 {
					line = i
				}
				return line, openQuote, nil
			case errors.Is(err, io.EOF) && i > 0:
				return i, problem, nil
			default:
				return 0, "", err
			}
		}
		b := buf[i]
		if b == r.eol {
			if line == 0 {
				line = i + 1
			}
			if state != quoted {
				return i + 1, problem, nil
			}
		}
		switch {
		case state == broken:
		case state == quoted:
			if b == '"' {
				state = afterQuote
			}
		case b == r.sep && state != afterReturn:
			state = cellStart
		case state == cellStart && b == '"':
			state = quoted
		case state == cellStart && b == '=':
			state = formula
		case state == formula && b == '"':
			state = formulaText
		case state == formulaText && b != '"':
		case state == formulaText:
			state = afterFormula
		case state == afterQuote && b == '"':
			state = quoted
		case (state == afterQuote || state == afterFormula) && b == '\r':
			state = afterReturn
		case state == afterQuote || state == afterFormula || state == afterReturn || b == '"':
			if problem, state = bareQuote, broken; line > 0 {
				return line, problem, nil
			}
		case state == cellStart || state == formula:
			state = plain
		}
	}
}

// skipEmptyLines goes on to the first line with something on it.
func (r *records) skipEmptyLines() {
	for {
		start, _ := r.in.Peek(maxRecord)
		length := bytes.IndexByte(start, r.eol) + 1
		if length == 0 || len(bytes.Trim(start[:length], " ,;\t\r\n")) > 0 {
			return
		}
		_, _ = r.in.Discard(length)
		r.number++
	}
}

// skipSeparatorLine takes in the line by which a file tells Excel its separator.
// Spreadsheets do not show it, so it is no row.
func (r *records) skipSeparatorLine() {
	start, _ := r.in.Peek(7)
	line, _, found := bytes.Cut(start, []byte{r.eol})
	line = bytes.TrimSuffix(line, []byte("\r"))
	if !found || len(line) != 5 || !bytes.EqualFold(line[:4], []byte("sep=")) || bytes.IndexByte(separators, line[4]) < 0 {
		return
	}
	r.told, r.sep = string(line), line[4]
	_, _ = r.in.Discard(bytes.IndexByte(start, r.eol) + 1)
}

// skipLine leaves out what is left of a line.
func (r *records) skipLine() error {
	for {
		_, err := r.in.ReadSlice(r.eol)
		switch {
		case err == nil, errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// split cuts a line that scan found nothing wrong with.
func (r *records) split(line string) {
	r.cells = r.cells[:0]
	for {
		if !strings.HasPrefix(line, `"`) {
			end := strings.IndexByte(line, r.sep)
			if end < 0 {
				r.cells = append(r.cells, line)
				return
			}
			r.cells = append(r.cells, line[:end])
			line = line[end+1:]
			continue
		}
		end, doubled := 1, false
		for end += strings.IndexByte(line[end:], '"'); end+1 < len(line) && line[end+1] == '"'; end += strings.IndexByte(line[end:], '"') {
			doubled = true
			end += 2
		}
		cell := line[1:end]
		if doubled {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		r.cells = append(r.cells, cell)
		if line = line[end+1:]; line == "" {
			return
		}
		line = line[1:]
	}
}

func empty(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}
