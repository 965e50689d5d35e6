package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	for name, work := range map[string]func(string) error{"LEDGERLINE_IMPORT": importFileOnce, "LEDGERLINE_PLAN": planOnce, "LEDGERLINE_FIRST_REQUEST": answerOnce} {
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
	data  string
	cmd   *exec.Cmd
	ended chan struct{}

	serving chan string // gets its URL

	mu   sync.Mutex
	said bytes.Buffer
	told bool // where it serves
}

// startProgram starts a program of a test that is done when the test is.
func startProgram(t *testing.T, binary, data string) *program {
	p := &program{
		data: data, cmd: exec.Command(binary, "serve", "--data", data, "--addr", "127.0.0.1:0"),
		ended: make(chan struct{}), serving: make(chan string, 1),
	}
	p.cmd.Env, p.cmd.Stderr = append(os.Environ(), "LEDGERLINE_AS_PROGRAM=1"), p
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	return p
}

var servesAt = regexp.MustCompile(`Ledgerline serves (http://\S+)`)

// Write takes what the program says on stderr.
func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said.Write(text)
	if url := servesAt.FindSubmatch(p.said.Bytes()); url != nil && !p.told {
		p.told = true
		p.serving <- string(url[1])
	}
	return len(text), nil
}

func (p *program) saying() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// startsIn is how long a program may take until it serves, on a busy machine.
const startsIn = 30 * time.Second

// ready waits until the program serves and returns its URL.
func (p *program) ready(t *testing.T) string {
	select {
	case url := <-p.serving:
		return url
	case <-p.ended:
		require.Fail(t, "it ended by itself", p.saying())
	case <-time.After(startsIn):
		require.Fail(t, "it does not serve", p.saying())
	}
	return ""
}

// kill ends the program as if its power had gone, and waits for that.
func (p *program) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.ended
}

// runProgram runs a verb on a data directory, as a process of its own.
func runProgram(t *testing.T, binary, data string, args ...string) (out string, code int) {
	c := exec.Command(binary, append(args, "--data", data)...)
	c.Env = append(os.Environ(), "LEDGERLINE_AS_PROGRAM=1")
	text, err := c.CombinedOutput()
	if err != nil {
		require.IsType(t, &exec.ExitError{}, err)
	}
	return string(text), c.ProcessState.ExitCode()
}

func TestASecondProgramOnTheSameDataIsRefused(t *testing.T) {
	p := startProgram(t, os.Args[0], filepath.Join(t.TempDir(), "data"))
	p.ready(t)
	out, code := runProgram(t, os.Args[0], p.data, "serve", "--addr", "127.0.0.1:0")
	require.Equal(t, exitFailed, code)
	require.Contains(t, out, "in use")
}
