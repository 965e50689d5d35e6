package commands_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
)

func TestProblemsAreGroupedByFieldAndFix(t *testing.T) {
	var g commands.ProblemGroups
	require.Empty(t, g.Sorted())
	missing := domain.FieldError{Field: "email", Problem: "is missing"}
	for row := 2; row <= 9; row++ {
		g.Add(row, "email: is missing", []domain.FieldError{missing})
	}
	g.Add(10, "both", []domain.FieldError{{Field: "lastName", Problem: "is missing"}, {Field: "email", Problem: "must contain one @ only"}})
	g.Add(11, "The row has 4 cells.", nil)
	g.Add(12, "The row has 4 cells.", nil)
	require.Equal(t, []commands.ProblemGroup{
		{Field: "email", Fix: "is missing", Count: 8, Rows: []int{2, 3, 4, 5, 6}},
		{Fix: "The row has 4 cells.", Count: 2, Rows: []int{11, 12}},
		{Field: "email", Fix: "must contain one @ only", Count: 1, Rows: []int{10}},
		{Field: "lastName", Fix: "is missing", Count: 1, Rows: []int{10}},
	}, g.Sorted())
}

func TestProblemsTooManyToTellApartAreCountedTogether(t *testing.T) {
	var g commands.ProblemGroups
	for row := range 5000 {
		g.Add(row+2, fmt.Sprintf("The row has %d cells.", row), nil)
	}
	groups := g.Sorted()
	require.Len(t, groups, 1001)
	require.Equal(t, commands.ProblemGroup{Fix: "other mistakes; see the file of rejected rows", Count: 4000, Rows: []int{1002, 1003, 1004, 1005, 1006}}, groups[0])
}
