package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheNextLinkIsFoundWhateverItsSpelling(t *testing.T) {
	const next = "https://webexapis.com/v1/broadworks/subscribers?status=error,provisioned;x&max=2"
	for header, want := range map[string]string{
		"<" + next + `>; rel="next"`:                                    next,
		"<" + next + `>;rel=next`:                                       next,
		"<" + next + `> ; title="a, <b>; rel=\"prev\""; REL=Next`:       next,
		`</a>; rel="first", </b>; rel="prev",<` + next + `>;rel="next"`: next,
		"<" + next + `>; rel="last next"`:                               next,
		"<" + next + `>; rel="prev"; rel="next"`:                        "",
		"<" + next + `>; rel="nextish"`:                                 "",
		"<" + next + `>`:                                                "",
		"<" + next + ` rel="next"`:                                      "",
		`rel="next"`:                                                    "",
		"":                                                              "",
		`<a>; title="not closed, <b>; rel="next"`:                       "",
	} {
		require.Equal(t, want, nextLink([]string{header}), header)
	}
	require.Equal(t, "b", nextLink([]string{`<a>; rel="prev"`, `<b>; rel="next"`}), "several headers")
}

func FuzzNextLink(f *testing.F) {
	f.Add(`<https://webexapis.com/v1/x?offset=2>; rel="next", <y>; rel="first"`)
	f.Add(`<a>; title="\`)
	f.Add(`<<>>;rel=next,;,"`)
	f.Fuzz(func(t *testing.T, header string) {
		link := nextLink([]string{header})
		if !strings.Contains(header, link) || strings.ContainsRune(link, '>') {
			t.Fatalf("%q is no address in %q", link, header)
		}
	})
}

func TestRetryAfterIsReadAsSecondsOrDate(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		" 7 ": 7 * time.Second, "0": 0, "-5": 0, "1.5": 1500 * time.Millisecond, "1e300": time.Minute, "+Inf": time.Minute,
		"NaN": 0, "soon": 0, "": 0,
		"Mon, 04 May 2026 12:00:09 GMT":  9 * time.Second,
		"Monday, 04-May-26 12:00:09 GMT": 9 * time.Second,
		"Mon, 04 May 2026 11:59:59 GMT":  0,
		"Mon, 04 May 9999 12:00:09 GMT":  time.Minute,
	} {
		require.Equal(t, want, retryAfter(http.Header{"Retry-After": {header}}, now, time.Minute), header)
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"5", "-1", "1e999", "NaN", "Mon, 04 May 2026 12:00:09 GMT", "0x10"} {
		f.Add(seed)
	}
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		if got := retryAfter(http.Header{"Retry-After": {header}}, now, time.Minute); got < 0 || got > time.Minute {
			t.Fatalf("%q is %v", header, got)
		}
	})
}
