// Package activations answers: for which subscribers is something to do, and when?
// It reads rows of the user status, so it has none of its own.
package activations

import (
	"context"
	"time"

	"ledgerline/projections"
	"ledgerline/projections/userstatus"
)

// Due is a subscriber to look at.
type Due = userstatus.Due

// Queries answers from the rows.
type Queries struct{ users *userstatus.Queries }

// New returns queries over views that were opened with userstatus.Model.
func New(v *projections.Views) *Queries { return &Queries{users: userstatus.New(v)} }

// Due returns what is due by now for all partners, longest due first.
func (q *Queries) Due(ctx context.Context, now time.Time, limit int) ([]Due, error) {
	return q.users.Due(ctx, now, limit)
}

// NextDue returns when something is due next, past times included; ok is false
// when nothing is.
func (q *Queries) NextDue(ctx context.Context) (at time.Time, ok bool, err error) {
	first, err := q.users.Due(ctx, time.Unix(0, 1<<63-1), 1)
	if err != nil || len(first) == 0 {
		return time.Time{}, false, err
	}
	return first[0].At, true, nil
}

// Open returns for how many of the partner's subscribers something is due now or
// later.
func (q *Queries) Open(ctx context.Context, partner string) (int, error) {
	groups, err := q.users.Groups(ctx, partner, "", false)
	n := 0
	for _, g := range groups {
		if g.Open {
			n += g.N
		}
	}
	return n, err
}
