package commands

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"sync"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// ImportRow is one row of a file of subscribers.
type ImportRow struct {
	Number     int // as a spreadsheet shows it: the header is 1
	Subscriber OnboardSubscriber
	Err        error // the row could not be read; nil: it could
}

// Verdict says what becomes of one row.
type Verdict string

// The verdicts.
const (
	Create    Verdict = "create"    // the user is onboarded
	Unchanged Verdict = "unchanged" // the user is there already, with these values
	Reject    Verdict = "reject"    // see Fields and Reason
)

// RowResult is the verdict on one row.
type RowResult struct {
	Row     int                 `json:"row"`
	UserID  string              `json:"userId"`
	Verdict Verdict             `json:"verdict"`
	Reason  string              `json:"reason,omitempty"`  // of a rejection, all of it in one line
	Fields  []domain.FieldError `json:"-"`                 // of a rejection, field by field
	Repairs []string            `json:"repairs,omitempty"` // what was mended, in words
}

// ImportSummary counts the verdicts of an import.
type ImportSummary struct {
	Rows      int             `json:"rows"`
	Created   int             `json:"created"`
	Unchanged int             `json:"unchanged"`
	Rejected  int             `json:"rejected"`
	Repaired  int             `json:"repaired"`
	Position  domain.Position `json:"position"` // of the last entry recorded
}

// importInFlight is how many rows wait for the log at once. On disks that sync
// slowly this is what pays.
const importInFlight = 512

// ImportSubscribers onboards the user of each row, each on its own: what is wrong
// with one does not hold up the others. Importing again what was imported changes
// nothing, so an import that was stopped is gone on with by starting it again.
// With dryRun nothing is recorded and the verdicts are those of a real import at
// this moment. report gets the verdicts in the order of the rows, never two at a
// time.
//
// Errors: an outage of the log, or ctx ending; rows reported until then are done.
func (s *Service) ImportSubscribers(ctx context.Context, rows iter.Seq[ImportRow], dryRun bool, why domain.Cause, report func(RowResult)) (ImportSummary, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	im := importing{s: s, why: why, dryRun: dryRun, terms: map[string]*subscriber.Terms{}, seen: map[uint64]bool{}, seed: maphash.MakeSeed()}
	type pending struct {
		result   RowResult
		position domain.Position
		done     chan struct{}
	}
	queue := make(chan *pending, importInFlight)
	var summary ImportSummary
	var reporting sync.WaitGroup
	reporting.Go(func() {
		for p := range queue {
			<-p.done
			if ctx.Err() == nil {
				summary.add(p.result, p.position)
				report(p.result)
			}
		}
	})
	for row := range rows {
		if ctx.Err() != nil {
			break
		}
		p := &pending{result: RowResult{Row: row.Number, UserID: row.Subscriber.UserID}, done: make(chan struct{})}
		c, err := im.check(ctx, row, &p.result)
		queue <- p
		if err != nil || p.result.Verdict == Reject {
			if err != nil {
				cancel(err)
			}
			close(p.done)
			continue
		}
		go func() {
			defer close(p.done)
			var err error
			if p.position, err = im.carryOut(ctx, c, &p.result); err != nil {
				cancel(err)
			}
		}()
	}
	close(queue)
	reporting.Wait()
	return summary, context.Cause(ctx)
}

// importing is one import under way.
type importing struct {
	s      *Service
	why    domain.Cause
	dryRun bool
	terms  map[string]*subscriber.Terms // by provisioning id, as at the start
	seen   map[uint64]bool              // hashes of user ids and addresses of good rows
	seed   maphash.Seed
}

// check judges a row by itself and against the rows before it.
func (im *importing) check(ctx context.Context, row ImportRow, result *RowResult) (subscriber.Onboard, error) {
	if row.Err != nil {
		result.reject(row.Err)
		return subscriber.Onboard{}, nil
	}
	c, repairs := row.Subscriber.command(im.s).Clean()
	result.Repairs, result.UserID = repairs, c.Profile.UserID
	terms, known := im.terms[c.ProvisioningID]
	if !known {
		var err error
		if terms, err = im.s.terms(ctx, im.why.Partner, c.ProvisioningID); err != nil {
			return c, err
		}
		if len(im.terms) < 1000 {
			im.terms[c.ProvisioningID] = terms
		}
	}
	c.Terms = terms
	if err := c.Check(); err != nil {
		result.reject(err)
		return c, nil
	}
	var f domain.Fields
	userID, email := im.hash("userId", subscriber.FoldUserID(c.Profile.UserID)), im.hash("email", subscriber.CanonicalEmail(c.Email))
	if im.seen[userID] {
		f.Add("userId", domain.Malformed, "is the same as in an earlier row; keep one of the two")
	}
	if c.Email != "" && im.seen[email] {
		f.Add("email", domain.Malformed, "is the same as in an earlier row; every user needs an address of their own")
	}
	if err := f.Err(); err != nil {
		result.reject(err)
		return c, nil
	}
	im.seen[userID] = true
	if c.Email != "" {
		im.seen[email] = true
	}
	return c, nil
}

func (im *importing) hash(field, value string) uint64 {
	var h maphash.Hash
	h.SetSeed(im.seed)
	h.WriteString(field)
	h.WriteByte(0)
	h.WriteString(value)
	return h.Sum64()
}

// carryOut onboards the user of a good row, or finds out what would come of it.
func (im *importing) carryOut(ctx context.Context, c subscriber.Onboard, result *RowResult) (domain.Position, error) {
	r, err := Subscriber{}, error(nil)
	if im.dryRun {
		r, err = im.s.preview(ctx, c, im.why.Partner)
	} else {
		_, r, err = im.s.onboard(ctx, c, im.why)
	}
	switch {
	case domain.AsRejection(err) != nil:
		result.reject(err)
	case err != nil:
		return 0, fmt.Errorf("row %d: %w", result.Row, err)
	case r.Changed:
		result.Verdict = Create
	default:
		result.Verdict = Unchanged
	}
	return r.Position, nil
}

// preview returns what onboarding would leave behind.
func (s *Service) preview(ctx context.Context, c subscriber.Onboard, partner string) (Subscriber, error) {
	id := subscriber.ID(partner, c.Profile.UserID)
	r, err := read(ctx, s, partner, streamOf(id), subscriber.Decider)
	if err != nil {
		return r, err
	}
	events, err := subscriber.Decide(r.Value, c)
	r.Changed = len(events) > 0
	return r, err
}

func (r *RowResult) reject(err error) {
	r.Verdict, r.Reason = Reject, err.Error()
	if no := domain.AsRejection(err); no != nil {
		r.Fields = no.Fields
	}
}

func (s *ImportSummary) add(r RowResult, at domain.Position) {
	s.Rows++
	switch r.Verdict {
	case Create:
		s.Created++
	case Unchanged:
		s.Unchanged++
	case Reject:
		s.Rejected++
	}
	if len(r.Repairs) > 0 && r.Verdict != Reject {
		s.Repaired++
	}
	s.Position = max(s.Position, at)
}
