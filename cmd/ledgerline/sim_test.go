package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// simulated is a simulator at noon, and what runs a verb on it.
func simulated(t *testing.T) (*simulator.Simulator, func(args ...string) outcome) {
	sim, err := simulator.New(simulator.Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return sim, func(args ...string) outcome {
		return typed(t.Context(), "", append([]string{"sim", "webex", "--url", server.URL + "/v1/"}, args...)...)
	}
}

// lines reads a JSON document per line.
func lines(t *testing.T, text string) (all []map[string]any) {
	for line := range strings.Lines(text) {
		var one map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &one), line)
		all = append(all, one)
	}
	return all
}

func TestKnobsAreSetAndShown(t *testing.T) {
	sim, run := simulated(t)
	require.Contains(t, run("knobs", "--turned").talk, "All knobs are as by default")
	got := run("set", "lostReply=0.05", "lostReplyMix=502:3,reset:1,hang", "provision=200ms..1.3s", "failingEnterprises=SP1+a,b", "clockSkew=-3m", "clampMax=true",
		`backgroundErrors=[{"description":"x","weight":1}]`)
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.out, "lostReplyMix=502:3,hang:1,reset:1\nprovision=200ms..1.3s\n")
	want := simulator.DefaultKnobs()
	want.LostReply, want.LostReplyMix = 0.05, simulator.Mix{"502": 3, "hang": 1, "reset": 1}
	want.Provision = simulator.Delay{Min: 200 * time.Millisecond, Max: 1300 * time.Millisecond}
	want.FailingEnterprises, want.ClockSkew, want.ClampMax = []string{"SP1+a", "b"}, simulator.Duration(-3*time.Minute), true
	want.BackgroundErrors = simulator.Problems{{Problem: simulator.Problem{Description: "x"}, Weight: 1}}
	require.Equal(t, want, sim.Knobs())

	require.Regexp(t, `(?m)^\* lostReply +0\.05 +probability that a write is carried out and not answered$`, run("knobs").out)
	require.Equal(t, 7, strings.Count(run("knobs", "--turned").out, "\n"))
	all := lines(t, run("knobs", "--json").out)
	require.Len(t, all, len(simulator.About()))
	require.Equal(t, map[string]any{"name": "clockSkew", "group": "time", "kind": "a time", "default": "0s", "value": "-3m0s", "means": all[8]["means"]}, all[8])
	require.Equal(t, exitDone, run("set", "failingEnterprises=", "lostReplyMix=").code)
	require.Empty(t, sim.Knobs().FailingEnterprises)
	require.Empty(t, sim.Knobs().LostReplyMix)
	require.Contains(t, run("set", "seed=4", "--json").out, `"seed":4`)
}

func TestWhatTheSimulatorCannotDoIsExplained(t *testing.T) {
	sim, run := simulated(t)
	for args, c := range map[string]struct {
		code int
		says string
	}{
		"set":                            {exitUsage, "NAME=VALUE... is missing"},
		"set lostReply":                  {exitUsage, `"lostReply" is not NAME=VALUE`},
		"set lock=1 lock=0":              {exitUsage, "lock is there twice"},
		"set lostreply=1":                {exitRefused, "did you mean lostReply?"},
		"set lostReply=x":                {exitRefused, `lostReply must be a number, not "x"`},
		"set lock=1 lostReply=3":         {exitRefused, "lostReply is a probability, from 0 to 1, not 3"},
		"set provision=soon":             {exitRefused, `provision: a delay is written "200ms..1.2s"`},
		"set lostReplyMix=404:1":         {exitRefused, "500 to 599, reset and hang"},
		"profile hurricane":              {exitNotFound, "busy, calm, flaky, storm"},
		"outage":                         {exitUsage, "LENGTH is missing"},
		"outage soon":                    {exitRefused, "a time is written"},
		"outage 5m --kind fire":          {exitRefused, `there is no "fire"`},
		"consent nobody":                 {exitRefused, "No such subscriber"},
		"email nobody x":                 {exitRefused, "email is an address"},
		"drift":                          {exitUsage, "--vanish, --change or --unknown"},
		"drift --vanish 2":               {exitRefused, "vanish is a probability"},
		"requests --limit -1":            {exitUsage, "negative"},
		"serve --profile hurricane":      {exitNotFound, "busy, calm, flaky, storm"},
		"serve --addr 127.0.0.1:x":       {exitFailed, "choose another address with --addr"},
		"state --url http://127.0.0.1:1": {exitFailed, "does not answer"},
		"state --url :":                  {exitUsage, "is no address"},
	} {
		got := run(strings.Fields(args)...)
		require.Equal(t, c.code, got.code, "%s: %s", args, got.talk)
		require.Contains(t, got.talk, c.says)
	}
	require.Equal(t, simulator.DefaultKnobs(), sim.Knobs())
	stranger := httptest.NewServer(says(404, "<html>"))
	t.Cleanup(stranger.Close)
	require.Contains(t, typed(t.Context(), "", "sim", "webex", "state", "--url", stranger.URL).talk, "is it a simulator?")
}

func TestTheStateIsShownAndAnOutageBegins(t *testing.T) {
	_, run := simulated(t)
	require.Equal(t, "The simulator is storm now: everything goes wrong at once, and the limit is 300 requests per minute.\n", run("profile", "storm").talk)
	require.Contains(t, run("profile", "calm", "--json").out, `"grantedRate":1000`)
	require.Regexp(t, `^Every request meets hang for 5m0s, until 20`, run("outage", "5m", "--kind", "hang").talk)
	require.Equal(t, exitDone, run("drift", "--unknown", "3").code)
	got := run("state").out
	for _, says := range []string{"Webex's clock: 2026-05-04T12:00:00.000Z\n", "Profile:       calm\n", "hang for another 5m0s\n", "By status:     provisioned 3\n", "Duplicates:    0\n"} {
		require.Contains(t, got, says)
	}
	require.Equal(t, 3.0, lines(t, run("state", "--json").out)[0]["subscribers"])
	require.Contains(t, run("outage", "0s").talk, "no outage")
	require.Nil(t, lines(t, run("outage", "0s", "--json").out)[0]["outage"])
}

func TestWhoHasMoreThanOneRecordIsListed(t *testing.T) {
	sim, run := simulated(t)
	require.Contains(t, run("duplicates").talk, "0 users have more than one record.")
	for _, user := range []string{"anna", "anna", "bo"} {
		r := httptest.NewRequest("POST", "/v1/broadworks/subscribers", strings.NewReader(
			`{"provisioningId":"t","userId":"`+user+`","spEnterpriseId":"e","firstName":"f","lastName":"l","package":"basic"}`))
		r.Header.Set("Authorization", "Bearer sim-main")
		r.Header.Set("Content-Type", "application/json")
		sim.ServeHTTP(httptest.NewRecorder(), r)
	}
	got := run("duplicates")
	require.Equal(t, 2, strings.Count(got.out, "main     anna  pending_email_input"), got.out)
	require.Contains(t, got.talk, "1 user has more than one record.")
	require.Equal(t, "anna", lines(t, run("duplicates", "--json").out)[0]["userId"])

	got = run("requests")
	require.Regexp(t, `main +anna +2 +2 +0`, got.out)
	require.Contains(t, got.talk, "POST 200 3. Users with more than one record: 1.")
	require.Contains(t, run("requests", "--limit", "1").talk, "1 of 2 users are shown")
	require.NotContains(t, run("requests", "--user", "bo").out, "anna")
	require.Equal(t, 1.0, lines(t, run("requests", "--json").out)[0]["duplicates"])

	require.Equal(t, exitRefused, run("email", "anna", "a@acme.example").code, "which of them?")
	require.Contains(t, run("email", "bo", "bo@acme.example").talk, "has to follow the link in a mail to bo@acme.example")
	require.Contains(t, run("consent", "bo").talk, "bo goes on")
	require.Contains(t, run("state").out, "pending_email_input 2, provisioning 1")
	require.Equal(t, 3, strings.Count(run("drift", "--vanish", "1").out, "vanished"))
	require.Len(t, lines(t, run("drift", "--unknown", "2", "--json").out), 2)
}

func TestTheSimulatorOfAServerIsFoundByItsDataDirectory(t *testing.T) {
	data := t.TempDir()
	run := func() outcome { return typed(t.Context(), "", "sim", "webex", "state", "--data", data) }
	got := run()
	require.Equal(t, exitNotFound, got.code)
	require.Contains(t, got.talk, "No server runs on "+data)

	e := testEngine(t, engineOptions{Data: data})
	server := httptest.NewServer(e.Handler)
	t.Cleanup(server.Close)
	text, err := json.Marshal(running{URL: server.URL, Simulator: e.Simulator})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(serverFile(data), text, 0o600))
	require.Contains(t, run().out, "Simulator:     "+e.Simulator)
	got = typed(t.Context(), "", "sim", "webex", "state", "--server", server.URL)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.talk, "Name it with --url")
}

func TestWithTheRealWebexNothingIsDone(t *testing.T) {
	data := t.TempDir()
	real := `{"partners":{"main":{"accessToken":"secret"},"other":{"accessToken":"secret","baseUrl":"https://127.example/v1"}}}`
	require.NoError(t, os.WriteFile(filepath.Join(data, "webex.json"), []byte(real), 0o600))
	refuses := func() {
		for _, verb := range []string{"state", "profile storm", "set lock=1", "outage 5m", "consent u", "drift --vanish 1", "duplicates"} {
			got := typed(t.Context(), "", append([]string{"sim", "webex", "--data", data}, strings.Fields(verb)...)...)
			require.Equal(t, exitRefused, got.code, got.talk)
			require.Contains(t, got.talk, "go with the real Webex, not with a simulator: nothing was asked and nothing was done")
		}
	}
	refuses()
	f := newFake(t, map[string]http.HandlerFunc{"GET /healthz": says(200, "{}")})
	text, err := json.Marshal(running{URL: f.flags[1]})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(serverFile(data), text, 0o600))
	refuses()
	for _, r := range f.asked {
		require.Equal(t, "/healthz", r.URL.Path)
	}
}

func TestASimulatorOfItsOwnTellsHowToReachIt(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, printed := io.Pipe()
	whole := rootCommand()
	whole.SetOut(printed)
	whole.SetErr(io.Discard)
	file := filepath.Join(t.TempDir(), "w.db")
	whole.SetArgs(strings.Fields("sim webex serve --addr 127.0.0.1:0 --partner main,north --profile busy --seed 7 --file " + file))
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, whole) }()

	data := t.TempDir()
	var told json.RawMessage
	require.NoError(t, json.NewDecoder(out).Decode(&told))
	go io.Copy(io.Discard, out)
	require.NoError(t, os.WriteFile(filepath.Join(data, "webex.json"), told, 0o600))
	c, err := readCredentials(filepath.Join(data, "webex.json"))
	require.NoError(t, err)
	require.Equal(t, "sim-north", c.Partners["north"].AccessToken)

	got := typed(t.Context(), "", "sim", "webex", "state", "--data", data)
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.out, "Profile:       busy\n")
	e := testEngine(t, engineOptions{Data: data})
	require.Equal(t, []string{"main", "north"}, e.Partners)
	require.Equal(t, strings.TrimSuffix(c.Partners["main"].BaseURL, "/v1"), e.Simulator)
	require.False(t, e.Simulated)
	require.Contains(t, typed(t.Context(), "", "sim", "webex", "knobs", "--turned", "--data", data).out, "* seed                   7 ")
	stop()
	require.Equal(t, exitDone, <-ended)
	require.FileExists(t, file)
}
