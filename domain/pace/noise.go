package pace

import "time"

// noise tells refusals that have nothing to do with the rate from others: they
// come at rates below what was granted just before, and go on although the rate
// is lowered again and again. While they do, going slower does not help.
type noise struct {
	on    bool
	until time.Time
	share float64    // of calls that are refused whatever the rate
	top   float64    // highest rate of late, in calls per second
	bound [3]float64 // what was granted of late, up to refusals
	odd   int        // refusals below what was granted

	served, refused int // calls since share was measured
}

const (
	oddEnough    = 5
	noiseLasts   = 10 * time.Minute
	refusalsSeen = 10 // before the rate is judged anew
	rare         = 20 // times as many calls without a refusal as usual: it is over
)

// suspect notes that a rate was refused, in a time in which bound was granted.
// When it is clear that the rate does not matter it returns the rate to go on
// with; else 0.
func (n *noise) suspect(now time.Time, refused, bound float64) float64 {
	if refused < 1.02*max(n.bound[0], n.bound[1], n.bound[2]) {
		n.odd++
	}
	n.top = max(n.top, refused)
	n.bound = [3]float64{n.bound[1], n.bound[2], bound}
	if n.odd < oddEnough {
		return 0
	}
	n.on, n.until, n.share = true, now.Add(noiseLasts), n.measured()
	n.served, n.refused = 0, 0
	return n.top
}

func (n *noise) quiet() { *n = noise{} }

// over says whether refusals have become rare, or it is time to look again.
func (n *noise) over(now time.Time, served int) bool {
	return now.After(n.until) || float64(served)*n.share > rare
}

// adapt returns the rate after one more refusal: lower where more is refused than
// noise explains.
func (n *noise) adapt(rate float64) float64 {
	if n.refused < refusalsSeen {
		return rate
	}
	share := n.measured()
	n.served, n.refused = 0, 0
	switch {
	case share > 2*n.share+0.005:
		return 0.85 * rate
	case share < 1.3*n.share+0.002:
		return max(rate, min(n.top, 1.2*rate))
	}
	return rate
}

func (n *noise) measured() float64 { return float64(n.refused) / float64(n.refused+n.served) }
