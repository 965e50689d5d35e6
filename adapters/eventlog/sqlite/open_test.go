package sqlite_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/domain"
)

func TestOpen(t *testing.T) {
	t.Run("a second opener is refused and told who the first is", func(t *testing.T) {
		log := newLog(t)
		_, err := sqlite.Open(log.path, eventlogtest.Codec(), sqlite.Options{})
		require.ErrorIs(t, err, sqlite.ErrInUse)
		require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid()))
		require.NoError(t, log.Close())
		open(t, log.path, nil)
	})
	t.Run("another process is refused too", func(t *testing.T) {
		log := newLog(t)
		child := exec.Command(os.Args[0], "-test.run=^TestAppender$")
		child.Env = append(os.Environ(), appenderPath+"="+log.path)
		out, err := child.CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), sqlite.ErrInUse.Error())
	})
	t.Run("a file that is not a log is refused and left alone", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "log.db")
		content := "this is not a database" + string(make([]byte, 200))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := sqlite.Open(path, eventlogtest.Codec(), sqlite.Options{})
		require.Error(t, err)
		now, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(now))
	})
	t.Run("a closed log says so", func(t *testing.T) {
		log := newLog(t)
		ended := make(chan error)
		go func() {
			for _, err := range log.Tail(t.Context(), 0) {
				ended <- err
			}
		}()
		require.NoError(t, log.Close())
		require.ErrorIs(t, <-ended, sqlite.ErrClosed)
		_, err := log.Append(t.Context(), "x", 0, newCause(), eventlogtest.Noted{})
		require.ErrorIs(t, err, sqlite.ErrClosed)
		_, err = log.ReadStream(t.Context(), "x")
		require.ErrorIs(t, err, sqlite.ErrClosed)
		require.ErrorIs(t, log.Close(), sqlite.ErrClosed)
	})
}

func TestIndex(t *testing.T) {
	// Each of these leaves the log with an index that does not fit it.
	for name, spoil := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) },
		"torn":    func(t *testing.T, path string) { require.NoError(t, os.WriteFile(path, []byte("torn"), 0o600)) },
		"another log's": func(t *testing.T, path string) {
			other := newLog(t)
			_, err := other.Append(t.Context(), "x", 0, newCause(), eventlogtest.Noted{})
			require.NoError(t, err)
			require.NoError(t, other.Close())
			content, err := os.ReadFile(other.path + ".index")
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, content, 0o600))
		},
	} {
		t.Run("an index that is "+name+" is made again", func(t *testing.T) {
			log, stream, why := newLog(t), domain.StreamOf("test", uuid.New()), newCause()
			p, err := log.Append(t.Context(), stream, 0, why, eventlogtest.Noted{Text: "a"})
			require.NoError(t, err)
			require.NoError(t, log.Close())
			spoil(t, log.path+".index")

			log = open(t, log.path, nil)
			again, err := log.Append(t.Context(), stream, 0, why, eventlogtest.Noted{Text: "a"})
			require.NoError(t, err)
			require.Equal(t, p, again)
			problems, err := log.Verify(t.Context(), nil)
			require.NoError(t, err)
			require.Empty(t, problems)
		})
	}
}

func TestAppendContext(t *testing.T) {
	t.Run("an append whose context ends while it waits returns, and may be repeated", func(t *testing.T) {
		log, stream, why := newLog(t), newStream(), newCause()
		blocker, err := zombiezen.OpenConn(log.path, zombiezen.OpenReadWrite)
		require.NoError(t, err)
		defer blocker.Close()
		require.NoError(t, sqlitex.ExecuteTransient(blocker, "BEGIN IMMEDIATE", nil))

		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan error)
		go func() {
			_, err := log.Append(ctx, stream, 0, why, eventlogtest.Noted{Text: "a"})
			returned <- err
		}()
		cancel()
		require.ErrorIs(t, <-returned, context.Canceled)
		require.NoError(t, sqlitex.ExecuteTransient(blocker, "ROLLBACK", nil))

		_, err = log.Append(t.Context(), stream, 0, why, eventlogtest.Noted{Text: "a"})
		require.NoError(t, err)
		entries, err := log.ReadStream(t.Context(), stream)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	})
}

func TestReadAll(t *testing.T) {
	t.Run("a consumer that stops early leaves no goroutine behind", func(t *testing.T) {
		log := newLog(t)
		for range 30 {
			_, err := log.Append(t.Context(), newStream(), 0, newCause(), many(200)...)
			require.NoError(t, err)
		}
		before := runtime.NumGoroutine()
		for range 100 {
			for range log.ReadAll(t.Context(), 0) {
				break
			}
		}
		require.Eventually(t, func() bool { return runtime.NumGoroutine() < before+10 }, 5*time.Second, time.Millisecond)
	})
}

func many(n int) []domain.Event {
	events := make([]domain.Event, n)
	for i := range events {
		events[i] = eventlogtest.Noted{Number: i}
	}
	return events
}
