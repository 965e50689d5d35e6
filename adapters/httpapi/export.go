package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// exportForm is how an export is written.
type exportForm struct {
	csv     bool     // otherwise JSON lines
	columns []string // those asked for, in this order; none: all
}

// exportForm reads how an export is wanted. CSV has columns of its own, JSON lines
// have the members of what the list shows.
func (p *params) exportForm(columns, members []string) exportForm {
	f := exportForm{csv: p.oneOf("format", "csv", "jsonl") == "csv"}
	if !f.csv {
		columns = members
	}
	f.columns = list(p, "columns", columns)
	return f
}

// export answers with a file, which write writes. One that cannot be finished
// breaks the connection off, so that nobody takes it for whole.
func (a *api) export(w http.ResponseWriter, c *call, name string, f exportForm, write func(io.Writer) error) error {
	media, extension := "application/x-ndjson", ".jsonl"
	if f.csv {
		media, extension = "text/csv; charset=utf-8; header=present", ".csv"
	}
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+extension+`"`)
	w.Header().Set("Content-Type", media)
	err := write(w)
	if err == nil {
		return nil
	}
	if begun := w.(*answer).status != 0; !begun {
		w.Header().Del("Content-Disposition")
		return err
	}
	if c.Context().Err() == nil {
		a.logOutage(c, err)
	}
	panic(http.ErrAbortHandler)
}

// writeLines writes one JSON object a line, of chosen members if any are chosen.
func writeLines[T any](w io.Writer, rows iter.Seq2[T, error], columns []string) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for row, err := range rows {
		if err != nil {
			return err
		}
		var line any = row
		if len(columns) > 0 {
			if line, err = choose(row, columns); err != nil {
				return err
			}
		}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// choose returns some members of an object, in this order. Those that are empty
// are left out where the whole object leaves them out.
func choose(row any, columns []string) (json.RawMessage, error) {
	var whole bytes.Buffer
	in := json.NewEncoder(&whole)
	in.SetEscapeHTML(false)
	if err := in.Encode(row); err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(whole.Bytes(), &members); err != nil {
		return nil, err
	}
	chosen := []byte{'{'}
	for _, name := range columns {
		value, ok := members[name]
		if !ok {
			continue
		}
		if len(chosen) > 1 {
			chosen = append(chosen, ',')
		}
		chosen = append(append(append(chosen, '"'), name...), '"', ':')
		chosen = append(chosen, value...)
	}
	return append(chosen, '}'), nil
}

// membersOf returns the names of the members of T as JSON.
func membersOf[T any]() (names []string) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

// column is a column of a table as CSV.
type column[T any] struct {
	name string
	cell func(T) string
}

func columnNames[T any](columns []column[T]) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// writeTable writes rows as CSV, of chosen columns if any are chosen.
func writeTable[T any](a *api, w io.Writer, all []column[T], rows iter.Seq2[T, error], chosen []string) error {
	columns := all
	if len(chosen) > 0 {
		columns = make([]column[T], len(chosen))
		for i, name := range chosen {
			columns[i] = all[slices.IndexFunc(all, func(c column[T]) bool { return c.name == name })]
		}
	}
	cells := make([]string, len(columns))
	return a.WriteTable(w, columnNames(columns), func(yield func([]string, error) bool) {
		for row, err := range rows {
			if err == nil {
				for i, c := range columns {
					cells[i] = c.cell(row)
				}
			}
			if !yield(cells, err) {
				return
			}
		}
	})
}

// showing yields rows as they are shown.
func showing[T, S any](rows iter.Seq2[T, error], show func(T) S) iter.Seq2[S, error] {
	return func(yield func(S, error) bool) {
		for row, err := range rows {
			if err != nil {
				var none S
				yield(none, err)
				return
			}
			if !yield(show(row), nil) {
				return
			}
		}
	}
}
