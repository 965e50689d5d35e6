// Package webex_test lets the client and the simulator meet over a socket.
package webex_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/rest"
	"ledgerline/adapters/webex/simulator"
	"ledgerline/adapters/webex/webextest"
)

func TestClientAndSimulatorKeepThePromisesOfThePort(t *testing.T) {
	webextest.Run(t, func(t *testing.T) webextest.World {
		return world(t, "", func(h http.Handler) http.Handler { return h })
	})
}

func TestAClientRefreshesItsTokenAtTheSimulator(t *testing.T) {
	clock := &clock{at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	sim, err := simulator.New(simulator.Options{Now: clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	api := rest.New(rest.Config{BaseURL: server.URL + "/v1", ClientID: "id", ClientSecret: "secret", RefreshToken: "refresh-north", Now: clock.Now})
	t.Cleanup(api.Close)
	for range 3 {
		_, found, err := api.FindSubscriber(t.Context(), "u")
		require.NoError(t, err)
		require.False(t, found)
		clock.Advance(14 * 24 * time.Hour)
	}
	require.Equal(t, map[string]int{"token 200": 3, "GET 200": 3}, sim.Totals())
}

// world is a simulator on a clock of its own, with two partners.
func world(t *testing.T, path string, around func(http.Handler) http.Handler) webextest.World {
	clock := &clock{at: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}
	sim, err := simulator.New(simulator.Options{Path: path, Now: clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sim.Close()) })
	server := httptest.NewServer(around(sim))
	t.Cleanup(server.Close)
	client := func(token string) *rest.Client {
		c := rest.New(rest.Config{
			BaseURL:     server.URL + "/v1",
			AccessToken: token,
			Now:         clock.Now,
			Wait:        func(context.Context, time.Duration) error { return nil },
		})
		t.Cleanup(c.Close)
		return c
	}
	turn := func(change func(*simulator.Knobs)) (back func()) {
		before := sim.Knobs()
		knobs := before
		change(&knobs)
		require.NoError(t, sim.SetKnobs(knobs))
		return func() { require.NoError(t, sim.SetKnobs(before)) }
	}
	return webextest.World{
		Webex:   client("sim-north"),
		Other:   client("sim-south"),
		Settle:  func() { clock.Advance(time.Minute) },
		Now:     clock.Now,
		Consent: func(id string) { require.True(t, sim.Consent(id)) },
		Fail: func(status, after int) func() {
			return turn(func(k *simulator.Knobs) {
				k.RetryAfter = after
				switch status {
				case http.StatusTooManyRequests:
					k.Throttle = 1
				case http.StatusLocked:
					k.Lock = 1
				default:
					k.ServerError, k.ServerStatus = 1, status
				}
			})
		},
		LoseReplies: func() func() { return turn(func(k *simulator.Knobs) { k.LostReply = 1 }) },
		Arrivals: func(userID string) (posts, puts, deletes int) {
			c := sim.Count("north", userID)
			return c.Posts, c.Puts, c.Deletes
		},
		ConsumerDomain: "consumer.example",
		ForeignDomain:  "foreign.example",
	}
}

type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
