package simulation

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	seeds  = flag.Int("seeds", 0, "worlds to simulate; 0: as many as CI has time for")
	from   = flag.Uint64("from", 1, "first seed")
	stormy = flag.Duration("duration", 4*time.Hour, "simulated time in which things go wrong; another one is another world")
	tell   = flag.Bool("tell", false, "print the history of every subscriber")
)

// TestMain lets garbage wait: worlds are small, and many.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// simulate lets the world of a seed live, with a bug or nil.
func simulate(t *testing.T, seed uint64, b *bug) (w *world) {
	synctest.Test(t, func(*testing.T) {
		w = newWorld(seed, *stormy)
		w.bug = b
		w.live()
	})
	return w
}

func TestEveryPromiseIsKeptWhateverGoesWrong(t *testing.T) {
	broken := chosen(t)
	n := cmp.Or(*seeds, defaultSeeds)
	if testing.Short() {
		n = min(n, 50)
	}
	var mu sync.Mutex
	next, last, counts, events := *from, *from+uint64(n), map[string]int{}, 0
	breaches := map[promise]int{} // worlds in which a promise was broken
	take := func() (seed uint64, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, next <= last
	}
	began := time.Now()
	t.Run("worlds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for seed, ok := take(); ok; seed, ok = take() {
					w := simulate(t, seed, broken)
					mu.Lock()
					if *tell || len(w.troubles) > 0 && (broken == nil || w.caught() && breaches[broken.breaks] == 0) {
						t.Errorf("%s", w.report())
					}
					for p := range w.breaches() {
						breaches[p]++
					}
					events += len(w.entries)
					for what, n := range w.counts {
						counts[what] += n
					}
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("%d seeds from %d in %v, %d events", n, *from, time.Since(began).Round(time.Millisecond), events)
	for _, p := range promises {
		if breaches[p] > 0 {
			t.Logf("%8d seeds break %s", breaches[p], p)
		}
	}
	if broken != nil {
		return
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		t.Logf("%8d %s", counts[what], what)
	}
	for _, what := range everything {
		if n >= 50 {
			require.NotZero(t, counts[what], what)
		}
	}
}

// everything that has to occur somewhere for the test to say something.
var everything = []string{
	"log: append refused", "log: full", "log: recorded without an answer", "log: slow before recording", "log: slow after recording", "log: read fails", "log: slow read",
	"webex: write lost", "webex: write carried out, reply lost", "webex: write carried out, answered 409", "webex: write carried out late",
	"webex: write times out", "webex: write refused", "webex: read fails", "webex: slow reply", "webex: call in an outage", "webex: 503 with Retry-After",
	"webex: 429 or 423 with Retry-After", "webex: 429 or 423 without Retry-After", "webex: late background error",
	"webex: consent given", "webex: consent never given", "program killed", "program stopped", "views: sweep fails",
	"command sent twice at once", "command repeated", "command rejected", "command without an answer", "import without an answer",
	"asked: onboard", "asked: retry", "asked: package", "asked: details", "asked: user id", "asked: delete", "asked: consent mail",
	"asked: cancel retry", "asked: retry of a cause", "webex: in maintenance", "webex: one of a crowd fails", "webex: a list lags",
	"program killed while it reads a list", "hold placed by engine", "hold placed by somebody", "hold lifted by somebody",
	"retry planned", "retry started", "retry cancelled", "ends with a retry planned",
	"asked: submit e-mail", "asked: validate e-mail", "asked: a file", "asked: the same file again",
	"ends as provisioned", "ends as removed", "ends as error", "ends as pending_email_input", "ends as pending_email_validation",
	"ends as pending_user_migration", "ends waiting for the administrator",
}

func TestTheSameSeedGivesTheSameLogByteForByte(t *testing.T) {
	broken := chosen(t)
	for seed := *from; seed < *from+uint64(cmp.Or(min(*seeds, 100_000), 20)); seed++ {
		once, again := simulate(t, seed, broken), simulate(t, seed, broken)
		if once.hash() != again.hash() {
			t.Errorf("seed %d gives two logs; they part here:\n%s", seed, parting(once.story(""), again.story("")))
		}
	}
}

// parting shows the last lines that two stories share, and the first that they do not.
func parting(one, other string) string {
	a, b := strings.Split(one, "\n"), strings.Split(other, "\n")
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	part := func(lines []string, from, to int) string {
		return strings.Join(lines[max(0, from):min(to, len(lines))], "\n")
	}
	return part(a, n-5, n) + "\n-- once:\n" + part(a, n, n+4) + "\n-- again:\n" + part(b, n, n+4)
}

// breaches returns the promises that a world has broken.
func (w *world) breaches() map[promise]bool {
	broken := map[promise]bool{}
	for _, t := range w.troubles {
		broken[t.broken] = true
	}
	return broken
}

// commit says what is being tested, as far as it is known: tests are built without
// a stamp of their version.
var commit = sync.OnceValue(func() string {
	said, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown, as git does not tell"
	}
	return strings.TrimSpace(string(said))
})

// again is the command that runs a world once more.
func (w *world) again() string {
	command := fmt.Sprintf("go test ./cmd/simulation -run Promise -seeds 1 -from %d -duration %v", w.seed, *stormy)
	if w.bug != nil {
		command += " -bug " + w.bug.name
	}
	return command
}

// report says which promises a world has not kept, and the stories of those concerned.
func (w *world) report() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, commit %s, %d programs at a time, %+v\nrun it alone: %s\n", w.seed, commit(), w.slots, w.weather, w.again())
	told := map[string]bool{"": !*tell}
	for _, trouble := range w.troubles {
		fmt.Fprintf(&b, "\n%s is broken: %s %s\n", trouble.broken, trouble.stream, trouble.text)
	}
	for _, trouble := range w.troubles {
		if !told[trouble.stream] {
			told[trouble.stream] = true
			b.WriteString(w.story(trouble.stream))
		}
	}
	if *tell {
		b.WriteString(w.story(""))
	}
	return b.String()
}

// story is what is recorded of a subscriber, or of everybody, and what Webex saw.
func (w *world) story(stream string) string {
	type line struct {
		at   time.Time
		text string
	}
	var lines []line
	for _, e := range w.known() {
		if stream == "" || e.Stream == stream {
			body, _ := codec.Encode(e.Event)
			lines = append(lines, line{e.At, fmt.Sprintf("log   %s v%d %s by %s %s", e.Stream, e.Version, e.Event.EventType(), e.Cause.Role, body)})
		}
	}
	for _, partner := range partners {
		for _, c := range w.webex[partner].calls {
			if stream == "" || c.owner == stream {
				lines = append(lines, line{c.at, "webex " + c.owner + " " + c.say})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe story of %s (times of the log are out by seconds):\n", cmp.Or(stream, "everybody"))
	for _, l := range lines {
		fmt.Fprintf(&b, "%12v %s\n", l.at.Sub(w.began).Round(time.Millisecond), l.text)
	}
	return b.String()
}
