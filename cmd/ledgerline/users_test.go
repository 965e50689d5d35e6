package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func exporting(t *testing.T) *fake {
	return newFake(t, map[string]http.HandlerFunc{"GET /api/users/export": says(200, "userId\r\nu1\r\n")})
}

func TestAnExportGoesThroughASymbolicLinkToItsFile(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target.csv"), filepath.Join(dir, "link.csv")
	require.NoError(t, os.Symlink("target.csv", link))
	for _, before := range []string{"", "a file that is longer than the one that comes\n"} {
		if before != "" {
			require.NoError(t, os.WriteFile(target, []byte(before), 0o600))
		}
		require.Equal(t, exitDone, exporting(t).run(t, "users", "export", link).code)
		text, err := os.ReadFile(target)
		require.NoError(t, err)
		require.Equal(t, "userId\r\nu1\r\n", string(text))
		info, err := os.Lstat(link)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still one")
	}
}

func TestAnExportIsWrittenStraightIntoADevice(t *testing.T) {
	link := filepath.Join(t.TempDir(), "full.csv") // were it replaced, no harm would be done
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	require.NoError(t, os.Symlink("/dev/full", link))
	got := exporting(t).run(t, "users", "export", link)
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.talk, "no space left on device")
	info, err := os.Stat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeDevice)
}

func TestReasonsOfManyRefusalsNameTheUsersInOneLine(t *testing.T) {
	users, answers := []string{}, map[string]http.HandlerFunc{}
	for i := range 7 {
		id := fmt.Sprintf("5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d8%d", i)
		users = append(users, fmt.Sprintf(`{"id":%q,"userId":"u%d","status":"error"}`, id, i))
		answers["POST /api/users/"+id+"/retry"] = says(400, invalid)
	}
	answers["GET /api/users"] = says(200, `{"items":[`+strings.Join(users, ",")+`]}`)
	f := newFake(t, answers)
	got := f.run(t, "users", "retry", "--status", "error", "--all", "--yes")
	require.Equal(t, exitSome, got.code, got.talk)
	require.NotContains(t, got.out, "\ufffd")
	require.Regexp(t, `\n  7 x Some fields need correcting\. email: must contain one @ only\..* \((u\d, ){5}\.\.\.\)\n$`, got.out)

	var result manyResult
	require.NoError(t, json.Unmarshal([]byte(f.run(t, "users", "retry", "--status", "error", "--all", "--yes", "--json").out), &result))
	require.Len(t, result.Reasons, 1)
	require.ElementsMatch(t, []string{"u0", "u1", "u2", "u3", "u4", "u5", "u6"}, result.Reasons[0].Users)
	require.NotContains(t, result.Reasons[0].Reason, "\n")
}

func TestWhatComesNextIsToldInWords(t *testing.T) {
	now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	next := func(text string) string {
		var u user
		require.NoError(t, json.Unmarshal([]byte(`{"next":`+text+`}`), &u))
		return u.next(now)
	}
	soon := ", " + when("2025-03-01T12:00:01.000Z")
	require.Equal(t, "a new try, as planned (2 of at most 4)"+soon, next(`{"what":"retry","at":"2025-03-01T12:00:01.000Z","attempt":2,"of":4}`))
	require.Equal(t, "a request to Webex (3 of at most 8)", next(`{"what":"attempt","at":"2025-03-01T12:00:00.000Z","attempt":3,"of":8}`), "the time is past")
	require.Equal(t, "a request to Webex"+soon, next(`{"what":"attempt","at":"2025-03-01T12:00:01.000Z","attempt":1}`))
	require.Equal(t, "a request to Webex (attempt 2)", next(`{"what":"attempt","attempt":2}`))
	require.Equal(t, "a look at how far Webex is"+soon, next(`{"what":"poll","at":"2025-03-01T12:00:01.000Z"}`))
	require.Equal(t, "when the hold is lifted", next(`{"what":"hold"}`))
	require.Empty(t, next(`{"what":"something new"}`))
	require.Empty(t, user{}.next(now))
}

func TestAUserIsShownWithWhatIsInTheWayAndWhatToDoAboutIt(t *testing.T) {
	const id = "5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84"
	show := func(more string) outcome {
		one := `{"id":"` + id + `","userId":"u1"` + more + `}`
		f := newFake(t, map[string]http.HandlerFunc{"GET /api/users": says(200, `{"items":[`+one+`]}`), "GET /api/users/" + id: says(200, one)})
		return f.run(t, "users", "show", "u1")
	}
	held := show(`,"status":"provisioning","next":{"what":"hold"},"held":{"id":"h1","reason":"wrong account"}`)
	require.Regexp(t, `(?m)^Next: +when the hold is lifted\nHeld: +wrong account$`, held.out)
	require.Contains(t, held.talk, "ledgerline holds lift h1")

	planned := show(`,"status":"error","next":{"what":"retry","attempt":1,"of":4}`)
	require.Regexp(t, `(?m)^Next: +a new try, as planned \(1 of at most 4\)$`, planned.out)
	require.Contains(t, planned.talk, "ledgerline users retry u1")
	require.Contains(t, planned.talk, "ledgerline users cancel-retry u1")

	given := show(`,"status":"error","quarantined":true,"errors":[{"description":"Webex did not answer, several times."}]`)
	require.Regexp(t, `(?m)^Error: +Webex did not answer, several times\.\nQuarantine: +nothing more is asked`, given.out)
	require.Contains(t, given.talk, "ledgerline users retry u1")
	require.NotContains(t, given.talk, "cancel-retry")
}

func TestTheNextTryOfAUserIsCancelled(t *testing.T) {
	path := "/api/users/5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84/retry"
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/users": says(200, oneUser), "DELETE " + path: says(200, `{"userId":"u1","status":"error"}`)})
	got := f.run(t, "users", "cancel-retry", "u1")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, "u1: No next try is planned. Status: error\n", got.out)
	f.answers["DELETE "+path] = says(409, `{"detail":"No next try is planned for this user."}`)
	require.Equal(t, exitRefused, f.run(t, "users", "cancel-retry", "u1").code)
}

func TestManyRetriesAreOneAmongManyAndToldHowLongTheyTake(t *testing.T) {
	path := "/api/users/5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84/retry"
	f := newFake(t, map[string]http.HandlerFunc{
		"GET /api/users": says(200, oneUser), "POST " + path: says(202, `{}`),
		"GET /api/webex/eta": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"eta":%s0}`, r.URL.Query().Get("calls"))
		},
	})
	got := f.run(t, "users", "retry", "--quarantined", "--all", "--yes")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.talk, "Webex: 1 user to go, about 20 s at most.")
	require.Equal(t, "true", f.asked[0].URL.Query().Get("quarantined"))
	require.Equal(t, "bulk", f.asked[len(f.asked)-1].Header.Get("Ledgerline-Surface"))
}

func TestAUserWhoWasRemovedIsNotRemovedAgain(t *testing.T) {
	const gone = `{"id":"5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84","userId":"u1","status":"removed"}`
	f := newFake(t, map[string]http.HandlerFunc{
		"GET /api/users": says(200, `{"items":[`+gone+`]}`), "GET /api/users/5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84": says(200, gone),
	})
	got := f.run(t, "users", "delete", "u1")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, "u1 was removed already.\n", got.out)
	require.JSONEq(t, gone, f.run(t, "users", "delete", "u1", "--json").out)
	for _, r := range f.asked {
		require.Equal(t, "GET", r.Method)
	}
}

func TestAFileWithoutTemplatesSaysSo(t *testing.T) {
	for _, file := range []string{"[]", "", " \n"} {
		got := typed(t.Context(), file, append([]string{"templates", "apply", "-"}, newFake(t, nil).flags...)...)
		require.Equal(t, exitRefused, got.code)
		require.Contains(t, got.talk, "holds no template")
	}
}

func TestTheVersionNamesWhatTheProgramWasBuiltWith(t *testing.T) {
	got := typed(t.Context(), "", "--version")
	require.Equal(t, exitDone, got.code)
	require.Regexp(t, `^ledgerline version .*, go`, got.out)
}
