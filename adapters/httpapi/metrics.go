package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ledgerline/commands"
)

// metrics is what operators watch. Labels hold routes, codes, verdicts and the names
// of partners, never what callers send.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	rows     *prometheus.CounterVec
}

func newMetrics(a *api) *metrics {
	registry := prometheus.NewRegistry()
	m := &metrics{
		handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ledgerline_http_requests_total", Help: "Requests answered, by route and status code.",
		}, []string{"method", "route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ledgerline_http_request_duration_seconds", Help: "Time from the first byte of a request to the last of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 10),
		}, []string{"method", "route"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "ledgerline_import_rows_total", Help: "Rows of imported files, by verdict.",
		}, []string{"verdict", "dry_run"}),
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	registry.MustRegister(m.requests, m.seconds, m.rows, laneMetrics{a.laneStates},
		gauge("ledgerline_log_head", "Position of the last entry of the log.", func() float64 { return float64(a.lagNow().Head) }),
		gauge("ledgerline_views_lag", "Positions by which the views are behind the log.", func() float64 { return float64(a.lagNow().Behind) }),
		gauge("ledgerline_driver_agenda", "Users on the agenda of the activation driver.", func() float64 { return float64(a.busy()) }),
	)
	return m
}

// lagNow is lag for those who can do nothing about an error.
func (a *api) lagNow() lag {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	l, _ := a.lag(ctx)
	return l
}

func (m *metrics) request(r *route, method string, status int, took time.Duration) {
	if status == 0 {
		status = http.StatusOK // net/http does the same
	}
	path := "none"
	if r != nil {
		path = r.path
	}
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(method, path, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(method, path).Observe(took.Seconds())
}

func (m *metrics) importRow(v commands.Verdict, dryRun bool) {
	m.rows.WithLabelValues(string(v), strconv.FormatBool(dryRun)).Inc()
}

// showMetrics serves GET /metrics.
func (a *api) showMetrics(w http.ResponseWriter, c *call) error {
	a.metrics.handler.ServeHTTP(w, c.Request)
	return nil
}
