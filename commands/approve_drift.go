package commands

import (
	"context"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/drift"
)

// ApproveDrift says what is to be done about the findings of a scan: about each by
// its number, else by its kind, else, with All, what is proposed. Findings that
// were approved before are left out.
type ApproveDrift struct {
	Scan     uuid.UUID
	All      bool
	Kinds    map[drift.Kind]drift.Action
	Findings map[int]drift.Action
}

func (req ApproveDrift) command(s *Service) drift.Approve {
	return drift.Approve{All: req.All, Kinds: req.Kinds, Findings: req.Findings, At: s.Now()}
}

// ApproveDrift records the approval; settling then goes on by itself.
//
// Errors: Invalid with fields; drift.ErrNotFound, ErrNotFinished, ErrBroken,
// ErrClosed, ErrDecided.
func (s *Service) ApproveDrift(ctx context.Context, req ApproveDrift, why domain.Cause) (DriftScan, error) {
	return transact(ctx, s, drift.Stream(req.Scan), why, drift.Decider, drift.Command(req.command(s)))
}

// PlanDrift returns what an approval would do at this moment.
//
// Errors: as those of ApproveDrift.
func (s *Service) PlanDrift(ctx context.Context, req ApproveDrift, partner string) (drift.Plan, error) {
	r, err := read(ctx, s, partner, drift.Stream(req.Scan), drift.Decider)
	if err != nil {
		return drift.Plan{}, err
	}
	return r.Value.Plan(req.command(s))
}
