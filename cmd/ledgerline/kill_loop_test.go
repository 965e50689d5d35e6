package main

import (
	"context"
	"flag"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/rest"
	"ledgerline/adapters/webex/simulator"
)

var (
	kills    = flag.Int("kills", 5, "how often the program is killed")
	killSeed = flag.Uint64("kill-seed", 1, "of what is asked and when the program is killed")
)

// killed is one data directory, through all programs that work on it, and the
// Webex that outlives them.
type killed struct {
	t            *testing.T
	chance       *rand.Rand
	binary, data string
	sim          *simulator.Simulator
	webex        string // its URL
	load         *load
	customers    []*enterprise
	prepared     bool
}

// hiccups is a Webex where everything goes wrong now and then. Odd rounds lose
// replies by dropping the connection, even ones by a 502.
func hiccups(round int) simulator.Knobs {
	k := simulator.DefaultKnobs()
	k.Provision = simulator.Delay{Min: 20 * time.Millisecond, Max: 400 * time.Millisecond}
	k.FirstOfEnterprise, k.Update = k.Provision, k.Provision
	k.Latency = simulator.Delay{Max: 40 * time.Millisecond}
	k.LostReply, k.ServerError, k.ServerStatus = 0.05, 0.02, 502
	k.Throttle, k.Lock, k.BackgroundFailure = 0.005, 0.005, 0.03
	if round%2 == 0 {
		k.LostReplyStatus = 502
	}
	return k
}

func newKilled(t *testing.T) *killed {
	dir := t.TempDir()
	k := &killed{t: t, chance: rand.New(rand.NewPCG(*killSeed, 0)), binary: filepath.Join(dir, "ledgerline"), data: filepath.Join(dir, "data")}
	out, err := exec.Command("go", "build", "-o", k.binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	knobs := hiccups(0)
	k.sim, err = simulator.New(simulator.Options{Knobs: &knobs})
	require.NoError(t, err)
	server := httptest.NewServer(k.sim)
	t.Cleanup(server.Close)
	k.webex = server.URL + "/v1"
	require.NoError(t, os.Mkdir(k.data, 0o700))
	credentials := asJSON(credentials{Partners: map[string]rest.Config{"main": {BaseURL: k.webex, AccessToken: "sim-main"}}})
	require.NoError(t, os.WriteFile(filepath.Join(k.data, "webex.json"), []byte(credentials), 0o600))
	k.load, k.customers = newLoad(6, *killSeed)
	return k
}

// What each customer asks in one round, at most.
const (
	commandsPerRound = 5
	rowsPerImport    = 30
)

// round lets one program live for a while under load. It is killed as it starts,
// right after an acknowledgement, in an import, or at any moment.
func (k *killed) round(n int) {
	require.NoError(k.t, k.sim.SetKnobs(hiccups(n)))
	p := startProgram(k.t, k.binary, k.data)
	defer p.kill()
	way := k.chance.IntN(10)
	if way < 2 {
		time.Sleep(k.upTo(100 * time.Millisecond))
		return
	}
	url := p.ready(k.t)
	k.prepare(url)
	ctx, stop := context.WithCancel(k.t.Context())
	defer stop()
	enough, importing := make(chan struct{}), make(chan struct{})
	left := 1 << 30
	if way < 5 {
		left = 1 + k.chance.IntN(commandsPerRound*len(k.customers)/2)
	}
	var mu sync.Mutex
	k.load.acked = func() {
		mu.Lock()
		defer mu.Unlock()
		if left--; left == 0 {
			_ = p.cmd.Process.Kill() // at once, in the hand that holds the acknowledgement
			close(enough)
		}
	}
	var working sync.WaitGroup
	for i, c := range k.customers {
		c.base, c.ctx = url, ctx
		working.Go(func() {
			if way >= 8 && i == 0 {
				close(importing)
				c.importFile(rowsPerImport)
			}
			c.work(commandsPerRound)
		})
	}
	asked := make(chan struct{})
	go func() {
		working.Wait()
		close(asked)
	}()
	switch {
	case way < 5:
		select {
		case <-enough:
		case <-asked:
		}
	case way < 8:
		time.Sleep(k.upTo(time.Second))
	default:
		<-importing
		time.Sleep(k.upTo(60 * time.Millisecond))
	}
	p.kill()
	stop()
	<-asked
}

func (k *killed) upTo(most time.Duration) time.Duration {
	return time.Duration(k.chance.Int64N(int64(most)))
}

// prepare makes the template that users need, once a program lives to say so.
func (k *killed) prepare(url string) {
	if k.prepared {
		return
	}
	secret, err := os.ReadFile(filepath.Join(k.data, "admin-token"))
	require.NoError(k.t, err)
	k.load.token = strings.TrimSpace(string(secret))
	c := &enterprise{load: k.load, base: url, ctx: k.t.Context()}
	template := `{"provisioningId":"` + benchTemplate + `","name":"T","region":"EU","emailLanguage":"sv","cluster":"as0","defaultPackage":"basic","emails":"trusted"}`
	reply, err := c.ask(http.MethodPost, "/api/templates", "application/json", template, &question{tracking: "template"})
	require.NoError(k.t, err)
	defer reply.Body.Close()
	require.Equal(k.t, http.StatusCreated, reply.StatusCode)
	k.prepared = true
}

func TestKilledAgainAndAgainNothingIsLostOrDoneTwice(t *testing.T) {
	k, began := newKilled(t), time.Now()
	for n := range *kills {
		k.round(n)
	}
	each := time.Since(began) / time.Duration(max(1, *kills))
	k.settle()
	f := k.judge()
	size := int64(0)
	for _, file := range []string{"log.db", "log.db-wal", "views.db"} {
		if info, err := os.Stat(filepath.Join(k.data, file)); err == nil {
			size += info.Size()
		}
	}
	asked := 0
	for _, n := range k.sim.Totals() {
		asked += n
	}
	t.Logf("%d kills, %v each, then %v until all was settled; %d users, %d events, %d MB", *kills, each.Round(time.Millisecond),
		(time.Since(began) - each*time.Duration(*kills)).Round(100*time.Millisecond), f.users, f.events, size>>20)
	t.Logf("commands: %d acknowledged %v, %d without an answer, refused %v", len(k.load.promises), f.acked, k.load.unanswered, k.load.refused)
	t.Logf("Webex: %d requests %v", asked, k.sim.Totals())
	t.Logf("users: %v; %d requests lost, %d of them by a kill", f.stages, f.unknown, f.killed)
	t.Logf("lost: %d, duplicates at Webex: %d, otherwise than at Webex: %d; log whole and views equal to a rebuild", len(f.lost), f.duplicates, len(f.unlike))
	require.Empty(t, f.lost, "acknowledged and lost")
	require.Zero(t, f.duplicates, "records that Webex made for users who had one")
	require.Empty(t, f.unlike, "users who are not at Webex as the log says")
}
