package httpapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"ledgerline/domain"
)

// rowErrors is rows that the same fix helps.
type rowErrors struct {
	Field   string `json:"field,omitempty"` // empty: the whole row
	Code    string `json:"code,omitempty"`
	Problem string `json:"problem"`
	Fix     string `json:"fix,omitempty"`
	Count   int    `json:"count"`
	Rows    []int  `json:"rows"` // the first few
}

// rowErrorGroups groups what is wrong with rows by fix. It keeps so many groups,
// and so many rows of each, whatever the file. Its zero value is empty.
type rowErrorGroups struct {
	groups map[rowErrorKey]*rowErrors
	more   int // mistakes that are in none
}

type rowErrorKey struct{ field, fix, problem string }

const (
	mostRowErrors = 1000
	mostErrorRows = 10
)

// row takes in a rejected row: each of its fields or, if none is named, the reason.
func (g *rowErrorGroups) row(number int, reason string, fields []domain.FieldError) {
	if len(fields) == 0 {
		g.add(rowErrors{Problem: reason}, number)
	}
	for _, p := range showFields(fields, "") {
		g.add(rowErrors{Field: strings.TrimPrefix(p.Pointer, "#/"), Code: p.Code, Problem: p.Problem, Fix: p.Fix}, number)
	}
}

func (g *rowErrorGroups) add(e rowErrors, row int) {
	key := rowErrorKey{e.Field, e.Fix, e.Problem}
	if tells(e.Fix) {
		key.problem = ""
	}
	have := g.groups[key]
	if have == nil {
		if len(g.groups) == mostRowErrors {
			g.more++
			return
		}
		if g.groups == nil {
			g.groups = map[rowErrorKey]*rowErrors{}
		}
		have = &e
		g.groups[key] = have
	}
	if have.Count++; len(have.Rows) < mostErrorRows {
		have.Rows = append(have.Rows, row)
	}
}

// tells says whether a fix tells more than that something is to be done.
func tells(fix string) bool {
	for _, class := range classes {
		if class.fix == fix {
			return false
		}
	}
	return fix != ""
}

// sorted returns the groups, the one with the most rows first.
func (g *rowErrorGroups) sorted() []*rowErrors {
	all := slices.AppendSeq(make([]*rowErrors, 0, len(g.groups)), maps.Values(g.groups))
	slices.SortFunc(all, func(a, b *rowErrors) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rows[0], b.Rows[0]), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Problem, b.Problem))
	})
	return all
}
