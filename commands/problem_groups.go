package commands

import (
	"cmp"
	"slices"

	"ledgerline/domain"
)

// ProblemGroup is a mistake that rows of a file have in common: one fix for all.
type ProblemGroup struct {
	Field string `json:"field,omitempty"` // empty: the row as a whole
	Fix   string `json:"fix"`             // what is wrong and what to do about it
	Count int    `json:"count"`           // of rows
	Rows  []int  `json:"rows"`            // the first few
}

// How much ProblemGroups keeps, whatever the file.
const (
	maxProblemGroups    = 1000
	maxProblemGroupRows = 5
)

// otherProblems is the fix of the last group, of those that were too many.
const otherProblems = "other mistakes; see the file of rejected rows"

// ProblemGroups groups what is wrong with the rows of a file by field and fix.
// The zero value is ready for use.
type ProblemGroups struct {
	groups map[[2]string]*ProblemGroup
}

// Add takes in a rejected row: each of its fields or, if none is named, the
// reason.
func (g *ProblemGroups) Add(row int, reason string, fields []domain.FieldError) {
	if len(fields) == 0 {
		g.add("", reason, row)
	}
	for _, f := range fields {
		g.add(f.Field, f.Problem, row)
	}
}

func (g *ProblemGroups) add(field, fix string, row int) {
	if g.groups == nil {
		g.groups = map[[2]string]*ProblemGroup{}
	}
	key := [2]string{field, fix}
	group := g.groups[key]
	if group == nil && len(g.groups) >= maxProblemGroups {
		key = [2]string{"", otherProblems}
		group = g.groups[key]
	}
	if group == nil {
		group = &ProblemGroup{Field: key[0], Fix: key[1]}
		g.groups[key] = group
	}
	group.Count++
	if len(group.Rows) < maxProblemGroupRows {
		group.Rows = append(group.Rows, row)
	}
}

// Sorted returns the groups, the one with the most rows first.
func (g *ProblemGroups) Sorted() []ProblemGroup {
	sorted := make([]ProblemGroup, 0, len(g.groups))
	for _, group := range g.groups {
		sorted = append(sorted, *group)
	}
	slices.SortFunc(sorted, func(a, b ProblemGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Rows[0], b.Rows[0]), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Fix, b.Fix))
	})
	return sorted
}
