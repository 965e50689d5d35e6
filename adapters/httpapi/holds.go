package httpapi

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/domain/webex"
	"ledgerline/projections/holds"
	"ledgerline/projections/userstatus"
)

// heldRequests is a hold as /api shows it.
type heldRequests struct {
	ID          uuid.UUID      `json:"id"`
	Kind        hold.ScopeKind `json:"kind"`
	Name        string         `json:"name,omitempty"`
	Reason      string         `json:"reason"`
	Held        bool           `json:"held"`
	Actor       string         `json:"actor"`                 // who placed it
	Fingerprint string         `json:"fingerprint,omitempty"` // of the cause that users failed by
	Failures    int            `json:"failures,omitempty"`    // in a row; absent: somebody asked for it
	Since       string         `json:"since"`
	Lifted      string         `json:"lifted,omitempty"`  // when it last was
	Waiting     *int           `json:"waiting,omitempty"` // users; absent: nobody waits, or they could not be counted
}

func showHold(r holds.Row) heldRequests {
	return heldRequests{
		ID: r.ID, Kind: r.Scope.Kind, Name: r.Scope.Name, Reason: r.Reason, Held: r.Held, Actor: r.Actor,
		Fingerprint: r.Fingerprint, Failures: r.Failures, Since: stamp(r.At), Lifted: stamped(r.Lifted),
	}
}

// waiting counts the users whom a hold concerns.
func (a *api) waiting(ctx context.Context, r holds.Row) (*int, error) {
	if !r.Held {
		return nil, nil
	}
	f := userstatus.CountFilter{}
	switch r.Scope.Kind {
	case hold.Customer:
		f.SPEnterpriseID = r.Scope.Name
	case hold.Template:
		f.ProvisioningID = r.Scope.Name
	}
	counts, err := a.Users.Counts(ctx, r.Partner, f)
	n := counts[webex.Provisioning]
	if r.Scope.Kind == hold.Partner {
		n += counts[webex.Updating] + counts[webex.Removing]
	}
	return &n, err
}

// listHolds serves GET /api/holds.
func (a *api) listHolds(w http.ResponseWriter, c *call) error {
	p := c.params()
	all := p.flag("all")
	if err := a.after(c, p); err != nil {
		return err
	}
	rows, err := a.Holds.List(c.Context(), c.partner(), all)
	if err != nil {
		return err
	}
	body := struct {
		Items []heldRequests `json:"items"`
	}{make([]heldRequests, 0, len(rows))}
	for _, r := range rows {
		shown := showHold(r)
		if shown.Waiting, err = a.waiting(c.Context(), r); err != nil {
			return err
		}
		body.Items = append(body.Items, shown)
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// placeHold serves POST /api/holds: 201 for a new hold, 200 where requests are
// held already.
func (a *api) placeHold(w http.ResponseWriter, c *call) error {
	var body struct {
		Kind   hold.ScopeKind `json:"kind"`
		Name   string         `json:"name"`
		Reason string         `json:"reason"`
	}
	if err := decode(w, c, &body); err != nil {
		return err
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	scope := hold.Scope{Kind: body.Kind, Name: trimmed(body.Name)}
	r, err := once(a, c, why, hold.Stream(why.Partner, scope), hold.Decider, func(s *commands.Service, why domain.Cause) (commands.Hold, error) {
		_, r, err := s.PlaceHold(c.Context(), scope, body.Reason, why)
		return r, err
	})
	if err != nil {
		return err
	}
	status := http.StatusOK
	if r.Changed {
		status = http.StatusCreated
	}
	return a.answerHold(w, c, status, hold.ID(why.Partner, scope), r)
}

// liftHold serves POST /api/holds/{id}/lift. Lifting again changes nothing.
func (a *api) liftHold(w http.ResponseWriter, c *call) error {
	id, err := uuid.Parse(c.PathValue("id"))
	if err != nil || len(c.PathValue("id")) != 36 {
		return errNotFound
	}
	why, err := c.cause()
	if err != nil {
		return err
	}
	r, err := once(a, c, why, domain.StreamOf(hold.Kind, id), hold.Decider, func(s *commands.Service, why domain.Cause) (commands.Hold, error) {
		return s.LiftHold(c.Context(), id, why)
	})
	if err != nil {
		return err
	}
	return a.answerHold(w, c, http.StatusOK, id, r)
}

// answerHold answers with a hold as a use case left it. What is wrong with the views
// does not make a write fail.
func (a *api) answerHold(w http.ResponseWriter, c *call, status int, id uuid.UUID, r commands.Hold) error {
	a.wait(w, c, r.Position)
	entries, err := a.Service.Log.ReadStream(c.Context(), domain.StreamOf(hold.Kind, id))
	if err != nil {
		return err
	}
	row := holds.Row{ID: id, Partner: c.partner(), State: r.Value}
	for _, e := range entries[:min(r.Version, len(entries))] {
		if _, placed := e.Event.(hold.Placed); placed {
			row.Actor = e.Cause.Actor
		}
	}
	shown := showHold(row)
	if a.Views.Err() == nil && !a.building() {
		if n, err := a.waiting(c.Context(), row); err == nil {
			shown.Waiting = n
		}
	}
	w.Header().Set("ETag", etag(r.Version))
	writeJSON(w, status, shown)
	return nil
}
