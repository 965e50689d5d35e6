package csvfile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
)

func TestNoNameStandsForTwoColumns(t *testing.T) {
	seen := map[string]string{}
	for _, line := range headerLines() {
		field, name := line[0], folded(line[2])
		require.NotEmpty(t, name, line)
		if before, twice := seen[name]; twice {
			require.Equal(t, before, field, "%q", line[2])
		}
		seen[name] = field
	}
}

func TestEveryColumnHasANameInEachOfOurLanguages(t *testing.T) {
	named := map[string]bool{}
	for _, line := range headerLines() {
		named[line[0]+" "+line[1]] = true
		require.Equal(t, line[0], known(line[0]), "a field has its own name")
	}
	for _, field := range append(slices.Clone(columns), deleteColumn) {
		for _, language := range []string{"sv", "fr", "da", "bg"} {
			require.True(t, named[field+" "+language], "%s in %s", field, language)
		}
		require.True(t, named[field+" webex"] || named[field+" en"], field)
	}
	for _, field := range append(slices.Clone(UserColumns), errorColumn) {
		require.Equal(t, field, known(field))
	}
}

func TestNamesAreKnownInAnyCaseWithSpacesUnderscoresAndHyphens(t *testing.T) {
	for _, line := range headerLines() {
		for _, written := range []string{
			strings.ToUpper(line[2]), strings.ToLower(line[2]), " " + line[2] + "\u00a0", strings.ReplaceAll(line[2], " ", "_"),
			strings.ReplaceAll(line[2], " ", "-"), strings.ReplaceAll(line[2], " ", ""), line[2] + " *", norm.NFD.String(line[2]),
		} {
			require.Equal(t, line[0], known(written), "%q", written)
		}
	}
	for _, name := range []string{"", " ", "*", "Shoe size", "Namn", "first", "userIds"} {
		require.Empty(t, known(name), name)
	}
}

func TestColumnsAreNamedAsSpreadsheetsDo(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 51: "AZ", 52: "BA", 701: "ZZ", 702: "AAA"} {
		require.Equal(t, want, columnLetter(i), fmt.Sprint(i))
	}
}
