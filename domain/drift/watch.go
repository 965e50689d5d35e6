package drift

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// A partner's watch is the stream that keeps its scans apart: each begins after
// one that has ended.

// WatchStream returns the name of the stream of a partner's watch.
func WatchStream(partner string) string {
	return domain.StreamName("driftwatch", partner, "driftwatch")
}

// ScanBegan: it is this scan's turn.
type ScanBegan struct {
	Scan  uuid.UUID `json:"scan"`
	Whole bool      `json:"whole,omitzero"` // of all users of the partner
	At    time.Time `json:"at"`
}

// ScanClosed: nothing more is to be done about this scan.
type ScanClosed struct {
	Scan uuid.UUID `json:"scan"`
	At   time.Time `json:"at"`
}

func (ScanBegan) EventType() string  { return "driftwatch.began.v1" }
func (ScanClosed) EventType() string { return "driftwatch.closed.v1" }

// Watch is what a partner's watch knows.
type Watch struct {
	Last    uuid.UUID // the scan that began last; zero: none has
	LastAt  time.Time
	Whole   uuid.UUID   // the last of all users
	WholeAt time.Time   // when that began
	Open    []uuid.UUID // scans about which something is to be done, in the order in which they began
}

// WatchCommand is something that a watch can be asked.
type WatchCommand interface{ watchCommand() }

// Begin gives a scan its turn, provided that After, which whoever asks has seen
// the end of, was the last before it.
type Begin struct {
	Scan, After uuid.UUID
	Whole       bool
	At          time.Time
}

// EndScan is done with a scan.
type EndScan struct {
	Scan uuid.UUID
	At   time.Time
}

// ErrRunning is said of a second scan at the same time.
var ErrRunning = domain.Reject(domain.Conflict, "A scan for drift is under way. Wait until it is done; GET /api/drift shows it.")

// WatchDecider is the rules of a watch.
var WatchDecider = domain.Decider[Watch, WatchCommand]{Decide: decideWatch, Evolve: evolveWatch, Events: Events}

func decideWatch(w Watch, c WatchCommand) ([]domain.Event, error) {
	switch c := c.(type) {
	case Begin:
		switch {
		case w.Last == c.Scan:
			return nil, nil
		case w.Last != c.After:
			return nil, ErrRunning
		}
		return []domain.Event{ScanBegan{Scan: c.Scan, Whole: c.Whole, At: c.At}}, nil
	case EndScan:
		if !slices.Contains(w.Open, c.Scan) {
			return nil, nil
		}
		return []domain.Event{ScanClosed(c)}, nil
	}
	panic("drift: no rule for this command of a watch")
}

func evolveWatch(w Watch, e domain.Event) Watch {
	switch e := e.(type) {
	case ScanBegan:
		w.Last, w.LastAt, w.Open = e.Scan, e.At, append(slices.Clip(w.Open), e.Scan)
		if e.Whole {
			w.Whole, w.WholeAt = e.Scan, e.At
		}
	case ScanClosed:
		w.Open = slices.DeleteFunc(slices.Clone(w.Open), func(id uuid.UUID) bool { return id == e.Scan })
	}
	return w
}

// againAfter is how soon a scheduled scan follows one that broke off, at the most
// often.
const againAfter = time.Hour

// Due returns when the next scan of all users is due: every so often after the
// last began, sooner if that broke off, at once if there was none. ok is false
// when none ever is, because every is not positive.
func (w Watch) Due(brokeOff bool, every time.Duration) (at time.Time, ok bool) {
	switch {
	case every <= 0:
		return time.Time{}, false
	case brokeOff:
		every = min(every, againAfter)
	}
	if w.Whole == uuid.Nil {
		return time.Time{}, true
	}
	return w.WholeAt.Add(every), true
}

func (Begin) watchCommand()   {}
func (EndScan) watchCommand() {}
