package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// served is an engine with a simulator, and the command line on it.
type served struct {
	t         *testing.T
	data      string
	simulator string // its URL
	engine    *engine
}

func startServed(t *testing.T) served { return serveData(t, t.TempDir()) }

func serveData(t *testing.T, data string) served {
	e, err := openEngine(context.Background(), engineOptions{Data: data, Log: slog.New(slog.DiscardHandler), Say: io.Discard})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	server := httptest.NewServer(e.Handler)
	t.Cleanup(server.Close)
	text, err := json.Marshal(running{URL: server.URL, PID: os.Getpid()})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(serverFile(data), text, 0o600))
	return served{t: t, data: data, engine: e, simulator: regexp.MustCompile(`http://[0-9.:]+`).FindString(e.Webex)}
}

func (s served) knobs(text string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPut, s.simulator+"/simulator/knobs", strings.NewReader(text))
	require.NoError(s.t, err)
	reply, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	require.NoError(s.t, reply.Body.Close())
	require.Equal(s.t, http.StatusOK, reply.StatusCode)
}

// typed runs a command line.
func (s served) typed(in string, args ...string) outcome {
	return typed(s.t.Context(), in, append(args, "--data", s.data)...)
}

// ledgerline runs a command line that is to succeed.
func (s served) ledgerline(args ...string) outcome {
	s.t.Helper()
	got := s.typed("", args...)
	require.Equal(s.t, exitDone, got.code, got.talk)
	return got
}
