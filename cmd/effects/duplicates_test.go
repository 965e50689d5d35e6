package effects

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
	"ledgerline/commands"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

var (
	jobs   = flag.Int("jobs", 1000, "users to provision through a Webex where much goes wrong")
	atOnce = flag.Int("at-once", 200, "jobs under way at most")
)

// bad is a Webex that answers 10 % of requests with 429, gives an ambiguous reply to
// 5 % of the other writes, four in five of them carried out, and fails 2 % of what it
// accepted later.
func bad() simulator.Knobs {
	k := simulator.DefaultKnobs()
	k.GrantedRate = 0
	k.Latency = simulator.Delay{Min: 50 * time.Millisecond, Max: 250 * time.Millisecond}
	k.LostReply, k.LostReplyStatus = 0.04, 502
	k.ServerError, k.ServerStatus = 0.01, 502
	k.Throttle, k.RetryAfter = 0.1, 1
	k.BackgroundFailure = 0.02
	return k
}

// outcome is one row of the table.
type outcome struct {
	client                                                string
	jobs, requests, ambiguous, tooMany, late, twice, lost int
	virtual, real                                         time.Duration
}

func (o outcome) String() string {
	return fmt.Sprintf("%-10s | %6d | %8d | %9d | %6d | %11d | %10d | %7d | %12v | %9v",
		o.client, o.jobs, o.requests, o.ambiguous, o.tooMany, o.late, o.twice, o.lost, o.virtual.Round(time.Second), o.real.Round(100*time.Millisecond))
}

const columns = "client     |   jobs | requests | ambiguous |    429 | late errors | duplicates | missing | virtual time | real time"

// judge fills in what Webex and the wire to it know of a run. Missing are jobs of
// which the client cannot name the provisioned record; named has it by user id.
func (o *outcome) judge(t *testing.T, w *wire, named map[string]string) {
	all := w.log()
	o.requests, o.ambiguous, o.tooMany = len(all), count(all, sent.ambiguous), count(all, sent.tooMany)
	there := w.atWebex(t)
	for n := range o.jobs {
		user := newcomer("acme", trusted, n).UserID
		if r := there[named[user]]; r.UserID != user || r.Status != webex.Provisioned {
			o.lost++
		}
	}
	o.twice = w.duplicates()
}

// byLedgerline provisions users through the engine. A job that failed late is
// retried, as an administrator would.
func byLedgerline(t *testing.T, n int) outcome {
	o, began := outcome{client: "Ledgerline", jobs: n}, time.Now()
	inWorld(t, bad(), func(w *world) {
		start, asked := time.Now(), 0
		w.settle(func() bool {
			for ; asked < n && w.underWay() < *atOnce; asked++ {
				_, _, err := w.service.OnboardSubscriber(w.t.Context(), commands.OnboardSubscriber{Request: newcomer("acme", trusted, asked)}, admin)
				require.NoError(w.t, err)
			}
			for _, id := range w.takeStopped() {
				_, err := w.service.RetryActivation(w.t.Context(), commands.RetryActivation{ID: id}, admin)
				require.NoError(w.t, err)
			}
			return asked == n
		})
		o.virtual, o.late = time.Since(start), w.events[subscriber.ProvisioningFailed{}.EventType()]
		named := map[string]string{}
		for _, s := range w.users {
			if s.Stage == subscriber.Live {
				named[s.Profile.UserID] = s.WebexID
			}
		}
		o.judge(w.t, w.wire, named)
	})
	o.real = time.Since(began)
	return o
}

func TestFigureNoJobIsDoneTwiceOrLost(t *testing.T) {
	ledgerline, naive := byLedgerline(t, *jobs), byNaiveClient(t, *jobs)
	t.Logf("\n%s\n%v\n%v", columns, ledgerline, naive)
	for what, n := range map[string]int{"ambiguous replies": ledgerline.ambiguous, "429": ledgerline.tooMany, "late errors": ledgerline.late} {
		require.NotZero(t, n, what)
	}
	require.Zero(t, ledgerline.twice, "duplicates at Webex")
	require.Zero(t, ledgerline.lost, "missing")
	require.NotZero(t, naive.twice, "a client that retries makes duplicates of the same replies")
}
