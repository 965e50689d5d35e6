package effects

import (
	"flag"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
	"ledgerline/domain/subscriber"
)

var rows = flag.Int("rows", 5000, "rows of an import that shares Webex; four times as many have it to themselves")

// granted is the calls per second that Webex grants in the figures below.
const granted = 50

// limited is a Webex in good order that grants so much and no more.
func limited() simulator.Knobs {
	k := simulator.DefaultKnobs()
	k.GrantedRate = granted
	k.Latency = simulator.Delay{Min: 50 * time.Millisecond, Max: 250 * time.Millisecond}
	k.Provision = simulator.Delay{Min: 5 * time.Second, Max: 30 * time.Second}
	k.FirstOfEnterprise = k.Provision
	return k
}

// warmUp is how long the pace may take to be learnt.
const warmUp = 30 * time.Second

func (s sent) post() bool { return s.method == http.MethodPost && !s.tooMany() }

func (s sent) read() bool { return s.method == http.MethodGet }

func TestFigureAnImportUsesTheRateThatWebexGrants(t *testing.T) {
	inWorld(t, limited(), func(w *world) {
		began := time.Now()
		w.importFile("acme", 4**rows)
		w.settle(func() bool { return true })
		var window []sent // from the end of the warm-up until hardly anything is left to send
		posts, end := 0, began
		for _, s := range w.wire.log() {
			if s.post() {
				posts++
			}
			if s.at.Sub(began) >= warmUp && posts < 4**rows-granted {
				window, end = append(window, s), s.at
			}
		}
		length := end.Sub(began.Add(warmUp))
		tooMany := count(window, sent.tooMany)
		use := float64(len(window)-tooMany) / (granted * length.Seconds())
		refused := float64(tooMany) / float64(len(window))
		w.t.Logf("%d rows: %.1f %% of the granted rate used, %.2f %% answered 429, in %v after %v", 4**rows, 100*use, 100*refused, length.Round(time.Second), warmUp)
		require.GreaterOrEqual(w.t, length, warmUp, "the import is long enough to say something")
		require.GreaterOrEqual(w.t, use, 0.98)
		require.LessOrEqual(w.t, refused, 0.01)
	})
}

func TestFigureFollowingAnImportTakesFewReads(t *testing.T) {
	const users = 10_000
	inWorld(t, limited(), func(w *world) {
		began := time.Now()
		w.importFile("acme", users)
		w.settle(func() bool { return true })
		reads := count(w.wire.log(), sent.read)
		w.t.Logf("%d users provisioned in %v with %d reads", users, time.Since(began).Round(time.Second), reads)
		require.Equal(w.t, users, w.events[subscriber.Provisioned{}.EventType()])
		require.LessOrEqual(w.t, reads, 200)
	})
}
