// Package drift compares what Webex has with what the ledger has: one stream is
// one scan, with all that it found and what became of each finding. Nothing that
// is found changes anything until a person has approved what is to be done.
package drift

import (
	"time"

	"ledgerline/domain"
)

// What is written here is stored for good. A field may be added at any time; to
// change what one means, add the next version of the event beside it. All times
// are UTC.

// Started: a scan was asked for.
type Started struct {
	Scheduled bool `json:"scheduled,omitzero"` // nobody asked: it was due
	Filter
	At time.Time `json:"at"`
}

// Progressed: so far the scan has come. The first is recorded before Webex is
// asked: whoever records it carries the scan out.
type Progressed struct {
	Records int       `json:"records"` // of Webex, read so far
	Users   int       `json:"users"`   // of the ledger, looked up at Webex because the list lacked them
	At      time.Time `json:"at"`
}

// Found: some differences, numbered on from those before.
type Found struct {
	Findings []Finding `json:"findings"`
	At       time.Time `json:"at"`
}

// Finished: everything was compared.
type Finished struct {
	Counts
	At time.Time `json:"at"`
}

// Broken: the scan ended before everything was compared. What it found cannot be
// settled.
type Broken struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Approved: a person said what is to be done about findings that nobody had
// decided on: about each by its number, else by its kind, else, with All, what
// was proposed.
type Approved struct {
	All      bool            `json:"all,omitzero"`
	Kinds    map[Kind]Action `json:"kinds,omitzero"`
	Findings map[int]Action  `json:"findings,omitzero"` // by number; the first is 1
	At       time.Time       `json:"at"`
}

// Settled: this became of findings.
type Settled struct {
	Outcomes []Outcome `json:"outcomes"`
	At       time.Time `json:"at"`
}

// Closed: nothing more is to be done about this scan.
type Closed struct {
	SupersededBy string    `json:"supersededBy,omitzero"` // id of a later scan; empty: every finding is settled
	At           time.Time `json:"at"`
}

// Events lists one of each event of a scan and of a partner's watch.
var Events = []domain.Event{
	Started{}, Progressed{}, Found{}, Finished{}, Broken{}, Approved{}, Settled{}, Closed{}, ScanBegan{}, ScanClosed{},
}

func (Started) EventType() string    { return "drift.started.v1" }
func (Progressed) EventType() string { return "drift.progressed.v1" }
func (Found) EventType() string      { return "drift.found.v1" }
func (Finished) EventType() string   { return "drift.finished.v1" }
func (Broken) EventType() string     { return "drift.broken.v1" }
func (Approved) EventType() string   { return "drift.approved.v1" }
func (Settled) EventType() string    { return "drift.settled.v1" }
func (Closed) EventType() string     { return "drift.closed.v1" }
