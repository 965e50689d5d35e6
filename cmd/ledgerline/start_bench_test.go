package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
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

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/domain"
	"ledgerline/projections/projectionstest"
)

// BenchmarkFirstRequest measures, in a process of its own, the time from opening
// an engine on a log of 1,000,000 events, whose views are current, to its first
// answer to a list of users.
func BenchmarkFirstRequest(b *testing.B) {
	n := 1_000_000
	if testing.Short() {
		n = 5_000
	}
	data := b.TempDir()
	fillLog(b, filepath.Join(data, "log.db"), n)
	makeViews(b, data)
	var took []time.Duration
	for b.Loop() {
		took = append(took, firstRequest(b, data))
	}
	b.ReportMetric(float64(median(took).Microseconds())/1000, "ms")
	b.Logf("%d events, %d rounds, median", n, len(took))
}

// fillLog appends a made-up history, each stream in order.
func fillLog(b *testing.B, path string, n int) {
	log, err := sqlite.Open(path, eventlog.NewCodec(events...), sqlite.Options{})
	require.NoError(b, err)
	defer log.Close()
	var lanes [512]chan domain.Entry
	var all sync.WaitGroup
	for i := range lanes {
		lanes[i] = make(chan domain.Entry, 16)
		all.Go(func() {
			for e := range lanes[i] {
				e.Cause.Command = e.ID
				_, err := log.Append(b.Context(), e.Stream, e.Version-1, e.Cause, e.Event)
				require.NoError(b, err)
			}
		})
	}
	shape := projectionstest.Shape{Seed: 1, Partners: []string{"main", "other"}, Customers: 40, Import: 50_000, Subscribers: n}
	for e := range projectionstest.History(shape) {
		h := fnv.New32a()
		h.Write([]byte(e.Stream))
		lanes[h.Sum32()%uint32(len(lanes))] <- e
		if n--; n == 0 {
			break
		}
	}
	for _, lane := range lanes {
		close(lane)
	}
	all.Wait()
}

func makeViews(b *testing.B, data string) {
	e, err := openEngine(b.Context(), engineOptions{Data: data, Passive: true, Log: slog.New(slog.DiscardHandler), Say: io.Discard})
	require.NoError(b, err)
	head, err := e.log.Head(b.Context())
	require.NoError(b, err)
	require.NoError(b, e.views.Wait(b.Context(), head))
	require.NoError(b, e.Close())
}

// firstRequest opens the engine in a child and returns how long its first answer
// took.
func firstRequest(b *testing.B, data string) (took time.Duration) {
	c := exec.Command(os.Args[0])
	c.Env, c.Stderr = append(os.Environ(), "LEDGERLINE_FIRST_REQUEST="+data), os.Stderr
	out, err := c.Output()
	require.NoError(b, err)
	_, err = fmt.Sscan(string(out), &took)
	require.NoError(b, err)
	return took
}

// answerOnce opens an engine, asks for a page of users and prints how long both
// took, in nanoseconds.
func answerOnce(data string) error {
	began := time.Now()
	e, err := openEngine(context.Background(), engineOptions{Data: data, Log: slog.New(slog.DiscardHandler), Say: io.Discard})
	if err != nil {
		return err
	}
	secret, err := os.ReadFile(filepath.Join(data, "admin-token"))
	if err != nil {
		return err
	}
	r := httptest.NewRequest(http.MethodGet, "/api/users?limit=50&status=provisioned", nil)
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(secret)))
	w := httptest.NewRecorder()
	e.Handler.ServeHTTP(w, r)
	took := time.Since(began)
	if w.Code != http.StatusOK {
		return fmt.Errorf("%d %s", w.Code, w.Body)
	}
	fmt.Println(took.Nanoseconds())
	return e.Close()
}
