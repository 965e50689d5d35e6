package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	eventlogsqlite "ledgerline/adapters/eventlog/sqlite"
	"ledgerline/adapters/webex/rest"
	"ledgerline/adapters/webex/simulator"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// settlesIn is how long the last program may take until nothing is under way.
const settlesIn = 3 * time.Minute

// settle lets a last program finish on a Webex that is well, verifies the data and
// kills that program too.
func (k *killed) settle() {
	well := simulator.DefaultKnobs()
	well.Provision, well.FirstOfEnterprise, well.Update = hiccups(0).Provision, hiccups(0).Provision, hiccups(0).Provision
	require.NoError(k.t, k.sim.SetKnobs(well))
	p := startProgram(k.t, k.binary, k.data)
	url := p.ready(k.t)
	k.prepare(url)
	c := &enterprise{load: k.load, base: url, ctx: k.t.Context()}
	require.Eventually(k.t, c.atRest, settlesIn, 200*time.Millisecond, "nothing is under way")
	out, code := runProgram(k.t, k.binary, k.data, "verify")
	require.Zero(k.t, code, out)
	p.kill()
}

// atRest says whether the engine has nothing to do for anybody.
func (c *enterprise) atRest() bool {
	reply, err := c.ask(http.MethodGet, "/api/users?status=provisioning,updating,removing&limit=1", "", "", &question{})
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	page := struct{ Items []struct{} }{Items: make([]struct{}, 1)}
	err = json.NewDecoder(reply.Body).Decode(&page)
	return err == nil && reply.StatusCode == http.StatusOK && len(page.Items) == 0
}

// findings is what the end of it all shows.
type findings struct {
	users, events int
	acked         map[string]int // by what was asked
	stages        map[webex.Status]int
	lost          []string // promises that were not kept
	unlike        []string // users who are not at Webex as the log says
	duplicates    int
	unknown       int // requests of which nobody knew for a while whether they were carried out
	killed        int // those of them that were under way when a program was killed
}

// judge reads the log that the programs left behind.
func (k *killed) judge() findings {
	f := findings{acked: map[string]int{}, stages: map[webex.Status]int{}}
	log, err := eventlogsqlite.Open(filepath.Join(k.data, "log.db"), eventlog.NewCodec(events...), eventlogsqlite.Options{})
	require.NoError(k.t, err)
	defer log.Close()
	streams := map[string][]domain.Entry{}
	for batch, err := range log.ReadAll(k.t.Context(), 0) {
		require.NoError(k.t, err)
		for _, e := range batch {
			f.events++
			if lost, ok := e.Event.(subscriber.RequestLost); ok {
				f.unknown++
				if strings.HasPrefix(lost.Why, "Ledgerline stopped") {
					f.killed++
				}
			}
			if kind, _, _ := domain.SplitStream(e.Stream); kind == subscriber.Kind {
				streams[e.Stream] = append(streams[e.Stream], e)
			}
		}
	}
	for _, p := range k.load.promises {
		f.acked[p.what]++
		if why := p.broken(streams[domain.StreamOf(subscriber.Kind, p.user)]); why != "" {
			f.lost = append(f.lost, fmt.Sprintf("%s of %v in request %s: %s", p.what, p.user, p.request, why))
		}
	}
	k.compare(&f, streams)
	for _, c := range k.sim.Counts() {
		f.duplicates += c.Duplicates
	}
	return f
}

// broken says how a promise was not kept; empty: it was.
func (p promise) broken(entries []domain.Entry) string {
	recorded := map[string]int{} // of this request, by type of event
	for _, e := range entries {
		if e.Cause.Request == p.request || strings.HasSuffix(p.request, "/") && strings.HasPrefix(e.Cause.Request, p.request) {
			recorded[e.Event.EventType()]++
		}
	}
	for what, n := range recorded {
		if n > 1 {
			return fmt.Sprintf("%s is in the log %d times", what, n)
		}
	}
	switch {
	case len(entries) == 0:
		return "there is no such user"
	case p.changed && len(recorded) == 0:
		return "it is not in the log"
	case p.version > len(entries):
		return fmt.Sprintf("the answer showed version %d of %d", p.version, len(entries))
	case p.version > 0 && !p.holds(subscriber.Decider.Fold(entries[:p.version])):
		return fmt.Sprintf("version %d is not as was asked for", p.version)
	}
	return ""
}

// compare finds users who are not at Webex as the log says.
func (k *killed) compare(f *findings, streams map[string][]domain.Entry) {
	there := map[string][]webex.Subscriber{}
	client := rest.New(rest.Config{BaseURL: k.webex, AccessToken: "sim-main"})
	for r, err := range commands.WebexRecords(k.t.Context(), client, commands.WebexFilter{}) {
		require.NoError(k.t, err)
		there[r.UserID] = append(there[r.UserID], r)
	}
	for stream, entries := range streams {
		s := subscriber.Decider.Fold(entries)
		records := there[s.Profile.UserID]
		delete(there, s.Profile.UserID)
		f.users++
		f.stages[s.Status()]++
		if why := unlike(s, records); why != "" {
			f.unlike = append(f.unlike, fmt.Sprintf("%s %s: %s, Webex has %+v", stream, s.Status(), why, records))
		}
	}
	for user, records := range there {
		f.unlike = append(f.unlike, fmt.Sprintf("%s: Webex has %d records of nobody", user, len(records)))
	}
}

func unlike(s subscriber.State, records []webex.Subscriber) string {
	switch {
	case s.Stage == subscriber.Gone && len(records) > 0:
		return "it is removed"
	case s.Stage == subscriber.Stopped && len(records) <= 1, s.Stage == subscriber.Gone:
		return ""
	case s.Stage != subscriber.Live || s.Wants() != "" || s.Busy():
		return "it is not at rest"
	case len(records) != 1:
		return "it is provisioned"
	case records[0].ID != s.WebexID || records[0].Status != webex.Provisioned || records[0].Profile != s.Profile:
		return fmt.Sprintf("the log has %s %+v", s.WebexID, s.Profile)
	}
	return ""
}
