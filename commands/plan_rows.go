package commands

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"slices"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

// judgement is a row as it was judged, and what only planning asks about it.
type judgement struct {
	importplan.Row
	email string // asked for, in the form in which addresses are compared
	scope ImportScope
	named bool // the row could be read so far that its user is known
	err   error
}

// file judges the rows of a file, then who is missing from it.
func (p *planning) file(ctx context.Context, req PlanImport) error {
	err := judgeAll(ctx, req.Rows, func(ctx context.Context, row ImportRow) judgement { return p.judge(ctx, req, row) }, func(j judgement) error {
		p.compare(&j)
		if req.Report != nil && p.plan.Counts.Rows%1000 == 0 {
			req.Report(p.plan.Counts.Rows)
		}
		return p.add(j.Row)
	})
	if err == nil && p.plan.Behaviour == importplan.Sync && !p.plan.Unsafe {
		err = p.missing(ctx)
	}
	if err == nil && req.Report != nil {
		req.Report(p.plan.Counts.Rows)
	}
	return err
}

// judge judges one row of a file by what is recorded of its user.
func (p *planning) judge(ctx context.Context, req PlanImport, row ImportRow) (j judgement) {
	j.Number, j.UserID, j.Repairs = row.Number, row.Subscriber.Profile.UserID, row.Repairs
	if row.Err != nil {
		j.Row = importplan.Rejected(j.Row, row.Err)
		return j
	}
	c, repairs := row.Subscriber.command(p.im.Service).Clean()
	userID := c.Profile.UserID
	if j.named = userID != ""; j.named {
		j.ID = subscriber.ID(p.partner, userID)
	}
	found, err := p.im.found(ctx, p.partner, j.ID, j.named)
	if err != nil {
		j.err = err
		return j
	}
	asked := c
	asked.SPEnterpriseID, asked.ProvisioningID = cmp.Or(c.SPEnterpriseID, req.Customer), cmp.Or(c.ProvisioningID, req.Template)
	if !found.Value.Here() && !row.Delete {
		if asked.Terms, j.err = p.termsOf(ctx, asked.ProvisioningID); j.err != nil {
			return j
		}
	}
	judged := importplan.Judge(asked, row.Delete, found.Value)
	judged.Number, judged.Repairs = row.Number, slices.Concat(row.Repairs, repairs)
	if j.named {
		judged.ID, judged.Version = found.id, found.Version
	}
	switch {
	case row.Delete: // says nothing of who should be there
	case found.Value.Here():
		j.scope = ImportScope{found.Value.SPEnterpriseID, found.Value.ProvisioningID}
	default:
		j.scope = ImportScope{asked.SPEnterpriseID, asked.ProvisioningID}
	}
	j.Row, j.email = judged, subscriber.CanonicalEmail(c.Email)
	return j
}

// found is a subscriber, under the id by which it is recorded.
type found struct {
	Subscriber
	id uuid.UUID
}

// found returns what is recorded of whoever has a user id.
func (im *Importer) found(ctx context.Context, partner string, id uuid.UUID, named bool) (found, error) {
	if !named {
		return found{}, nil
	}
	r, err := read(ctx, im.Service, partner, streamOf(id), subscriber.Decider)
	if err != nil || r.Value.Claimed == uuid.Nil {
		return found{r, id}, err
	}
	holder, err := read(ctx, im.Service, partner, streamOf(r.Value.Claimed), subscriber.Decider)
	if err == nil && holder.Value.Here() && holder.Value.Uses(partner, id) {
		return found{holder, r.Value.Claimed}, nil
	}
	r.Value.Claimed = uuid.Nil // a claim that nobody has any use for; it is released when the row is carried out
	return found{r, id}, err
}

func (p *planning) termsOf(ctx context.Context, provisioningID string) (*subscriber.Terms, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	terms, known := p.terms[provisioningID]
	if known {
		return terms, nil
	}
	terms, err := p.im.Service.terms(ctx, p.partner, provisioningID)
	if err == nil && len(p.terms) < 1000 {
		p.terms[provisioningID] = terms
	}
	return terms, err
}

func beginning(id uuid.UUID) uint64 {
	var n uint64
	for _, b := range id[8:] {
		n = n<<8 | uint64(b)
	}
	return n
}

// compare judges a row against those before it.
func (p *planning) compare(j *judgement) {
	user, email := beginning(j.ID), maphash.String(p.seed, j.email)
	if !j.named && p.plan.Behaviour == importplan.Sync {
		p.plan.Unsafe = true
	}
	if j.Verdict == importplan.Reject {
		if j.named {
			p.rejected[user] = struct{}{}
		}
		return
	}
	var f domain.Fields
	if _, twice := p.users[user]; twice {
		f.Add("userId", domain.Malformed, "is the same as in an earlier row; keep one of the two")
	}
	if _, twice := p.emails[email]; twice && j.email != "" && j.Verdict != importplan.Delete {
		f.Add("email", domain.Malformed, "is the same as in an earlier row; every user needs an address of their own")
	}
	if err := f.Err(); err != nil {
		j.Row = importplan.Rejected(j.Row, err)
		return
	}
	p.users[user] = struct{}{}
	if j.email != "" {
		p.emails[email] = struct{}{}
	}
	if j.scope.Customer != "" && j.scope.Template != "" {
		p.scopes[j.scope] = true
	}
}

// missing adds the users whom the file should have and has not.
func (p *planning) missing(ctx context.Context) error {
	var failed error
	ids := iter.Seq[uuid.UUID](func(yield func(uuid.UUID) bool) {
		for id, err := range p.im.Users.Names(ctx, p.partner, p.scopes) {
			if failed = err; err != nil {
				return
			}
			_, there := p.users[beginning(id)]
			_, rejected := p.rejected[beginning(id)]
			if !there && !rejected && !yield(id) {
				return
			}
		}
	})
	err := judgeAll(ctx, ids, p.judgeMissing, func(j judgement) error {
		if j.Verdict == "" {
			return nil
		}
		j.Number = p.last + 1
		return p.add(j.Row)
	})
	return errors.Join(err, failed)
}

// judgeMissing judges a user who is missing from the file; one who is not to be
// removed has no verdict.
func (p *planning) judgeMissing(ctx context.Context, id uuid.UUID) (j judgement) {
	r, err := read(ctx, p.im.Service, p.partner, streamOf(id), subscriber.Decider)
	if j.err = err; err == nil && r.Value.Here() && p.scopes[ImportScope{r.Value.SPEnterpriseID, r.Value.ProvisioningID}] {
		j.Row = importplan.Remove(r.Value)
		j.ID, j.Version = id, r.Version
	}
	return j
}
