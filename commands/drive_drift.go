package commands

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/drift"
)

// DriftUser is a user that the ledger knows to have a record at Webex.
type DriftUser struct {
	ID      uuid.UUID
	WebexID string
}

// DriftDriver carries out scans for drift that were asked for or are due, and
// settles what was approved. What it records of subscribers is carried to Webex
// by the Driver; it only reads there itself.
type DriftDriver struct {
	Service  *Service
	Partners []string
	// Users yields the partner's users who have a record at Webex, as views that
	// show the log up to a position know them.
	Users func(ctx context.Context, partner string, f drift.Filter, at domain.Position) iter.Seq2[DriftUser, error]
	Every time.Duration // between scheduled scans; 0: none
	// Sole says that nobody else drives scans on this log: then those that were
	// under way before this program are known to be interrupted.
	Sole bool
	Log  *slog.Logger

	mu    sync.Mutex
	woken chan struct{} // closed by Wake
}

// Wake says that something about scans was recorded.
func (d *DriftDriver) Wake() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.woken != nil {
		close(d.woken)
		d.woken = nil
	}
}

func (d *DriftDriver) wakeup() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.woken == nil {
		d.woken = make(chan struct{})
	}
	return d.woken
}

// Run drives until ctx ends. A scan that is under way then is recognised as
// interrupted by the next program; settling goes on where it stopped.
func (d *DriftDriver) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, partner := range d.Partners {
		if d.Service.Webex(partner) != nil {
			all.Go(func() { d.watch(ctx, partner) })
		}
	}
	all.Wait()
	return nil
}

// watch does what is due for a partner, one thing after the other.
func (d *DriftDriver) watch(ctx context.Context, partner string) {
	known := map[uuid.UUID]drift.Phase{}
	for ctx.Err() == nil {
		woken, pause := d.wakeup(), sweepEvery
		due, err := d.step(ctx, partner, known)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			d.Log.Error("drift held up", "partner", partner, "error", err)
			pause = 10 * time.Second
		case !due.IsZero():
			pause = min(pause, max(0, due.Sub(d.Service.Now())))
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-woken:
			clear(known)
		case <-timer.C:
		}
		timer.Stop()
	}
}

// step goes on with what is open and returns when the next scan is due; zero:
// never. known are the phases of scans that stay as they are until somebody asks
// for something: scans can be long, so they are not read for nothing.
func (d *DriftDriver) step(ctx context.Context, partner string, known map[uuid.UUID]drift.Phase) (time.Time, error) {
	w, err := d.watched(ctx, partner)
	if err != nil {
		return time.Time{}, err
	}
	for _, id := range w.Open {
		if known[id] != drift.None {
			continue
		}
		phase, err := d.goOn(ctx, partner, id, w)
		if err != nil {
			return time.Time{}, err
		}
		if phase == drift.Ready {
			known[id] = phase
		}
	}
	brokeOff, err := d.brokeOff(ctx, partner, w, known)
	if err != nil {
		return time.Time{}, err
	}
	due, ever := w.Due(brokeOff, d.Every)
	if !ever || d.Service.Now().Before(due) {
		return due, nil
	}
	id, _, err := d.Service.StartDriftScan(ctx, StartDriftScan{Scheduled: true}, d.cause(partner))
	if err == nil {
		w, err = d.watched(ctx, partner)
	}
	if errors.Is(err, drift.ErrRunning) {
		return d.Service.Now().Add(sweepEvery), nil // somebody else's
	}
	if err != nil {
		return time.Time{}, err
	}
	_, err = d.goOn(ctx, partner, id, w)
	return d.Service.Now(), err
}

// brokeOff says whether the last scan of all users never came to its end.
func (d *DriftDriver) brokeOff(ctx context.Context, partner string, w drift.Watch, known map[uuid.UUID]drift.Phase) (bool, error) {
	if d.Every <= 0 || w.Whole == uuid.Nil {
		return false, nil
	}
	phase := known[w.Whole]
	if phase == drift.None {
		r, err := read(ctx, d.Service, partner, drift.Stream(w.Whole), drift.Decider)
		if err != nil {
			return false, err
		}
		if phase = cmp.Or(r.Value.Phase, drift.Failed); !slices.Contains(w.Open, w.Whole) {
			known[w.Whole] = phase
		}
	}
	return phase == drift.Failed, nil
}

func (d *DriftDriver) watched(ctx context.Context, partner string) (drift.Watch, error) {
	r, err := read(ctx, d.Service, partner, drift.WatchStream(partner), drift.WatchDecider)
	return r.Value, err
}

// goOn does what is next for a scan and returns how far that has brought it.
func (d *DriftDriver) goOn(ctx context.Context, partner string, id uuid.UUID, w drift.Watch) (drift.Phase, error) {
	entries, err := d.Service.Log.ReadStream(ctx, drift.Stream(id))
	if err != nil {
		return drift.None, err
	}
	r, now := recorded(drift.Decider, entries), d.Service.Now()
	switch r.Value.Phase {
	case drift.None:
		if id == w.Last && now.Before(w.LastAt.Add(scanTurn)) {
			return drift.None, nil
		}
	case drift.Waiting:
		err := d.scan(ctx, partner, id, r)
		if errors.Is(err, ErrStale) {
			return drift.Reading, nil // somebody else has taken it up
		}
		if err == nil {
			err = d.supersede(ctx, partner, id)
		}
		if err != nil {
			return drift.Reading, err
		}
		return d.goOn(ctx, partner, id, w)
	case drift.Reading:
		if !d.Sole && now.Before(r.Value.Changed.Add(scanStale)) {
			return drift.Reading, nil
		}
		if err := d.tell(ctx, partner, id, drift.Break{Reason: interrupted, At: now}); err != nil {
			return drift.Reading, err
		}
	case drift.Ready:
		if r, err = d.settle(ctx, partner, id, entries); err != nil || r.Value.Phase != drift.Over {
			return drift.Ready, err
		}
	}
	return drift.Over, d.end(ctx, partner, id)
}

// end is done with a scan.
func (d *DriftDriver) end(ctx context.Context, partner string, id uuid.UUID) error {
	end := drift.WatchCommand(drift.EndScan{Scan: id, At: d.Service.Now()})
	_, err := transact(ctx, d.Service, drift.WatchStream(partner), d.cause(partner), drift.WatchDecider, end)
	return err
}

// tell records something about a scan on top of whatever was recorded since.
func (d *DriftDriver) tell(ctx context.Context, partner string, id uuid.UUID, c drift.Command) error {
	_, err := transact(ctx, d.Service, drift.Stream(id), d.cause(partner), drift.Decider, c)
	return err
}

// supersede closes the scans before one that has seen the same users anew, but
// for those that are being settled.
func (d *DriftDriver) supersede(ctx context.Context, partner string, id uuid.UUID) error {
	w, err := d.watched(ctx, partner)
	if err != nil {
		return err
	}
	last, err := read(ctx, d.Service, partner, drift.Stream(id), drift.Decider)
	if err != nil || last.Value.Phase != drift.Ready && last.Value.Phase != drift.Over {
		return err
	}
	for _, earlier := range w.Open {
		r, err := read(ctx, d.Service, partner, drift.Stream(earlier), drift.Decider)
		if err != nil {
			return err
		}
		if earlier == id || !last.Value.Filter.Covers(r.Value.Filter) {
			continue
		}
		err = d.tell(ctx, partner, earlier, drift.Supersede{By: id, At: d.Service.Now()})
		if errors.Is(err, drift.ErrSettling) {
			continue
		}
		if err == nil {
			err = d.end(ctx, partner, earlier)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cause of what the driver records by itself.
func (d *DriftDriver) cause(partner string) domain.Cause {
	return domain.Cause{Partner: partner, Actor: "engine", Role: domain.RoleEngine, Surface: domain.SurfaceEngine}
}
