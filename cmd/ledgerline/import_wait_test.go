package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// onTheWay counts users who are on the way as it is told, the last for ever.
func onTheWay(left ...int) *fake {
	count := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"total":100,"statuses":{"provisioning":%d,"provisioned":%d}}`, left[0], 100-left[0])
		left = left[min(1, len(left)-1):]
	}
	return &fake{answers: map[string]http.HandlerFunc{
		"GET /api/users/counts": count,
		"GET /api/webex/lanes":  says(200, `{"items":[{"inFlight":1}]}`),
		"GET /api/holds":        says(200, `{"items":[]}`),
	}}
}

const counted = "/api/users/counts?createdAfter=2026-03-01T12%3A00%3A00.000Z"

func waited(t *testing.T, f *fake, within time.Duration) (result *importResult, held bool, talk string, took time.Duration, err error) {
	result = &importResult{importToGo: importToGo{ToGo: 100}, counts: counted}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), within)
		defer stop()
		c, _, said := inside(ctx, f)
		began := time.Now()
		held, err = c.waitForUsers(result)
		talk, took = said.String(), time.Since(began)
	})
	return result, held, talk, took, err
}

func TestUsersOfAnImportAreWaitedForUntilNoneIsOnTheWay(t *testing.T) {
	f := onTheWay(100, 75, 50, 50, 0)
	result, held, talk, took, err := waited(t, f, time.Hour)
	require.NoError(t, err)
	require.False(t, held)
	require.Equal(t, 4*time.Second, took)
	require.Equal(t, "2026-03-01T12:00:00.000Z", f.asked[0].URL.Query().Get("createdAfter"))
	require.Contains(t, talk, "Webex: 50 of 100, 25 a second, 2 s left\n")
	require.Equal(t, "100 provisioned, 0 provisioning", result.Users.String())
}

func TestWhyUsersDoNotGetOnIsToldOnce(t *testing.T) {
	f := onTheWay(40, 40, 40, 40, 40, 40, 0)
	f.answers["GET /api/webex/lanes"] = says(200, `{"items":[{"note":"Nothing is asked of Webex until 12:00:05 UTC."}]}`)
	_, held, talk, _, err := waited(t, f, time.Hour)
	require.NoError(t, err)
	require.False(t, held)
	require.Equal(t, 1, strings.Count(talk, "Nothing is asked of Webex until"))

	f.answers["GET /api/users/counts"] = onTheWay(40, 40, 40, 20, 20, 20, 0).answers["GET /api/users/counts"]
	_, _, talk, _, err = waited(t, f, time.Hour)
	require.NoError(t, err)
	require.NotContains(t, talk, "Nothing is asked", "a moment is not worth a word")
}

func TestUsersWhoAreHeldAreNotWaitedFor(t *testing.T) {
	f := onTheWay(40)
	f.answers["GET /api/holds"] = says(200, `{"items":[`+oneHold+`]}`)
	_, held, _, took, err := waited(t, f, 5*time.Second)
	require.ErrorIs(t, err, context.DeadlineExceeded, "other calls go on")
	require.False(t, held)
	require.Equal(t, 5*time.Second, took)

	f.answers["GET /api/webex/lanes"] = says(200, `{"items":[{"inFlight":0}]}`)
	_, held, talk, took, err := waited(t, f, time.Hour)
	require.NoError(t, err)
	require.True(t, held)
	require.Equal(t, patientSeconds*time.Second, took)
	require.Contains(t, talk, "Held: customer SP1+a, 40 users on the way. Reason: wrong account\nTo let them go on: ledgerline holds lift "+holdID)
}

func TestAWaitThatIsStoppedLeavesTheImportToTheServer(t *testing.T) {
	for _, asJSON := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			time.AfterFunc(2500*time.Millisecond, stop)
			c, out, talk := inside(ctx, onTheWay(40))
			c.json = asJSON
			err := c.printWaited(importResult{File: "users.csv", importToGo: importToGo{ToGo: 100}, counts: counted})
			require.Equal(t, exitStopped, exitCode(err))
			require.NoError(t, c.out.Flush())
			require.Contains(t, talk.String(), "The import is recorded and goes on at the server. To follow it: ledgerline webex lanes --watch")
			require.Equal(t, asJSON, strings.Contains(out.String(), `"provisioning":40`))
		})
	}
}

func TestAnImportTellsHowLongWebexTakesAndHowItEnds(t *testing.T) {
	counts := onTheWay(2, 0).answers["GET /api/users/counts"]
	answers := map[string]http.HandlerFunc{"GET /api/users/counts": counts}
	server := importing(t, answers)
	file := fileOfUsers(t, fewUsers)
	got := server.run(t, "import", file, "--dry-run")
	require.Contains(t, got.out, "Webex: 2 users to go, about 4 min.")

	got = server.run(t, "import", file, "--yes", "--wait")
	require.Equal(t, exitSome, got.code, got.talk)
	require.Contains(t, got.talk, "Webex: 2 users to go, about 4 min.", "before")
	require.Contains(t, got.out, "2 users onboarded, 0 unchanged, 1 rejected.\nWebex: 2 users to go, about 4 min.\n", "and after")
	require.Contains(t, got.out, "Users onboarded while it ran: 100 provisioned, 0 provisioning.")

	server.answers["GET /api/users/counts"] = onTheWay(2, 0).answers["GET /api/users/counts"]
	got = server.run(t, "import", file, "--yes", "--wait", "--json")
	var result importResult
	require.NoError(t, json.Unmarshal([]byte(got.out), &result))
	require.Equal(t, importToGo{ToGo: 2, ETA: 240}, result.importToGo)
	require.Equal(t, 100, result.Users.Statuses["provisioned"])
	query := server.asked[len(server.asked)-1].URL.Query()
	require.Equal(t, "2026-03-01T12:00:00.999Z", query.Get("createdAfter"))
	require.Equal(t, "2026-03-01T12:00:02.001Z", query.Get("createdBefore"))

	require.Equal(t, exitUsage, server.run(t, "import", file, "--dry-run", "--wait").code)
}

func TestNobodyWaitsWhereNoServerRuns(t *testing.T) {
	got := typed(t.Context(), "", "import", fileOfUsers(t, fewUsers), "--wait", "--data", t.TempDir())
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "ledgerline serve --data")
}
