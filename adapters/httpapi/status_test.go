package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/projections"
)

// lateViews have applied what they are told.
type lateViews struct{ applied domain.Position }

func (v *lateViews) Wait(ctx context.Context, p domain.Position) error { return nil }
func (v *lateViews) Applied() domain.Position                          { return v.applied }
func (v *lateViews) Status() []projections.ModelStatus                 { return nil }
func (v *lateViews) Err() error                                        { return errors.New("stuck") }

type agenda int

func (a agenda) Busy() int { return int(a) }

func TestReadinessIsReachedOnceTheViewsHaveCaughtUp(t *testing.T) {
	views, writable := &lateViews{}, error(nil)
	w := newWorld(t, func(c *Config) {
		c.Views = views
		c.Writable = func(context.Context) error { return writable }
	})
	head, err := w.log.Head(t.Context())
	require.NoError(t, err)
	body := w.send("", "GET", "/readyz", "").as(503)
	require.Equal(t, false, body["ready"])
	require.EqualValues(t, head, body["behind"])
	views.applied = head
	w.send("", "GET", "/readyz", "").as(200)
	w.templates() // more to apply: ready all the same
	require.EqualValues(t, 2, w.send("", "GET", "/readyz", "").as(200)["behind"])
	writable = errors.New("read-only")
	require.Equal(t, false, w.send("", "GET", "/readyz", "").as(503)["writable"])
	w.send("", "GET", "/healthz", "").as(200)
}

func TestTheStatusTellsHowFarEverythingIs(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Views, c.Driver = &lateViews{applied: 1}, agenda(7) })
	body := w.send("read", "GET", "/api/status", "").as(200)
	head, err := w.log.Head(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, head, body["log"].(map[string]any)["head"])
	require.EqualValues(t, 1, body["views"].(map[string]any)["applied"])
	require.Equal(t, false, body["views"].(map[string]any)["well"])
	require.Equal(t, map[string]any{"running": true, "agenda": 7.0}, body["driver"])
	require.Equal(t, map[string]any{"simulated": true}, body["webex"])
	metrics := w.send("", "GET", "/metrics", "").Body.String()
	require.Contains(t, metrics, "ledgerline_driver_agenda 7")
	require.Contains(t, metrics, "ledgerline_views_lag ")
}

func TestMetricsNameRoutesNotPeople(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	w.send("read", "GET", "/api/users/"+id, "").as(200)
	w.send("read", "GET", "/nobody@sp.com", "").as(404)
	w.send("read", "BREW", "/api/users", "").as(405)
	metrics := w.send("", "GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`ledgerline_http_requests_total{code="200",method="GET",route="/api/users/{id}"} 1`,
		`ledgerline_http_requests_total{code="404",method="GET",route="none"} 1`,
		`ledgerline_http_requests_total{code="405",method="other",route="none"} 1`,
		`ledgerline_http_request_duration_seconds_count{method="POST",route="/v1/broadworks/subscribers"} 1`,
		"ledgerline_log_head ",
	} {
		require.Contains(t, metrics, want)
	}
	for _, never := range []string{"sp.com", id, acme, w.tokens["read"]} {
		require.NotContains(t, metrics, never)
	}
}

func TestPersonalDataIsNotStored(t *testing.T) {
	w := newWorld(t)
	for _, target := range []string{"/api/users", "/v1/broadworks/subscribers", "/api/audit", "/api/users/export", "/api/none"} {
		require.Equal(t, "no-store", w.send("all", "GET", target, "").Header().Get("Cache-Control"), target)
	}
}

func TestTheServerBoundsHeadersButNotStreams(t *testing.T) {
	s := Server(":0", http.NotFoundHandler())
	require.NotZero(t, s.ReadHeaderTimeout)
	require.NotZero(t, s.IdleTimeout)
	require.NotZero(t, s.MaxHeaderBytes)
	require.Zero(t, s.WriteTimeout)
	require.Zero(t, s.ReadTimeout)
}

func TestAConfigThatLacksSomethingIsAMistake(t *testing.T) {
	require.Panics(t, func() { New(Config{}) })
}

func TestWhatIsLeftOutOfAConfigHasAUsefulValue(t *testing.T) {
	c := Config{}.withDefaults()
	require.Equal(t, "http://localhost:8080/activate/x", c.ActivationLink("x"))
	require.Equal(t, "https://host/activate/x", Config{BaseURL: "https://host"}.withDefaults().ActivationLink("x"))
	require.Equal(t, 2*time.Second, c.ViewWait)
	require.EqualValues(t, 512<<20, c.MaxImportBytes)
	require.NoError(t, c.Writable(t.Context()))
	require.NotNil(t, c.Log)
}

func TestLinksNameTheHostThatWasAsked(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.BaseURL = "" }).templates()
	w.onboard("a@sp.com", "")
	w.onboard("b@sp.com", "")
	require.True(t, strings.HasPrefix(w.list("?max=1").Header().Get("Link"), "<http://example.com/v1/broadworks/subscribers?max=1&offset=1>"))
	secure := w.send("read", "GET", "https://secure.example/v1/broadworks/subscribers?max=1", "")
	require.True(t, strings.HasPrefix(secure.Header().Get("Link"), "<https://secure.example/v1/"))
}
