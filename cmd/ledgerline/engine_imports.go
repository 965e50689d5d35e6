package main

import (
	"cmp"
	"context"
	"iter"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"ledgerline/adapters/planfiles"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/webex"
	"ledgerline/projections"
	"ledgerline/projections/imports"
	"ledgerline/projections/licences"
	"ledgerline/projections/userstatus"
)

// openImports brings up what makes and carries out plans of imports.
func (e *engine) openImports(o engineOptions) error {
	files, err := planfiles.Open(filepath.Join(o.Data, "plans"))
	if err != nil {
		return err
	}
	list := imports.New(e.views)
	e.imports = &commands.Importer{
		Service: e.service, Files: files, Log: o.Log,
		Users: importUsers{head: e.log.Head, views: e.views},
		Open: func(ctx context.Context, yield func(uuid.UUID)) error {
			return list.Open(ctx, e.Partners, time.Now(), yield)
		},
	}
	return nil
}

// sweepEvery is how often files of imports that nobody needs any more are removed.
const sweepEvery = time.Hour

// startImports carries out what was applied, and removes old files.
func (e *engine) startImports(o engineOptions) {
	e.background(func(ctx context.Context) error {
		if err := e.current(ctx); err != nil {
			return err
		}
		return e.imports.Run(ctx)
	}, o.Log, "imports")
	e.background(func(ctx context.Context) error {
		ticker := time.NewTicker(sweepEvery)
		defer ticker.Stop()
		for {
			if err := e.sweepImports(ctx); err != nil && ctx.Err() == nil {
				o.Log.Error("old files of imports could not be removed", "error", err)
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return nil
			}
		}
	}, o.Log, "files of imports")
}

// current waits until the views show all that is in the log.
func (e *engine) current(ctx context.Context) error {
	head, err := e.log.Head(ctx)
	if err != nil {
		return err
	}
	return e.views.Wait(ctx, head)
}

// sweepImports removes files that no import needs. What is younger than a plan may
// become may belong to one that is being made.
func (e *engine) sweepImports(ctx context.Context) error {
	if err := e.current(ctx); err != nil {
		return err
	}
	now := time.Now()
	needed, err := imports.New(e.views).Files(ctx, e.Partners, now)
	if err != nil {
		return err
	}
	return e.imports.Files.Sweep(ctx, now.Add(-sweepAfter), func(name string) bool { return needed[name] })
}

const sweepAfter = 24 * time.Hour

// importUsers is what planning asks the views.
type importUsers struct {
	head  func(context.Context) (domain.Position, error)
	views *projections.Views
}

// Position implements commands.ImportUsers.
func (u importUsers) Position(ctx context.Context) (domain.Position, error) {
	head, err := u.head(ctx)
	if err == nil {
		err = u.views.Wait(ctx, head)
	}
	return head, err
}

// fewScopes is up to how many customers and templates are asked for one by one.
// Each costs a scan of the list, which for more of them is read as a whole.
const fewScopes = 8

// Names implements commands.ImportUsers.
func (u importUsers) Names(ctx context.Context, partner string, of map[commands.ImportScope]bool) iter.Seq2[uuid.UUID, error] {
	return func(yield func(uuid.UUID, error) bool) {
		if _, err := u.Position(ctx); err != nil {
			yield(uuid.Nil, err)
			return
		}
		filters := []userstatus.Filter{{}}
		if len(of) <= fewScopes {
			filters = nil
			for scope := range of {
				filters = append(filters, userstatus.Filter{SPEnterpriseID: scope.Customer, ProvisioningID: scope.Template})
			}
			slices.SortFunc(filters, func(a, b userstatus.Filter) int {
				return cmp.Or(cmp.Compare(a.SPEnterpriseID, b.SPEnterpriseID), cmp.Compare(a.ProvisioningID, b.ProvisioningID))
			})
		}
		for _, f := range filters {
			for row, err := range userstatus.New(u.views).All(ctx, partner, f) {
				wanted := err != nil || of[commands.ImportScope{Customer: row.SPEnterpriseID, Template: row.ProvisioningID}]
				if wanted && !yield(row.ID, err) || err != nil {
					return
				}
			}
		}
	}
}

// Packages implements commands.ImportUsers.
func (u importUsers) Packages(ctx context.Context, partner string) (map[string]map[webex.Package]int, error) {
	if _, err := u.Position(ctx); err != nil {
		return nil, err
	}
	counts, err := licences.New(u.views).Counts(ctx, partner, licences.Filter{})
	users := map[string]map[webex.Package]int{}
	for _, c := range counts {
		if users[c.SPEnterpriseID] == nil {
			users[c.SPEnterpriseID] = map[webex.Package]int{}
		}
		users[c.SPEnterpriseID][c.Package] += c.Assigned + c.Pending
	}
	return users, err
}
