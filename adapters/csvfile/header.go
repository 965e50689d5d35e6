package csvfile

import (
	"fmt"
	"slices"
	"strings"

	"ledgerline/domain"
)

// header is the first record of a file, understood.
type header struct {
	cells   []string // as they stand in the file, byte for byte
	shown   []string // the same as text
	names   []string // ours, "" where the column is not read
	ignored []string // columns that nobody knows, as they stand in the file
	err     int      // place of errorColumn, -1: there is none
}

// readHeader finds the columns. A file that says which users to delete needs
// their ids only, and none needs what is given otherwise.
func readHeader(cells, texts, given []string) (header, error) {
	h := header{cells: slices.Clone(cells), shown: make([]string, len(cells)), names: make([]string, len(cells)), err: -1}
	var f domain.Fields
	first := map[string]int{}
	for i := range cells {
		h.shown[i] = strings.TrimSpace(texts[i])
		name := known(h.shown[i])
		if name == "" && h.shown[i] != "" {
			h.ignored = append(h.ignored, h.shown[i])
		}
		if !slices.Contains(columns, name) && name != deleteColumn && name != errorColumn {
			continue
		}
		if before, twice := first[name]; twice {
			f.Add(name, domain.Malformed, fmt.Sprintf("there are two columns for it, %s (%s) and %s (%s); keep one",
				columnLetter(before), h.shown[before], columnLetter(i), h.shown[i]))
			continue
		}
		first[name] = i
		if h.names[i] = name; name == errorColumn {
			h.names[i], h.err = "", i
		}
	}
	needed := mandatory
	if _, deletes := first[deleteColumn]; deletes {
		needed = mandatory[:1]
	}
	for _, name := range needed {
		if _, found := first[name]; !found && !slices.Contains(given, name) {
			f.Add(name, domain.Missing, "the column is missing")
		}
	}
	if f.Err() != nil {
		return h, &domain.Rejection{Kind: domain.Invalid, Fields: f,
			Text: "The first line of the file must name the columns: " + strings.Join(mandatory, ", ") + " and, where wanted, " + strings.Join(columns[len(mandatory):], ", ") + ", " + deleteColumn + "."}
	}
	return h, nil
}

// column names a column in an error.
func (h header) column(i int) string {
	if i < len(h.shown) && h.shown[i] != "" {
		return h.shown[i]
	}
	return "column " + columnLetter(i)
}

// What stands in the column of deletions, folded.
var (
	deleteYes = []string{"x", "yes", "y", "true", "t", "1", "delete", "remove", "ja", "j", "sant", "sand", "sandt", "oui", "o", "vrai", "да", "д", "истина"}
	deleteNo  = []string{"", "no", "n", "false", "f", "0", "keep", "nej", "falskt", "falsk", "non", "faux", "не", "н", "неистина", "лъжа"}
)

// deletes reads a cell of the column of deletions.
func deletes(cell string) (yes bool, err error) {
	switch text := folded(cell); {
	case slices.Contains(deleteYes, text):
		return true, nil
	case slices.Contains(deleteNo, text) && (text != "" || strings.Trim(cell, " \t\u00a0-") == ""):
		return false, nil
	}
	var f domain.Fields
	f.Add(deleteColumn, domain.Malformed, "must be x, yes, true or 1 to delete the user, and empty, no, false or 0 to keep it")
	return false, f.Err()
}
