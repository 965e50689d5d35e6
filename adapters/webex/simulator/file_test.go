package simulator_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

// childFile names, in the environment of a child process, the file to serve.
const childFile = "LEDGERLINE_SIMULATOR_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		serve(path)
		return
	}
	os.Exit(m.Run())
}

// serve is a child process: a simulator that says its address and serves until
// it is killed, or until its parent is gone.
func serve(path string) {
	knobs := simulator.DefaultKnobs()
	knobs.GrantedRate = 0
	sim, err := simulator.New(simulator.Options{Path: path, Knobs: &knobs})
	if err != nil {
		panic(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	go http.Serve(listener, sim)
	io.Copy(io.Discard, os.Stdin)
}

func TestWhatWasAnsweredSurvivesKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webex.db")
	answered := map[string]bool{}
	for round := range 3 {
		for _, user := range killedWhileProvisioning(t, path, round) {
			answered[user] = true
		}
	}
	require.NotEmpty(t, answered)
	sim, err := simulator.New(simulator.Options{Path: path})
	require.NoError(t, err)
	defer sim.Close()
	for user := range answered {
		require.Equal(t, simulator.Count{Partner: "north", UserID: user, Posts: 1, Provisioned: 1}, sim.Count("north", user))
	}
	w := &world{Simulator: sim, t: t}
	for user := range answered {
		users, _ := w.list("userId=" + user)
		require.Equal(t, []string{user}, users)
		break // the rate is limited; the counts, kept with the records, are all there
	}
}

// killedWhileProvisioning lets a child serve, provisions as fast as it can, and
// kills the child after some answers. It returns the users that were answered.
func killedWhileProvisioning(t *testing.T, path string, round int) (answered []string) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childFile+"="+path)
	stdin, err := child.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	child.Stderr = os.Stderr
	require.NoError(t, child.Start())
	address, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)

	var mu sync.Mutex
	var all sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{}}
	for worker := range 4 {
		all.Go(func() {
			for i := range 1000 {
				user := fmt.Sprintf("u-%d-%d-%d", round, worker, i)
				if !posted(client, strings.TrimSpace(address), user) {
					return
				}
				mu.Lock()
				if answered = append(answered, user); len(answered) == 100 {
					assert.NoError(t, child.Process.Kill())
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	child.Wait()
	client.CloseIdleConnections()
	return answered
}

func posted(client *http.Client, address, user string) bool {
	body := fmt.Sprintf(`{"provisioningId":"t","userId":%q,"spEnterpriseId":"e","firstName":"f","lastName":"l","package":"basic"}`, user)
	req, _ := http.NewRequest("POST", "http://"+address+"/v1/broadworks/subscribers", strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer sim-north")
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res.StatusCode == http.StatusOK
}

func TestARestartChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webex.db")
	w := worldIn(t, path, nil)
	a, b, c := w.settled("a").text("id"), w.settled("b").text("id"), w.settled("c").text("id")
	w.ask("PUT", "/v1/broadworks/subscribers/"+a, `{"userId":"renamed","package":"premium"}`)
	w.ask("DELETE", "/v1/broadworks/subscribers/"+c, "")
	consumer := w.settled("d", "email", "d@consumer.example").text("id")
	w.Consent(consumer)
	pending := w.post("e", "spEnterpriseId", "another").text("id")

	look := func(w *world) (out []any) {
		for _, id := range []string{a, b, c, consumer, pending} {
			out = append(out, w.get(id).text("status"), w.get(id).text("lastStatusChange"), w.get(id).text("userId"))
		}
		for _, query := range []string{"", "lastStatusChange=1777896030000", "userId=renamed", "email=b@acme.example", "status=provisioned"} {
			users, _ := w.list(query)
			out = append(out, users)
		}
		return append(out, w.Counts())
	}
	before := look(w)
	again := simulatorInUse(t, path)
	require.Error(t, again)
	require.NoError(t, w.Close())

	restarted := worldIn(t, path, nil)
	restarted.now = w.now
	require.Equal(t, before, look(restarted))
	restarted.now = restarted.now.Add(time.Minute)
	require.Equal(t, "provisioned", restarted.get(pending).text("status"))
	users, _ := restarted.list("after=0")
	require.True(t, slices.Contains(users, "renamed"))
	d := restarted.settled("f")
	require.NotContains(t, []string{a, b, c, consumer, pending}, d.text("id"))
	changed, _ := time.Parse(time.RFC3339, d.text("lastStatusChange"))
	created, _ := time.Parse(time.RFC3339, d.text("created"))
	require.LessOrEqual(t, changed.Sub(created), 1200*time.Millisecond, "the enterprise is still known")
}

func TestTimeDoesNotGoBackOverARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webex.db")
	w := worldIn(t, path, nil)
	w.now = noon.Add(time.Hour)
	created := w.post("u").text("created")
	require.NoError(t, w.Close())
	require.Equal(t, created, worldIn(t, path, nil).post("v").text("created"))
}

func simulatorInUse(t *testing.T, path string) error {
	sim, err := simulator.New(simulator.Options{Path: path})
	if err == nil {
		sim.Close()
	}
	return err
}
