package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	fingerprint = "v1-0123456789abcdef"
	oneCause    = `{"fingerprint":"` + fingerprint + `","title":"Title\u0007","explanation":"It broke.","fix":"Mend it.","who":"admin","errorCode":900500,
		"text":"no room","provisioningId":"tpl","stopped":2,"ever":5,"through":3,"firstSeen":"2026-01-01T00:00:00.000Z","lastSeen":"2026-01-02T00:00:00.000Z",
		"suggestion":{"through":3,"since":"2026-01-02T00:00:00.000Z","retry":2}`
	wouldRetry = `{"progress":{"users":0,"retried":0,"again":0,"skipped":0}}
{"user":{"id":"5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84","userId":"u3","verdict":"skipped","reason":"email: is missing"}}
{"summary":{"users":3,"retried":2,"again":0,"skipped":1,"dryRun":true,"eta":90,"position":0,"customers":[{"spEnterpriseId":"c1","retried":2}]}}`
	wasRetried = `{"user":{"id":"5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84","userId":"u3","verdict":"skipped","reason":"email: is missing"}}
{"summary":{"users":3,"retried":2,"again":0,"skipped":1,"dryRun":false,"eta":90,"position":9,"customers":[{"spEnterpriseId":"c1","retried":2}]}}`
)

// causing is an API with one cause.
func causing(t *testing.T) *fake {
	return newFake(t, map[string]http.HandlerFunc{
		"GET /api/causes": says(200, `{"items":[`+oneCause+`}],"all":3}`),
		"GET /api/causes/" + fingerprint: says(200, oneCause+`,"customers":[{"spEnterpriseId":"c1","stopped":2,"ever":5}],
			"users":[{"userId":"u1","firstName":"Anna","lastName":"Lind","spEnterpriseId":"c1"}],"next":"x"}`),
		"POST /api/causes/" + fingerprint + "/retry": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("dryRun") == "true" {
				says(200, wouldRetry)(w, r)
				return
			}
			says(200, wasRetried)(w, r)
		},
	})
}

func TestCausesAreListedWithWhatToDoNext(t *testing.T) {
	f := causing(t)
	got := f.run(t, "causes", "list", "--customer", "c1", "--template", "tpl", "--lang", "sv", "--past")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Regexp(t, `(?m)^CAUSE +STOPPED +EVER `, got.out)
	require.Regexp(t, fingerprint+` +2 +5 +admin +.* tpl +Title\x{fffd}`, got.out)
	require.Contains(t, got.talk, "3 users with the cause "+fingerprint+" came through since")
	require.Contains(t, got.talk, "There are 3 in all")
	query := f.asked[0].URL.Query()
	require.Equal(t, []string{"c1", "tpl", "sv", "true", "100"}, []string{query.Get("customer"), query.Get("template"), query.Get("lang"), query.Get("past"), query.Get("limit")})
	require.Equal(t, 1, strings.Count(f.run(t, "causes", "list", "--json").out, "\n"))
	require.Equal(t, exitUsage, f.run(t, "causes", "list", "--limit", "501").code)
	require.Contains(t, newFake(t, map[string]http.HandlerFunc{"GET /api/causes": says(200, `{"items":[],"all":0}`)}).run(t, "causes", "list").talk, "Nothing stops users")
}

func TestACauseIsExplained(t *testing.T) {
	f := causing(t)
	got := f.run(t, "causes", "show", fingerprint)
	require.Equal(t, exitDone, got.code, got.talk)
	for _, text := range []string{"Explanation:", "It broke.", "Mend it.", "900500", "Anna Lind"} {
		require.Contains(t, got.out, text)
	}
	require.Regexp(t, `(?m)^c1 +2 +5$`, got.out)
	require.Contains(t, got.talk, "These are the first 1 of 2 users.")
	require.True(t, json.Valid([]byte(f.run(t, "causes", "show", fingerprint, "--json").out)))

	got = f.run(t, "causes", "show", "v1-none")
	require.Equal(t, exitNotFound, got.code)
	require.Contains(t, got.talk, "No user was ever stopped by v1-none")
	require.Equal(t, exitNotFound, f.run(t, "causes", "retry", "v1-none", "--yes").code)
}

func TestARetryOfACauseSaysWhatItWillDoBeforeItAsks(t *testing.T) {
	f := causing(t)
	got := f.run(t, "causes", "retry", fingerprint)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "c1: 2 users")
	require.Contains(t, got.talk, "Add --yes")
	require.Len(t, f.asked, 1, "only the preview")

	var bodies []string
	f.keep = func(_ *http.Request, body []byte) { bodies = append(bodies, string(body)) }
	got = f.run(t, "causes", "retry", fingerprint, "--yes", "--customer", "c1")
	require.Equal(t, exitSome, got.code, got.talk)
	require.Equal(t, "2 users retried, 1 skipped.\n  1 x email: is missing (u3)\n", got.out)
	require.Equal(t, []string{`{"customer":"c1"}`, `{"customer":"c1"}`}, bodies)

	var result retryResult
	require.NoError(t, json.Unmarshal([]byte(f.run(t, "causes", "retry", fingerprint, "--yes", "--json").out), &result))
	require.Equal(t, retryResult{
		Fingerprint: fingerprint, retryCounts: retryCounts{Users: 3, Retried: 2, Skipped: 1}, ETA: 90,
		Customers: []retryCustomer{{"c1", 2}}, Reasons: []*refusal{{"email: is missing", 1, []string{"u3"}}},
	}, result)
	require.Equal(t, "Retry 2 users of 1 customer (1 cannot be), for which Webex will take about 2 min?", result.question())
}

func TestARetryOfACauseThatBreaksOffSaysSo(t *testing.T) {
	for name, tail := range map[string]string{
		"in the middle": "", "with an error": `{"error":{"title":"Internal error","status":500,"detail":"Something went wrong.","traceId":"T1"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			f := causing(t)
			path := "POST /api/causes/" + fingerprint + "/retry"
			whole := f.answers[path]
			f.answers[path] = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("dryRun") == "true" {
					whole(w, r)
					return
				}
				says(200, `{"progress":{"users":1,"retried":1,"again":0,"skipped":0}}`+tail)(w, r)
			}
			got := f.run(t, "causes", "retry", fingerprint, "--yes")
			require.Equal(t, exitFailed, got.code)
			require.Contains(t, got.talk, "give the same command again")
		})
	}
}

func TestNobodyLeftToRetryIsNoMistake(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/causes/" + fingerprint + "/retry": says(200,
		`{"summary":{"users":0,"retried":0,"again":0,"skipped":0,"dryRun":true,"position":0,"customers":[]}}`)})
	got := f.run(t, "causes", "retry", fingerprint)
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, "0 users would be retried, 0 skipped.\n", got.out)
	require.Len(t, f.asked, 1)
}
