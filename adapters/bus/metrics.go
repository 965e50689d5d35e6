package bus

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ledgerline/domain"
)

// meters is what an operator sees of each reaction.
type meters struct {
	entries  *prometheus.CounterVec
	poisoned *prometheus.CounterVec
	failures *prometheus.CounterVec
	position *prometheus.GaugeVec
	seconds  *prometheus.HistogramVec
}

// newMeters registers the metrics with r, unless it is nil.
func newMeters(r prometheus.Registerer) (meters, error) {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "ledgerline", Subsystem: "bus", Name: name, Help: help}, []string{"reaction"})
	}
	m := meters{
		entries:  counter("entries_total", "Entries dealt with, those set aside included."),
		poisoned: counter("poisoned_total", "Entries that the reaction could not cope with and that were set aside."),
		failures: counter("failed_tries_total", "Tries that ended with an error or a panic."),
		position: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "ledgerline", Subsystem: "bus", Name: "position",
			Help: "Position up to which the reaction has dealt with the log."}, []string{"reaction"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "ledgerline", Subsystem: "bus", Name: "try_seconds",
			Help: "Time that one try to deal with a batch took.", Buckets: prometheus.ExponentialBuckets(0.0001, 10, 7)}, []string{"reaction"}),
	}
	if r == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{m.entries, m.poisoned, m.failures, m.position, m.seconds} {
		if err := r.Register(c); err != nil {
			return m, err
		}
	}
	return m, nil
}

func (m meters) dealtWith(name string, entries int, at domain.Position) {
	m.entries.WithLabelValues(name).Add(float64(entries))
	m.position.WithLabelValues(name).Set(float64(at))
}

func (m meters) tried(name string, took time.Duration, err error) {
	m.seconds.WithLabelValues(name).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(name).Inc()
	}
}
