package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shared returns the path of a file that lies beside the module, not in it.
func shared(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, "..", "shared", "data", name))
	require.NoError(t, err)
	if !exists(path) {
		t.Skipf("the shared data are not beside the module: there is no %s", path)
	}
	return path
}

// begun is a data directory with the shared templates.
func begun(t *testing.T) (data string, ledgerline func(args ...string) outcome) {
	t.Helper()
	data = filepath.Join(t.TempDir(), "data")
	ledgerline = func(args ...string) outcome {
		return typed(t.Context(), "", append(args, "--data", data)...)
	}
	got := ledgerline("templates", "apply", shared(t, "templates.json"))
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, 3, strings.Count(got.out, "created"), got.out)
	return data, ledgerline
}

func copyOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	mine := filepath.Join(t.TempDir(), filepath.Base(path))
	require.NoError(t, os.WriteFile(mine, text, 0o600))
	return mine
}

// firstOf writes the first lines of a file to another.
func firstOf(t *testing.T, path string, lines int) string {
	t.Helper()
	mine := copyOf(t, path)
	text, err := os.ReadFile(mine)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(mine, []byte(strings.Join(strings.SplitAfter(string(text), "\n")[:lines], "")), 0o600))
	return mine
}

func TestALedgerIsRunFromTheCommandLineAlone(t *testing.T) {
	data, ledgerline := begun(t)

	got := ledgerline("templates", "apply", shared(t, "templates.json"))
	require.Equal(t, 3, strings.Count(got.out, "unchanged"), got.out)
	got = ledgerline("templates", "list", "--json")
	require.Equal(t, 3, strings.Count(got.out, "\n"))
	again := typed(t.Context(), strings.ReplaceAll(got.out, `"region":"US"`, `"region":"CA"`), "templates", "apply", "-", "--data", data)
	require.Equal(t, 1, strings.Count(again.out, "changed    "), again.out+again.talk)

	file := copyOf(t, shared(t, "broadworks-users-messy.csv"))
	got = ledgerline("import", file, "--dry-run")
	require.Equal(t, exitSome, got.code, got.talk)
	require.Contains(t, got.out, "36 rows: 14 to onboard, 0 unchanged, 22 rejected.")
	require.Contains(t, got.out, "1 x package: must be one of softphone, basic, standard, premium (row 9)")
	require.Contains(t, ledgerline("users", "list").talk, "No users are like that.")

	got = ledgerline("import", file, "--yes", "--json", "--reason", "first site")
	require.Equal(t, exitSome, got.code, got.talk)
	var result importResult
	require.NoError(t, json.Unmarshal([]byte(got.out), &result))
	require.Equal(t, importCounts{Rows: 36, Created: 14, Rejected: 22}, result.importCounts)
	require.Equal(t, strings.TrimSuffix(file, ".csv")+".rejected.csv", result.RejectedFile)
	require.Contains(t, got.talk, "carried out at Webex by the next `ledgerline serve --data "+data+"`")
	require.NoFileExists(t, filepath.Join(data, "webex-simulator.db"), "without a server, nothing is asked of Webex")

	got = ledgerline("import", result.RejectedFile, "--yes", "--json")
	require.NoError(t, json.Unmarshal([]byte(got.out), &result))
	require.Zero(t, result.Created)
	require.Equal(t, 22, result.Rows)

	got = ledgerline("users", "list", "--json", "--limit", "0")
	require.Equal(t, 14, strings.Count(got.out, "\n"))
	got = ledgerline("audit", "9359200000035@AS0.example")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.out, "through csv: first site")
}

func TestOneUserIsFollowedChangedAndRemoved(t *testing.T) {
	data, ledgerline := begun(t)
	const who = "359200000035@as0.example" // on the untrusted template, without an address
	require.Equal(t, exitDone, ledgerline("import", firstOf(t, shared(t, "broadworks-users.csv"), 400), "--yes").code)

	got := ledgerline("users", "show", who)
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.out, "Waits for:     the user is to enter an e-mail address")
	got = ledgerline("users", "change-package", who, "premium")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, exitRefused, ledgerline("users", "change-package", who, "gold").code)
	got = ledgerline("users", "retry", who, "--email", "two@at@signs.example")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "email: must contain one @ only")
	got = ledgerline("users", "retry", who, "--email", "neil@ent28.example")
	require.Equal(t, exitDone, got.code, got.talk)

	got = ledgerline("licences", "--by", "customer", "--customer", "SP1+ent28")
	require.Contains(t, got.out, "package premium")
	got = ledgerline("licences", "set", "premium", "Calling", "Everything")
	require.Contains(t, got.out, "Calling, Everything")
	require.Equal(t, exitNotFound, ledgerline("licences", "set", "gold", "Calling").code)
	require.Regexp(t, `softphone\s*\n`, ledgerline("licences", "set", "softphone", "--none").out)

	export := filepath.Join(data, "users.csv")
	require.Equal(t, exitDone, ledgerline("users", "export", export, "--customer", "SP1+ent28").code)
	text, err := os.ReadFile(export)
	require.NoError(t, err)
	records, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(records), 5)
	lines := ledgerline("users", "export", "-", "--customer", "SP1+ent28", "--format", "jsonl")
	require.Equal(t, len(records)-1, strings.Count(lines.out, "\n"))

	got = ledgerline("users", "delete", who, "--yes", "--reason", "left")
	require.Equal(t, exitDone, got.code, got.talk)
	got = ledgerline("audit", who)
	require.Contains(t, got.out, "-> premium")
	require.Contains(t, got.out, "through cli: left")

	got = ledgerline("tokens", "create", "portal")
	require.Regexp(t, `^llt_\w+\n$`, got.out)
	require.NotContains(t, got.talk, "llt_")
}

func TestTheServerThatRunsOnTheDirectoryIsUsed(t *testing.T) {
	data, ledgerline := begun(t)
	e, err := openEngine(context.Background(), engineOptions{Data: data, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	server := httptest.NewServer(e.Handler)
	t.Cleanup(server.Close)
	text, err := json.Marshal(running{URL: server.URL, PID: os.Getpid()})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(serverFile(data), text, 0o600))

	got := ledgerline("import", copyOf(t, shared(t, "broadworks-users-messy.csv")), "--yes")
	require.Equal(t, exitSome, got.code, got.talk)
	require.Contains(t, got.out, "14 users onboarded, 0 unchanged, 22 rejected.")
	require.NotContains(t, got.talk, "no server runs")

	require.NoError(t, os.Remove(serverFile(data)))
	_, err = connect(t.Context(), connection{data: data}, false)
	require.ErrorContains(t, err, "another program works on "+data)
	require.Equal(t, exitFailed, exitCode(err))

	go func() { _ = os.WriteFile(serverFile(data), text, 0o600) }()
	c, err := connect(t.Context(), connection{data: data, patience: time.Minute}, false)
	require.NoError(t, err, "a server that is only starting is waited for")
	require.Equal(t, server.URL, c.base)
}

func TestAReadingCommandDoesNotBeginALedger(t *testing.T) {
	data := filepath.Join(t.TempDir(), "nothing")
	got := typed(t.Context(), "", "users", "list", "--data", data)
	require.Equal(t, exitNotFound, got.code)
	require.Contains(t, got.talk, "ledgerline serve --data "+data)
	require.NoDirExists(t, data)
}
