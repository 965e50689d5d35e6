package commands_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// mixed is a file in which everything happens, to 200 users.
func mixed() (rows []commands.ImportRow) {
	for n := range 200 {
		rows = append(rows, asked(n+2, n, func(r *commands.ImportRow) {
			switch n % 8 {
			case 0:
				r.Subscriber.LastName = "Holm"
			case 1:
				r.Subscriber.Package = "premium"
			case 2:
				r.Delete = n%16 == 2
			case 3:
				r.Subscriber.PrimaryPhoneNumber, r.Subscriber.Extension = "-", "7777"
			case 4:
				r.Subscriber.Package = "nonsense"
			}
		}))
	}
	for n := range 100 {
		rows = append(rows, commands.ImportRow{Number: 300 + n, Subscriber: request(1000+n, []string{trustedID, adminFirstID}[n%2], fmt.Sprintf("n%d@ent.example", n))})
	}
	return rows
}

// appends counts what is appended.
type appends struct {
	commands.EventLog
	n atomic.Int64
}

func (l *appends) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	l.n.Add(1)
	return l.EventLog.Append(ctx, stream, expected, why, events...)
}

func TestAnImportKilledAnywhereEndsAsIfNothingHadHappened(t *testing.T) {
	// run carries out the mixed import by programs that are killed at the n-th append,
	// one after the other, and a last one that is not.
	run := func(t *testing.T, after bool, kills ...int) (values map[string]string, done importplan.Done, appended int) {
		synctest.Test(t, func(t *testing.T) {
			i := newImporting(t)
			i.users(200)
			id, _ := i.plan(importplan.Merge, mixed()...)
			i.approve(id)
			for _, n := range kills {
				im := i.importerOn(crashLog{i.log, &crash{left: n, after: after}})
				im.Checkpoint = 30
				i.run(im)
			}
			counted := &appends{EventLog: i.log}
			last := i.importerOn(counted)
			last.Checkpoint = 30
			i.run(last)
			require.Equal(t, importplan.Ended, i.stands(id).Status(time.Now()))
			values, done, appended = i.values(), i.stands(id).Done, int(counted.n.Load())
			done.Position = 0
			for _, e := range i.admins() {
				require.NotEmpty(t, e)
			}
		})
		return values, done, appended
	}
	want, done, appended := run(t, false)
	require.Equal(t, importplan.Done{Rows: 300, Offset: done.Offset, Created: 100, Changed: 75, Deleted: 13, Unchanged: 87, Rejected: 25}, done)
	require.Greater(t, appended, 188)
	chance := rand.New(rand.NewPCG(4, 20))
	for n := range 20 {
		kills := []int{1 + chance.IntN(appended), 1 + chance.IntN(appended/2)}[:1+n%2]
		t.Run(fmt.Sprintf("at the appends %v, the last of which succeed: %t", kills, n%3 == 0), func(t *testing.T) {
			values, got, _ := run(t, n%3 == 0, kills...)
			require.Equal(t, want, values)
			require.Equal(t, done, got)
		})
	}
}

// admins are the events of customers' first administrators.
func (i *importing) admins() (events []domain.Event) {
	entries, err := i.log.ReadStream(context.Background(), domain.StreamName("customer", nordic, "SP1+acme"))
	require.NoError(i.t, err)
	for _, e := range entries {
		events = append(events, e.Event)
	}
	return events
}

// slow is a log in which an append takes a while.
type slow struct{ commands.EventLog }

func (l slow) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	if strings.HasPrefix(stream, subscriber.Kind) {
		time.Sleep(100 * time.Millisecond)
	}
	return l.EventLog.Append(ctx, stream, expected, why, events...)
}

// many is a file of newcomers.
func many(n int) (rows []commands.ImportRow) {
	for k := range n {
		rows = append(rows, commands.ImportRow{Number: k + 2, Subscriber: request(k, trustedID, fmt.Sprintf("n%d@ent.example", k))})
	}
	return rows
}

func TestAnImportStopsWithinASecondAndGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.im = i.importerOn(slow{i.log})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = i.im.Run(ctx) }()
		id, plan := i.plan(importplan.Merge, many(5000)...)
		i.approve(id)
		time.Sleep(500 * time.Millisecond)
		p, err := i.im.Progress(t.Context(), nordic, id)
		require.NoError(t, err)
		require.Equal(t, importplan.Applying, p.Status)
		require.Equal(t, plan.Counts.Rows, p.Total)
		require.Greater(t, p.Done.Created, 200, "rows that are done show before they are recorded")
		_, err = i.im.Progress(t.Context(), nordic, id)
		require.NoError(t, err)

		_, err = i.im.Pause(t.Context(), id, by("anna"))
		require.NoError(t, err)
		time.Sleep(time.Second)
		paused := len(i.values())
		require.Less(t, paused, 5000)
		require.Equal(t, paused, i.stands(id).Done.Created, "what was under way is recorded")
		time.Sleep(time.Hour)
		require.Len(t, i.values(), paused)

		_, err = i.im.Resume(t.Context(), id, by("anna"))
		require.NoError(t, err)
		time.Sleep(200 * time.Millisecond)
		_, err = i.im.Cancel(t.Context(), id, by("anna"))
		require.NoError(t, err)
		time.Sleep(time.Second)
		cancelled := len(i.values())
		require.Greater(t, cancelled, paused)
		require.Less(t, cancelled, 5000)
		require.Equal(t, importplan.Given, i.stands(id).Status(time.Now()))
		require.Equal(t, cancelled, i.stands(id).Done.Created)
		stop()
		<-ended

		back, r, err := i.im.Undo(t.Context(), id, by("anna"))
		require.NoError(t, err)
		require.Equal(t, cancelled, r.Value.Counts.Delete, "what was done before it was given up can be undone")
		require.Equal(t, id, i.stands(back).Undoes)
	})
}

func TestWatchTellsHowFarItIsUntilTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.im = i.importerOn(slow{i.log})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = i.im.Run(ctx) }()
		id, _ := i.plan(importplan.Merge, many(5000)...)
		i.approve(id)
		var seen []commands.ImportProgress
		for p, err := range i.im.Watch(t.Context(), nordic, id) {
			require.NoError(t, err)
			seen = append(seen, p)
		}
		stop()
		<-ended
		last := seen[len(seen)-1]
		require.Equal(t, importplan.Ended, last.Status)
		require.Equal(t, 5000, last.Done.Rows)
		require.True(t, slices.IsSortedFunc(seen, func(a, b commands.ImportProgress) int { return a.Done.Rows - b.Done.Rows }))
		require.True(t, slices.ContainsFunc(seen, func(p commands.ImportProgress) bool { return p.Rate > 1000 && p.ETA > 0 }))
	})
}

func TestTheBrakeStopsAnImportUntilASecondAdministratorAgrees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newImporting(t)
		i.users(300)
		deletions := func(from, to int) (rows []commands.ImportRow) {
			for n := from; n < to; n++ {
				rows = append(rows, asked(n+2, n, func(r *commands.ImportRow) { r.Delete = true }))
			}
			return rows
		}
		first, plan := i.plan(importplan.Merge, deletions(0, 30)...)
		require.Zero(t, plan.Braked)
		second, plan := i.plan(importplan.Merge, deletions(30, 60)...)
		require.Zero(t, plan.Braked, "each alone is fine")
		require.Equal(t, importplan.Ended, i.apply(first).Status(time.Now()))
		stopped := i.apply(second)
		require.Equal(t, importplan.Stopped, stopped.Status(time.Now()))
		require.True(t, stopped.Brake)
		require.Len(t, i.values(), 270)

		_, err := i.im.Resume(t.Context(), second, by("anna"))
		require.ErrorIs(t, err, importplan.ErrSecond)
		_, err = i.im.Approve(t.Context(), second, importplan.Second, by("bo"))
		require.NoError(t, err)
		_, err = i.im.Resume(t.Context(), second, by("anna"))
		require.NoError(t, err)
		i.run(i.im)
		require.Equal(t, importplan.Ended, i.stands(second).Status(time.Now()))
		require.Len(t, i.values(), 240)

		_, plan = i.plan(importplan.Merge, deletions(60, 90)...)
		require.Equal(t, 1, plan.Braked, "what one administrator took away today counts")
	})
}

func TestUndoingAnImportReturnsEveryUserToItsValues(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		users, driven := rapid.IntRange(1, 8).Draw(r, "users"), rapid.Bool().Draw(r, "driven")
		rows := anything(r, users)
		failure := ""
		synctest.Test(t, func(t *testing.T) { failure = said(func(f *failing) { undone(t, f, users, driven, rows) }) })
		if failure != "" {
			r.Fatal(failure)
		}
	})
}

// failing is a test whose failure is said, so that rapid can look for a smaller one.
type failing struct{ text string }

func (f *failing) Errorf(format string, args ...any) { f.text += fmt.Sprintf(format, args...) }
func (f *failing) FailNow()                          { panic(f) }

func said(check func(*failing)) (text string) {
	f := &failing{}
	defer func() {
		if p := recover(); p != nil && p != any(f) {
			panic(p)
		}
		text = f.text
	}()
	check(f)
	return f.text
}

// anything is a file that asks anything of users, and adds some.
func anything(r *rapid.T, users int) (rows []commands.ImportRow) {
	value := func(name string, values ...string) string { return rapid.SampledFrom(append(values, "")).Draw(r, name) }
	for n := range users {
		rows = append(rows, asked(n+2, n, func(row *commands.ImportRow) {
			s := &row.Subscriber
			s.FirstName, s.LastName = value("first", "Eva"), value("last", "Holm", "Öberg")
			s.Package = webex.Package(value("package", "softphone", "basic", "standard", "premium"))
			s.PrimaryPhoneNumber, s.MobilePhoneNumber = value("primary", "-", "+46709000000"), value("mobile", "-", "+46709000001")
			s.Extension, s.Timezone = value("extension", "-", "4242"), value("zone", "-", "Europe/Oslo")
			s.Email = value("email", fmt.Sprintf("u%d@ent.example", n), fmt.Sprintf("other%d@ent.example", n))
			row.Delete = rapid.IntRange(0, 4).Draw(r, "delete") == 0
		}))
	}
	for n := range rapid.IntRange(0, 3).Draw(r, "new") {
		rows = append(rows, commands.ImportRow{Number: users + n + 2, Subscriber: request(users+n, trustedID, fmt.Sprintf("u%d@ent.example", users+n))})
	}
	return rows
}

// undone imports a file, and takes that back.
func undone(t *testing.T, f *failing, users int, driven bool, rows []commands.ImportRow) {
	i := newImporting(t)
	i.users(users)
	before := i.values()
	id, plan := i.plan(importplan.Merge, rows...)
	require.Equal(f, plan.Counts.Changes(), changed(i.apply(id).Done))
	if driven {
		i.driveAll()
	}
	second, again := i.plan(importplan.Merge, rows...)
	require.Zero(f, again.Counts.Changes(), "importing it again changes nothing: %v", i.rows(second, commands.RowFilter{}))

	back, _, err := i.im.Undo(t.Context(), id, by("anna"))
	require.NoError(f, err)
	require.Equal(f, importplan.Ended, i.apply(back).Status(time.Now()))
	stays, now := i.stays(back), i.values()
	for userID, values := range before {
		if !stays[userID] {
			require.Equal(f, values, now[userID])
		}
	}
	for userID := range now {
		require.Contains(f, before, userID, "who came by the import has left")
	}
}

func changed(d importplan.Done) int { return d.Created + d.Changed + d.Deleted }

// stays are the users of whom undoing says that something cannot be taken back.
func (i *importing) stays(id uuid.UUID) map[string]bool {
	users := map[string]bool{}
	for _, r := range i.rows(id, commands.RowFilter{}) {
		said := slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, "e-mail address stays") })
		if said || r.Reason == importplan.ErrEmailStays.Text {
			users[r.UserID] = true
		}
	}
	return users
}

func (i *importing) driveAll() {
	var ids []uuid.UUID
	for id := range (everybody{i.whole}).states() {
		ids = append(ids, id)
	}
	i.drive(i.log, true, ids, 5*time.Minute)
}
