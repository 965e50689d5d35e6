package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/drift"
	driftview "ledgerline/projections/drift"
)

// Drift answers how Webex and the ledger differed.
type Drift interface {
	List(ctx context.Context, partner string, before, limit int) ([]driftview.Scan, int, error)
	Get(ctx context.Context, partner string, id uuid.UUID) (driftview.Scan, []driftview.Tally, error)
	Findings(ctx context.Context, partner string, id uuid.UUID, f driftview.Filter, after, limit int) ([]driftview.Finding, int, error)
	Attention(ctx context.Context, partner string) ([]driftview.Waiting, error)
}

// Limits of a page of scans or findings.
const (
	driftPage    = 50
	driftMaxPage = 500
)

// driftScan is a scan as it is shown.
type driftScan struct {
	ID           uuid.UUID       `json:"id"`
	Phase        drift.Phase     `json:"phase"`
	Scheduled    bool            `json:"scheduled"`
	By           string          `json:"by"`
	Reason       string          `json:"reason,omitempty"`
	Template     string          `json:"template,omitempty"`
	Customer     string          `json:"customer,omitempty"`
	Began        string          `json:"began"`
	Ended        string          `json:"ended,omitempty"`
	Changed      string          `json:"changed"`
	Records      int             `json:"records"`
	Users        int             `json:"users"`
	InMotion     int             `json:"inMotion"`
	Unreadable   int             `json:"unreadable"`
	Findings     int             `json:"findings"`
	Broken       string          `json:"broken,omitempty"`
	SupersededBy string          `json:"supersededBy,omitempty"`
	Approvals    []driftApproval `json:"approvals,omitempty"`
	Version      int             `json:"version"`
}

type driftApproval struct {
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
	At     string `json:"at"`
}

func showScan(s driftview.Scan) driftScan {
	shown := driftScan{
		ID: s.ID, Phase: s.Phase, Scheduled: s.Scheduled, By: s.By, Reason: s.Reason, Template: s.Filter.ProvisioningID, Customer: s.Filter.SPEnterpriseID,
		Began: stamp(s.Began), Ended: stampIf(s.Ended), Changed: stamp(s.Changed),
		Records: s.Counts.Records, Users: s.Counts.Users, InMotion: s.Counts.InMotion, Unreadable: s.Counts.Unreadable,
		Findings: s.Findings, Broken: s.Broken, SupersededBy: s.SupersededBy, Version: s.Version,
	}
	for _, a := range s.Approvals {
		shown.Approvals = append(shown.Approvals, driftApproval{By: a.By, Reason: a.Reason, At: stamp(a.At)})
	}
	return shown
}

func stampIf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// startDrift serves POST /api/drift.
func (a *api) startDrift(w http.ResponseWriter, c *call) error {
	var body struct {
		Template string `json:"template"`
		Customer string `json:"customer"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	var f domain.Fields
	for _, given := range [][2]string{{"template", body.Template}, {"customer", body.Customer}} {
		if len(given[1]) > 512 {
			f.Add(given[0], domain.TooLong, "must have at most 512 characters")
		}
	}
	if err := f.Err(); err != nil {
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	if why.Command == uuid.Nil {
		why.Command = a.Service.NewID()
	}
	id := drift.ID(why.Partner, why.Command)
	req := commands.StartDriftScan{Filter: drift.Filter{ProvisioningID: body.Template, SPEnterpriseID: body.Customer}}
	r, err := once(a, c, why, drift.Stream(id), drift.Decider, func(s *commands.Service, why domain.Cause) (commands.DriftScan, error) {
		_, r, err := s.StartDriftScan(c.Context(), req, why)
		return r, err
	})
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	w.Header().Set("Location", "/api/drift/"+id.String())
	s := r.Value
	writeJSON(w, http.StatusAccepted, showScan(driftview.Scan{
		ID: id, Version: r.Version, Phase: s.Phase, Filter: s.Filter, Began: s.Began, Changed: s.Changed, By: why.Actor, Reason: why.Reason,
	}))
	return nil
}

// listDrift serves GET /api/drift, newest first.
func (a *api) listDrift(w http.ResponseWriter, c *call) error {
	p := c.params()
	limit, cursor := p.number("limit", driftPage, 1, driftMaxPage), p.cursor()
	if err := a.after(c, p); err != nil {
		return err
	}
	scans, next, err := a.Drift.List(c.Context(), c.partner(), cursor, limit)
	if err != nil {
		return err
	}
	waiting, err := a.Drift.Attention(c.Context(), c.partner())
	if err != nil {
		return err
	}
	type attention struct {
		Scan     uuid.UUID  `json:"scan"`
		Kind     drift.Kind `json:"kind"`
		Findings int        `json:"findings"`
	}
	body := struct {
		Items     []driftScan `json:"items"`
		Next      string      `json:"next,omitempty"`
		Attention []attention `json:"attention"`
	}{Items: make([]driftScan, 0, len(scans)), Next: cursorAfter(next), Attention: []attention{}}
	for _, s := range scans {
		body.Items = append(body.Items, showScan(s))
	}
	for _, o := range waiting {
		body.Attention = append(body.Attention, attention{o.Scan, o.Kind, o.N})
	}
	a.linkNext(w, c, body.Next)
	writeJSON(w, http.StatusOK, body)
	return nil
}

// cursor reads a cursor that is a number.
func (p *params) cursor() int { return p.number("cursor", 0, 0, 1<<62) }

func cursorAfter(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// scanID reads the id of a scan in a path.
//
// Errors: errNotFound.
func scanID(c *call) (uuid.UUID, error) {
	text := c.PathValue("id")
	id, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		return id, errNotFound
	}
	return id, nil
}

// getDrift serves GET /api/drift/{id}: how far the scan and its findings are, and
// what approving all that is proposed would do.
func (a *api) getDrift(w http.ResponseWriter, c *call) error {
	id, err := scanID(c)
	if err != nil {
		return err
	}
	if err := a.after(c, c.params()); err != nil {
		return err
	}
	s, tallies, err := a.Drift.Get(c.Context(), c.partner(), id)
	if err != nil {
		return err
	}
	type tally struct {
		Kind     drift.Kind      `json:"kind"`
		State    driftview.State `json:"state"`
		Findings int             `json:"findings"`
	}
	body := struct {
		driftScan
		States   []tally    `json:"states"`
		Proposed *driftPlan `json:"proposed,omitempty"`
	}{driftScan: showScan(s), States: []tally{}}
	for _, t := range tallies {
		body.States = append(body.States, tally{t.Kind, t.State, t.N})
	}
	if s.Phase == drift.Ready {
		plan, err := a.Service.PlanDrift(c.Context(), commands.ApproveDrift{Scan: id, All: true}, c.partner())
		if err == nil && plan.Findings > 0 {
			shown := showPlan(plan)
			body.Proposed = &shown
		}
		if err != nil && domain.AsRejection(err) == nil {
			return err
		}
	}
	w.Header().Set("ETag", etag(s.Version))
	writeJSON(w, http.StatusOK, body)
	return nil
}

// driftPlan is what an approval does.
type driftPlan struct {
	Findings int            `json:"findings"`
	Actions  []driftAction  `json:"actions"`
	Licences map[string]int `json:"licences"` // by package: how many more users hold it here, or fewer
	Creates  int            `json:"creates"`  // requests to Webex that follow
	Updates  int            `json:"updates"`
	Removals int            `json:"removals"`
}

type driftAction struct {
	Kind     drift.Kind   `json:"kind"`
	Action   drift.Action `json:"action"`
	Findings int          `json:"findings"`
}

func showPlan(p drift.Plan) driftPlan {
	shown := driftPlan{Findings: p.Findings, Actions: []driftAction{}, Licences: map[string]int{}, Creates: p.Creates, Updates: p.Updates, Removals: p.Removals}
	for _, l := range p.Lines {
		shown.Actions = append(shown.Actions, driftAction(l))
	}
	for name, n := range p.Licences {
		shown.Licences[string(name)] = n
	}
	return shown
}

// driftFinding is a finding as it is shown.
type driftFinding struct {
	Number   int             `json:"number"`
	Kind     drift.Kind      `json:"kind"`
	User     uuid.UUID       `json:"user"` // who it is here, or would be
	UserID   string          `json:"userId"`
	WebexID  string          `json:"webexId"`
	Replaces string          `json:"replaces,omitempty"`
	Fields   []string        `json:"fields,omitempty"`
	Here     *drift.Values   `json:"here,omitempty"`
	There    *drift.Values   `json:"there,omitempty"`
	Propose  drift.Action    `json:"propose"`
	Possible []drift.Action  `json:"possible"`
	Action   drift.Action    `json:"action,omitempty"`
	State    driftview.State `json:"state"`
	Reason   string          `json:"reason,omitempty"`
}

// listFindings serves GET /api/drift/{id}/findings.
func (a *api) listFindings(w http.ResponseWriter, c *call) error {
	id, err := scanID(c)
	if err != nil {
		return err
	}
	p := c.params()
	f := driftview.Filter{Kind: drift.Kind(p.oneOf("kind", texts(drift.Kinds)...)), State: driftview.State(p.oneOf("state", texts(driftview.States)...))}
	limit, cursor := p.number("limit", driftPage, 1, driftMaxPage), p.cursor()
	if err := a.after(c, p); err != nil {
		return err
	}
	found, next, err := a.Drift.Findings(c.Context(), c.partner(), id, f, cursor, limit)
	if err != nil {
		return err
	}
	body := struct {
		Items []driftFinding `json:"items"`
		Next  string         `json:"next,omitempty"`
	}{make([]driftFinding, 0, len(found)), cursorAfter(next)}
	for _, f := range found {
		body.Items = append(body.Items, showFinding(f))
	}
	a.linkNext(w, c, body.Next)
	writeJSON(w, http.StatusOK, body)
	return nil
}

func showFinding(f driftview.Finding) driftFinding {
	shown := driftFinding{
		Number: f.Number, Kind: f.Kind, User: f.Subscriber, WebexID: f.WebexID, Replaces: f.Replaces, Fields: f.Fields, Here: f.Here, There: f.There,
		Propose: f.Propose, Possible: f.Kind.Actions(), Action: f.Action, State: f.State, Reason: f.Reason,
	}
	if f.Here != nil {
		shown.UserID = string(f.Here.UserID)
	} else if f.There != nil {
		shown.UserID = string(f.There.UserID)
	}
	return shown
}

// texts are values for params.oneOf, of which an empty one stands for none.
func texts[T ~string](values []T) []string {
	all := []string{""}
	for _, v := range values {
		all = append(all, string(v))
	}
	return all
}

// approveDrift serves POST /api/drift/{id}/approve: 202 with what is being done,
// or with dryRun 200 with what would be.
func (a *api) approveDrift(w http.ResponseWriter, c *call) error {
	id, err := scanID(c)
	if err != nil {
		return err
	}
	p := c.params()
	dryRun := p.flag("dryRun")
	p.text("reason")
	if err := p.only(); err != nil {
		return err
	}
	var body struct {
		All      bool                        `json:"all"`
		Kinds    map[drift.Kind]drift.Action `json:"kinds"`
		Findings map[int]drift.Action        `json:"findings"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	req := commands.ApproveDrift{Scan: id, All: body.All, Kinds: body.Kinds, Findings: body.Findings}
	if dryRun {
		plan, err := a.Service.PlanDrift(c.Context(), req, c.partner())
		if err == nil {
			writeJSON(w, http.StatusOK, showPlan(plan))
		}
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	r, err := once(a, c, why, drift.Stream(id), drift.Decider, func(s *commands.Service, why domain.Cause) (commands.DriftScan, error) {
		return s.ApproveDrift(c.Context(), req, why)
	})
	if err != nil {
		return err
	}
	plan, err := a.approved(c, id, r)
	if err != nil {
		return err
	}
	a.wait(w, c, r.Position)
	writeJSON(w, http.StatusAccepted, showPlan(plan))
	return nil
}

// approved returns what an approval that is recorded does.
func (a *api) approved(c *call, id uuid.UUID, r commands.DriftScan) (drift.Plan, error) {
	if !r.Changed {
		return drift.Plan{}, nil
	}
	entries, err := a.Service.Log.ReadStream(c.Context(), drift.Stream(id))
	if err != nil {
		return drift.Plan{}, err
	}
	approved := entries[r.Version-1].Event.(drift.Approved)
	return drift.Decider.Fold(entries[:r.Version-1]).Plan(drift.Approve(approved))
}
