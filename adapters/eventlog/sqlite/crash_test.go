package sqlite_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/domain"
)

const appenderPath = "LEDGERLINE_TEST_APPENDER" // the log that a child process appends to

// TestAppender is the child process of TestCrash: it appends until it is killed
// and prints what was acknowledged.
func TestAppender(t *testing.T) {
	path := os.Getenv(appenderPath)
	if path == "" {
		t.Skip("runs as a child of TestCrash")
	}
	log, err := sqlite.Open(path, eventlogtest.Codec(), sqlite.Windows(sqlite.Options{}, 200))
	require.NoError(t, err)
	var out sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for stream, version := newStream(), 0; ; version += 2 {
				if version == 10 {
					stream, version = newStream(), 0
				}
				why := newCause()
				p, err := log.Append(t.Context(), stream, version, why, eventlogtest.Noted{Text: stream}, eventlogtest.Noted{Text: "second"})
				if err != nil {
					panic(err)
				}
				out.Lock()
				fmt.Println("acknowledged", p, domain.EventID(why.Command, 1))
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestCrash(t *testing.T) {
	t.Run("whatever was acknowledged before a kill is there after it, whole", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log.db")
		acknowledged := map[domain.Position]uuid.UUID{}
		seen := map[domain.Position]uuid.UUID{}
		for range 20 {
			appendAndDie(t, path, 1+rand.IntN(200), acknowledged)
			log, err := sqlite.Open(path, eventlogtest.Codec(), sqlite.Windows(sqlite.Options{}, 200))
			require.NoError(t, err)
			requireThere(t, log, seen, acknowledged)
			require.NoError(t, log.Close())
		}
		log, err := sqlite.Open(path, eventlogtest.Codec(), sqlite.Options{})
		require.NoError(t, err)
		defer log.Close()
		requireThere(t, log, map[domain.Position]uuid.UUID{}, acknowledged)
		problems, err := log.Verify(t.Context(), nil)
		require.NoError(t, err)
		require.Empty(t, problems)
		t.Log(len(acknowledged), "appends acknowledged")
	})
}

// appendAndDie runs a process that is killed after so many acknowledgements.
func appendAndDie(t *testing.T, path string, n int, acknowledged map[domain.Position]uuid.UUID) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestAppender$")
	child.Env = append(os.Environ(), appenderPath+"="+path)
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := bufio.NewScanner(stdout)
	for i := 0; lines.Scan(); i++ {
		var p domain.Position
		var id string
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d %s", &p, &id); err != nil || !strings.HasPrefix(lines.Text(), "ack") {
			continue // the last line may be torn
		}
		if u, err := uuid.Parse(id); err == nil {
			acknowledged[p] = u
		}
		if i == n {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.Error(t, child.Wait(), "it was killed")
}

// requireThere reads what was not seen yet and looks for what was acknowledged.
func requireThere(t *testing.T, log *sqlite.Log, seen, acknowledged map[domain.Position]uuid.UUID) {
	t.Helper()
	for batch, err := range log.ReadAll(t.Context(), domain.Position(len(seen))) {
		require.NoError(t, err)
		for _, e := range batch {
			seen[e.Position] = e.ID
		}
	}
	require.Zero(t, len(seen)%2, "an append was torn")
	for p, id := range acknowledged {
		require.Equal(t, id, seen[p])
	}
}

func newStream() string { return domain.StreamOf("test", uuid.New()) }
