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

func TestReasonsAreGroupedAndBounded(t *testing.T) {
	rs := reasons{}
	for row := range 10 {
		rs.add("email: is missing", row+2)
	}
	rs.add("other", 99)
	got := rs.sorted()
	require.Equal(t, "10 x email: is missing (rows 2, 3, 4, 5, 6, ...)", got[0].String())
	require.Equal(t, "1 x other (row 99)", got[1].String())
	for row := range 3 * differentReasons {
		rs.add(strings.Repeat("x", row), row)
	}
	require.LessOrEqual(t, len(rs), differentReasons+1)
}
