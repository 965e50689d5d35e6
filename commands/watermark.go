package commands

import "time"

// watermark says after which change of status a list of Webex has to be read, so
// that between one reading and the next nothing is missed. Webex's clock may
// differ from ours, several changes may have one instant, a change may become
// visible a little late, and it may happen on a page that was read already.
type watermark struct {
	after  time.Time // by Webex's clock; zero: nothing was read yet
	began  time.Time // of the reading under way, by ours
	newest time.Time // change seen in it
	ahead  time.Duration
	known  bool // Webex's clock is ahead of ours by ahead, at least
}

const (
	// readOverlap is read again each time: changes that become visible late, and
	// times that Webex rounds down to the second.
	readOverlap = 2 * time.Second
	// mostSkew is how far clocks are expected to differ before anything is known.
	mostSkew = 5 * time.Minute
)

// begin starts a reading and returns after which change. oldest is when, by our
// clock, the first of those was accepted who are awaited.
func (m *watermark) begin(now, oldest time.Time) time.Time {
	m.began, m.newest = now, time.Time{}
	if start := oldest.Add(-mostSkew); m.after.Before(start) {
		m.after = start
	}
	return m.after
}

// saw notes a record in the list.
func (m *watermark) saw(change, now time.Time) {
	if ahead := change.Sub(now); !m.known || ahead > m.ahead {
		m.ahead, m.known = ahead, true
	}
	if change.After(m.newest) {
		m.newest = change
	}
}

// end finishes a reading that came to the last page. What Webex says of times
// after the beginning of the reading is not believed to be complete.
func (m *watermark) end() {
	safe := m.newest
	if began := m.began.Add(m.ahead); safe.After(began) {
		safe = began
	}
	if safe = safe.Add(-readOverlap); safe.After(m.after) {
		m.after = safe
	}
}
