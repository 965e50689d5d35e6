package httpapi

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/pace"
)

// precheck asks the partner's Webex one thing.
func (w *world) precheck() answered {
	w.t.Helper()
	return w.send("write", "POST", "/v1/broadworks/subscribers/validate", `{"email":"a@example.com"}`)
}

func (w *world) laneItems() []any {
	w.t.Helper()
	return w.send("read", "GET", "/api/webex/lanes", "").as(200)["items"].([]any)
}

func TestLanesTellWhatWebexAskedFor(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Service.Lanes = &commands.Lanes{} })
	require.Empty(t, w.laneItems(), "nothing has been asked yet")
	w.precheck().as(200)
	lane := w.laneItems()[0].(map[string]any)
	require.Equal(t, "subscribers", lane["family"])
	require.Equal(t, map[string]any{"state": "closed"}, lane["circuit"])
	require.NotZero(t, lane["rate"])
	require.NotContains(t, lane, "parkedUntil")
	require.NotContains(t, lane, "note")
	require.NotContains(t, w.send("read", "GET", "/api/status", "").as(200)["webex"], "closed")

	w.webex.validate = &commands.WebexError{Outcome: commands.NotDone, Status: 429, RetryAfter: time.Hour}
	w.precheck()
	lane = w.laneItems()[0].(map[string]any)
	until, err := time.Parse(time.RFC3339, lane["parkedUntil"].(string))
	require.NoError(t, err)
	require.Greater(t, time.Until(until), time.Minute)
	require.Contains(t, lane["note"], "Nothing is asked of Webex until "+until.Format(time.TimeOnly)+" UTC")
	closed := w.send("read", "GET", "/api/status", "").as(200)["webex"].(map[string]any)["closed"].([]any)
	require.Equal(t, map[string]any{"family": "subscribers", "note": lane["note"]}, closed[0])

	metrics := w.send("", "GET", "/metrics", "").Body.String()
	require.Contains(t, metrics, `ledgerline_webex_rate{family="subscribers",partner="acme"} `)
	require.Contains(t, metrics, `ledgerline_webex_waiting{class="import",family="subscribers",partner="acme"} 0`)
	require.Contains(t, metrics, `ledgerline_webex_circuit{family="subscribers",partner="acme",state="closed"} 1`)
	require.Contains(t, metrics, `ledgerline_webex_circuit{family="subscribers",partner="acme",state="open"} 0`)
	require.Regexp(t, `ledgerline_webex_parked_seconds{family="subscribers",partner="acme"} [1-9]`, metrics)
	for _, name := range []string{"in_flight", "calls_total", "too_much_total", "broken_total"} {
		require.Contains(t, metrics, "ledgerline_webex_"+name+`{family="subscribers",partner="acme"} `)
	}
	require.Empty(t, w.send("other", "GET", "/api/webex/lanes", "").as(200)["items"])
}

func TestCallsThatWaitAreToldByClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) { c.Service.Lanes, c.Views = &commands.Lanes{}, &lateViews{} })
		w.webex.validate = &commands.WebexError{Outcome: commands.NotDone, Status: 429, RetryAfter: 10 * time.Second}
		w.precheck()
		w.webex.validate = nil
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { w.precheck() })
		}
		synctest.Wait()
		waiting := w.laneItems()[0].(map[string]any)["waiting"].([]any)
		require.Len(t, waiting, 1)
		backlog := waiting[0].(map[string]any)
		require.Equal(t, "api", backlog["class"])
		require.EqualValues(t, 3, backlog["calls"])
		require.EqualValues(t, 3, backlog["customers"].([]any)[0].(map[string]any)["calls"])
		require.GreaterOrEqual(t, backlog["eta"], 10.0)
		require.Contains(t, w.send("", "GET", "/metrics", "").Body.String(), `ledgerline_webex_waiting{class="api",family="subscribers",partner="acme"} 3`)
		all.Wait()
		require.Empty(t, w.laneItems()[0].(map[string]any)["waiting"])
	})
}

func TestALaneWhoseCircuitIsOpenSaysSo(t *testing.T) {
	at := func(d time.Duration) time.Time { return noon.Add(d) }
	state := pace.State{Rate: 5, Granted: 7, Circuit: pace.Open, CircuitSince: at(-time.Minute), NextProbe: at(30 * time.Second), ParkedUntil: at(-time.Hour), Why: "x"}
	shown := showLane(commands.LaneState{Lane: commands.Lane{Partner: acme, Family: commands.Emails}, State: state}, noon)
	require.Equal(t, circuit{State: "open", Since: "2026-03-01T11:59:00.000Z", NextProbe: "2026-03-01T12:00:30.000Z"}, shown.Circuit)
	require.Equal(t, "Webex does not answer. Nothing is asked of it until 12:00:30 UTC; then one call tries whether it does again.", shown.Note)
	require.Empty(t, shown.ParkedUntil, "that is past")
	require.Empty(t, shown.Why)
	require.EqualValues(t, 7, shown.Granted)

	state.Circuit = pace.HalfOpen
	shown = showLane(commands.LaneState{State: state}, at(time.Minute))
	require.Equal(t, "half_open", shown.Circuit.State)
	require.Contains(t, shown.Note, "One call tries")

	state = pace.State{ParkedUntil: at(time.Minute), Why: "locked"}
	shown = showLane(commands.LaneState{State: state}, noon)
	require.Equal(t, "Nothing is asked of Webex until 12:01:00 UTC: it asked to be left alone.", shown.Note)
	require.EqualValues(t, "locked", shown.Why)
}

func TestTheCustomersWithMostWaitingAreNamed(t *testing.T) {
	calls := map[string]int{}
	for i := range 30 {
		calls[fmt.Sprintf("c%02d", i)] = i / 2
	}
	named := longest(calls)
	require.Len(t, named, mostCustomers)
	require.Equal(t, []customerCalls{{"c28", 14}, {"c29", 14}, {"c26", 13}}, named[:3])
}

func TestHowLongCallsWouldTakeIsTold(t *testing.T) {
	w := newWorld(t)
	eta := func(query string) float64 {
		return w.send("read", "GET", "/api/webex/eta"+query, "").as(200)["eta"].(float64)
	}
	require.Zero(t, eta(""))
	require.Greater(t, eta("?calls=100000&class=admin"), eta("?calls=1000"))
	for _, query := range []string{"?calls=-1", "?calls=many", "?class=urgent", "?call=1"} {
		w.send("read", "GET", "/api/webex/eta"+query, "").as(400)
	}
}

func TestOneOfManyIsRecordedAsSuch(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Joan"}`, "Ledgerline-Surface", "bulk").as(200)
	require.Equal(t, "bulk", w.causeOf(id).Surface)
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Jane"}`, "Ledgerline-Surface", "csv").as(200)
	require.Equal(t, "api", w.causeOf(id).Surface)
}
