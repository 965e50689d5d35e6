package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// outcome is what a command line leaves behind.
type outcome struct {
	out, talk string
	code      int
}

// typed runs a command line in this process.
func typed(ctx context.Context, in string, args ...string) outcome {
	var out, talk bytes.Buffer
	whole := rootCommand()
	whole.SetIn(strings.NewReader(in))
	whole.SetOut(&out)
	whole.SetErr(&talk)
	whole.SetArgs(args)
	code := run(ctx, whole)
	return outcome{out.String(), talk.String(), code}
}

// fake is an API that answers as it is told, by method and path, and keeps what
// it was asked.
type fake struct {
	answers map[string]http.HandlerFunc
	flags   []string                           // that lead a command line here
	keep    func(r *http.Request, body []byte) // is given every request, if not nil

	mu    sync.Mutex
	asked []*http.Request
}

func newFake(t *testing.T, answers map[string]http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{answers: answers}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("llt_secret\n"), 0o600))
	f.flags = []string{"--server", server.URL, "--token-file", token}
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.asked = append(f.asked, r)
	if f.keep != nil {
		f.keep(r, body)
	}
	f.mu.Unlock()
	if answer, ok := f.answers[r.Method+" "+r.URL.Path]; ok {
		answer(w, r)
		return
	}
	says(404, `{"title":"Not found","status":404,"detail":"The requested resource could not be found."}`)(w, r)
}

func (f *fake) run(t *testing.T, args ...string) outcome {
	return typed(t.Context(), "", append(args, f.flags...)...)
}

// says answers always the same.
func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

const invalid = `{"title":"The request needs correcting","status":400,"detail":"Some fields need correcting.","errors":[
	{"in":"body","pointer":"#/email","code":"malformed","problem":"must contain one @ only","fix":"It must contain one @ only."},
	{"in":"body","pointer":"#/licences/0","code":"malformed","problem":"is there twice","fix":"Correct the value."}]}`

const oneUser = `{"items":[{"id":"5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84","userId":"u1","status":"error"}]}`

func TestExitCodesSayWhatHappened(t *testing.T) {
	user := http.HandlerFunc(says(200, oneUser))
	retry := "POST /api/users/5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84/retry"
	for name, c := range map[string]struct {
		answers map[string]http.HandlerFunc
		args    string
		code    int
		says    string
	}{
		"done":                      {map[string]http.HandlerFunc{"GET /api/users": user}, "users list", exitDone, ""},
		"an outage":                 {map[string]http.HandlerFunc{"GET /api/users": says(500, `{"detail":"Something went wrong.","traceId":"T1"}`)}, "users list", exitFailed, "Tracking id: T1"},
		"a stranger's answer":       {map[string]http.HandlerFunc{"GET /api/users": says(502, "<html>")}, "users list", exitFailed, "is it Ledgerline?"},
		"an unknown command":        {nil, "frobnicate", exitUsage, "unknown command"},
		"an unknown verb":           {nil, "users frobnicate", exitUsage, "unknown command"},
		"an unknown flag":           {nil, "users list --wat", exitUsage, "unknown flag"},
		"a missing argument":        {nil, "users show", exitUsage, "Usage: ledgerline users show USER"},
		"a negative limit":          {nil, "users list --limit -1", exitUsage, "negative"},
		"a limit in words":          {nil, "users list --limit abc", exitUsage, `--limit must be a whole number, not "abc"`},
		"an argument too few":       {nil, "users change-package u1", exitUsage, "PACKAGE is missing"},
		"an argument too many":      {nil, "users show u1 u2", exitUsage, `takes USER only; leave out "u2"`},
		"an argument to none":       {nil, "users list u1", exitUsage, `takes no argument; leave out "u1"`},
		"help about nothing":        {nil, "help bogus", exitUsage, `no command or topic "bogus"`},
		"a scope that is not there": {nil, "tokens create portal --scopes bogus", exitUsage, `no scope "bogus"; there are read, write and admin`},
		"a time in words":           {nil, "audit --from yesterday", exitUsage, `--from must be a day like 2026-01-31`},
		"an event never heard of":   {map[string]http.HandlerFunc{"GET /api/audit": says(200, `{"items":[]}`)}, "audit --type foo", exitDone, "subscriber.onboarded.v1"},
		"no licences by mistake":    {nil, "licences set basic", exitUsage, "--none"},
		"none and some licences":    {nil, "licences set basic Calling --none", exitUsage, "--none"},
		"import of a directory":     {nil, "import .", exitFailed, ". is a directory"},
		"rows for people":           {nil, "import x.csv --rows all", exitUsage, "--rows goes with --json"},
		"a file too large":          {map[string]http.HandlerFunc{"POST /api/imports/plans": says(413, `{"detail":"The body is longer than 200 bytes."}`)}, "import testdata/users.csv", exitRefused, "larger than 200 bytes, the most that the server takes in one file.\nSplit it"},
		"retry of nobody":           {nil, "users retry", exitUsage, "--all"},
		"retry of all of them":      {nil, "users retry --all --yes", exitUsage, "--status error"},
		"a refusal, with the fixes": {map[string]http.HandlerFunc{"GET /api/users": user, retry: says(400, invalid)}, "users retry u1", exitRefused, "email: must contain one @ only.\n  licences.0: is there twice (Correct the value)"},
		"a wrong token":             {map[string]http.HandlerFunc{"GET /api/users": says(401, `{"detail":"unknown token"}`)}, "users list", exitRefused, "unknown token"},
		"nobody of that name":       {map[string]http.HandlerFunc{"GET /api/users": says(200, `{"items":[]}`)}, "users show u9", exitNotFound, "There is no user u9"},
		"nothing of that id":        {nil, "tokens revoke 5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84", exitNotFound, "could not be found"},
		"some of many refused":      {map[string]http.HandlerFunc{"GET /api/users": user, retry: says(409, `{"detail":"There is nothing to retry."}`)}, "users retry --status error --all --yes", exitSome, ""},
		"nobody to ask":             {map[string]http.HandlerFunc{"GET /api/users": user}, "users delete u1", exitRefused, "Add --yes"},
	} {
		t.Run(name, func(t *testing.T) {
			got := newFake(t, c.answers).run(t, strings.Fields(c.args)...)
			require.Equal(t, c.code, got.code, got.talk)
			require.Contains(t, got.talk, c.says)
		})
	}
	t.Run("stopped with Ctrl-C", func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		f := newFake(t, map[string]http.HandlerFunc{"GET /api/users": func(_ http.ResponseWriter, r *http.Request) {
			stop()
			<-r.Context().Done()
		}})
		require.Equal(t, exitStopped, typed(ctx, "", append([]string{"users", "list"}, f.flags...)...).code)
	})
}

func TestAFlagWithoutItsValueIsNamed(t *testing.T) {
	got := typed(t.Context(), "", "users", "list", "--status")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.talk, "--status needs a value")
}

func TestAServerThatDoesNotAnswerIsNamed(t *testing.T) {
	f := newFake(t, nil)
	f.flags[1] = "http://127.0.0.1:1"
	got := f.run(t, "users", "list")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.talk, "http://127.0.0.1:1 does not answer")
}

func TestATokenIsSentOnlyWhereItWasMeantToGo(t *testing.T) {
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "admin-token"), []byte("llt_secret"), 0o600))
	got := typed(t.Context(), "", "users", "list", "--data", data, "--server", "http://elsewhere.example")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.talk, "--token-file")
}

func TestRequestsSayWhoAsksThroughWhatAndWhy(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/users": says(200, oneUser)})
	f.run(t, "users", "delete", "u1", "--yes", "--reason", "moved to Malmö")
	last := f.asked[len(f.asked)-1]
	require.Equal(t, "DELETE", last.Method)
	require.Equal(t, "Bearer llt_secret", last.Header.Get("Authorization"))
	require.Equal(t, "cli", last.Header.Get("Ledgerline-Surface"))
	require.Equal(t, "moved%20to%20Malm%C3%B6", last.Header.Get("X-Reason"))
}

func TestListsAreReadPageByPageUpToTheLimit(t *testing.T) {
	page := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprint(w, `{"items":[{"userId":"a"},{"userId":"b"}],"next":"c1"}`)
			return
		}
		fmt.Fprint(w, `{"items":[{"userId":"c"}]}`)
	}
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/users": page})
	all := f.run(t, "users", "list", "--limit", "0", "--json", "--status", "error,provisioned", "--exclude-provisioned", "-q", "berg")
	require.Equal(t, `{"userId":"a"}`+"\n"+`{"userId":"b"}`+"\n"+`{"userId":"c"}`+"\n", all.out)
	require.Empty(t, all.talk)
	query := f.asked[0].URL.Query()
	require.Equal(t, []string{"error,provisioned", "true", "berg"}, []string{query.Get("status"), query.Get("excludeProvisioned"), query.Get("q")})

	two := f.run(t, "users", "list", "--limit", "2")
	require.Equal(t, 3, strings.Count(two.out, "\n"), "titles and two users")
	require.Contains(t, two.talk, "--limit 0")
}

func TestTextOfUsersCannotCommandTheTerminal(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/users": says(200, `{"items":[{"userId":"u\u001b[2J","lastName":"a\nb\u202e"}]}`)})
	got := f.run(t, "users", "list")
	require.NotContains(t, got.out, "\x1b")
	require.NotContains(t, got.out, "\u202e")
	require.Equal(t, 2, strings.Count(got.out, "\n"))
}

func TestAnExportThatBreaksOffLeavesNoFile(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/users/export": func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "userId\r\nu1\r\n")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}})
	path := filepath.Join(t.TempDir(), "users.csv")
	got := f.run(t, "users", "export", path)
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.talk, "broke off")
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestAnImportThatIsStoppedGoesOnAtTheServer(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	f := importing(t, map[string]http.HandlerFunc{"GET /api/imports/" + fakeID + "/events": func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, firstEvent)
		w.(http.Flusher).Flush()
		stop()
		<-r.Context().Done()
	}})
	got := typed(ctx, "", append([]string{"import", fileOfUsers(t, fewUsers), "--yes"}, f.flags...)...)
	require.Equal(t, exitStopped, got.code, got.talk)
	require.Contains(t, got.talk, "The import goes on at the server. To follow it: ledgerline import show "+fakeID+" --watch")
}

func TestNothingIsImportedUnasked(t *testing.T) {
	file := fileOfUsers(t, fewUsers)
	f := importing(t, nil)
	got := f.run(t, "import", file)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "3 rows: 2 to onboard")
	require.Contains(t, got.talk, "Add --yes")
	require.Contains(t, got.talk, "ledgerline import apply "+fakeID)
	require.Equal(t, []string{"/api/imports/plans"}, f.asks())
}

func TestQuestionsAreAnsweredWithY(t *testing.T) {
	for answer, agrees := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yep\n": false} {
		require.Equal(t, agrees, agreed(strings.NewReader(answer)), "%q", answer)
	}
}

func TestEveryCommandIsExplained(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		require.NotEmpty(t, c.Short, c.CommandPath())
		require.False(t, strings.HasSuffix(c.Short, "."), c.CommandPath())
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(rootCommand())
	help := typed(t.Context(), "", "help", "exit-codes")
	for _, code := range []int{exitDone, exitFailed, exitUsage, exitRefused, exitNotFound, exitSome, exitWaits, exitStopped} {
		require.Contains(t, help.out+help.talk, fmt.Sprintf("\n  %-3d  ", code))
	}
}
