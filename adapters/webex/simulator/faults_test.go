package simulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

const second = time.Second

func exactly(d time.Duration) simulator.Delay { return simulator.Delay{Min: d, Max: d} }

// sent is a request, of which it says how it ended: "200", or "dropped".
func (w *world) sent(f func() reply) (how string) {
	defer func() {
		if recover() == http.ErrAbortHandler {
			how = "dropped"
		}
	}()
	return fmt.Sprint(f().Code)
}

func TestLostRepliesAreAMixAndAllCarriedOut(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.GrantedRate, k.LostReply = 0, 1
		k.LostReplyMix = simulator.Mix{"502": 2, "503": 1, "504": 1, "reset": 4, "hang": 0}
	})
	seen := map[string]int{}
	for i := range 400 {
		user := fmt.Sprint("u", i)
		seen[w.sent(func() reply { return w.post(user) })]++
		require.Equal(t, 1, w.Count("north", user).Provisioned)
	}
	require.Len(t, seen, 4, "%v", seen)
	require.InDelta(t, 200, seen["dropped"], 50)
	require.InDelta(t, 100, seen["502"], 50)
}

func TestFailuresAreAMixAndNoneIsCarriedOut(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.GrantedRate, k.ServerError = 0, 1
		k.ServerErrorMix = simulator.Mix{"500": 1, "504": 1, "reset": 1}
	})
	seen := map[string]int{}
	for i := range 60 {
		user := fmt.Sprint("u", i)
		seen[w.sent(func() reply { return w.post(user) })]++
		require.Zero(t, w.Count("north", user).Posts)
	}
	require.Len(t, seen, 3, "%v", seen)
}

func TestAHangingRequestIsSilentThenDropped(t *testing.T) {
	for _, turn := range []func(*knobs){
		func(k *knobs) { k.LostReply, k.LostReplyMix = 1, simulator.Mix{"hang": 1} },
		func(k *knobs) { k.ServerError, k.ServerErrorMix = 1, simulator.Mix{"hang": 1} },
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, func(k *knobs) { k.Hang = exactly(40 * second); turn(k) })
			began := time.Now()
			require.Equal(t, "dropped", w.sent(func() reply { return w.post("u") }))
			require.Equal(t, 40*second, time.Since(began))
			require.Equal(t, map[string]int{"POST hung": 1}, w.Totals())
			require.Equal(t, int(w.Knobs().LostReply), w.Count("north", "u").Provisioned)
		})
	}
}

func TestAHangEndsWhenTheClientGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(k *knobs) { k.ServerError, k.ServerErrorMix = 1, simulator.Mix{"hang": 1} })
		ctx, stop := context.WithTimeout(t.Context(), 5*second)
		defer stop()
		r := httptest.NewRequestWithContext(ctx, "GET", "/v1/broadworks/subscribers", nil)
		r.Header.Set("Authorization", "Bearer sim-north")
		began := time.Now()
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { w.ServeHTTP(httptest.NewRecorder(), r) })
		require.Equal(t, 5*second, time.Since(began))
	})
}

func TestRetryAfterComesInAllForms(t *testing.T) {
	for form, want := range map[string]string{
		"seconds": "7", "date": "Mon, 04 May 2026 12:00:07 GMT", "none": "", "year": "31536000", "negative": "-7", "text": "soon",
	} {
		for status, turn := range map[int]func(*knobs){
			429: func(k *knobs) { k.Throttle = 1 },
			423: func(k *knobs) { k.Lock = 1 },
		} {
			w := newWorld(t, func(k *knobs) {
				k.RetryAfter, k.RetryAfterMix = 7, simulator.Mix{form: 1}
				turn(k)
			})
			r := w.get("x")
			require.Equal(t, status, r.Code)
			require.Equal(t, want, r.Header().Get("Retry-After"), form)
		}
	}
}

func TestADateIsNeverTooEarlyAndOfWebexsClock(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.Throttle, k.RetryAfterMix, k.ClockSkew = 1, simulator.Mix{"date": 1}, simulator.Duration(time.Hour)
	})
	w.now = noon.Add(time.Millisecond)
	r := w.get("x")
	require.Equal(t, "Mon, 04 May 2026 13:00:02 GMT", r.Header().Get("Retry-After"))
	require.Equal(t, "Mon, 04 May 2026 13:00:00 GMT", r.Header().Get("Date"))
}

func TestAFixedWindowGrantsSoManyUntilTheNext(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.GrantedRate, k.Window = 5, simulator.Duration(time.Minute) })
	pass := func() (passed int) {
		for range 400 {
			if w.get("x").Code != http.StatusTooManyRequests {
				passed++
			}
		}
		return passed
	}
	w.now = noon.Add(18 * second)
	require.Equal(t, 300, pass())
	require.Equal(t, "42", w.get("x").Header().Get("Retry-After"))
	w.now = noon.Add(59999 * time.Millisecond)
	require.Zero(t, pass())
	w.now = noon.Add(time.Minute)
	require.Equal(t, 300, pass())
	w.now = noon.Add(2 * time.Minute)
	require.Equal(t, 200, w.ask("PUT", "/simulator/knobs", `{"grantedRate":2}`).Code)
	require.Equal(t, 120, pass())
}

func TestEachKindOfOperationHasItsLatency(t *testing.T) {
	for path, c := range map[string]struct {
		ask  func(w *world) reply
		want time.Duration
	}{
		"read":     {func(w *world) reply { return w.get("x") }, 11 * second},
		"precheck": {func(w *world) reply { return w.ask("POST", "/v1/broadworks/subscribers/validate", `{}`) }, 11 * second},
		"write":    {func(w *world) reply { return w.post("u") }, 21 * second},
		"list":     {func(w *world) reply { return w.ask("GET", "/v1/broadworks/subscribers", "") }, 31 * second},
	} {
		t.Run(path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(k *knobs) {
					k.Latency, k.ReadLatency, k.WriteLatency, k.ListLatency = exactly(second), exactly(10*second), exactly(20*second), exactly(30*second)
				})
				began := time.Now()
				c.ask(w)
				require.Equal(t, c.want, time.Since(began))
			})
		})
	}
}

func TestAnOutageEndsByItself(t *testing.T) {
	for kind, want := range map[string]string{"": "503", `,"kind":"502"`: "502", `,"kind":"reset"`: "dropped"} {
		w := newWorld(t, nil)
		begun := w.ask("POST", "/simulator/outage", `{"for":"5m"`+kind+`}`)
		require.Equal(t, 200, begun.Code)
		require.Equal(t, "5m0s", begun.fields["outage"].(map[string]any)["left"])
		for _, ask := range []func() reply{
			func() reply { return w.post("u") },
			func() reply { return w.ask("POST", "/v1/access_token", "grant_type=refresh_token") },
		} {
			require.Equal(t, want, w.sent(ask))
		}
		require.Zero(t, w.Count("north", "u").Posts)
		w.now = noon.Add(5*time.Minute - time.Millisecond)
		require.Equal(t, want, w.sent(func() reply { return w.get("x") }))
		w.now = noon.Add(5 * time.Minute)
		require.Equal(t, 404, w.get("x").Code)
		require.Nil(t, w.ask("GET", "/simulator/state", "").fields["outage"])
	}
}

func TestAnOutageCanBeEndedAndSaysWhatItCannotBe(t *testing.T) {
	w := newWorld(t, nil)
	require.NoError(t, w.Outage(time.Hour, "503"))
	require.Equal(t, 200, w.ask("POST", "/simulator/outage", `{"for":"0s"}`).Code)
	require.Equal(t, 404, w.get("x").Code)
	for body, says := range map[string]string{
		`{}`:                            "for is missing",
		`{"for":"x"}`:                   `a time is written`,
		`{"for":"-1s"}`:                 "for is from 0s to 24h",
		`{"for":"25h"}`:                 "for is from 0s to 24h",
		`{"for":"1m","kind":"404"}`:     `there is no "404"`,
		`{"for":"1m","sort":"reset"}`:   `unknown field "sort"`,
		`{"for":"1m"} and then`:         "after the end",
		`{"for":"1m","kind":503}`:       "kind must be a text, not number",
		strings.Repeat(" ", 1<<17):      "too large",
		``:                              "missing",
		`{"for":"1m","kind":"timeout"}`: "500 to 599, reset and hang",
	} {
		r := w.ask("POST", "/simulator/outage", body)
		require.Equal(t, 400, r.Code, body)
		require.Contains(t, r.text("message"), says)
	}
}

func TestTheSameSeedAndTheSameRequestsAreTheSameFaults(t *testing.T) {
	run := func(seed uint64) (out []string) {
		w := newWorld(t, nil)
		k, err := w.Knobs().Profile("storm")
		require.NoError(t, err)
		k.Seed, k.GrantedRate, k.Hang, k.Latency, k.ListLatency = seed, 0, simulator.Delay{}, simulator.Delay{}, simulator.Delay{}
		require.NoError(t, w.SetKnobs(k))
		for i := range 300 {
			w.now = w.now.Add(100 * time.Millisecond)
			switch i % 3 {
			case 0:
				out = append(out, w.sent(func() reply { return w.post(fmt.Sprint("u", i)) }))
			case 1:
				out = append(out, w.sent(func() reply { r := w.get("x"); out = append(out, r.Header().Get("Retry-After")); return r }))
			default:
				out = append(out, w.sent(func() reply {
					r := w.ask("GET", "/v1/broadworks/subscribers?max=10&offset=5", "")
					out = append(out, fmt.Sprint(r.fields["items"]))
					return r
				}))
			}
		}
		return out
	}
	require.Equal(t, run(7), run(7))
	require.NotEqual(t, run(7), run(8))
}
