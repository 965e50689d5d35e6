package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"ledgerline/domain"
)

// Maintain is long work on the whole ledger. It says now and then how far it is.
type Maintain func(ctx context.Context, progress func(MaintenanceProgress)) (MaintenanceReport, error)

// MaintenanceProgress is how far long work is.
type MaintenanceProgress struct {
	Step string `json:"step"` // in words
	Done uint64 `json:"done"` // positions of the log
	All  uint64 `json:"all"`
}

// MaintenanceReport is what was found.
type MaintenanceReport struct {
	OK       bool            `json:"ok"`      // nothing was found
	Rebuilt  bool            `json:"rebuilt"` // new views were put in place
	Position domain.Position `json:"position"`
	Log      []LogProblem    `json:"log"` // records of the log that are not as they should be
	Models   []ModelReport   `json:"models"`
}

// LogProblem is what is wrong at one position of the log.
type LogProblem struct {
	Position domain.Position `json:"position"`
	Detail   string          `json:"detail"`
}

// ModelReport is a recount of one read model.
type ModelReport struct {
	Name          string       `json:"name"`
	EventsDue     int          `json:"eventsDue"`     // entries that concern it
	EventsApplied int          `json:"eventsApplied"` // of these, according to what is served
	RowsRebuilt   int          `json:"rowsRebuilt"`
	RowsServed    int          `json:"rowsServed"`
	Differing     int          `json:"differing"` // rows that are there on one side only, or unlike
	Examples      []Difference `json:"examples,omitempty"`
}

// Difference is one row that differs. The rows are in the notation of the program:
// for whoever looks for the fault, not to be read by machines.
type Difference struct {
	Key     string `json:"key"`
	Served  string `json:"served"`  // empty: there is no such row
	Rebuilt string `json:"rebuilt"` // empty: there is no such row
}

// verify serves POST /api/verify.
func (a *api) verify(w http.ResponseWriter, c *call) error { return a.maintain(w, c, a.Verify) }

// rebuild serves POST /api/rebuild.
func (a *api) rebuild(w http.ResponseWriter, c *call) error { return a.maintain(w, c, a.Rebuild) }

// maintain answers with a stream of lines: {"progress":...} now and then, at the
// end {"report":...} or {"error":...}.
func (a *api) maintain(w http.ResponseWriter, c *call, work Maintain) error {
	if work == nil {
		return errNoPath
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	write := func(line any) {
		_ = lines.Encode(line) // the client is gone: its context ends the work
		_ = http.NewResponseController(w).Flush()
	}
	report, err := work(c.Context(), func(p MaintenanceProgress) {
		write(map[string]any{"progress": p})
	})
	if err != nil {
		p := a.judge(c, err).problem(c.tracking)
		write(map[string]any{"error": p})
		return nil
	}
	write(map[string]any{"report": report})
	return nil
}
