package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const aChain = `{"verdict":"stopped","what":"The last try failed.","status":"error","lives":1,
	"awaited":{"from":"customer_administrator","what":"Somebody is to retry.","next":"2026-03-01T12:00:00.000Z"},"steps":[
	{"name":"found","verdict":"ok","what":"Not known yet.","input":[{"name":"userId","value":"u1\u001b[2J"}],"entries":[{"position":3},{"position":4}]},
	{"name":"reply","verdict":"stopped","what":"Refused.","output":[{"name":"status","value":"400"}],"at":"2026-03-01T12:00:00.000Z","tookMs":12,
	 "ourTrackingId":"LEDGERLINE_1","webexTrackingId":"ROUTER_1","differences":[{"field":"package","ledger":"basic","webex":"premium"}]},
	{"name":"at_webex","verdict":"unknown","what":"No answer."},{"name":"precheck","verdict":"skipped","what":"No."},{"name":"email","verdict":"waiting","what":"Soon."}]}`

func TestAChainIsPrintedForPeople(t *testing.T) {
	const id = "5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84"
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/users": says(200, oneUser), "GET /api/users/" + id + "/explain": says(200, aChain)})
	got := f.run(t, "users", "explain", "u1", "--live", "--all-lives")
	require.Equal(t, exitDone, got.code, "the question is answered, whatever the answer")
	at := when("2026-03-01T12:00:00.000Z")
	require.Equal(t, `[no] u1: The last try failed.
  Waits for the customer administrator: Somebody is to retry.
  Next: `+at+`

  [ok] found: Not known yet.
      in   userId = u1`+"\ufffd"+`[2J
      in the log at 3, 4

  [no] reply: Refused.
      out  status = 400
      differs  package: "basic" here, "premium" at Webex
      at `+at+`, took 12 ms
      tracking id, ours: LEDGERLINE_1
      tracking id, Webex's: ROUTER_1

  [??] at webex: No answer.

  [--] precheck: No.

  [..] email: Soon.
`, got.out)
	require.Equal(t, "live=true&lives=all", f.asked[len(f.asked)-1].URL.RawQuery)
	require.JSONEq(t, aChain, f.run(t, "users", "explain", "u1", "--json").out)
}

func TestWhoIsAwaitedIsNamedAsPeopleDo(t *testing.T) {
	for from, words := range map[string]string{"webex": "Webex", "ledgerline": "Ledgerline", "account_owner": "the account owner"} {
		require.Equal(t, words, awaited(from))
	}
}

func TestADryRunTellsByItsExitCodeWhetherItWouldBeRefused(t *testing.T) {
	for verdict, code := range map[string]int{"ok": exitDone, "waiting": exitDone, "stopped": exitRefused, "unknown": exitFailed} {
		var body []byte
		f := newFake(t, map[string]http.HandlerFunc{"POST /api/users/explain": says(200, `{"verdict":"`+verdict+`","what":"So."}`)})
		f.keep = func(_ *http.Request, b []byte) { body = b }
		for _, flags := range [][]string{nil, {"--json"}} {
			got := f.run(t, append(flags, "users", "explain", "--user-id", "u1", "--phone", "+4670")...)
			require.Equal(t, code, got.code, got.talk)
			require.Contains(t, got.out, "So.")
			require.JSONEq(t, `{"userId":"u1","primaryPhoneNumber":"+4670"}`, string(body))
		}
	}
	for _, args := range []string{"users explain", "users explain u1 --email a@b.example", "users explain --email a@b.example --live"} {
		require.Equal(t, exitUsage, newFake(t, nil).run(t, strings.Fields(args)...).code, args)
	}
}

// writes counts the requests that changed something at the simulator.
func writes(t *testing.T, simulator string) (n int) {
	t.Helper()
	reply, err := http.Get(simulator + "/simulator/requests")
	require.NoError(t, err)
	defer reply.Body.Close()
	var counts struct {
		Users []struct{ Posts, Puts, Deletes, Consents int } `json:"users"`
	}
	require.NoError(t, json.NewDecoder(reply.Body).Decode(&counts))
	for _, u := range counts.Users {
		n += u.Posts + u.Puts + u.Deletes + u.Consents
	}
	return n
}

func TestUsersOfARunningEngineAreExplained(t *testing.T) {
	data, ledgerline := begun(t)
	simulator := serveData(t, data).simulator
	list := ledgerline("templates", "list", "--json")
	var trusted string
	for line := range strings.Lines(list.out) {
		var one struct {
			ProvisioningID string `json:"provisioningId"`
			Settings       struct{ Emails string }
			Emails         string `json:"emails"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &one))
		if one.Emails == "trusted" || one.Settings.Emails == "trusted" {
			trusted = one.ProvisioningID
		}
	}
	require.NotEmpty(t, trusted, list.out)
	describe := func(userID, email string) []string {
		return []string{
			"users", "explain", "--user-id", userID, "--template", trusted, "--customer", "SP1+ent1", "--first-name", "Anna",
			"--last-name", "Lind", "--extension", "1000", "--email", email,
		}
	}
	steps := func(x explanation) (all []string) {
		for _, s := range x.Steps {
			all = append(all, s.Name+" "+s.Verdict)
		}
		return all
	}
	explained := func(args ...string) (x explanation) {
		got := ledgerline(append(args, "--json")...)
		require.NoError(t, json.Unmarshal([]byte(got.out), &x), got.talk)
		return x
	}

	planned := ledgerline(describe("anna@as0.example", "anna@ent1.example")...)
	require.Equal(t, exitDone, planned.code, planned.out+planned.talk)
	require.Contains(t, planned.out, "[ok] anna@as0.example: The user would be onboarded and provisioned.")
	require.Contains(t, planned.out, "tracking id, Webex's: ROUTER_")
	refused := ledgerline(describe("anna@as0.example", "anna@foreign.example")...)
	require.Equal(t, exitRefused, refused.code, refused.out+refused.talk)
	require.Contains(t, refused.out, "900409 The email address belongs to a user of another organization")
	require.Zero(t, writes(t, simulator), "a dry run has no effect at Webex")
	require.Equal(t, exitNotFound, ledgerline("users", "explain", "anna@as0.example").code, "nor here")

	file := filepath.Join(t.TempDir(), "users.csv")
	row := "provisioningId,userId,spEnterpriseId,firstName,lastName,extension,email\n" + trusted + ",anna@as0.example,SP1+ent1,Anna,Lind,1000,anna@ent1.example\n" +
		trusted + ",bo@as0.example,SP1+ent1,Bo,Lind,1001,bo@foreign.example\n"
	require.NoError(t, os.WriteFile(file, []byte(row), 0o600))
	got := ledgerline("import", file, "--yes")
	require.Equal(t, exitDone, got.code, got.out+got.talk)
	require.Eventually(t, func() bool {
		return explained("users", "explain", "anna@as0.example").Verdict == "ok" && explained("users", "explain", "bo@as0.example").Verdict == "stopped"
	}, 30*time.Second, 50*time.Millisecond)

	before := writes(t, simulator)
	require.Equal(t, 2, before)
	x := explained("users", "explain", "anna@as0.example", "--live")
	require.Equal(t, []string{"found ok", "allowed ok", "precheck skipped", "request ok", "reply ok", "following ok", "at_webex ok", "at_webex ok"}, steps(x), "%+v", x)
	require.Regexp(t, "^ROUTER_", x.Steps[4].WebexTracking)
	x = explained("users", "explain", "bo@as0.example", "--live")
	require.Equal(t, []string{"found ok", "allowed ok", "precheck skipped", "request ok", "reply ok", "following stopped", "precheck stopped", "at_webex ok", "at_webex ok"}, steps(x), "%+v", x)
	require.Contains(t, x.What, "900409")
	require.Equal(t, before, writes(t, simulator), "an explanation changes nothing at Webex")
}
