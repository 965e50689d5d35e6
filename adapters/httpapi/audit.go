package httpapi

import (
	"net/http"
	"slices"
	"strconv"

	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/customer"
	"ledgerline/domain/drift"
	"ledgerline/domain/hold"
	"ledgerline/domain/importplan"
	"ledgerline/domain/licence"
	"ledgerline/domain/pause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/token"
	"ledgerline/projections/audit"
)

// Limits of a page of the audit log.
const (
	auditPage    = 50
	auditMaxPage = 500
)

// auditRecord is one entry of the log: who did what, when, and why.
type auditRecord struct {
	Position uint64        `json:"position"`
	Kind     string        `json:"kind"`    // of the thing: subscriber, template, ...
	Subject  string        `json:"subject"` // its id
	Version  int           `json:"version"`
	At       string        `json:"at"`
	Cause    domain.Cause  `json:"cause"`
	Type     string        `json:"type"` // of the event, as stored
	What     string        `json:"what"` // the same in words
	Changes  []auditChange `json:"changes,omitempty"`
}

type auditChange struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

func showRecords(records []audit.Record) []auditRecord {
	shown := make([]auditRecord, 0, len(records))
	for _, r := range records {
		out := auditRecord{
			Position: uint64(r.Position), Kind: r.Kind, Subject: r.Subject.String(), Version: r.Version, At: stamp(r.At),
			Cause: r.Cause, Type: r.Type, What: r.What,
		}
		for _, change := range r.Changes {
			out.Changes = append(out.Changes, auditChange(change))
		}
		shown = append(shown, out)
	}
	return shown
}

// recorded is one of each event there is.
var recorded = slices.Concat(subscriber.Events, template.Events, token.Events, licence.Events, customer.Events, hold.Events, drift.Events, importplan.Events, brake.Events, pause.Events)

// listAudit serves GET /api/audit, newest first.
func (a *api) listAudit(w http.ResponseWriter, c *call) error {
	p := c.params()
	f := auditFilter(p)
	page := audit.Page{Limit: p.number("limit", auditPage, 1, auditMaxPage), Before: p.position("cursor")}
	if err := a.after(c, p); err != nil {
		return err
	}
	found, err := a.Audit.List(c.Context(), c.partner(), f, page)
	if err != nil {
		return err
	}
	body := struct {
		Items []auditRecord `json:"items"`
		Next  string        `json:"next,omitempty"`
	}{Items: showRecords(found.Records)}
	if found.Next != 0 {
		body.Next = strconv.FormatUint(uint64(found.Next), 10)
	}
	a.linkNext(w, c, body.Next)
	writeJSON(w, http.StatusOK, body)
	return nil
}

func auditFilter(p *params) audit.Filter {
	f := audit.Filter{
		Actor: p.text("actor"), Role: p.text("role"), Surface: p.text("surface"), Type: p.text("type"), Request: p.text("request"),
		From: p.instant("from"), Until: p.instant("until"),
	}
	if f.Type != "" && !slices.ContainsFunc(recorded, func(e domain.Event) bool { return e.EventType() == f.Type }) {
		p.wrong.Add("type", domain.Malformed, "must be the type of an event as stored, like subscriber.onboarded.v1")
	}
	if text := p.text("user"); text != "" {
		id, err := userID(text)
		if err != nil {
			p.wrong.Add("user", domain.Malformed, "must be the id of a user")
		}
		f.Stream = userStream(id)
	}
	return f
}

// userHistory serves GET /api/users/{id}/audit: the whole story, oldest first,
// from the log: always current.
func (a *api) userHistory(w http.ResponseWriter, c *call) error {
	p := c.params()
	p.position("after") // holds anyway
	if err := p.only(); err != nil {
		return err
	}
	id, _, err := a.user(c, c.PathValue("id"))
	if err != nil {
		return err
	}
	records, err := a.Audit.History(c.Context(), c.partner(), userStream(id))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, struct {
		Items []auditRecord `json:"items"`
	}{showRecords(records)})
	return nil
}
