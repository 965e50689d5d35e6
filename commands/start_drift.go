package commands

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/drift"
)

// DriftScan is a scan for drift as a use case left it.
type DriftScan = Recorded[drift.State]

// StartDriftScan says what is to be compared.
type StartDriftScan struct {
	drift.Filter
	Scheduled bool
}

// Limits of waiting for a scan that somebody else began.
const (
	// scanStale is how long a scan may record nothing before its program is taken
	// for dead: longer than Webex can make a single read wait.
	scanStale = 30 * time.Minute
	// scanTurn is how long the turn of a scan may be recorded before the scan is.
	scanTurn = time.Minute
)

// StartDriftScan records that Webex's list is to be compared with the ledger,
// which then happens by itself and changes nothing. It returns the id of the scan,
// which follows from the command. One scan at a time is under way for a partner.
//
// Errors: drift.ErrRunning.
func (s *Service) StartDriftScan(ctx context.Context, req StartDriftScan, why domain.Cause) (uuid.UUID, DriftScan, error) {
	req.ProvisioningID = strings.TrimRight(strings.TrimSpace(req.ProvisioningID), "=") // padding is no part of it
	req.SPEnterpriseID = strings.TrimSpace(req.SPEnterpriseID)
	if why.Command == uuid.Nil {
		why.Command = s.NewID()
	}
	id := drift.ID(why.Partner, why.Command)
	watch, err := read(ctx, s, why.Partner, drift.WatchStream(why.Partner), drift.WatchDecider)
	if err != nil {
		return id, DriftScan{}, err
	}
	if last := watch.Value.Last; last != id && last != uuid.Nil {
		if err := s.endDriftScan(ctx, last, watch.Value.LastAt, why); err != nil {
			return id, DriftScan{}, err
		}
	}
	now := s.Now()
	begin := drift.WatchCommand(drift.Begin{Scan: id, After: watch.Value.Last, Whole: req.Filter == drift.Filter{}, At: now})
	if _, err := transact(ctx, s, drift.WatchStream(why.Partner), follow(why), drift.WatchDecider, begin); err != nil {
		return id, DriftScan{}, err
	}
	start := drift.Command(drift.Start{Scheduled: req.Scheduled, Filter: req.Filter, At: now})
	r, err := transact(ctx, s, drift.Stream(id), why, drift.Decider, start)
	return id, r, err
}

// endDriftScan makes sure that the scan before has ended, breaking one whose
// program has died.
//
// Errors: drift.ErrRunning.
func (s *Service) endDriftScan(ctx context.Context, id uuid.UUID, began time.Time, why domain.Cause) error {
	r, err := read(ctx, s, why.Partner, drift.Stream(id), drift.Decider)
	if err != nil {
		return err
	}
	switch r.Value.Phase {
	case drift.Waiting:
		return drift.ErrRunning
	case drift.Reading:
		if s.Now().Before(r.Value.Changed.Add(scanStale)) {
			return drift.ErrRunning
		}
		_, err := transact(ctx, s, drift.Stream(id), follow(why), drift.Decider, drift.Command(drift.Break{Reason: interrupted, At: s.Now()}))
		return err
	case drift.None:
		if s.Now().Before(began.Add(scanTurn)) {
			return drift.ErrRunning
		}
	}
	return nil
}

const interrupted = "Ledgerline stopped before the scan was done. Scan again."
