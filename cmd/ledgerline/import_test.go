package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const fewUsers = "userId,spEnterpriseId,provisioningId,firstName,lastName\nu1,e,p,a,b\nu2,e,p,,b\nu3,e,p,a,b\n"

// rejectsRow3 answers an import of fewUsers, and keeps the files it gets.
func rejectsRow3(got *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		all := ""
		if r.URL.Query().Get("rows") == "all" {
			all = `{"row":{"row":2,"userId":"u1","verdict":"create"}}` + "\n"
		}
		*got = append(*got, r.URL.RawQuery)
		fmt.Fprint(w, `{"progress":{"rows":0}}`+"\n"+all+
			`{"row":{"row":3,"userId":"u2","verdict":"reject","reason":"firstName: is missing"}}`+"\n"+
			`{"row":{"row":4,"userId":"u3","verdict":"create","repairs":["lastName: spaces were taken away"]}}`+"\n"+
			`{"summary":{"rows":3,"created":2,"rejected":1,"repaired":1}}`+"\n")
	}
}

func fileOfUsers(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.csv")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestRejectedRowsFindAPlaceWhereTheFileCannotHaveThemBesideIt(t *testing.T) {
	for name, inTheWay := range map[string][]string{
		"the current directory": {"there/users.rejected.csv"},
		"the temporary one":     {"there/users.rejected.csv", "here/users.rejected.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			top := t.TempDir()
			for _, path := range append(inTheWay, "here", "there", "temp") { // a directory cannot be written to, not even by root
				require.NoError(t, os.MkdirAll(filepath.Join(top, path), 0o700))
			}
			t.Setenv("TMPDIR", filepath.Join(top, "temp"))
			file := filepath.Join(top, "there", "users.csv")
			require.NoError(t, os.WriteFile(file, []byte(fewUsers), 0o600))
			var asked []string
			f := newFake(t, map[string]http.HandlerFunc{"POST /api/imports": rejectsRow3(&asked)})
			t.Chdir(filepath.Join(top, "here"))
			got := f.run(t, "import", file, "--yes", "--json")
			require.Equal(t, exitSome, got.code, got.talk)
			var result importResult
			require.NoError(t, json.Unmarshal([]byte(got.out), &result))
			require.Equal(t, 2, result.Created, "the import was carried out to its end")
			require.NotContains(t, result.RejectedFile, "there")
			require.Contains(t, got.talk, "The rejected rows go to "+result.RejectedFile)
			text, err := os.ReadFile(result.RejectedFile)
			require.NoError(t, err)
			require.Contains(t, string(text), "u2,e,p,,b,firstName: is missing")
			require.Len(t, strings.Split(string(text), "\r\n"), 3)
		})
	}
}

func TestRejectedRowsElsewhereOverwriteNothing(t *testing.T) {
	file := fileOfUsers(t, fewUsers)
	require.NoError(t, os.Mkdir(strings.TrimSuffix(file, ".csv")+".rejected.csv", 0o700))
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	require.NoError(t, os.WriteFile("users.rejected.csv", []byte("corrected by hand"), 0o600))
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/imports": rejectsRow3(new([]string))})
	got := f.run(t, "import", file, "--yes")
	require.Equal(t, exitSome, got.code, got.talk)
	text, err := os.ReadFile("users.rejected.csv")
	require.NoError(t, err)
	require.Equal(t, "corrected by hand", string(text))
	require.Contains(t, got.talk, "The rejected rows are in "+os.TempDir())
}

func TestAnImportIsNotHeldUpByRejectedRowsThatCanBeWrittenNowhere(t *testing.T) {
	file := fileOfUsers(t, fewUsers)
	here := t.TempDir()
	for _, path := range []string{filepath.Dir(file), here} {
		require.NoError(t, os.Mkdir(filepath.Join(path, "users.rejected.csv"), 0o700))
	}
	var asked []string
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/imports": rejectsRow3(&asked)})
	t.Chdir(here)
	t.Setenv("TMPDIR", filepath.Join(here, "missing"))
	got := f.run(t, "import", file, "--yes")
	require.Equal(t, exitSome, got.code, got.talk)
	require.Contains(t, got.out, "2 users onboarded, 0 unchanged, 1 rejected.")
	require.Contains(t, got.talk, "could not all be written to a file")
}

func TestAFileForRejectedRowsThatWereNotIsNotLeftBehind(t *testing.T) {
	file := fileOfUsers(t, fewUsers)
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/imports": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("dryRun") == "true" {
			fmt.Fprintln(w, `{"summary":{"rows":3,"created":2,"rejected":1}}`)
			return
		}
		fmt.Fprintln(w, `{"summary":{"rows":3,"created":3}}`)
	}})
	got := f.run(t, "import", file, "--yes")
	require.Equal(t, exitDone, got.code, got.talk)
	require.NoFileExists(t, strings.TrimSuffix(file, ".csv")+".rejected.csv")
}

func TestVerdictsOnRowsArePrintedAsJSON(t *testing.T) {
	var asked []string
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/imports": rejectsRow3(&asked)})
	verdicts := func(flags ...string) []importRow {
		got := f.run(t, append([]string{"import", fileOfUsers(t, fewUsers), "--json"}, flags...)...)
		require.Equal(t, exitSome, got.code, got.talk)
		var result importResult
		require.NoError(t, json.Unmarshal([]byte(got.out), &result))
		return result.Verdicts
	}
	some := []importRow{
		{Row: 3, UserID: "u2", Verdict: "reject", Reason: "firstName: is missing"},
		{Row: 4, UserID: "u3", Verdict: "create", Repairs: []string{"lastName: spaces were taken away"}},
	}
	require.Equal(t, some, verdicts("--dry-run"))
	require.Equal(t, some, verdicts("--yes"))
	all := append([]importRow{{Row: 2, UserID: "u1", Verdict: "create"}}, some...)
	require.Equal(t, all, verdicts("--dry-run", "--rows", "all"))
	require.Equal(t, all, verdicts("--yes", "--rows", "all"))
	require.Equal(t, []string{"dryRun=true", "dryRun=true", "", "dryRun=true&rows=all", "dryRun=true", "rows=all"}, asked)
}

func TestStandardInputIsReadOnceAndImported(t *testing.T) {
	for _, name := range []string{"-", "/dev/stdin"} {
		var bodies []string
		f := newFake(t, nil)
		answer := rejectsRow3(new([]string))
		f.keep = func(_ *http.Request, body []byte) { bodies = append(bodies, string(body)) }
		f.answers = map[string]http.HandlerFunc{"POST /api/imports": answer}
		t.Chdir(t.TempDir())
		t.Setenv("TMPDIR", t.TempDir())
		got := typed(t.Context(), fewUsers, append([]string{"import", name, "--yes"}, f.flags...)...)
		require.Equal(t, exitSome, got.code, got.talk)
		require.Equal(t, []string{fewUsers, fewUsers}, bodies)
		require.FileExists(t, "stdin.rejected.csv")
		left, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestAnImportThatWasRefusedAsAWholeSaysThatNothingWasImported(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/imports": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("dryRun") == "true" {
			fmt.Fprintln(w, `{"summary":{"rows":3,"created":3}}`)
			return
		}
		says(403, `{"detail":"no right to write"}`)(w, r)
	}})
	got := f.run(t, "import", fileOfUsers(t, fewUsers), "--yes")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "Nothing was imported.")
}

func TestAnImportOfWhichNothingIsKnownNamesNoNumber(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/imports": func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("dryRun") == "true" {
			fmt.Fprintln(w, `{"summary":{"rows":3,"created":3}}`)
			return
		}
		_, _ = io.WriteString(w, `{"progress":{"rows":0}}`+"\n")
	}})
	got := f.run(t, "import", fileOfUsers(t, fewUsers), "--yes")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.talk, "What was done until then stays; importing the file again goes on from there")
	require.NotContains(t, got.talk, "0 rows")
}
