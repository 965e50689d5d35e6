package httpapi

import (
	"github.com/google/uuid"

	"ledgerline/domain/activation"
	"ledgerline/domain/customer"
	"ledgerline/projections/userstatus"
)

// nextStep is what the process does next for a user.
type nextStep struct {
	What    activation.What `json:"what"`
	At      string          `json:"at,omitempty"`      // not before
	Attempt int             `json:"attempt,omitempty"` // which one it will be
	Of      int             `json:"of,omitempty"`      // at most
}

// heldBy is the hold that keeps a user's next request from Webex.
type heldBy struct {
	ID     uuid.UUID `json:"id"`
	Reason string    `json:"reason"`
}

// showObstacles tells what comes next for a user, and what is in the way.
func (a *api) showObstacles(c *call, shown *user, s userstatus.Row) error {
	id, held, err := a.Service.HeldBy(c.Context(), s.Partner, s.State)
	if err != nil {
		return err
	}
	if held.Value.Held {
		shown.Held = &heldBy{ID: id, Reason: held.Value.Reason}
	}
	k := activation.Known{Now: a.Service.Now(), Held: held.Value.Held, AdminActive: true}
	if s.AdminFirst {
		entries, err := a.Service.Log.ReadStream(c.Context(), customer.Stream(s.Partner, s.SPEnterpriseID))
		if err != nil {
			return err
		}
		of := customer.Decider.Fold(entries)
		k.AdminActive = of.Administrator == uuid.Nil || of.Lets(s.ID)
	}
	next := activation.Comes(s.State, k)
	if next.What == "" {
		return nil
	}
	shown.Next = &nextStep{What: next.What, At: stamped(next.At), Attempt: next.Attempt, Of: next.Of}
	return nil
}
