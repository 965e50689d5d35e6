package commands

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"iter"
	"sync"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
)

// PlanImport is a file to make a plan of.
type PlanImport struct {
	FileName  string               // as the client calls it
	File      string               // name of the file as it was sent, kept in Importer.Files; empty: there is none
	Rows      iter.Seq[ImportRow]  // of that file
	Customer  string               // spEnterpriseId of rows that give none; empty: they have to
	Template  string               // provisioningId of rows that give none; empty: they have to
	Behaviour importplan.Behaviour // empty: importplan.Merge
	Report    func(rows int)       // told now and then how many rows were judged; may be nil
}

// Given names the columns that rows need not have.
func (req PlanImport) Given() (columns []string) {
	if req.Customer != "" {
		columns = append(columns, "spEnterpriseId")
	}
	if req.Template != "" {
		columns = append(columns, "provisioningId")
	}
	return columns
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
	for races := 0; ; races++ {
		r, err := record(ctx, im.Service, importplan.Stream(id), PlannedImport{}, why, importplan.Decider, importplan.Command(importplan.Plan{Planned: plan}))
		if !errors.Is(err, ErrStale) && !errors.Is(err, ErrKeyReused) || races == maxRaces {
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
	if plan.File == "" && plan.Undoes == uuid.Nil {
		plan.File = why.Command.String() // rows without a file are never the same
	}
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
