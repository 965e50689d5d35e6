package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressIsALineForEveryTenthWhereThereIsNoTerminal(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, "Importing", 1000)
	for done := range 1001 {
		p.show(done)
	}
	p.end()
	require.Equal(t, 10, strings.Count(out.String(), "\n"))
	require.True(t, strings.HasSuffix(out.String(), "Importing: 1000 of 1000\n"))
}

func TestProgressTellsRateAndTimeLeft(t *testing.T) {
	p := newProgress(&bytes.Buffer{}, "Importing", 1000)
	require.Equal(t, "Importing: 250 of 1000, 50 a second, 15 s left", p.line(250, 5*time.Second))
	require.Equal(t, "Importing: 250 of 1000", p.line(250, 5*time.Millisecond))
}

func TestProgressOfWorkElsewhereTellsTheRateThere(t *testing.T) {
	var out bytes.Buffer
	p := newToldProgress(&out, "Importing", 1000)
	p.tell(50, 10, 95)
	p.tell(500, 49.6, 10)
	p.tell(1000, 0, 0)
	require.Equal(t, "Importing: 500 of 1000, 50 a second, 10 s left\nImporting: 1000 of 1000\n", out.String())
}

func TestReasonsNameTheFirstRows(t *testing.T) {
	require.Equal(t, "10 x email: is missing (rows 2, 3, 4, 5, 6, ...)", (&reason{"email: is missing", 10, []int{2, 3, 4, 5, 6}}).String())
	require.Equal(t, "1 x other (row 99)", (&reason{"other", 1, []int{99}}).String())
	require.Equal(t, "userId: is the same as in an earlier row; keep one of the two", rowErrors{Field: "userId", Problem: "is the same as in an earlier row", Fix: "keep one of the two"}.String())
	require.Equal(t, "email: is missing", rowErrors{Field: "email", Problem: "is missing", Fix: "Give a value."}.String())
	require.Equal(t, "The user is leaving.", rowErrors{Problem: "The user is leaving."}.String())
}
