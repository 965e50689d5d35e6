package commands_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/adapters/planfiles"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/customer"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

var importCodec = eventlog.NewCodec(slices.Concat(subscriber.Events, template.Events, customer.Events, importplan.Events, brake.Events)...)

// importing is a world with a program that plans and carries out imports.
type importing struct {
	*world
	whole wholeLog
	files commands.ImportFiles
	im    *commands.Importer
}

// wholeLog is a log that can be read from its beginning.
type wholeLog interface {
	commands.EventLog
	ReadAll(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error]
	Head(ctx context.Context) (domain.Position, error)
}

func newImporting(t *testing.T) *importing {
	return newImportingOn(t, memory.New(importCodec, time.Now))
}

func newImportingOn(t *testing.T, log wholeLog) *importing {
	w := newWorldOn(t, log)
	files, err := planfiles.Open(t.TempDir())
	require.NoError(t, err)
	i := &importing{world: w, whole: log, files: files}
	i.im = i.importerOn(w.log)
	return i
}

func (i *importing) importerOn(log commands.EventLog) *commands.Importer {
	return &commands.Importer{
		Service: i.serviceOn(log), Files: i.files, Users: everybody{i.whole}, Log: slog.New(slog.DiscardHandler),
		Open: func(ctx context.Context, yield func(uuid.UUID)) error {
			for id, s := range imports(i.whole) {
				if s.Status(time.Now()) == importplan.Applying {
					yield(id)
				}
			}
			return nil
		},
	}
}

// imports returns all that were planned.
func imports(log wholeLog) map[uuid.UUID]importplan.State {
	all := map[uuid.UUID]importplan.State{}
	for batch := range log.ReadAll(context.Background(), 0) {
		for _, e := range batch {
			if kind, id, _ := domain.SplitStream(e.Stream); kind == importplan.Kind {
				all[id] = importplan.Evolve(all[id], e.Event)
			}
		}
	}
	return all
}

// everybody answers for a view, by the log itself.
type everybody struct{ log wholeLog }

func (e everybody) states() map[uuid.UUID]subscriber.State {
	all := map[uuid.UUID]subscriber.State{}
	for batch := range e.log.ReadAll(context.Background(), 0) {
		for _, e := range batch {
			if kind, id, _ := domain.SplitStream(e.Stream); kind == subscriber.Kind {
				all[id] = subscriber.Evolve(all[id], e.Event)
			}
		}
	}
	return all
}

func (e everybody) Position(ctx context.Context) (domain.Position, error) { return e.log.Head(ctx) }

func (e everybody) Names(_ context.Context, _ string, of map[commands.ImportScope]bool) iter.Seq2[uuid.UUID, error] {
	return func(yield func(uuid.UUID, error) bool) {
		states := e.states()
		ids := slices.SortedFunc(maps.Keys(states), func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) })
		for _, id := range ids {
			if s := states[id]; s.Stage != subscriber.Gone && of[commands.ImportScope{Customer: s.SPEnterpriseID, Template: s.ProvisioningID}] && !yield(id, nil) {
				return
			}
		}
	}
}

func (e everybody) Packages(context.Context, string) (map[string]map[webex.Package]int, error) {
	users := map[string]map[webex.Package]int{}
	for _, s := range e.states() {
		if s.Stage != subscriber.Gone && s.Stage != subscriber.Absent {
			if users[s.SPEnterpriseID] == nil {
				users[s.SPEnterpriseID] = map[webex.Package]int{}
			}
			users[s.SPEnterpriseID][s.Profile.Package]++
		}
	}
	return users, nil
}

func by(actor string) domain.Cause {
	why := cause(nordic)
	why.Actor = actor
	return why
}

// plan plans rows; each file is another one.
func (i *importing) plan(behaviour importplan.Behaviour, rows ...commands.ImportRow) (uuid.UUID, importplan.State) {
	id, r, err := i.im.Plan(i.t.Context(), commands.PlanImport{FileName: "users.csv", File: uuid.NewString(), Rows: slices.Values(rows), Behaviour: behaviour}, by("anna"))
	require.NoError(i.t, err)
	return id, r.Value
}

// approve gives all approvals that a plan needs and has it applied.
func (i *importing) approve(id uuid.UUID) {
	r, err := i.im.Get(i.t.Context(), nordic, id)
	require.NoError(i.t, err)
	for _, kind := range r.Value.Missing() {
		_, err := i.im.Approve(i.t.Context(), id, kind, by(map[bool]string{true: "bo", false: "anna"}[kind == importplan.Second]))
		require.NoError(i.t, err)
	}
	_, err = i.im.Apply(i.t.Context(), id, by("anna"))
	require.NoError(i.t, err)
}

// run runs importers until nothing moves any more.
func (i *importing) run(all ...*commands.Importer) {
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, im := range all {
		running.Go(func() { _ = im.Run(ctx) })
	}
	synctest.Wait()
	stop()
	running.Wait()
}

// apply carries a plan out to its end.
func (i *importing) apply(id uuid.UUID) importplan.State {
	i.approve(id)
	i.run(i.im)
	return i.stands(id)
}

func (i *importing) stands(id uuid.UUID) importplan.State {
	r, err := i.im.Get(i.t.Context(), nordic, id)
	require.NoError(i.t, err)
	return r.Value
}

func (i *importing) rows(id uuid.UUID, f commands.RowFilter) (rows []importplan.Row) {
	for row, err := range i.im.Rows(i.t.Context(), nordic, id, f, 0) {
		require.NoError(i.t, err)
		rows = append(rows, row.Row)
	}
	return rows
}

func (i *importing) verdicts(id uuid.UUID) string {
	var all []string
	for _, r := range i.rows(id, commands.RowFilter{}) {
		all = append(all, string(r.Verdict))
	}
	return strings.Join(all, " ")
}

// values are what all users are wanted to be.
func (i *importing) values() map[string]string {
	all := map[string]string{}
	for _, s := range (everybody{i.whole}).states() {
		if s.Here() {
			all[s.Profile.UserID] = fmt.Sprint(s.Profile, s.SPEnterpriseID, s.ProvisioningID, s.Email, s.Language)
		}
	}
	return all
}

// asked returns a row for a user who exists: only the user id is given.
func asked(row, n int, change func(*commands.ImportRow)) commands.ImportRow {
	r := commands.ImportRow{Number: row}
	r.Subscriber.Profile.UserID = fmt.Sprintf("user%d@as0.example", n)
	change(&r)
	return r
}

func (i *importing) users(n int) {
	for k := range n {
		req := request(k, trustedID, fmt.Sprintf("u%d@ent.example", k))
		req.Package, req.PrimaryPhoneNumber = "standard", fmt.Sprintf("+4670123%04d", k)
		i.onboard(req)
	}
}

func TestAPlanSaysOfEachRowWhatWouldBecomeOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.users(10)
		before := i.values()
		id, plan := i.plan(importplan.Merge,
			importRows(request(100, trustedID, "new@ent.example"))[0],
			asked(3, 1, func(r *commands.ImportRow) {
				r.Subscriber.LastName, r.Subscriber.PrimaryPhoneNumber = "Holm", "-"
			}),
			asked(4, 2, func(r *commands.ImportRow) { r.Subscriber.Package = "basic" }),
			asked(5, 3, func(r *commands.ImportRow) { r.Delete = true }),
			asked(6, 4, func(r *commands.ImportRow) {}),
			asked(7, 5, func(r *commands.ImportRow) { r.Subscriber.SPEnterpriseID = "SP1+other" }),
			asked(8, 200, func(r *commands.ImportRow) { r.Delete = true }),
			asked(9, 6, func(r *commands.ImportRow) { r.Subscriber.MobilePhoneNumber = "46709999999" }),
			asked(10, 1, func(r *commands.ImportRow) {}),
			commands.ImportRow{Number: 11, Err: io.ErrUnexpectedEOF},
		)
		require.Equal(t, "create change package delete unchanged reject unchanged change reject reject", i.verdicts(id))
		rows := i.rows(id, commands.RowFilter{})
		require.Equal(t, []importplan.FieldChange{{Field: "lastName", Old: "Öberg", New: "Holm"}, {Field: "primaryPhoneNumber", Old: "+46701230001"}}, rows[1].Changes)
		require.True(t, rows[2].Downgrade())
		require.Equal(t, "spEnterpriseId", rows[5].Problems[0].Field)
		require.Len(t, rows[7].Repairs, 1)
		require.Equal(t, importplan.Counts{Rows: 10, Create: 1, Change: 2, Package: 1, Delete: 1, Unchanged: 2, Reject: 3, Repaired: 1, Downgrade: 1}, plan.Counts)
		require.Equal(t, []importplan.CustomerEffect{{
			Customer: "SP1+acme", Users: 10, Creates: 1, Deletions: 1, Downgrades: 1,
			Packages: []importplan.Effect{{Name: "basic", Before: 0, After: 2}, {Name: "standard", Before: 10, After: 8}},
		}}, plan.Customers, "the newcomer gets the template's package")
		require.Contains(t, plan.Licences, importplan.Effect{Name: "Calling", Before: 10, After: 10})
		require.Equal(t, before, i.values(), "a plan changes nobody")
		require.Equal(t, importplan.Waiting, plan.Status(time.Now()))

		after := i.apply(id)
		require.Equal(t, importplan.Ended, after.Status(time.Now()))
		require.Equal(t, importplan.Done{Rows: 10, Offset: after.Done.Offset, Created: 1, Changed: 3, Deleted: 1, Unchanged: 2, Rejected: 3, Position: after.Done.Position}, after.Done)
		require.Len(t, i.values(), 10)

		again, plan := i.plan(importplan.Merge, asked(2, 2, func(r *commands.ImportRow) { r.Subscriber.Package = "basic" }))
		require.NotEqual(t, id, again)
		require.Zero(t, plan.Counts.Changes(), "the same once more changes nothing")
	})
}

func TestRowsGoOnBehindAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.users(6)
		var rows []commands.ImportRow
		for n := range 6 {
			rows = append(rows, asked(n+2, n, func(r *commands.ImportRow) { r.Delete = n%2 == 0 }))
		}
		id, _ := i.plan(importplan.Merge, rows...)
		var numbers []int
		for after := int64(0); ; {
			more := false
			for row, err := range i.im.Rows(t.Context(), nordic, id, commands.RowFilter{Verdicts: []importplan.Verdict{importplan.Delete}}, after) {
				require.NoError(t, err)
				numbers, after, more = append(numbers, row.Number), row.Next, true
				break
			}
			if !more {
				break
			}
		}
		require.Equal(t, []int{2, 4, 6}, numbers)
		for _, err := range i.im.Rows(t.Context(), "other", id, commands.RowFilter{}, 0) {
			require.ErrorIs(t, err, commands.ErrOtherPartner)
		}
	})
}

func TestAFileOfTooManyRowsIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		rows := func(yield func(commands.ImportRow) bool) {
			for n := range 1_000_001 {
				if !yield(commands.ImportRow{Number: n + 2, Err: io.ErrUnexpectedEOF}) {
					return
				}
			}
		}
		_, _, err := i.im.Plan(t.Context(), commands.PlanImport{Rows: rows, Behaviour: importplan.Merge}, by("ann"))
		require.NotNil(t, domain.AsRejection(err))
		require.ErrorContains(t, err, "more than 1,000,000 rows")
	})
}

func TestSyncRemovesWhoIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.users(60)
		elsewhere := request(500, untrustedID, "")
		i.onboard(elsewhere)
		rows := []commands.ImportRow{asked(2, 500, func(r *commands.ImportRow) { r.Delete = true })}
		for n := range 52 {
			rows = append(rows, asked(n+3, n, func(r *commands.ImportRow) {}))
		}
		rows = append(rows, asked(60, 52, func(r *commands.ImportRow) { r.Subscriber.Package = "nonsense" }))
		id, plan := i.plan(importplan.Sync, rows[1:]...)
		require.Equal(t, 7, plan.Counts.Missing, "53 are named, the rejected one too; the user of another template is not missing")
		require.Equal(t, []importplan.ApprovalKind{importplan.Whole, importplan.Removals}, plan.Missing())
		require.Equal(t, 7, plan.Counts.Delete)
		for _, row := range i.rows(id, commands.RowFilter{Missing: true}) {
			require.Greater(t, row.Number, 60, "they are numbered after the rows of the file")
		}
		require.Equal(t, 7, i.apply(id).Done.Deleted)

		unreadable := append(rows[:10:10], commands.ImportRow{Number: 99, Err: io.ErrUnexpectedEOF})
		_, plan = i.plan(importplan.Sync, unreadable...)
		require.Zero(t, plan.Counts.Missing, "who is missing is not known if a row cannot be read")
		require.True(t, plan.Unsafe)

		_, plan = i.plan(importplan.Sync, asked(2, 3, func(r *commands.ImportRow) { r.Delete = true }))
		require.Zero(t, plan.Counts.Missing, "a row that deletes says nothing of who should be there")
	})
}

func TestRowsWhoseUserChangedSinceAreHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.users(10)
		id, _ := i.plan(importplan.Merge,
			importRows(request(100, trustedID, "new@ent.example"))[0],
			asked(3, 1, func(r *commands.ImportRow) { r.Subscriber.LastName = "Holm" }),
			asked(4, 2, func(r *commands.ImportRow) { r.Delete = true }),
			asked(5, 3, func(r *commands.ImportRow) { r.Subscriber.LastName = "Holm" }),
		)
		change := func(n int, name string) {
			_, err := i.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: subscriber.ID(nordic, fmt.Sprintf("user%d@as0.example", n)), FirstName: &name}, by("cy"))
			require.NoError(t, err)
		}
		change(1, "Eva")
		change(2, "Eva")
		i.onboard(request(100, trustedID, "other@ent.example"))
		i.drive(i.log, true, []uuid.UUID{subscriber.ID(nordic, "user3@as0.example")}, time.Minute)
		require.Equal(t, subscriber.Live, i.state(subscriber.ID(nordic, "user3@as0.example")).Stage)
		before := i.values()
		after := i.apply(id)
		require.Equal(t, 3, after.Done.Held)
		require.Equal(t, 1, after.Done.Changed, "what the engine did meanwhile is no change")
		var held []int
		for h, err := range i.im.Held(t.Context(), nordic, id) {
			require.NoError(t, err)
			require.Contains(t, h.Reason, "changed after the plan")
			held = append(held, h.Row)
		}
		require.Equal(t, []int{2, 3, 4}, held)
		require.NotContains(t, i.values()["user1@as0.example"], "Holm")
		require.Len(t, i.values(), len(before))
	})
}

func TestAPlanIsMadeOnceForOneCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		why := by("anna")
		why.Command = uuid.Must(uuid.NewV7())
		req := commands.PlanImport{File: "f", Rows: slices.Values(importRows(request(1, trustedID, "a@ent.example")))}
		id, _, err := i.im.Plan(t.Context(), req, why)
		require.NoError(t, err)
		again, _, err := i.im.Plan(t.Context(), req, why)
		require.NoError(t, err)
		require.Equal(t, id, again)
		other, _, err := i.im.Plan(t.Context(), req, by("anna"))
		require.NoError(t, err)
		require.NotEqual(t, id, other, "the same file may be planned again")
	})
}
