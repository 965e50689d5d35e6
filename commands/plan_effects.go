package commands

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/importplan"
	"ledgerline/domain/licence"
	"ledgerline/domain/webex"
)

// effect is what a plan does to one customer.
type effect struct {
	importplan.CustomerEffect
	deltas map[webex.Package]int
}

// mostRows is how many rows a file may have.
const mostRows = 1_000_000

var errTooManyRows = domain.Reject(domain.Invalid, "The file has more than 1,000,000 rows. Split it into several files, each with the header line.")

// add writes a row and adds it up.
//
// Errors: errTooManyRows.
func (p *planning) add(r importplan.Row) error {
	if p.plan.Counts.Add(r); p.plan.Counts.Rows > mostRows {
		return errTooManyRows
	}
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
