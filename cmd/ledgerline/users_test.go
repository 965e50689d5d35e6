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

func TestTheNextTryIsToldOnlyWhileItIsToCome(t *testing.T) {
	now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	next := func(u user) string { return u.next(now)[0] }
	require.Equal(t, "Next try", next(user{NextTry: "2025-03-01T12:00:01.000Z"}))
	require.Equal(t, "Next look at Webex", next(user{NextTry: "2025-03-01T12:00:01.000Z", Pending: "pending_user_migration"}))
	require.Equal(t, "Next look at Webex", next(user{NextTry: "2025-03-01T12:00:01.000Z", OutcomeUnknown: true}))
	require.Empty(t, next(user{NextTry: "2025-03-01T12:00:00.000Z"}))
	require.Empty(t, next(user{}))
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
