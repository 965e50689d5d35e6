package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/httpapi"
	"ledgerline/adapters/webex/rest"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

// drifting is an engine with a simulator, some users who are provisioned there, a
// second client of the simulator that goes behind the engine's back, and the
// command line.
type drifting struct {
	*engine
	t          *testing.T
	behind     commands.Webex
	ledgerline func(args ...string) outcome
}

func driftingEngine(t *testing.T, users ...string) drifting {
	data := t.TempDir()
	d := drifting{engine: testEngine(t, engineOptions{Data: data}), t: t}
	server := httptest.NewServer(d.Handler)
	t.Cleanup(server.Close)
	d.ledgerline = func(args ...string) outcome {
		return typed(t.Context(), "", append(args, "--server", server.URL, "--token-file", filepath.Join(data, "admin-token"))...)
	}
	d.behind = rest.New(rest.Config{BaseURL: regexp.MustCompile(`http://\S+`).FindString(d.Webex) + "/v1", AccessToken: "sim-main"})
	why := domain.Cause{Partner: "main", Actor: "test", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI}
	settings := template.Settings{Name: "T", Region: "EU", EmailLanguage: "en", Cluster: "as0", DefaultPackage: "basic", Emails: template.Trusted}
	_, err := d.service.CreateTemplate(t.Context(), commands.SaveTemplate{ProvisioningID: benchTemplate, Settings: settings}, why)
	require.NoError(t, err)
	for _, user := range users {
		_, _, err := d.service.OnboardSubscriber(t.Context(), commands.OnboardSubscriber{Request: somebody(user)}, why)
		require.NoError(t, err)
	}
	d.allAre(webex.Provisioned, users...)
	return d
}

func somebody(userID string) webex.Request {
	return webex.Request{
		ProvisioningID: benchTemplate, SPEnterpriseID: "SP1+acme", Email: strings.ReplaceAll(userID, "as0", "ent"),
		Profile: webex.Profile{UserID: userID, FirstName: "Anna", LastName: "Lind", PrimaryPhoneNumber: "+46701234567", Extension: "1", Package: "basic"},
	}
}

func (d drifting) state(user string) subscriber.State {
	entries, err := d.log.ReadStream(d.t.Context(), subscriber.Stream("main", user))
	require.NoError(d.t, err)
	return subscriber.Decider.Fold(entries)
}

// allAre waits until users are in a status.
func (d drifting) allAre(status webex.Status, users ...string) {
	require.Eventually(d.t, func() bool {
		for _, user := range users {
			if d.state(user).Status() != status {
				return false
			}
		}
		return true
	}, 30*time.Second, 20*time.Millisecond, "%s: %v", status, users)
}

// there returns a user's record at the simulator once it is provisioned.
func (d drifting) there(user string) (r webex.Subscriber) {
	require.Eventually(d.t, func() (found bool) {
		var err error
		r, found, err = d.behind.FindSubscriber(d.t.Context(), user)
		require.NoError(d.t, err)
		return found && r.Status == webex.Provisioned
	}, 30*time.Second, 20*time.Millisecond)
	return r
}

func TestWhatHappensBehindOurBackIsFoundAndSettled(t *testing.T) {
	const gone, package_, renamed, fine, stranger = "gone@as0.example", "package@as0.example", "renamed@as0.example", "fine@as0.example", "stranger@as0.example"
	d := driftingEngine(t, gone, package_, renamed, fine)
	_, err := d.behind.Remove(t.Context(), d.state(gone).WebexID, "T1")
	require.NoError(t, err)
	for user, change := range map[string]func(*webex.Profile){
		package_: func(p *webex.Profile) { p.Package = "premium" },
		renamed:  func(p *webex.Profile) { p.UserID, p.PrimaryPhoneNumber = "other@as0.example", "+46709999999" },
	} {
		from := d.state(user).Applied
		to := from
		change(&to)
		_, _, err = d.behind.Update(t.Context(), d.state(user).WebexID, from, to, "T2")
		require.NoError(t, err)
	}
	_, _, err = d.behind.Provision(t.Context(), somebody(stranger), "T3")
	require.NoError(t, err)
	d.there(stranger)
	d.there(package_)
	d.there("other@as0.example")

	got := d.ledgerline("drift", "scan", "--wait", "--json", "--reason", "doubts")
	require.Equal(t, exitDone, got.code, got.talk)
	var scan driftScan
	require.NoError(t, json.Unmarshal([]byte(got.out), &scan))
	require.Equal(t, "finished", scan.Phase)
	require.Equal(t, 4, scan.Findings, got.out)
	require.Equal(t, 4, scan.Records)

	got = d.ledgerline("drift", "show", scan.ID)
	require.Equal(t, exitDone, got.code, got.talk)
	for _, line := range []string{
		`missing\s+gone@as0.example\s+basic, provisioned -> none\s+recreate\s+open`, `package\s+package@as0.example\s+package basic -> premium\s+push\s+open`,
		`details\s+renamed@as0.example\s+userId renamed@as0.example -> other@as0.example, primaryPhoneNumber \+46701234567 -> \+46709999999\s+push`,
		`unknown\s+stranger@as0.example\s+none -> basic, provisioned\s+adopt`, `Requests to Webex: 1 to create, 2 to update, 0 to remove`,
	} {
		require.Regexp(t, line, got.out)
	}
	require.Contains(t, d.ledgerline("drift", "list").out, scan.ID)
	require.Equal(t, exitRefused, d.ledgerline("drift", "approve", scan.ID).code, "nobody was asked")

	got = d.ledgerline("drift", "approve", scan.ID, "--kind", "missing=recreate,package=push,unknown=adopt,details=take", "--yes", "--reason", "as agreed")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Eventually(t, func() bool {
		return strings.Contains(d.ledgerline("drift", "show", scan.ID).out, "closed")
	}, 20*time.Second, 50*time.Millisecond)
	d.allAre(webex.Provisioned, gone, package_, renamed, fine, stranger)
	require.Equal(t, webex.Package("basic"), d.there(package_).Package, "ours wins")
	require.NotEmpty(t, d.there(gone).ID)
	require.Equal(t, "other@as0.example", d.state(renamed).Profile.UserID, "theirs wins")
	require.Equal(t, "+46709999999", d.state(renamed).Profile.PrimaryPhoneNumber)
	require.Contains(t, d.ledgerline("users", "show", stranger).out, "provisioned")

	again := d.ledgerline("drift", "scan", "--wait")
	require.Regexp(t, `Findings:\s+0`, again.out, again.talk)
	require.Regexp(t, `Phase:\s+closed`, again.out)
	report, err := d.verify(t.Context(), func(httpapi.MaintenanceProgress) {})
	require.NoError(t, err)
	require.True(t, report.OK, "the views are those of a rebuild: %+v", report)
}

func TestAScheduledScanIsMadeByTheServerAlone(t *testing.T) {
	data := t.TempDir()
	e := testEngine(t, engineOptions{Data: data, Drift: 24 * time.Hour})
	var watch drift.Watch
	require.Eventually(t, func() bool {
		entries, err := e.log.ReadStream(t.Context(), drift.WatchStream("main"))
		require.NoError(t, err)
		watch = drift.WatchDecider.Fold(entries)
		return watch.Last != [16]byte{} && len(watch.Open) == 0
	}, 20*time.Second, 20*time.Millisecond, "it is made, finds nothing, and is done with")
	require.NoError(t, e.Close())

	got := typed(t.Context(), "", "drift", "scan", "--wait", "--data", data)
	require.Equal(t, exitDone, got.code, got.talk)
	require.Contains(t, got.talk, "no server runs on")
	require.Equal(t, exitRefused, typed(t.Context(), "", "drift", "scan", "--data", data).code, "one at a time")
}

func TestDriftCommandsSayWhatIsWrong(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{
		"POST /api/drift/s/approve": says(200, `{"findings":0,"actions":[],"licences":{},"creates":0,"updates":0,"removals":0}`),
	})
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"drift show none":              {exitNotFound, "ledgerline drift list"},
		"drift approve none --yes":     {exitNotFound, "ledgerline drift list"},
		"drift show":                   {exitUsage, "SCAN is missing"},
		"drift list --limit -1":        {exitUsage, "negative"},
		"drift show s --limit -1":      {exitUsage, "negative"},
		"drift approve s --kind push":  {exitUsage, "--kind"},
		"drift approve s --yes":        {exitDone, "Nothing is left to decide"},
		"serve --drift-every -1h":      {exitUsage, "must not be negative"},
		"serve --drift-every sometime": {exitUsage, "a time like 30s"},
	} {
		t.Run(args, func(t *testing.T) {
			words := strings.Fields(args)
			if words[0] == "drift" {
				words = append(words, f.flags...)
			}
			got := typed(t.Context(), "", words...)
			require.Equal(t, want.code, got.code, got.talk)
			require.Contains(t, got.talk, want.says)
		})
	}
}
