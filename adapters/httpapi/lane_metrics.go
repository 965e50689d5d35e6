package httpapi

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ledgerline/commands"
	"ledgerline/domain/pace"
)

// laneMetrics are the lanes of all partners, asked for when somebody looks.
type laneMetrics struct {
	states func(partner string) []commands.LaneState
}

func laneFigure(name, help string, more ...string) *prometheus.Desc {
	return prometheus.NewDesc("ledgerline_webex_"+name, help, append([]string{"partner", "family"}, more...), nil)
}

var (
	laneRate     = laneFigure("rate", "Calls to Webex a second that are let go now.")
	laneWaiting  = laneFigure("waiting", "Calls to Webex that wait for their turn.", "class")
	laneInFlight = laneFigure("in_flight", "Calls to Webex under way.")
	laneParked   = laneFigure("parked_seconds", "For how much longer Webex is not to be called.")
	laneCircuit  = laneFigure("circuit", "1 for the state that the circuit is in.", "state")
	laneCalls    = laneFigure("calls_total", "Calls to Webex.")
	laneTooMuch  = laneFigure("too_much_total", "Calls that Webex answered with 429.")
	laneBroken   = laneFigure("broken_total", "Calls that Webex did not answer, or with an error of its own.")
)

// Describe implements prometheus.Collector.
func (m laneMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{laneRate, laneWaiting, laneInFlight, laneParked, laneCircuit, laneCalls, laneTooMuch, laneBroken} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m laneMetrics) Collect(out chan<- prometheus.Metric) {
	now := time.Now()
	for _, l := range m.states("") {
		tell := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, more ...string) {
			out <- prometheus.MustNewConstMetric(d, kind, value, append([]string{l.Partner, string(l.Family)}, more...)...)
		}
		waiting := map[commands.Class]int{}
		for _, b := range l.Waiting {
			waiting[b.Class] = b.Calls
		}
		for class := commands.Portal; class <= commands.Report; class++ {
			tell(laneWaiting, prometheus.GaugeValue, float64(waiting[class]), class.String())
		}
		for _, state := range []pace.Circuit{pace.Closed, pace.Open, pace.HalfOpen} {
			in := 0.0
			if l.Circuit == state {
				in = 1
			}
			tell(laneCircuit, prometheus.GaugeValue, in, circuitNames[state])
		}
		tell(laneRate, prometheus.GaugeValue, l.Rate)
		tell(laneInFlight, prometheus.GaugeValue, float64(l.InFlight))
		tell(laneParked, prometheus.GaugeValue, max(0, l.ParkedUntil.Sub(now).Seconds()))
		tell(laneCalls, prometheus.CounterValue, float64(l.Calls))
		tell(laneTooMuch, prometheus.CounterValue, float64(l.TooMuch))
		tell(laneBroken, prometheus.CounterValue, float64(l.Broken))
	}
}
