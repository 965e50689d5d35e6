package projections_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/licence"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/token"
	"ledgerline/projections"
	"ledgerline/projections/audit"
	"ledgerline/projections/causes"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/templates"
	"ledgerline/projections/userstatus"
)

var models = []projections.Model{userstatus.Model, templates.Model, audit.Model, causes.Model}

var codec = eventlog.NewCodec(slices.Concat(subscriber.Events, template.Events, token.Events, licence.Events, customer.Events)...)

var million = projectionstest.Shape{Seed: 1, Partners: []string{"acme", "beta"}, Customers: 45, Import: 90_000, Subscribers: 330_000}

// BenchmarkReplay builds all models from a log of a million entries, and compares
// with reading and decoding the same log and doing nothing.
func BenchmarkReplay(b *testing.B) {
	entries := 1_000_000
	if testing.Short() {
		entries = 10_000
	}
	b.Log(projections.SyncPolicy)
	log := largeLog(b, entries)
	var scans, replays, scanCPU, replayCPU []time.Duration
	for b.Loop() {
		start := cpu()
		scans = append(scans, scan(b, log, entries))
		middle := cpu()
		replays = append(replays, replay(b, log, len(replays) == 0))
		scanCPU, replayCPU = append(scanCPU, middle-start), append(replayCPU, cpu()-middle)
	}
	s, r := median(scans), median(replays)
	b.ReportMetric(100*median(scanCPU).Seconds()/median(replayCPU).Seconds(), "%ofscancpu")
	b.ReportMetric(float64(median(replayCPU).Microseconds())/float64(entries), "cpu-us/entry")
	b.ReportMetric(float64(entries)/s.Seconds(), "scan/s")
	b.ReportMetric(float64(entries)/r.Seconds(), "replay/s")
	b.ReportMetric(100*s.Seconds()/r.Seconds(), "%ofscan")
}

func scan(b *testing.B, log *sqlite.Log, entries int) time.Duration {
	runtime.GC()
	start, n := time.Now(), 0
	for batch, err := range log.ReadAll(b.Context(), 0) {
		require.NoError(b, err)
		n += len(batch)
	}
	require.GreaterOrEqual(b, n, entries)
	return time.Since(start)
}

func replay(b *testing.B, log *sqlite.Log, memory bool) time.Duration {
	runtime.GC()
	path := filepath.Join(b.TempDir(), "views.db")
	if memory {
		b.Logf("memory before: %s", memoryUse())
	}
	start := time.Now()
	v, err := projections.Open(path, projections.Options{Models: models})
	require.NoError(b, err)
	defer v.Close()
	ctx, cancel := context.WithCancel(b.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = v.Run(ctx, log) })
	defer done.Wait()
	defer cancel()
	head, err := log.Head(ctx)
	require.NoError(b, err)
	if memory {
		for _, part := range []domain.Position{head / 4, head / 2} {
			for v.Applied() < part {
				time.Sleep(time.Millisecond)
			}
			b.Logf("memory flat after %d entries: %s", v.Applied(), memoryUse())
		}
	}
	require.NoError(b, v.Wait(ctx, head))
	took := time.Since(start)
	if memory {
		b.Logf("memory flat after %d entries: %s", head, memoryUse())
	}
	return took
}

func memoryUse() string {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, _ := os.ReadFile("/proc/self/status")
	var rss []string
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "Rss") || strings.HasPrefix(line, "VmHWM") {
			rss = append(rss, strings.Join(strings.Fields(line), " "))
		}
	}
	return fmt.Sprintf("heap in use %d MB, held %d MB, %s", m.HeapInuse>>20, (m.Sys-m.HeapReleased)>>20, strings.Join(rss, ", "))
}

// largeLog returns a log of a made-up history; it is made once per machine.
func largeLog(b *testing.B, entries int) *sqlite.Log {
	dir := cmp.Or(os.Getenv("LEDGERLINE_BENCH"), b.TempDir())
	shape := million
	if testing.Short() {
		shape.Import /= 30
	}
	path := filepath.Join(dir, fmt.Sprintf("log-%d.db", entries))
	log, err := sqlite.Open(path, codec, sqlite.Options{})
	require.NoError(b, err)
	b.Cleanup(func() { log.Close() })
	if head, _ := log.Head(b.Context()); head == 0 {
		fill(b, log, shape, entries)
	}
	return log
}

// fill appends a history, one writer per slot, so that streams keep their order.
func fill(b *testing.B, log *sqlite.Log, shape projectionstest.Shape, entries int) {
	const slots = 512
	var queues [slots]chan domain.Entry
	var group sync.WaitGroup
	for i := range queues {
		queues[i] = make(chan domain.Entry, 8)
		group.Go(func() {
			for e := range queues[i] {
				why := e.Cause
				why.Command = e.ID
				if _, err := log.Append(context.Background(), e.Stream, e.Version-1, why, e.Event); err != nil {
					panic(errors.Join(err, errors.New(e.Stream)))
				}
			}
		})
	}
	n := 0
	for e := range projectionstest.History(shape) {
		h := fnv.New32a()
		h.Write([]byte(e.Stream))
		queues[h.Sum32()%slots] <- e
		if n++; n == entries {
			break
		}
	}
	for _, q := range queues {
		close(q)
	}
	group.Wait()
	require.Equal(b, entries, n)
}

// cpu is the processor time used so far: steadier than the clock where others
// work too.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
