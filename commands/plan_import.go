package commands

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/importplan"
	"ledgerline/domain/licence"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// PlanImport is a file to make a plan of.
type PlanImport struct {
	FileName  string               // as the client calls it
	File      string               // name of the file as it was sent, kept in Importer.Files
	Rows      iter.Seq[ImportRow]  // of that file
	Customer  string               // spEnterpriseId of rows that give none; empty: they have to
	Template  string               // provisioningId of rows that give none; empty: they have to
	Behaviour importplan.Behaviour // empty: importplan.Merge
	Report    func(rows int)       // told now and then how many rows were judged; may be nil
}

// Plan works out what would become of each row, and records that as a plan. It
// changes nobody and asks nothing of Webex. Repeating it with the same
// why.Command returns the plan made then; without, makes another one.
//
// Errors: Invalid with fields; an outage, or ctx ending: then nothing is recorded.
func (im *Importer) Plan(ctx context.Context, req PlanImport, why domain.Cause) (uuid.UUID, PlannedImport, error) {
	plan := importplan.Planned{
		By: why.Actor, FileName: req.FileName, File: req.File, Customer: req.Customer, Template: req.Template,
		Behaviour: cmp.Or(req.Behaviour, importplan.Merge),
	}
	return im.plan(ctx, plan, why, func(ctx context.Context, p *planning) error { return p.file(ctx, req) })
}

// plan records what judging leaves behind, under the first name that is free.
func (im *Importer) plan(ctx context.Context, plan importplan.Planned, why domain.Cause, judge func(context.Context, *planning) error) (uuid.UUID, PlannedImport, error) {
	if why.Command == uuid.Nil {
		why.Command = im.Service.NewID()
	}
	id, before, err := im.free(ctx, plan, why)
	if err != nil || before.Version > 0 {
		return id, before, err
	}
	check := importplan.Plan{Planned: plan}
	if _, err := importplan.Decide(importplan.State{}, check); err != nil {
		return uuid.Nil, PlannedImport{}, err
	}
	if plan, err = im.judged(ctx, plan, why.Partner, judge); err != nil {
		return uuid.Nil, PlannedImport{}, err
	}
	for {
		r, err := record(ctx, im.Service, importplan.Stream(id), PlannedImport{}, why, importplan.Decider, importplan.Command(importplan.Plan{Planned: plan}))
		if !errors.Is(err, ErrStale) {
			return id, r, err
		}
		if id, before, err = im.free(ctx, plan, why); err != nil || before.Version > 0 {
			return id, before, err
		}
	}
}

// free returns the first name that has no plan yet; or the plan that this very
// command made.
func (im *Importer) free(ctx context.Context, plan importplan.Planned, why domain.Cause) (uuid.UUID, PlannedImport, error) {
	for n := 1; ; n++ {
		id := importplan.ID(why.Partner, plan, n)
		entries, err := im.Service.Log.ReadStream(ctx, importplan.Stream(id))
		if err != nil {
			return id, PlannedImport{}, err
		}
		if err := checkEarlier(entries, why); err != nil {
			return id, PlannedImport{}, err
		}
		if len(entries) == 0 {
			return id, PlannedImport{}, nil
		}
		if repeated(entries, why) {
			return id, recorded(importplan.Decider, entries), nil
		}
	}
}

// judged writes the rows of a plan and fills in what they add up to.
func (im *Importer) judged(ctx context.Context, plan importplan.Planned, partner string, judge func(context.Context, *planning) error) (importplan.Planned, error) {
	var err error
	if plan.Position, err = im.Users.Position(ctx); err != nil {
		return plan, err
	}
	file, err := im.Files.Create(ctx)
	if err != nil {
		return plan, err
	}
	defer file.Discard()
	p := &planning{
		im: im, partner: partner, plan: &plan, customers: map[string]*effect{}, terms: map[string]*subscriber.Terms{},
		users: map[uint64]struct{}{}, emails: map[uint64]struct{}{}, rejected: map[uint64]struct{}{}, scopes: map[ImportScope]bool{}, seed: maphash.MakeSeed(),
	}
	if p.out, err = newRowWriter(file); err != nil {
		return plan, err
	}
	if err := judge(ctx, p); err != nil {
		return plan, err
	}
	effects, err := p.effects(ctx)
	if err != nil {
		return plan, err
	}
	if err := p.out.end(effects); err != nil {
		return plan, err
	}
	plan.Plan, err = file.Commit()
	plan.Calls = p.calls
	plan.ETA = im.Service.Expect(partner, Import, plan.Calls)
	plan.At = im.Service.Now()
	plan.Expires = plan.At.Add(importplan.Lifetime)
	return plan, err
}

// planning is one plan being made.
type planning struct {
	im      *Importer
	partner string
	plan    *importplan.Planned
	out     *rowWriter
	last    int // number of the last row
	calls   int // to Webex that carrying it out takes at least

	customers map[string]*effect
	users     map[uint64]struct{}  // of good rows, by the beginning of their id
	emails    map[uint64]struct{}  // of good rows, hashed
	rejected  map[uint64]struct{}  // users of rejected rows
	scopes    map[ImportScope]bool // whom the file names
	seed      maphash.Seed

	mu    sync.Mutex
	terms map[string]*subscriber.Terms // by provisioning id, as at the start
}

// effect is what a plan does to one customer.
type effect struct {
	importplan.CustomerEffect
	deltas map[webex.Package]int
}

// judgement is a row as it was judged, and what only planning asks about it.
type judgement struct {
	importplan.Row
	email string // asked for, in the form in which addresses are compared
	scope ImportScope
	named bool // the row could be read so far that its user is known
	err   error
}

const planBatch = 128 // rows that one goroutine judges at once

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

// judgeAll judges in parallel and passes on in order. An error ends it.
func judgeAll[T any](ctx context.Context, rows iter.Seq[T], judge func(context.Context, T) judgement, then func(judgement) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type batch struct {
		rows   []T
		judged []judgement
		done   chan struct{}
	}
	workers := 2 * runtime.GOMAXPROCS(0)
	due, inOrder := make(chan *batch, workers), make(chan *batch, 2*workers)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() {
			for b := range due {
				for _, row := range b.rows {
					if ctx.Err() != nil {
						break
					}
					b.judged = append(b.judged, judge(ctx, row))
				}
				close(b.done)
			}
		})
	}
	working.Go(func() {
		for b := range inOrder {
			<-b.done
			for _, j := range b.judged {
				err := j.err
				if err == nil && ctx.Err() == nil {
					err = then(j)
				}
				if err != nil {
					cancel(err)
				}
			}
		}
	})
	next := &batch{done: make(chan struct{})}
	send := func() {
		inOrder <- next
		due <- next
		next = &batch{done: make(chan struct{})}
	}
	for row := range rows {
		if next.rows = append(next.rows, row); len(next.rows) == planBatch {
			send()
		}
		if ctx.Err() != nil {
			break
		}
	}
	send()
	close(due)
	close(inOrder)
	working.Wait()
	return context.Cause(ctx)
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
	if j.scope = (ImportScope{asked.SPEnterpriseID, asked.ProvisioningID}); found.Value.Here() {
		j.scope = ImportScope{found.Value.SPEnterpriseID, found.Value.ProvisioningID}
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

// add writes a row and adds it up.
func (p *planning) add(r importplan.Row) error {
	p.plan.Counts.Add(r)
	p.last = max(p.last, r.Number)
	if r.Verdict == importplan.Reject || r.Verdict == importplan.Unchanged {
		return p.out.write(r)
	}
	if r.Verdict != importplan.Create || r.Value("email") != "" {
		p.calls++ // newcomers without an address wait for theirs
	}
	e := p.customers[r.Customer]
	if e == nil {
		e = &effect{CustomerEffect: importplan.CustomerEffect{Customer: r.Customer}, deltas: map[webex.Package]int{}}
		p.customers[r.Customer] = e
	}
	if r.From != r.To && (r.From != "" || r.To != "") {
		e.deltas[r.From]--
		e.deltas[r.To]++
	}
	switch {
	case r.Verdict == importplan.Create:
		e.Creates++
	case r.Verdict == importplan.Delete:
		e.Deletions++
	case r.Downgrade():
		e.Downgrades++
	}
	return p.out.write(r)
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

// effects fills in the plan what it does to customers, packages and licences, and
// returns what it does to each customer.
func (p *planning) effects(ctx context.Context) ([]importplan.CustomerEffect, error) {
	before, err := p.im.Users.Packages(ctx, p.partner)
	if err != nil {
		return nil, err
	}
	table, err := read(ctx, p.im.Service, p.partner, licence.Stream(p.partner), licence.Decider)
	if err != nil {
		return nil, err
	}
	have, deltas := map[webex.Package]int{}, map[webex.Package]int{}
	list := make([]importplan.CustomerEffect, 0, len(p.customers))
	for customer, e := range p.customers {
		for pack, n := range before[customer] {
			e.Users += n
			have[pack] += n
		}
		for pack, n := range e.deltas {
			deltas[pack] += n
		}
		e.Packages = changes(before[customer], e.deltas, false)
		if e.Braked, err = p.im.braked(ctx, p.partner, e.CustomerEffect); err != nil {
			return nil, err
		}
		if e.Braked {
			p.plan.Braked++
		}
		list = append(list, e.CustomerEffect)
	}
	slices.SortFunc(list, func(a, b importplan.CustomerEffect) int {
		return cmp.Or(cmp.Compare(b.Deletions+b.Downgrades, a.Deletions+a.Downgrades), cmp.Compare(a.Customer, b.Customer))
	})
	p.plan.Customers = list[:min(len(list), importplan.MostCustomers)]
	p.plan.Packages = changes(have, deltas, true)
	p.plan.Licences = licenceEffects(p.plan.Packages, table.Value)
	return list, nil
}

// braked says whether a second administrator has to approve what is done to a
// customer, by what was done to it in the last day too.
func (im *Importer) braked(ctx context.Context, partner string, e importplan.CustomerEffect) (bool, error) {
	n := e.Deletions + e.Downgrades
	if n == 0 {
		return false, nil
	}
	r, err := read(ctx, im.Service, partner, brake.Stream(partner, e.Customer), brake.Decider)
	return brake.Over(r.Value.Taken(im.Service.Now())+n, e.Users), err
}

// changes returns the effects on packages; all: also on those that stay as they are.
func changes(before, deltas map[webex.Package]int, all bool) []importplan.Effect {
	effects := []importplan.Effect{}
	for _, pack := range webex.Packages {
		if n := before[pack]; deltas[pack] != 0 || all && n > 0 {
			effects = append(effects, importplan.Effect{Name: string(pack), Before: n, After: n + deltas[pack]})
		}
	}
	return effects
}

func licenceEffects(packages []importplan.Effect, table licence.State) []importplan.Effect {
	by := map[string]importplan.Effect{}
	for _, p := range packages {
		for _, name := range table.Of(webex.Package(p.Name)) {
			e := by[name]
			by[name] = importplan.Effect{Name: name, Before: e.Before + p.Before, After: e.After + p.After}
		}
	}
	return slices.SortedFunc(maps.Values(by), func(a, b importplan.Effect) int { return cmp.Compare(a.Name, b.Name) })
}
