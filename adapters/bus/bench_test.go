package bus_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/bus"
	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/commands"
	"ledgerline/domain"
)

// benchEntries is how many entries the benchmarks record; fewer with -short.
func benchEntries() int {
	if testing.Short() {
		return 2_000
	}
	return 100_000
}

// onboarded is like the events of subscribers: about 360 bytes of JSON.
type onboarded struct {
	UserID, Email, First, Last, Number, Package, Customer string
}

func (onboarded) EventType() string { return "bench.onboarded.v1" }

var benchCodec = eventlog.NewCodec(onboarded{})

func fill(b *testing.B, log commands.EventLog, writers int) {
	b.Helper()
	var all sync.WaitGroup
	each := max(1, benchEntries()/writers)
	for w := range writers {
		all.Go(func() {
			for i := range each {
				user := fmt.Sprintf("user%03d%08d@enterprise.example.net", w, i)
				event := onboarded{user, "given.family." + user, "Givenname", "Familyname", "+4687000000", "standard", strings.Repeat("x", 150)}
				stream := domain.StreamName("subscriber", "acme", user)
				_, err := log.Append(b.Context(), stream, 0, domain.Cause{Partner: "acme", Role: domain.RoleAdmin, Command: uuid.New()}, event)
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func benchBus(b *testing.B, log bus.Log) *bus.Bus {
	b.Helper()
	checkpoints, err := bus.OpenCheckpoints(filepath.Join(b.TempDir(), "bus.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, checkpoints.Close()) })
	made, err := bus.New(bus.Config{Log: log, Codec: benchCodec, Checkpoints: checkpoints, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	return made
}

// counting is a reaction that calls done when it has seen n entries.
func counting(n int, done func()) bus.Reaction {
	var seen atomic.Int64
	return func(_ context.Context, entries []domain.Entry) error {
		if seen.Add(int64(len(entries))) == int64(n) {
			done()
		}
		return nil
	}
}

// BenchmarkDelivery compares ways of one and the same log, in memory, to
// something that only counts.
func BenchmarkDelivery(b *testing.B) {
	log := memory.New(benchCodec, nil)
	fill(b, log, 1)
	measure := func(name string, deliver func(b *testing.B)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				deliver(b)
			}
			b.ReportMetric(float64(benchEntries())*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
	measure("straight from the log", func(b *testing.B) {
		ctx, done := context.WithCancel(b.Context())
		count := counting(benchEntries(), done)
		for batch := range log.Tail(ctx, 0) {
			_ = count(ctx, batch)
		}
	})
	measure("to a reaction", func(b *testing.B) {
		made := benchBus(b, log)
		ctx, done := context.WithCancel(b.Context())
		made.React("count", bus.Beginning, counting(benchEntries(), done))
		require.NoError(b, made.Run(ctx))
	})
	subscriber := func(b *testing.B, use func(payload []byte)) {
		s := benchBus(b, log).Subscriber(bus.Beginning)
		in, err := s.Subscribe(b.Context(), "count")
		require.NoError(b, err)
		for n := 0; n < benchEntries(); {
			msg := <-in
			entries, _ := bus.Entries(msg)
			n += len(entries)
			use(msg.Payload)
			msg.Ack()
		}
		require.NoError(b, s.Close())
	}
	measure("as JSON lines", func(b *testing.B) { subscriber(b, func([]byte) {}) })
	measure("as JSON lines, decoded", func(b *testing.B) {
		subscriber(b, func(payload []byte) {
			_, err := bus.Decode(benchCodec, payload)
			require.NoError(b, err)
		})
	})
}

// BenchmarkImport measures what the bus takes from 64 writers on the same
// machine: an import with nobody listening, with a reaction, with a feed.
func BenchmarkImport(b *testing.B) {
	const writers = 64
	n := max(1, benchEntries()/writers) * writers
	for _, c := range []struct {
		name string
		add  func(made *bus.Bus, log *sqlite.Log, done func())
	}{
		{"alone", func(_ *bus.Bus, _ *sqlite.Log, done func()) { done() }},
		{"tailed without the bus", func(_ *bus.Bus, log *sqlite.Log, done func()) {
			ctx, stop := context.WithCancel(b.Context())
			count := counting(n, func() { stop(); done() })
			go func() {
				for batch := range log.Tail(ctx, 0) {
					_ = count(ctx, batch)
				}
			}()
		}},
		{"waking activations", func(made *bus.Bus, _ *sqlite.Log, done func()) {
			count := counting(n, done)
			wake := bus.WakeActivations(func(string) {})
			made.React("activations", bus.Beginning, func(ctx context.Context, entries []domain.Entry) error {
				_ = wake(ctx, entries)
				return count(ctx, entries)
			})
		}},
		{"feeding a broker", func(made *bus.Bus, _ *sqlite.Log, done func()) {
			made.Feed("broker", bus.Beginning, "entries", &published{})
			made.React("activations", bus.Beginning, counting(n, done))
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			before := cpu()
			for b.Loop() {
				log, err := sqlite.Open(filepath.Join(b.TempDir(), "log.db"), benchCodec, sqlite.Options{})
				require.NoError(b, err)
				made := benchBus(b, log)
				ctx, stop := context.WithCancel(b.Context())
				done := make(chan struct{})
				c.add(made, log, sync.OnceFunc(func() { close(done) }))
				var running sync.WaitGroup
				running.Go(func() { _ = made.Run(ctx) })
				fill(b, log, writers)
				<-done
				stop()
				running.Wait()
				require.NoError(b, log.Close())
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(cpu()-before)/float64(n)/float64(b.N), "cpu-ns/event")
		})
	}
}

// cpu returns the processor time that this process has used, which tells more
// than the clock when the machine has other work.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
