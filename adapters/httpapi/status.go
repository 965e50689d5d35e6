package httpapi

import (
	"context"
	"net/http"
	"time"

	"ledgerline/commands"
	"ledgerline/domain"
)

// lag is how far the views are behind the log, in positions.
type lag struct {
	Head    domain.Position `json:"head"`
	Applied domain.Position `json:"applied"`
	Behind  uint64          `json:"behind"`
}

func (a *api) lag(ctx context.Context) (lag, error) {
	l := lag{Applied: a.Views.Applied()}
	head, err := a.Head(ctx)
	if l.Head = head; head > l.Applied {
		l.Behind = uint64(head - l.Applied)
	}
	return l, err
}

// status serves GET /api/status.
func (a *api) status(w http.ResponseWriter, c *call) error {
	l, err := a.lag(c.Context())
	if err != nil {
		return err
	}
	type model struct {
		Name     string          `json:"name"`
		Applied  domain.Position `json:"applied"`
		Events   int             `json:"events"`
		Building bool            `json:"building"`
	}
	type closed struct {
		Family commands.Family `json:"family"`
		Note   string          `json:"note"`
	}
	var body struct {
		Log struct {
			Head     domain.Position `json:"head"`
			Writable bool            `json:"writable"`
			Reason   string          `json:"reason,omitempty"` // why it is not
		} `json:"log"`
		Views struct {
			Applied domain.Position `json:"applied"`
			Behind  uint64          `json:"behind"`
			Well    bool            `json:"well"`
			Models  []model         `json:"models"`
		} `json:"views"`
		Driver struct {
			Running bool `json:"running"`
			Agenda  int  `json:"agenda"` // users that it has to look at
		} `json:"driver"`
		Webex struct {
			Simulated bool     `json:"simulated"`
			Closed    []closed `json:"closed,omitempty"` // lanes that nothing goes through now
		} `json:"webex"`
	}
	unwritable := a.writable(c.Context())
	body.Log.Head, body.Log.Writable, body.Log.Reason = l.Head, unwritable == nil, whyNot(unwritable)
	body.Views.Applied, body.Views.Behind, body.Views.Well = l.Applied, l.Behind, a.Views.Err() == nil
	body.Views.Models = []model{}
	for _, m := range a.Views.Status() {
		body.Views.Models = append(body.Views.Models, model(m))
	}
	body.Driver.Running, body.Driver.Agenda = a.Driver != nil, a.busy()
	body.Webex.Simulated = a.WebexSimulated
	for _, l := range a.laneStates(c.partner()) {
		if note := laneNote(l, time.Now()); note != "" {
			body.Webex.Closed = append(body.Webex.Closed, closed{l.Family, note})
		}
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

func (a *api) busy() int {
	if a.Driver == nil {
		return 0
	}
	return a.Driver.Busy()
}

// healthy serves GET /healthz: the program answers.
func (a *api) healthy(w http.ResponseWriter, c *call) error {
	writeJSON(w, http.StatusOK, struct {
		Status string `json:"status"`
	}{"ok"})
	return nil
}

// whyNot says in words that are safe to show why the log cannot be written to.
func whyNot(err error) string {
	switch {
	case err == nil:
		return ""
	case noRoom(err):
		return "the disk is full"
	}
	return "the log cannot be read or written to"
}

// ready serves GET /readyz: the log can be written to, and the views have once
// reached what was its head when this was first asked.
func (a *api) ready(w http.ResponseWriter, c *call) error {
	l, err := a.lag(c.Context())
	if err == nil {
		err = a.writable(c.Context())
	}
	if err == nil {
		a.target.CompareAndSwap(0, uint64(l.Head)+1)
	}
	body := struct {
		Ready    bool   `json:"ready"`
		Writable bool   `json:"writable"`
		Reason   string `json:"reason,omitempty"` // why it is not ready
		lag
	}{Writable: err == nil, Reason: whyNot(err), lag: l}
	body.Ready = body.Writable && uint64(l.Applied)+1 >= a.target.Load()
	if body.Writable && !body.Ready {
		body.Reason = "the views have not caught up with the log yet"
	}
	status := http.StatusOK
	if !body.Ready {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	writeJSON(w, status, body)
	return nil
}
