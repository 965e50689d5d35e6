package csvfile

import (
	_ "embed"
	"encoding/csv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// headers.csv is the table of names under which columns are known: field, where
// the name comes from, name. A new name is a new line.
//
//go:embed headers.csv
var headerTable string

// names are our fields by the folded names of the table.
var names = sync.OnceValue(func() map[string]string {
	known := map[string]string{}
	for _, line := range headerLines() {
		known[folded(line[2])] = line[0]
	}
	return known
})

// headerLines returns the table without its first line.
func headerLines() [][]string {
	lines, err := csv.NewReader(strings.NewReader(headerTable)).ReadAll()
	if err != nil {
		panic("csvfile: headers.csv: " + err.Error())
	}
	return lines[1:]
}

// known returns our name of a column, whatever its language, case, spaces and
// punctuation, or nothing.
func known(cell string) string { return names()[folded(cell)] }

// folded is the form in which names of columns are compared: letters and digits
// alone, in lower case.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFC.String(name))
}

// columnLetter names a column as a spreadsheet does: A, B, ... Z, AA.
func columnLetter(i int) string {
	letters := ""
	for i++; i > 0; i = (i - 1) / 26 {
		letters = string(rune('A'+(i-1)%26)) + letters
	}
	return letters
}
