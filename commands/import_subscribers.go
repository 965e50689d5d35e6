package commands

import (
	"context"
	"errors"
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
	Delete     bool     // the user is to be deleted
	Repairs    []string // what reading the file mended, in words
	Err        error    // the row could not be read; nil: it could
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
	Ready     int             `json:"ready"`    // created and off to Webex, without waiting for a person before
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
	inOrder, due := make(chan *importedRow, importInFlight), make(chan *importedRow)
	var working, reporting sync.WaitGroup
	for range importInFlight {
		working.Go(func() {
			for row := range due {
				if err := im.carryOut(ctx, row); err != nil {
					cancel(err)
				}
				close(row.done)
			}
		})
	}
	var summary ImportSummary
	reporting.Go(func() {
		for row := range inOrder {
			<-row.done
			if ctx.Err() == nil {
				summary.add(row)
				report(row.result)
			}
		}
	})
	for next := range rows {
		row := &importedRow{result: RowResult{Row: next.Number, UserID: next.Subscriber.UserID}, done: make(chan struct{})}
		if err := im.check(ctx, next, row); err != nil {
			cancel(err)
		}
		if ctx.Err() != nil {
			break
		}
		inOrder <- row
		if row.result.Verdict == Reject {
			close(row.done)
		} else {
			due <- row
		}
	}
	close(due)
	close(inOrder)
	working.Wait()
	reporting.Wait()
	return summary, context.Cause(ctx)
}

// importedRow is one row on its way through an import.
type importedRow struct {
	command  subscriber.Onboard
	result   RowResult
	position domain.Position // of what was recorded
	ready    bool            // created, and the engine's turn
	done     chan struct{}   // closed when the verdict stands
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

// errDeletes keeps a row that asks for a deletion from onboarding its user.
var errDeletes = domain.Reject(domain.Invalid, "The row asks for the user to be deleted, which this import does not do. Empty its delete cell, or delete the user.")

// check judges a row by itself and against the rows before it.
func (im *importing) check(ctx context.Context, next ImportRow, row *importedRow) error {
	result := &row.result
	if result.Repairs = next.Repairs; next.Err != nil {
		result.reject(next.Err)
		return nil
	}
	if next.Delete {
		result.reject(errDeletes)
		return nil
	}
	c, repairs := next.Subscriber.command(im.s).Clean()
	result.Repairs, result.UserID = append(result.Repairs, repairs...), c.Profile.UserID
	terms, known := im.terms[c.ProvisioningID]
	if !known {
		var err error
		if terms, err = im.s.terms(ctx, im.why.Partner, c.ProvisioningID); err != nil {
			return err
		}
		if len(im.terms) < 1000 {
			im.terms[c.ProvisioningID] = terms
		}
	}
	c.Terms = terms
	if err := c.Check(); err != nil {
		result.reject(err)
		return nil
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
		return nil
	}
	im.seen[userID] = true
	if c.Email != "" {
		im.seen[email] = true
	}
	row.command = c
	return nil
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
func (im *importing) carryOut(ctx context.Context, row *importedRow) error {
	r, err := Subscriber{}, error(nil)
	if im.dryRun {
		_, r, err = im.s.preview(ctx, row.command, im.why.Partner)
	} else {
		_, r, err = im.s.onboard(ctx, row.command, im.why)
	}
	row.position = r.Position
	switch {
	case domain.AsRejection(err) != nil:
		row.result.reject(err)
	case err != nil:
		return fmt.Errorf("row %d: %w", row.result.Row, err)
	case r.Changed:
		row.result.Verdict, row.ready = Create, r.Value.Stage == subscriber.Ready
	default:
		row.result.Verdict = Unchanged
	}
	return nil
}

// preview returns what there is of a subscriber, and what onboarding would leave
// behind.
func (s *Service) preview(ctx context.Context, c subscriber.Onboard, partner string) (before, after Subscriber, err error) {
	id := subscriber.ID(partner, c.Profile.UserID)
	before, err = read(ctx, s, partner, streamOf(id), subscriber.Decider)
	if err != nil {
		return before, before, err
	}
	events, err := subscriber.Decide(before.Value, c)
	if errors.Is(err, subscriber.ErrClaimed) {
		_, before, err = s.onboardedByAnotherName(ctx, c, partner)
		return before, before, err
	}
	after = before
	for _, e := range events {
		after.Value, after.Changed = subscriber.Evolve(after.Value, e), true
	}
	return before, after, err
}

func (r *RowResult) reject(err error) {
	r.Verdict, r.Reason = Reject, err.Error()
	if no := domain.AsRejection(err); no != nil {
		r.Fields = no.Fields
	}
}

func (s *ImportSummary) add(row *importedRow) {
	r := row.result
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
	if row.ready {
		s.Ready++
	}
	s.Position = max(s.Position, row.position)
}
