package commands

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/domain/webex"
)

// Limits of a scan.
const (
	tellEvery     = time.Minute       // that a scan goes on
	batchFindings = 200               // of one event
	batchBytes    = MaxEventBytes / 4 // of its findings, which leaves room for encryption
)

// scanning is one scan under way.
type scanning struct {
	*DriftDriver
	partner string
	id      uuid.UUID
	scan    DriftScan
	from    domain.Position // what was recorded later is in motion
	counts  drift.Counts
	looked  int // up at Webex one by one

	seed      maphash.Seed
	known     []knownRecord          // by hash
	strangers map[uint64]bool        // hashes of records, seen in the list, that are not known
	unknown   map[uuid.UUID]struct{} // whom they would be

	found []drift.Finding
	size  int // of them, encoded
}

// knownRecord is one that the ledger knows of.
type knownRecord struct {
	hash uint64 // of Webex's id
	user uuid.UUID
	seen bool // in the list
}

// scan compares all of Webex's list with the ledger. What breaks it off is
// recorded; an error means that nothing could be recorded, or that ctx has ended.
//
// Errors: ErrStale if somebody else carries the scan out.
func (d *DriftDriver) scan(ctx context.Context, partner string, id uuid.UUID, r DriftScan) error {
	s := &scanning{
		DriftDriver: d, partner: partner, id: id, scan: r, seed: maphash.MakeSeed(),
		strangers: map[uint64]bool{}, unknown: map[uuid.UUID]struct{}{},
	}
	if err := s.record(ctx, drift.Progress{At: d.Service.Now()}); err != nil {
		return err
	}
	s.from = s.scan.Position
	err := s.run(ctx)
	var e *WebexError
	var unusable unusableList
	switch {
	case err == nil:
		return s.record(ctx, drift.Finish{Counts: s.counts, At: d.Service.Now()})
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unusable):
		return s.record(ctx, drift.Break{Reason: string(unusable), At: d.Service.Now()})
	case errors.As(err, &e):
		return s.record(ctx, drift.Break{Reason: unread(e), At: d.Service.Now()})
	}
	return err
}

// unusableList says why a list cannot be judged.
type unusableList string

func (u unusableList) Error() string { return string(u) }

// unread says why Webex could not be read, without words of Webex, which may be
// about somebody.
func unread(e *WebexError) string {
	text := "Webex did not answer"
	switch {
	case e.noAccess():
		text = fmt.Sprintf("Webex did not accept Ledgerline's credentials (status %d)", e.Status)
	case e.Status != 0:
		text = fmt.Sprintf("Webex answered with status %d", e.Status)
	}
	if e.TrackingID != "" {
		text += ", tracking id " + e.TrackingID
	}
	return text + ". Its list was not read to the end, so it does not tell who is missing. Scan again when Webex works."
}

func (s *scanning) run(ctx context.Context) error {
	if err := s.expect(ctx); err != nil {
		return err
	}
	if err := s.list(ctx); err != nil {
		return err
	}
	if err := s.missed(ctx); err != nil {
		return err
	}
	return s.flush(ctx)
}

// expect remembers who should be in the list.
func (s *scanning) expect(ctx context.Context) error {
	for u, err := range s.Users(ctx, s.partner, s.scan.Value.Filter, s.from) {
		if err != nil {
			return err
		}
		s.known = append(s.known, knownRecord{hash: maphash.String(s.seed, u.WebexID), user: u.ID})
	}
	slices.SortFunc(s.known, func(a, b knownRecord) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), bytes.Compare(a.user[:], b.user[:]))
	})
	s.counts.Users = len(s.known)
	return nil
}

// list reads Webex's list to its end and judges each record once.
func (s *scanning) list(ctx context.Context) error {
	f := s.scan.Value.Filter
	filter := WebexFilter{ProvisioningID: f.ProvisioningID, SPEnterpriseID: f.SPEnterpriseID}
	pages := map[string]bool{"": true}
	for from := ""; ; {
		var page WebexPage
		err := s.ask(ctx, func(w WebexReads) (err error) {
			page, err = w.Page(ctx, filter, from)
			return err
		})
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			if err := s.listed(ctx, r); err != nil {
				return err
			}
		}
		if from = page.Next; from == "" {
			return nil
		}
		if pages[from] {
			return unusableList("The pages of Webex's list go round in a circle. Scan again.")
		}
		pages[from] = true
	}
}

// listed judges a record of the list. One that the list has twice counts once.
func (s *scanning) listed(ctx context.Context, r webex.Subscriber) error {
	hash := maphash.String(s.seed, r.ID)
	first, _ := slices.BinarySearchFunc(s.known, hash, func(k knownRecord, h uint64) int { return cmp.Compare(k.hash, h) })
	for i := first; i < len(s.known) && s.known[i].hash == hash; i++ {
		c, changed, err := s.user(ctx, s.known[i].user)
		if err != nil {
			return err
		}
		if c.WebexID != r.ID && !changed {
			continue // another record with the same hash
		}
		if !s.known[i].seen {
			s.known[i].seen = true
			s.counts.Records++
			return s.own(ctx, c, changed, r)
		}
		return nil
	}
	if s.strangers[hash] {
		return nil
	}
	s.strangers[hash] = true
	s.counts.Records++
	return s.stranger(ctx, r)
}

// missed looks for each user whom the list lacks: pages are counted off, so a
// list may leave records out that are there.
func (s *scanning) missed(ctx context.Context) error {
	seen := 0
	for _, k := range s.known {
		if k.seen {
			seen++
		}
	}
	if drift.Foreign(len(s.known), seen) {
		return unusableList(fmt.Sprintf("Webex's list has none of the %d users that are expected in it. Check that the credentials are those of the right organisation, then scan again.", len(s.known)))
	}
	for _, k := range s.known {
		if k.seen {
			continue
		}
		if err := s.confirm(ctx, k.user); err != nil {
			return err
		}
	}
	return nil
}

// flush records the findings so far.
func (s *scanning) flush(ctx context.Context) error {
	if len(s.found) == 0 {
		return nil
	}
	found := s.found
	s.found, s.size = nil, 0
	return s.record(ctx, drift.Report{Findings: found, At: s.Service.Now()})
}

// record appends to the scan, which belongs to whoever took it up.
//
// Errors: ErrStale if somebody has ended it meanwhile.
func (s *scanning) record(ctx context.Context, c drift.Command) error {
	why := s.cause(s.partner)
	why.Command = s.Service.NewID()
	r, err := record(ctx, s.Service, drift.Stream(s.id), s.scan, why, drift.Decider, c)
	if err == nil {
		s.scan = r
	}
	return err
}

// ask reads from Webex, again and again while it does not answer.
func (s *scanning) ask(ctx context.Context, do func(WebexReads) error) error {
	w := s.Service.paced(s.partner, Report, s.scan.Value.Filter.SPEnterpriseID)
	return patiently(ctx, func() error {
		if err := s.goesOn(ctx); err != nil {
			return err
		}
		return do(w)
	})
}

// goesOn tells so at times, lest the scan is taken for dead.
func (s *scanning) goesOn(ctx context.Context) error {
	now := s.Service.Now()
	if now.Sub(s.scan.Value.Changed) < tellEvery {
		return nil
	}
	return s.record(ctx, drift.Progress{Records: s.counts.Records, Users: s.looked, At: now})
}
