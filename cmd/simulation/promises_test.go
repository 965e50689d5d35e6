package simulation

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// promise is one thing that holds whatever goes wrong; doc.go says it in full.
type promise string

const (
	oneRecord              promise = "one-record"
	oneRequest             promise = "one-request"
	intentFirst            promise = "intent-first"
	noCallInRetryAfter     promise = "no-call-in-retry-after"
	resolvedIn15m          promise = "resolved-in-15m"
	comesToRest            promise = "comes-to-rest"
	retryAsPlanned         promise = "retry-as-planned"
	holdIsHeeded           promise = "hold-is-heeded"
	webexAgrees            promise = "webex-agrees"
	noOrphan               promise = "no-orphan"
	acknowledgedIsRecorded promise = "acknowledged-is-recorded"
	answersAgree           promise = "answers-agree"
	repeatIsHarmless       promise = "repeat-is-harmless"
	logOrder               promise = "log-order"
	viewsEqualRebuild      promise = "views-equal-rebuild"
)

// promises lists all, in the order of doc.go.
var promises = []promise{
	oneRecord, oneRequest, intentFirst, noCallInRetryAfter, resolvedIn15m, comesToRest, retryAsPlanned, holdIsHeeded, webexAgrees, noOrphan,
	acknowledgedIsRecorded, answersAgree, repeatIsHarmless, logOrder, viewsEqualRebuild,
}

func TestTheDocumentationIsComplete(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, text, _ := strings.Cut(string(doc), "// # Promises")
	text, teeth, _ := strings.Cut(text, "// # Teeth")
	var listed []promise
	for line := range strings.Lines(text) {
		if word, ok := strings.CutPrefix(line, "//\t"); ok && word[0] != ' ' {
			listed = append(listed, promise(strings.Fields(word)[0]))
		}
	}
	require.Equal(t, promises, listed)
	var table []string
	for line := range strings.Lines(teeth) {
		if row := strings.Fields(line); len(row) > 2 && strings.HasPrefix(line, "//\t") && row[0] == "//" && row[1] != "go" {
			table = append(table, row[1]+" "+row[2])
		}
	}
	var want []string
	for _, b := range bugs {
		want = append(want, b.name+" "+string(b.breaks))
	}
	require.Equal(t, want, table)
}
