package importplan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/importplan"
)

var (
	noon    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	late    = noon.Add(importplan.Lifetime)
	planned = importplan.Planned{
		By: "anna", FileName: "users.csv", File: "f1", Plan: "p1", Behaviour: importplan.Merge, Position: 7,
		Counts: importplan.Counts{Rows: 3, Create: 2, Unchanged: 1}, Expires: late, At: noon,
	}
	whole    = importplan.Approved{Kind: importplan.Whole, By: "anna", At: noon}
	removals = importplan.Approved{Kind: importplan.Removals, By: "anna", At: noon}
	second   = importplan.Approved{Kind: importplan.Second, By: "bo", At: noon}
	started  = importplan.Started{At: noon}
	half     = importplan.Done{Rows: 2, Offset: 300, Created: 2}
	all      = importplan.Done{Rows: 3, Offset: 400, Created: 2, Unchanged: 1}
)

type cases = []domaintest.Case[importplan.Command]

// syncing removes users who are missing from the file, too many for one administrator.
func syncing() importplan.Planned {
	p := planned
	p.Behaviour, p.Counts.Missing, p.Counts.Delete, p.Braked = importplan.Sync, 60, 60, 1
	return p
}

func approve(kind importplan.ApprovalKind, by, role string) importplan.Command {
	return importplan.Approve{Kind: kind, By: by, Role: role, At: noon}
}

func TestPlan(t *testing.T) {
	named := planned
	named.FileName, named.Behaviour = strings.Repeat("x", importplan.MaxText+1), "replace"
	domaintest.Run(t, importplan.Decider, cases{
		{Name: "a plan is recorded", When: importplan.Plan{Planned: planned}, Then: []domain.Event{planned}},
		{Name: "once", Given: []domain.Event{planned}, When: importplan.Plan{Planned: planned}},
		{
			Name: "what is wrong with it is said by field", When: importplan.Plan{Planned: named},
			Err: domaintest.Wrong{"fileName": domain.TooLong, "behaviour": domain.Malformed},
		},
	})
}

func TestApprove(t *testing.T) {
	sync := syncing()
	domaintest.Run(t, importplan.Decider, cases{
		{Name: "a plan needs approval", Given: []domain.Event{planned}, When: approve(importplan.Whole, "anna", domain.RoleAdmin), Then: []domain.Event{whole}},
		{Name: "by anybody, once", Given: []domain.Event{planned, whole}, When: approve(importplan.Whole, "bo", domain.RoleAdmin)},
		{Name: "removals need one of their own", Given: []domain.Event{sync, whole}, When: approve(importplan.Removals, "anna", domain.RoleAdmin), Then: []domain.Event{removals}},
		{Name: "which a plan without removals does not", Given: []domain.Event{planned}, When: approve(importplan.Removals, "anna", domain.RoleAdmin), Err: importplan.ErrNotNeeded},
		{Name: "a second administrator releases the brake", Given: []domain.Event{sync, whole, removals}, When: approve(importplan.Second, "bo", domain.RoleAdmin), Then: []domain.Event{second}},
		{Name: "who planned is not a second", Given: []domain.Event{sync}, When: approve(importplan.Second, "anna", domain.RoleAdmin), Err: importplan.ErrSamePerson},
		{
			Name: "nor is who approved", Given: []domain.Event{sync, importplan.Approved{Kind: importplan.Whole, By: "bo", At: noon}},
			When: approve(importplan.Second, "bo", domain.RoleAdmin), Err: importplan.ErrSamePerson,
		},
		{Name: "nor is the second who approves the plan after it", Given: []domain.Event{sync, second}, When: approve(importplan.Whole, "bo", domain.RoleAdmin), Err: importplan.ErrSamePerson},
		{Name: "nor is a program", Given: []domain.Event{sync}, When: approve(importplan.Second, "bot", domain.RoleProgram), Err: importplan.ErrAdminNeeded},
		{Name: "there is no other approval", Given: []domain.Event{planned}, When: approve("all", "anna", domain.RoleAdmin), Err: domaintest.Wrong{"kind": domain.Malformed}},
		{Name: "an expired plan is not approved", Given: []domain.Event{planned}, When: importplan.Approve{Kind: importplan.Whole, By: "anna", At: late}, Err: importplan.ErrExpired},
		{Name: "nor is one that was given up", Given: []domain.Event{planned, importplan.Cancelled{At: noon}}, When: approve(importplan.Whole, "anna", domain.RoleAdmin), Err: importplan.ErrOver},
		{Name: "nor is one that was never made", When: approve(importplan.Whole, "anna", domain.RoleAdmin), Err: importplan.ErrNotFound},
	})
}

func TestStart(t *testing.T) {
	sync := syncing()
	start := importplan.Start{At: noon}
	domaintest.Run(t, importplan.Decider, cases{
		{Name: "an approved plan is started", Given: []domain.Event{planned, whole}, When: start, Then: []domain.Event{started}},
		{Name: "once", Given: []domain.Event{planned, whole, started}, When: start},
		{Name: "not without approval", Given: []domain.Event{planned}, When: start, Err: importplan.ErrApproval},
		{Name: "nor without that of removals", Given: []domain.Event{sync, whole, second}, When: start, Err: importplan.ErrRemovals},
		{Name: "nor without a second administrator", Given: []domain.Event{sync, whole, removals}, When: start, Err: importplan.ErrSecond},
		{Name: "with all three it is", Given: []domain.Event{sync, whole, removals, second}, When: start, Then: []domain.Event{started}},
		{Name: "not after it has expired", Given: []domain.Event{planned, whole}, When: importplan.Start{At: late}, Err: importplan.ErrExpired},
		{Name: "nor after it was given up", Given: []domain.Event{planned, whole, importplan.Cancelled{At: noon}}, When: start, Err: importplan.ErrOver},
	})
}

func TestCarryingOut(t *testing.T) {
	given := []domain.Event{planned, whole, started}
	progressed := importplan.Progressed{Done: half, At: noon}
	braked := importplan.Paused{Reason: "brake", Brake: true, At: noon}
	domaintest.Run(t, importplan.Decider, cases{
		{Name: "it is recorded how far it is", Given: given, When: importplan.Progress{Done: half, At: noon}, Then: []domain.Event{progressed}},
		{Name: "never backwards", Given: append(given[:3:3], importplan.Progressed{Done: all, At: noon}), When: importplan.Progress{Done: half, At: noon}},
		{Name: "it is stopped for now", Given: given, When: importplan.Pause{Reason: "wait", At: noon}, Then: []domain.Event{importplan.Paused{Reason: "wait", At: noon}}},
		{Name: "not before it is started", Given: given[:2], When: importplan.Pause{At: noon}, Err: importplan.ErrNotStarted},
		{Name: "rows under way count after that too", Given: append(given[:3:3], importplan.Paused{At: noon}), When: importplan.Progress{Done: half, At: noon}, Then: []domain.Event{progressed}},
		{Name: "it goes on", Given: append(given[:3:3], importplan.Paused{At: noon}), When: importplan.Resume{At: noon}, Then: []domain.Event{importplan.Resumed{At: noon}}},
		{Name: "where it was not stopped, it does already", Given: given, When: importplan.Resume{At: noon}},
		{Name: "the brake stops it", Given: given, When: importplan.Pause{Reason: "brake", Brake: true, At: noon}, Then: []domain.Event{braked}},
		{Name: "until a second administrator", Given: append(given[:3:3], braked), When: importplan.Resume{At: noon}, Err: importplan.ErrSecond},
		{Name: "approves", Given: append(given[:3:3], braked), When: approve(importplan.Second, "bo", domain.RoleAdmin), Then: []domain.Event{second}},
		{Name: "and then it goes on", Given: append(given[:3:3], braked, second), When: importplan.Resume{At: noon}, Then: []domain.Event{importplan.Resumed{At: noon}}},
		{Name: "it is given up half way", Given: append(given[:3:3], progressed), When: importplan.Cancel{At: noon}, Then: []domain.Event{importplan.Cancelled{At: noon}}},
		{Name: "it does not go on after that", Given: append(given[:3:3], importplan.Cancelled{At: noon}), When: importplan.Resume{At: noon}, Err: importplan.ErrOver},
		{Name: "it ends", Given: given, When: importplan.Finish{Done: all, At: noon}, Then: []domain.Event{importplan.Finished{Done: all, At: noon}}},
		{Name: "not when it was given up", Given: append(given[:3:3], importplan.Cancelled{At: noon}), When: importplan.Finish{Done: all, At: noon}, Err: importplan.ErrOver},
		{Name: "what has ended is not given up", Given: append(given[:3:3], importplan.Finished{Done: all, At: noon}), When: importplan.Cancel{At: noon}, Err: importplan.ErrOver},
	})
}

func TestWhereAnImportStands(t *testing.T) {
	for _, c := range []struct {
		want  importplan.Status
		given []domain.Event
		at    time.Time
	}{
		{importplan.Waiting, []domain.Event{planned}, noon},
		{importplan.Expired, []domain.Event{planned, whole}, late},
		{importplan.Ready, []domain.Event{planned, whole}, noon},
		{importplan.Applying, []domain.Event{planned, whole, started}, late},
		{importplan.Stopped, []domain.Event{planned, whole, started, importplan.Paused{At: noon}}, late},
		{importplan.Given, []domain.Event{planned, importplan.Cancelled{At: noon}}, late},
		{importplan.Ended, []domain.Event{planned, whole, started, importplan.Finished{Done: all, At: noon}}, late},
	} {
		require.Equal(t, c.want, domaintest.Fold(importplan.Decider, c.given).Status(c.at))
	}
}

func TestImportsKeepTheLawsWhateverIsAsked(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := rapid.SampledFrom([]importplan.Planned{planned, syncing()}).Draw(r, "plan")
		asked := rapid.SliceOfN(rapid.SampledFrom([]importplan.Command{
			importplan.Plan{Planned: p}, approve(importplan.Whole, "anna", domain.RoleAdmin), approve(importplan.Removals, "bo", domain.RoleAdmin),
			approve(importplan.Second, "bo", domain.RoleAdmin), approve(importplan.Second, "cy", domain.RoleAdmin), importplan.Start{At: noon},
			importplan.Progress{Done: half, At: noon}, importplan.Pause{At: noon}, importplan.Pause{Brake: true, At: noon},
			importplan.Resume{At: noon}, importplan.Cancel{At: noon}, importplan.Finish{Done: all, At: noon},
		}), 1, 20).Draw(r, "asked")
		events := []domain.Event{p}
		for _, c := range asked {
			domaintest.Laws(r, importplan.Decider, events, c)
			more, _ := importplan.Decide(domaintest.Fold(importplan.Decider, events), c)
			events = append(events, more...)
		}
		s := domaintest.Fold(importplan.Decider, events)
		if s.Status(noon) == importplan.Applying {
			require.Empty(r, s.Missing(), "nothing is carried out without all approvals")
		}
	})
}

func TestEventsAreReadAsTheyWereStored(t *testing.T) {
	effect := []importplan.Effect{{Name: "basic", Before: 1, After: 2}}
	done := importplan.Done{Rows: 9, Offset: 100, Created: 1, Changed: 2, Deleted: 3, Unchanged: 4, Rejected: 5, Held: 6, Position: 77}
	id := uuid.MustParse("8f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84")
	domaintest.Golden(t, importplan.Events,
		importplan.Planned{
			By: "token:7f3a", Undoes: id, FileName: "users.csv", File: "aa", Plan: "bb", Customer: "SP1+acme", Template: "dHJ1c3RlZA", Behaviour: importplan.Sync,
			Position: 12, Counts: importplan.Counts{Rows: 1, Create: 2, Change: 3, Package: 4, Delete: 5, Unchanged: 6, Reject: 7, Repaired: 8, Missing: 9, Downgrade: 10},
			Customers: []importplan.CustomerEffect{{Customer: "SP1+acme", Users: 10, Creates: 1, Deletions: 2, Downgrades: 3, Braked: true, Packages: effect}},
			Packages:  effect, Licences: effect, Braked: 1, Calls: 5, ETA: time.Minute, Unsafe: true, Expires: late, At: noon,
		},
		importplan.Approved{Kind: importplan.Whole, By: "token:7f3a", At: noon}, started,
		importplan.Progressed{Done: done, Held: []importplan.Held{{Row: 3, ID: id, Reason: "changed"}}, At: noon},
		importplan.Paused{Reason: "brake", Brake: true, At: noon}, importplan.Resumed{At: noon}, importplan.Cancelled{At: noon},
		importplan.Finished{Done: done, At: noon},
	)
	domaintest.Personal(t, importplan.Events)
}

func TestCommandsOfRowsDiffer(t *testing.T) {
	seen := map[uuid.UUID]bool{}
	for _, id := range []uuid.UUID{importplan.ID("a", planned, 1), importplan.ID("a", planned, 2), importplan.ID("b", planned, 1)} {
		for row := range 1000 {
			c := importplan.RowCommand(id, row)
			for event := range 3 {
				require.False(t, seen[domain.EventID(c, event)])
				seen[domain.EventID(c, event)] = true
			}
		}
	}
}
