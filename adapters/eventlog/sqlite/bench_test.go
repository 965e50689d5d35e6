package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/domain"
)

// onboarded is like the events of subscribers: about 360 bytes of JSON.
type onboarded struct {
	UserID    string          `json:"userId"`
	Email     domain.Personal `json:"email"`
	FirstName domain.Personal `json:"firstName"`
	LastName  domain.Personal `json:"lastName"`
	Number    domain.Personal `json:"primaryPhoneNumber"`
	Extension string          `json:"extension"`
	Package   string          `json:"package"`
	Template  string          `json:"template"`
	Customer  string          `json:"customer"`
	Site      string          `json:"site"`
	At        time.Time       `json:"at"`
}

func (onboarded) EventType() string { return "bench.onboarded.v1" }

var benchCodec = eventlog.NewCodec(onboarded{})

func newOnboarded(i int) domain.Event {
	return onboarded{
		UserID:    fmt.Sprintf("user%08d@enterprise.example.net", i),
		Email:     domain.Personal(fmt.Sprintf("given.family%08d@enterprise.example.com", i)),
		FirstName: "Givenname",
		LastName:  domain.Personal(fmt.Sprintf("Family%08d", i)),
		Number:    domain.Personal(fmt.Sprintf("+4687%08d", i)),
		Extension: fmt.Sprintf("%05d", i%100000),
		Package:   "standard",
		Template:  "5f3c6c2e-6d3f-4f3e-9a52-0d5d1c7b8a10",
		Customer:  "ent-2049-north",
		Site:      "Stockholm/Kista/3",
		At:        time.Date(2025, 3, 1, 12, 0, i%60, 0, time.UTC),
	}
}

// task is one append, made ready before the clock starts.
type task struct {
	stream   string
	expected int
	why      domain.Cause
	event    domain.Event
}

// client makes the appends of one writer: half go to a new stream, half to any
// of its older ones.
type client struct {
	streams  []string
	versions map[string]int
}

func newClients(n int) []*client {
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = &client{versions: map[string]int{}}
	}
	return clients
}

func (c *client) tasks(n int) []task {
	ts := make([]task, n)
	for i := range ts {
		if len(c.streams) == 0 || rand.IntN(2) == 0 {
			c.streams = append(c.streams, domain.StreamOf("subscriber", uuid.New()))
		}
		s := c.streams[rand.IntN(len(c.streams))]
		if c.versions[c.streams[len(c.streams)-1]] == 0 {
			s = c.streams[len(c.streams)-1]
		}
		ts[i] = task{stream: s, expected: c.versions[s], why: newCause(), event: newOnboarded(rand.IntN(1e8))}
		c.versions[s]++
	}
	return ts
}

func newCause() domain.Cause {
	return domain.Cause{Partner: "acme", Actor: "token:7f3a", Role: domain.RoleProgram, Surface: domain.SurfaceAPI,
		Request: uuid.NewString(), Command: uuid.Must(uuid.NewV7())}
}

// BenchmarkAppend lets writers append at the same time and compares them with a
// loop over SQLite that writes the same bytes in transactions of the same size,
// in turns. Both files grow from turn to turn.
func BenchmarkAppend(b *testing.B) {
	for _, c := range []struct{ writers, each, turns int }{{256, 128, 12}, {1, 400, 12}} {
		b.Run(fmt.Sprintf("writers=%d", c.writers), func(b *testing.B) {
			for range b.N {
				compareAppends(b, c.writers, c.each, c.turns)
			}
		})
	}
}

func compareAppends(b *testing.B, writers, each, turns int) {
	path := filepath.Join(b.TempDir(), "log.db")
	log, err := sqlite.Open(path, benchCodec, sqlite.Options{})
	require.NoError(b, err)
	raw := openRaw(b)
	clients := newClients(writers)
	var ours, theirs, ratios []float64
	var commits int64
	for range turns {
		work := make([][]task, writers)
		for i, c := range clients {
			work[i] = c.tasks(each)
		}
		rows := raw.rows(b, work)
		runtime.GC()
		before := sqlite.Commits(log)
		took := appendAll(b, log, work)
		made := sqlite.Commits(log) - before
		commits += made
		ours = append(ours, took.Seconds())
		theirs = append(theirs, raw.append(b, rows, (len(rows)+int(made)-1)/int(made)).Seconds())
		ratios = append(ratios, theirs[len(theirs)-1]/ours[len(ours)-1])
	}
	require.NoError(b, log.Close())
	n := float64(writers * each * turns)
	b.ReportMetric(n/sum(ours), "events/s")
	b.ReportMetric(n/sum(theirs), "raw-events/s")
	b.ReportMetric(median(ratios), "of-raw")
	b.ReportMetric(sum(theirs)/sum(ours), "of-raw-in-all")
	b.ReportMetric(n/float64(commits), "events/commit")
	b.ReportMetric(float64(fileSize(b, path))/n, "bytes/event")
	b.ReportMetric(float64(fileSize(b, path+".index"))/n, "index-bytes/event")
	b.ReportMetric(0, "ns/op")
	b.Logf("synchronous=FULL, WAL; of-raw turn by turn: %.2f", ratios)
}

func appendAll(b testing.TB, log *sqlite.Log, work [][]task) time.Duration {
	start := time.Now()
	var wg sync.WaitGroup
	for _, ts := range work {
		wg.Go(func() {
			for _, t := range ts {
				if _, err := log.Append(b.Context(), t.stream, t.expected, t.why, t.event); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Since(start)
}

// BenchmarkRead reads a log of a million events.
func BenchmarkRead(b *testing.B) {
	const events, writers = 1_000_000, 1000
	path := filepath.Join(b.TempDir(), "log.db")
	log, err := sqlite.Open(path, benchCodec, sqlite.Options{})
	require.NoError(b, err)
	clients := newClients(writers)
	for range 10 {
		work := make([][]task, writers)
		for i, c := range clients {
			work[i] = c.tasks(events / writers / 10)
		}
		appendAll(b, log, work)
	}
	crashed := filepath.Join(b.TempDir(), "log.db")
	for _, suffix := range []string{"", "-wal", ".index", ".index-wal"} {
		content, err := os.ReadFile(path + suffix)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(crashed+suffix, content, 0o600))
	}
	require.NoError(b, log.Close())
	opening := func(path string) float64 {
		start := time.Now()
		log, err = sqlite.Open(path, benchCodec, sqlite.Options{})
		require.NoError(b, err)
		return float64(time.Since(start).Milliseconds())
	}
	afterCrash := opening(crashed)
	require.NoError(b, log.Close())
	require.NoError(b, os.Remove(crashed+".index"))
	withoutIndex := opening(crashed)
	require.NoError(b, log.Close())
	normally := opening(path)
	defer log.Close()
	var five []string
	for _, c := range clients {
		for s, v := range c.versions {
			if v == 5 {
				five = append(five, s)
			}
		}
	}
	rand.Shuffle(len(five), func(i, j int) { five[i], five[j] = five[j], five[i] })

	b.Run("open", func(b *testing.B) {
		b.ReportMetric(normally, "ms")
		b.ReportMetric(afterCrash, "ms-after-a-crash")
		b.ReportMetric(withoutIndex, "ms-without-index")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for batch, err := range log.ReadAll(b.Context(), 0) {
				require.NoError(b, err)
				n += len(batch)
			}
			require.Equal(b, events, n)
		}
		b.ReportMetric(float64(events*b.N)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("stream-of-5", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			entries, err := log.ReadStream(b.Context(), five[i%len(five)])
			require.NoError(b, err)
			require.Len(b, entries, 5)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	body, err := benchCodec.Encode(newOnboarded(1))
	require.NoError(b, err)
	for b.Loop() {
		_, err := benchCodec.Decode("bench.onboarded.v1", body)
		require.NoError(b, err)
	}
	b.ReportMetric(float64(len(body)), "bytes")
}
