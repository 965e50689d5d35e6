package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets this test binary be ledgerline itself, for tests that kill it.
func TestMain(m *testing.M) {
	if os.Getenv("LEDGERLINE_AS_PROGRAM") != "" {
		main()
	}
	for name, work := range map[string]func(string) error{"LEDGERLINE_IMPORT": importFileOnce, "LEDGERLINE_FIRST_REQUEST": answerOnce} {
		arg := os.Getenv(name)
		if arg == "" {
			continue
		}
		if err := work(arg); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is a ledgerline server in a process of its own.
type program struct {
	t    *testing.T
	data string
	cmd  *exec.Cmd
	mu   sync.Mutex
	said bytes.Buffer
}

// Write keeps what the program says on stderr.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(text)
}

func (p *program) saying() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

func startProgram(t *testing.T, data string) *program {
	p := &program{t: t, data: data, cmd: exec.Command(os.Args[0], "serve", "--data", data, "--addr", "127.0.0.1:0")}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), "LEDGERLINE_AS_PROGRAM=1"), p
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	require.Eventually(t, func() bool { return strings.Contains(p.saying(), "Ledgerline serves") }, 20*time.Second, 10*time.Millisecond, "it started")
	return p
}

func (p *program) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(syscall.SIGKILL)
		_ = p.cmd.Wait()
	}
}

// command runs a verb against the program, as a process of its own.
func (p *program) command(args ...string) (out string, code int) {
	c := exec.Command(os.Args[0], append(args, "--data", p.data)...)
	c.Env = append(os.Environ(), "LEDGERLINE_AS_PROGRAM=1")
	text, err := c.CombinedOutput()
	if err != nil {
		require.IsType(p.t, &exec.ExitError{}, err)
	}
	return string(text), c.ProcessState.ExitCode()
}

// simulated asks the simulator how often each user was provisioned.
func (p *program) simulated() map[string]int {
	url := regexp.MustCompile(`simulator at (http://\S+)`).FindStringSubmatch(p.saying())[1]
	reply, err := http.Get(url + "/simulator/requests")
	require.NoError(p.t, err)
	defer reply.Body.Close()
	var counters struct {
		Users []struct {
			UserID      string
			Provisioned int
		}
	}
	require.NoError(p.t, json.NewDecoder(reply.Body).Decode(&counters))
	count := map[string]int{}
	for _, u := range counters.Users {
		count[u.UserID] = u.Provisioned
	}
	return count
}

// get reads from the program's API.
func (p *program) get(path string, into any) {
	var at running
	text, err := os.ReadFile(serverFile(p.data))
	require.NoError(p.t, err)
	require.NoError(p.t, json.Unmarshal(text, &at))
	secret, err := os.ReadFile(filepath.Join(p.data, "admin-token"))
	require.NoError(p.t, err)
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, at.URL+path, nil)
	require.NoError(p.t, err)
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(secret)))
	reply, err := http.DefaultClient.Do(r)
	require.NoError(p.t, err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, http.StatusOK, reply.StatusCode, string(body))
	require.NoError(p.t, json.Unmarshal(body, into))
}

func TestKilledAnywhereInAnImportNobodyIsLostOrProvisionedTwice(t *testing.T) {
	const users = 400
	dir := t.TempDir()
	templates := filepath.Join(dir, "templates.json")
	require.NoError(t, os.WriteFile(templates, []byte(`[{"provisioningId":"`+benchTemplate+`","name":"T","region":"EU","emailLanguage":"sv","cluster":"as0","defaultPackage":"basic","emails":"trusted","flowThrough":false}]`), 0o600))
	file := filepath.Join(dir, "users.csv")
	require.NoError(t, os.WriteFile(file, benchFile(benchRows(users)), 0o600))

	p := startProgram(t, filepath.Join(dir, "data"))
	out, code := p.command("templates", "apply", templates)
	require.Zero(t, code, out)
	for range 5 {
		importing := make(chan struct{})
		go func() {
			defer close(importing)
			p.command("import", file, "--yes")
		}()
		time.Sleep(time.Duration(50+rand.IntN(700)) * time.Millisecond) // the moment of the kill is what the test varies
		p.kill()
		<-importing
		p = startProgram(t, p.data)
	}
	out, code = p.command("import", file, "--yes")
	require.Zero(t, code, out)
	require.Eventually(t, func() bool {
		var counts struct{ Total struct{ Assigned int } }
		p.get("/api/licences", &counts)
		return counts.Total.Assigned == users
	}, 60*time.Second, 100*time.Millisecond, "everybody is provisioned")

	provisioned := p.simulated()
	require.Len(t, provisioned, users)
	for user, times := range provisioned {
		require.Equal(t, 1, times, user)
	}
	out, code = p.command("verify")
	require.Zero(t, code, out)
	fmt.Fprintln(t.Output(), out)
}

func TestASecondProgramOnTheSameDataIsRefused(t *testing.T) {
	p := startProgram(t, filepath.Join(t.TempDir(), "data"))
	out, code := p.command("serve", "--addr", "127.0.0.1:0")
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "in use")
}
