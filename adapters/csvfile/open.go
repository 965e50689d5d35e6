package csvfile

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"ledgerline/domain"
)

// separators are those that columns can have, the most likely first.
var separators = []byte(",;\t")

// open finds out how a file is built. It need not have the columns that are given
// otherwise.
func open(file io.Reader, given ...string) (*records, header, error) {
	r := newRecords(file)
	r.skipEmptyLines()
	if r.skipSeparatorLine(); r.told == "" {
		r.sep = r.likelySeparator()
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
	texts := make([]string, len(first.cells))
	for i, cell := range first.cells {
		text, problem := r.text.text(cell)
		if strings.Contains(text, "\x00") {
			problem = "has zero bytes; is it a CSV file?"
		}
		if problem != "" {
			return nil, header{}, domain.Reject(domain.Invalid, "The first line of the file cannot be read: column "+columnLetter(i)+" "+problem+".")
		}
		texts[i] = text
	}
	h, err := readHeader(first.cells, texts, given)
	if err == nil {
		err = r.checkSeparator(len(h.cells))
	}
	return r, h, err
}

// likelySeparator is the one that makes most sense of the first line.
func (r *records) likelySeparator() byte {
	best, likely := -1, separators[0]
	start, _ := r.in.Peek(maxRecord)
	for _, sep := range separators {
		score := 0
		if rec, err := r.part(start, sep).next(); err == nil && rec.problem == "" {
			for _, cell := range rec.cells {
				if text, _ := r.text.text(cell); known(text) != "" {
					score++
				}
			}
		}
		if score > best {
			best, likely = score, sep
		}
	}
	return likely
}

// names of the separators in errors.
var separatorNames = map[byte]string{',': "commas", ';': "semicolons", '\t': "tabs"}

// checkSeparator refuses a file whose first rows make sense with another
// separator only.
func (r *records) checkSeparator(columns int) error {
	start, _ := r.in.Peek(maxRecord)
	fits := func(sep byte) (fitting, all int) {
		part := r.part(start, sep)
		for all < 20 {
			rec, err := part.next()
			if err != nil {
				break
			}
			if all++; rec.problem == "" && len(rec.cells) == columns {
				fitting++
			}
		}
		return fitting, all
	}
	if fitting, _ := fits(r.sep); fitting > 0 || columns == 1 {
		return nil
	}
	for _, sep := range separators {
		if fitting, all := fits(sep); sep != r.sep && all > 0 && fitting == all {
			return domain.Reject(domain.Invalid, fmt.Sprintf("The first line of the file has its columns separated by %s, the rows by %s. Use the same for both.", separatorNames[r.sep], separatorNames[sep]))
		}
	}
	return nil
}
