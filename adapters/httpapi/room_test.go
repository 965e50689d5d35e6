package httpapi

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/commands"
	"ledgerline/projections/templates"
)

// fullError is what SQLite says when a file may not grow.
func fullError(t *testing.T) error {
	t.Helper()
	conn, err := sqlite.OpenConn(":memory:")
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, sqlitex.ExecuteScript(conn, "CREATE TABLE t (x); PRAGMA max_page_count=2;", nil))
	err = sqlitex.Execute(conn, "INSERT INTO t VALUES (zeroblob(100000))", nil)
	require.Equal(t, sqlite.ResultFull, sqlite.ErrCode(err).ToPrimary())
	return err
}

func (w *world) readiness() (ready, writable bool, reason any) {
	w.t.Helper()
	a := w.send("", "GET", "/readyz", "")
	status := 503
	if a.Code == 200 {
		status = 200
	}
	body := a.as(status)
	log := w.send("read", "GET", "/api/status", "").as(200)["log"].(map[string]any)
	require.Equal(w.t, body["writable"], log["writable"])
	return body["ready"].(bool), body["writable"].(bool), body["reason"]
}

func TestAFullDiskIsRememberedUntilAWriteSucceeds(t *testing.T) {
	w := newWorld(t).templates()
	ready, writable, reason := w.readiness()
	require.True(t, ready && writable)
	require.Nil(t, reason)

	w.log.set(nil, fmt.Errorf("append: %w", commands.ErrFull))
	w.send("write", "POST", "/api/users", values("u@sp.com", "")).as(503)
	ready, writable, reason = w.readiness()
	require.False(t, ready || writable)
	require.Equal(t, "the disk is full", reason)

	w.log.set(nil, commands.ErrStale) // says nothing about room
	w.send("write", "POST", "/api/users", values("u@sp.com", "")).as(409)
	_, writable, _ = w.readiness()
	require.False(t, writable)

	w.log.set(nil, nil)
	w.send("write", "POST", "/api/users", values("u@sp.com", "")).as(201)
	ready, writable, _ = w.readiness()
	require.True(t, ready && writable)
}

func TestAFullDiskIsNotBelievedInForEver(t *testing.T) {
	w := newWorld(t).templates()
	w.log.set(nil, commands.ErrFull)
	w.send("write", "POST", "/api/users", values("u@sp.com", "")).as(503)
	w.clock.mu.Lock()
	w.clock.now = w.clock.now.Add(fullFor + time.Second)
	w.clock.mu.Unlock()
	ready, _, _ := w.readiness()
	require.True(t, ready, "nobody would send a write to a program that is never ready")
}

func TestWhyTheLogCannotBeWrittenToIsSaidInSafeWords(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Writable = func(context.Context) error { return errors.New("secret path") } })
	_, writable, reason := w.readiness()
	require.False(t, writable)
	require.NotContains(t, reason, "secret")
}

// fullTemplates are views without room.
type fullTemplates struct{ err error }

func (f fullTemplates) List(context.Context, string) ([]templates.Row, error) { return nil, f.err }

func TestADiskThatIsFullForTheViewsIsCalledFull(t *testing.T) {
	for _, err := range []error{fullError(t), fmt.Errorf("mark: %w", syscall.ENOSPC)} {
		work := func(context.Context, func(MaintenanceProgress)) (MaintenanceReport, error) {
			return MaintenanceReport{}, fmt.Errorf("rebuild: %w", err)
		}
		w := newWorld(t, func(c *Config) { c.Templates, c.Verify, c.Rebuild = fullTemplates{err}, work, work })
		a := w.send("read", "GET", "/api/templates", "")
		require.Equal(t, "urn:ledgerline:problem:full", a.as(503)["type"])
		require.Equal(t, "60", a.Header().Get("Retry-After"))
		for _, target := range []string{"/api/verify", "/api/rebuild"} {
			lines := w.send("admin", "POST", target, "").lines()
			require.Equal(t, "urn:ledgerline:problem:full", lines[len(lines)-1]["error"].(map[string]any)["type"])
		}
	}
}
