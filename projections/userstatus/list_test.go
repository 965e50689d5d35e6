package userstatus_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

// fold is the rows that a history must lead to, by the plainest means.
func fold(entries []domain.Entry) map[uuid.UUID]userstatus.Row {
	rows := map[uuid.UUID]userstatus.Row{}
	for _, e := range entries {
		_, id, _ := domain.SplitStream(e.Stream)
		r := rows[id]
		r.ID, r.Partner, r.Version, r.Position = id, e.Cause.Partner, e.Version, e.Position
		r.State = subscriber.Evolve(r.State, e.Event)
		rows[id] = r
	}
	return rows
}

// holds says whether a row matches, by the plainest means.
func holds(r userstatus.Row, partner string, f userstatus.Filter) bool {
	is := func(asked, have string) bool { return asked == "" || asked == have }
	status := r.Status()
	shown := status != webex.Removed || f.Removed
	if len(f.Statuses) > 0 {
		shown = slices.Contains(f.Statuses, status)
	}
	text := strings.FieldsFunc(lower(r.Profile.FirstName+" "+r.Profile.LastName+" "+r.Profile.UserID+" "+r.Email),
		func(c rune) bool { return strings.ContainsRune(" .@+-", c) })
	for word := range strings.FieldsSeq(lower(f.Text)) {
		shown = shown && slices.ContainsFunc(text, func(w string) bool { return strings.HasPrefix(w, word) })
	}
	return shown && r.Partner == partner &&
		is(f.UserID, r.Profile.UserID) && is(f.Email, r.Email) && is(f.PersonID, r.PersonID) &&
		is(f.ProvisioningID, r.ProvisioningID) && is(f.SPEnterpriseID, r.SPEnterpriseID) && is(string(f.Flow), string(r.Flow)) &&
		!(f.ExcludeProvisioned && status == webex.Provisioned) && (!f.Quarantined || r.Quarantined) &&
		(len(f.Packages) == 0 || slices.Contains(f.Packages, r.Profile.Package)) &&
		(f.SelfActivated == nil || *f.SelfActivated == (r.Flow == subscriber.SelfActivation)) &&
		(f.StatusChangedAfter.IsZero() || r.StatusChanged.After(f.StatusChangedAfter)) &&
		(f.CreatedAfter.IsZero() || r.Created.After(f.CreatedAfter))
}

func lower(text string) string {
	return strings.NewReplacer("å", "a", "ä", "a", "ö", "o", "é", "e").Replace(strings.ToLower(text))
}

// filters draws filters, from values that rows have.
func filters(rows []userstatus.Row) *rapid.Generator[userstatus.Filter] {
	return rapid.Custom(func(t *rapid.T) (f userstatus.Filter) {
		r := rapid.SampledFrom(rows).Draw(t, "row")
		sometimes := func(set func()) {
			if rapid.IntRange(0, 3).Draw(t, "set") == 0 {
				set()
			}
		}
		sometimes(func() { f.ProvisioningID = r.ProvisioningID })
		sometimes(func() { f.SPEnterpriseID = r.SPEnterpriseID })
		sometimes(func() { f.Statuses = rapid.SliceOfN(rapid.SampledFrom(webex.Statuses), 1, 3).Draw(t, "statuses") })
		sometimes(func() { f.ExcludeProvisioned = true })
		sometimes(func() { f.Quarantined = true })
		sometimes(func() { f.Packages = rapid.SliceOfN(rapid.SampledFrom(webex.Packages), 1, 2).Draw(t, "packages") })
		sometimes(func() { f.Flow = r.Flow })
		sometimes(func() { self := rapid.Bool().Draw(t, "self"); f.SelfActivated = &self })
		sometimes(func() { f.StatusChangedAfter = r.StatusChanged })
		sometimes(func() { f.CreatedAfter = r.Created })
		sometimes(func() { f.Removed = true })
		sometimes(func() {
			for _, name := range []string{r.Profile.FirstName, r.Profile.LastName} {
				letters := []rune(name)
				f.Text += " " + string(letters[:rapid.IntRange(0, len(letters)).Draw(t, "letters")])
			}
			f.Text = strings.TrimSpace(f.Text)
		})
		switch rapid.IntRange(0, 20).Draw(t, "exact") {
		case 0:
			f.UserID = r.Profile.UserID
		case 1:
			f.Email = r.Email
		case 2:
			f.PersonID = r.PersonID
		}
		return f
	})
}

func TestEveryListIsWhatFilteringAllRowsGives(t *testing.T) {
	t.Run("in small tables", everyList)
	t.Run("by the ways that suit large ones", func(t *testing.T) {
		userstatus.Small(t)
		everyList(t)
	})
}

func everyList(t *testing.T) {
	entries := history(250)
	users := userstatus.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(entries...)))
	rows := slices.Collect(maps.Values(fold(entries)))
	slices.SortFunc(rows, func(a, b userstatus.Row) int { return a.Created.Compare(b.Created) })
	rapid.Check(t, func(t *rapid.T) {
		f := filters(rows).Draw(t, "filter")
		partner := rapid.SampledFrom([]string{"acme", "beta", "nobody"}).Draw(t, "partner")
		order := rapid.SampledFrom([]userstatus.Order{userstatus.ByCreated, userstatus.ByStatusChange}).Draw(t, "order")
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		var want []userstatus.Row
		for _, r := range rows {
			if holds(r, partner, f) {
				want = append(want, r)
			}
		}
		var got []userstatus.Row
		for p := (userstatus.Page{Limit: limit, Order: order}); ; {
			list, err := users.List(t.Context(), partner, f, p)
			require.NoError(t, err)
			require.LessOrEqual(t, len(list.Rows), limit)
			got = append(got, list.Rows...)
			if p.After = list.Next; p.After == "" {
				break
			}
		}
		offset := rapid.IntRange(0, len(got)+1).Draw(t, "offset")
		list, err := users.List(t.Context(), partner, f, userstatus.Page{Limit: 1000, Order: order, Offset: offset})
		require.NoError(t, err)
		require.Equal(t, len(got[min(offset, len(got)):]), len(list.Rows))
		for i, r := range list.Rows {
			require.Equal(t, got[offset+i], r)
		}
		require.True(t, slices.IsSortedFunc(got, func(a, b userstatus.Row) int {
			if order == userstatus.ByStatusChange {
				return b.StatusChanged.Compare(a.StatusChanged)
			}
			return a.Created.Compare(b.Created)
		}))
		byID := func(a, b userstatus.Row) int { return cmp.Compare(a.Stream(), b.Stream()) }
		slices.SortFunc(want, byID)
		slices.SortFunc(got, byID)
		require.Equal(t, want, got)
	})
}

func TestCountsAreWhatCountingAllRowsGives(t *testing.T) {
	entries := history(300)
	users := userstatus.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(entries...)))
	var created []time.Time
	for _, r := range fold(entries) {
		created = append(created, r.Created)
	}
	slices.SortFunc(created, time.Time.Compare)
	early, late := created[len(created)/4], created[3*len(created)/4]
	for _, f := range []userstatus.CountFilter{
		{}, {SPEnterpriseID: "acme+customer001"}, {ProvisioningID: "acme-template-1-ZjcyNWQ4YjQtODc3MC00ZGY5"}, {SPEnterpriseID: "none"},
		{CreatedAfter: early}, {CreatedBefore: late}, {CreatedAfter: early, CreatedBefore: late}, {CreatedAfter: late, CreatedBefore: early},
		{SPEnterpriseID: "acme+customer001", CreatedAfter: early}, {ProvisioningID: "acme-template-1-ZjcyNWQ4YjQtODc3MC00ZGY5", CreatedBefore: late},
	} {
		want := map[webex.Status]int{}
		for _, r := range fold(entries) {
			at := r.Created.Truncate(time.Millisecond)
			if !f.CreatedAfter.IsZero() && !at.After(f.CreatedAfter.Truncate(time.Millisecond)) || !f.CreatedBefore.IsZero() && !at.Before(f.CreatedBefore.Truncate(time.Millisecond)) {
				continue
			}
			if holds(r, "acme", userstatus.Filter{Removed: true, ProvisioningID: f.ProvisioningID, SPEnterpriseID: f.SPEnterpriseID}) {
				want[r.Status()]++
			}
		}
		got, err := users.Counts(t.Context(), "acme", f)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestAPartnerNeverSeesAnothersRows(t *testing.T) {
	entries := history(100)
	users := userstatus.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(entries...)))
	for id, r := range fold(entries) {
		other := "acme"
		if r.Partner == other {
			other = "beta"
		}
		_, err := users.Get(t.Context(), r.Partner, id)
		require.NoError(t, err)
		_, err = users.Get(t.Context(), other, id)
		require.ErrorIs(t, err, subscriber.ErrNotFound)
		_, err = users.ByUserID(t.Context(), other, r.Profile.UserID)
		require.ErrorIs(t, err, subscriber.ErrNotFound)
	}
	for r, err := range users.All(t.Context(), "beta", userstatus.Filter{Removed: true}) {
		require.NoError(t, err)
		require.Equal(t, "beta", r.Partner)
	}
	list, err := users.List(t.Context(), "beta", userstatus.Filter{Text: "acme"}, userstatus.Page{})
	require.NoError(t, err)
	require.Empty(t, list.Rows)
}

func TestAllYieldsEveryMatchOnce(t *testing.T) {
	entries := history(1500)
	users := userstatus.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(entries...)))
	seen := map[uuid.UUID]bool{}
	for r, err := range users.All(t.Context(), "acme", userstatus.Filter{}) {
		require.NoError(t, err)
		require.False(t, seen[r.ID])
		seen[r.ID] = true
	}
	want := 0
	for _, r := range fold(entries) {
		if holds(r, "acme", userstatus.Filter{}) {
			want++
		}
	}
	require.Len(t, seen, want)
}

func TestACursorOfAnotherOrderIsRefused(t *testing.T) {
	users := userstatus.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog()))
	for _, cursor := range []string{"s1", "s1.x!", "x", "c", "c?"} {
		_, err := users.List(t.Context(), "acme", userstatus.Filter{}, userstatus.Page{After: cursor})
		require.ErrorIs(t, err, userstatus.ErrCursor, cursor)
	}
	_, err := users.List(t.Context(), "acme", userstatus.Filter{}, userstatus.Page{After: "c1", Order: userstatus.ByStatusChange})
	require.ErrorIs(t, err, userstatus.ErrCursor)
}
