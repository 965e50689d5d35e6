package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
			f := importing(t, nil)
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
	f := importing(t, nil)
	got := f.run(t, "import", file, "--yes")
	require.Equal(t, exitSome, got.code, got.talk)
	text, err := os.ReadFile("users.rejected.csv")
	require.NoError(t, err)
	require.Equal(t, "corrected by hand", string(text))
	require.Contains(t, got.talk, "The rows that were not carried out are in "+os.TempDir())
}

func TestAnImportIsNotHeldUpByRejectedRowsThatCanBeWrittenNowhere(t *testing.T) {
	file := fileOfUsers(t, fewUsers)
	here := t.TempDir()
	for _, path := range []string{filepath.Dir(file), here} {
		require.NoError(t, os.Mkdir(filepath.Join(path, "users.rejected.csv"), 0o700))
	}
	f := importing(t, nil)
	t.Chdir(here)
	t.Setenv("TMPDIR", filepath.Join(here, "missing"))
	got := f.run(t, "import", file, "--yes")
	require.Equal(t, exitSome, got.code, got.talk)
	require.Contains(t, got.out, "2 users onboarded, 0 unchanged, 1 rejected.")
	require.Contains(t, got.talk, "could not all be written to a file")
}

func TestWithoutRejectedRowsThereIsNoFileOfThem(t *testing.T) {
	file := fileOfUsers(t, fewUsers)
	f := importing(t, map[string]http.HandlerFunc{
		"GET /api/imports/" + fakeID: says(200, strings.Replace(importJSON("finished", strings.Replace(isDone, `"rejected":1`, `"unchanged":1`, 1)), `"reject":1`, `"reject":0`, 1)),
	})
	got := f.run(t, "import", file, "--yes")
	require.Equal(t, exitDone, got.code, got.talk)
	require.NoFileExists(t, strings.TrimSuffix(file, ".csv")+".rejected.csv")
}

func TestVerdictsOnRowsArePrintedAsJSON(t *testing.T) {
	f := importing(t, nil)
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
}

func TestStandardInputIsReadOnceAndImported(t *testing.T) {
	for _, name := range []string{"-", "/dev/stdin"} {
		var bodies []string
		f := importing(t, nil)
		f.keep = func(r *http.Request, body []byte) {
			if r.URL.Path == "/api/imports/plans" {
				bodies = append(bodies, string(body))
			}
		}
		t.Chdir(t.TempDir())
		t.Setenv("TMPDIR", t.TempDir())
		got := typed(t.Context(), fewUsers, append([]string{"import", name, "--yes"}, f.flags...)...)
		require.Equal(t, exitSome, got.code, got.talk)
		require.Equal(t, []string{fewUsers}, bodies)
		require.FileExists(t, "stdin.rejected.csv")
		left, err := os.ReadDir(os.TempDir())
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestAnImportThatWasRefusedAsAWholeSaysThatNothingWasImported(t *testing.T) {
	f := importing(t, map[string]http.HandlerFunc{"POST /api/imports/plans": says(403, `{"detail":"no right to write"}`)})
	got := f.run(t, "import", fileOfUsers(t, fewUsers), "--yes")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "Nothing was imported.")
}

func TestAPlanTellsWhatWouldBecomeOfEachRow(t *testing.T) {
	at := "GET /api/imports/" + fakeID
	f := importing(t, map[string]http.HandlerFunc{
		at: says(200, strings.Replace(importJSON("planned", `,"needs":["plan","removals","second"],"behaviour":"sync","unsafe":false,"braked":3,
			"packages":[{"name":"basic","before":5,"after":7},{"name":"premium","before":1,"after":1}],"licences":[{"name":"Calling","before":6,"after":8}],
			"customers":[{"customer":"SP1+e","users":10,"deletions":3,"downgrades":1,"braked":true},{"customer":"SP1+f","users":10}]`),
			`"create":2`, `"create":2,"change":1,"package":1,"delete":4,"missing":3`, 1)),
		at + "/rows": func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Query().Get("verdict") {
			case "change,package":
				fmt.Fprint(w, `{"items":[{"row":5,"userId":"u5","verdict":"package","changes":[{"field":"package","old":"basic","new":"premium"},{"field":"extension","old":"1","new":""}]}]}`)
			case "delete":
				fmt.Fprint(w, `{"items":[{"row":6,"userId":"u6","verdict":"delete"},{"row":7,"userId":"u7","verdict":"delete","missing":true}]}`)
			default:
				fmt.Fprint(w, `{"items":[{"row":4,"userId":"u3","verdict":"create","repairs":["lastName: spaces were taken away"]}]}`)
			}
		},
	})
	got := f.run(t, "import", "plan", fileOfUsers(t, fewUsers), "--behaviour", "sync")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, `Import `+fakeID+`
3 rows: 2 to onboard, 1 to change, 1 to another package, 1 to delete, 0 unchanged, 1 rejected.
Missing from the file, and to be removed: 3 users.
Webex: 2 users to go, about 4 min.
Packages: basic 5 -> 7.
Licences: Calling 6 -> 8.
Brake: SP1+e: 3 removed and 1 moved to a lesser package, of 10 users; a second administrator has to approve.
Brake: and so for 2 other customers.
Changed:
  row 5: u5: package basic -> premium, extension 1 -> (none)
Deleted:
  row 6: u6
  row 7: u7 (missing from the file)
Repaired in 1 row:
  row 4: lastName: spaces were taken away
Rejected:
  1 x firstName: is missing (row 3)
`, got.out)
	require.Contains(t, got.talk, "ledgerline import approve "+fakeID+" --removals\n")
	require.Contains(t, got.talk, "somebody else than token:one, has to approve it, too")
	require.Equal(t, []string{"/api/imports/plans"}, f.asks())
	require.Equal(t, "behaviour=sync&name=users.csv", f.asked[0].URL.RawQuery)
}

func TestOverTheBrakeNothingIsAppliedAndWhoHasToApproveIsSaid(t *testing.T) {
	at := "POST /api/imports/" + fakeID
	f := importing(t, map[string]http.HandlerFunc{
		"POST /api/imports/plans": says(201, importJSON("planned", `,"needs":["plan","second"]`)),
		at + "/approve":           says(200, importJSON("planned", `,"needs":["second"],"approvals":[{"kind":"plan","by":"token:two"}]`)),
	})
	got := f.run(t, "import", fileOfUsers(t, fewUsers), "--yes")
	require.Equal(t, exitWaits, got.code)
	require.Contains(t, got.talk, "a second administrator, somebody else than token:one or token:two.\nThat one does: ledgerline import approve "+fakeID+" --second")
	require.Equal(t, []string{"/api/imports/plans", "/api/imports/" + fakeID + "/approve"}, f.asks())
}

func TestWhoIsMissingFromAFileIsRemovedOnlyIfThatWasAgreedTo(t *testing.T) {
	var approved string
	f := importing(t, map[string]http.HandlerFunc{
		"POST /api/imports/plans": says(201, strings.Replace(importJSON("planned", `,"needs":["plan","removals"]`), `"create":2`, `"create":2,"delete":3,"missing":3`, 1)),
	})
	f.keep = func(r *http.Request, body []byte) {
		if strings.HasSuffix(r.URL.Path, "/approve") {
			approved = string(body)
		}
	}
	got := f.run(t, "import", fileOfUsers(t, fewUsers), "--behaviour", "sync", "--yes")
	require.Equal(t, exitWaits, got.code)
	require.Contains(t, got.talk, "3 users would be removed for being missing from the file")
	require.Equal(t, []string{"/api/imports/plans"}, f.asks())
	got = f.run(t, "import", fileOfUsers(t, fewUsers), "--behaviour", "sync", "--yes", "--removals")
	require.Equal(t, exitSome, got.code, got.talk)
	require.JSONEq(t, `{"removals":true}`, approved)
}

func TestAnImportThatIsPausedMeanwhileIsNotWaitedFor(t *testing.T) {
	at := "GET /api/imports/" + fakeID
	f := importing(t, map[string]http.HandlerFunc{
		at + "/events": says(200, strings.ReplaceAll(firstEvent, "applying", "paused")),
		at:             says(200, importJSON("paused", `,"reason":"lunch","started":"2026-03-01T12:00:01.000Z","done":{"rows":1,"created":1}`)),
	})
	got := f.run(t, "import", fileOfUsers(t, fewUsers), "--yes")
	require.Equal(t, exitSome, got.code)
	require.Contains(t, got.out, "1 user onboarded, 0 unchanged, 0 rejected.")
	require.Contains(t, got.talk, "The import is paused (lunch).\nTo let it go on: ledgerline import resume "+fakeID)

	f.answers[at] = says(200, importJSON("paused", `,"needs":["second"],"started":"2026-03-01T12:00:01.000Z","done":{"rows":1,"created":1}`))
	got = f.run(t, "import", fileOfUsers(t, fewUsers), "--yes")
	require.Equal(t, exitWaits, got.code, "others took so much away meanwhile that the brake stopped it")
	require.Contains(t, got.talk, "ledgerline import approve "+fakeID+" --second")
}

func TestStepsOfAnImportAreAskedForAndShown(t *testing.T) {
	at := "/api/imports/" + fakeID
	for name, c := range map[string]struct {
		args       string
		path, body string
		out, talk  string
	}{
		"approve":          {"approve ID", at + "/approve", "{}", "The plan is approved.", "ledgerline import apply " + fakeID},
		"approve removals": {"approve ID --removals", at + "/approve", `{"removals":true}`, "", ""},
		"approve second":   {"approve ID --second", at + "/approve", `{"second":true}`, "", ""},
		"apply":            {"apply ID --detach", at + "/apply", "", "The import is being carried out.", "ledgerline import show " + fakeID + " --watch"},
		"pause":            {"pause ID", at + "/pause", "", "The import is paused.", "ledgerline import resume " + fakeID},
		"resume":           {"resume ID", at + "/resume", "", "The import goes on.", "--watch"},
		"cancel":           {"cancel ID", at + "/cancel", "", "The import is cancelled.", ""},
		"undo":             {"undo ID --plan-only", at + "/undo", "", "Import " + fakeID, "ledgerline import apply " + fakeID},
	} {
		t.Run(name, func(t *testing.T) {
			var body string
			f := importing(t, map[string]http.HandlerFunc{
				"POST " + at + "/pause":  says(200, importJSON("paused", "")),
				"POST " + at + "/resume": says(202, importJSON("applying", "")),
				"POST " + at + "/cancel": says(200, importJSON("cancelled", "")),
				"POST " + at + "/undo":   says(201, importJSON("planned", "")),
				"GET " + at:              says(200, importJSON("planned", needsPlan)),
			})
			f.keep = func(r *http.Request, text []byte) {
				if r.Method == http.MethodPost {
					body = string(text)
				}
			}
			got := f.run(t, append([]string{"import"}, strings.Fields(strings.ReplaceAll(c.args, "ID", fakeID))...)...)
			require.Equal(t, exitDone, got.code, got.talk)
			require.Equal(t, []string{c.path}, f.asks())
			require.Equal(t, c.body, body)
			require.Contains(t, got.out, c.out)
			require.Contains(t, got.talk, c.talk)
		})
	}
}

func TestImportsAreShownAsTheAPIHasThem(t *testing.T) {
	f := importing(t, map[string]http.HandlerFunc{"GET /api/imports": says(200, `{"items":[`+importJSON("finished", isDone)+`]}`)})
	var shown struct {
		Import importPlan
		Errors []rowErrors
		Rows   []planRow
	}
	require.NoError(t, json.Unmarshal([]byte(f.run(t, "import", "show", fakeID, "--rows", "all", "--json").out), &shown))
	require.Equal(t, "finished", shown.Import.Status)
	require.Len(t, shown.Errors, 1)
	require.Len(t, shown.Rows, 3)

	got := f.run(t, "import", "show", fakeID, "--rows", "all")
	require.Contains(t, got.out, "Done:      3 of 3: 2 users onboarded, 0 unchanged, 1 rejected.")
	require.Contains(t, got.out, "row 3: reject u2; firstName: is missing\nrow 4: create u3; lastName: spaces were taken away\n")
	require.Contains(t, got.talk, "ledgerline import undo "+fakeID)
	require.Contains(t, got.talk, "ledgerline import rejected "+fakeID+" FILE")

	got = f.run(t, "import", "list", "--status", "finished", "--awaiting")
	require.Regexp(t, fakeID+`  .* finished  3     2        1         token:one  users.csv`, got.out)
	require.Equal(t, "awaiting=true&limit=20&status=finished", f.asked[len(f.asked)-1].URL.RawQuery)
	require.Equal(t, 1, strings.Count(strings.ReplaceAll(f.run(t, "import", "list", "--json").out, "\n\t\t", ""), "\n"))

	for args, code := range map[string]int{"show": exitUsage, "show x": exitNotFound, "show x --rows some": exitUsage, "list --limit -1": exitUsage, "plan x --behaviour replace": exitUsage, "rejected x -": exitNotFound, "apply x --rows all": exitUsage} {
		require.Equal(t, code, f.run(t, append([]string{"import"}, strings.Fields(args)...)...).code, args)
	}
}
