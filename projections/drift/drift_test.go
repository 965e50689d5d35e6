package drift_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/domain/webex"
	view "ledgerline/projections/drift"
	"ledgerline/projections/projectionstest"
)

var first, second, theirs = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}

func finding(kind drift.Kind, n byte, propose drift.Action) drift.Finding {
	values := &drift.Values{UserID: "anna@as0.example", Package: "basic", Status: webex.Provisioned}
	return drift.Finding{Kind: kind, Subscriber: uuid.UUID{n}, Version: 3, WebexID: "w", Here: values, There: values, Propose: propose}
}

// entries are a scan that was replaced, one that is being settled, and one of
// another partner.
func entries() []domain.Entry {
	l := projectionstest.NewWriter("acme")
	a, b, c := drift.Stream(first), drift.Stream(second), drift.Stream(theirs)
	l.Add(a, drift.Started{Scheduled: true, At: l.At}, drift.Progressed{At: l.At}, drift.Found{Findings: []drift.Finding{finding(drift.Missing, 1, drift.Recreate)}, At: l.At})
	l.Add(a, drift.Finished{Counts: drift.Counts{Records: 5, Users: 6, Kinds: map[drift.Kind]int{drift.Missing: 1}}, At: l.At})
	l.Add(b, drift.Started{Filter: drift.Filter{SPEnterpriseID: "SP1"}, At: l.At}, drift.Progressed{At: l.At})
	l.Add(b, drift.Found{Findings: []drift.Finding{finding(drift.Missing, 1, drift.Recreate), finding(drift.Package, 2, drift.Push)}, At: l.At})
	l.Cause.Partner = "beta"
	l.Add(c, drift.Started{At: l.At}, drift.Progressed{At: l.At}, drift.Broken{Reason: "no answer", At: l.At})
	l.Cause.Partner = "acme"
	l.Add(b, drift.Found{Findings: []drift.Finding{finding(drift.Package, 3, drift.Push), finding(drift.Unknown, 4, drift.Ignore), finding(drift.Details, 5, drift.Push), finding(drift.Details, 6, drift.Push)}, At: l.At})
	l.Add(b, drift.Finished{Counts: drift.Counts{Records: 5, Users: 6}, At: l.At})
	l.Add(a, drift.Closed{SupersededBy: second.String(), At: l.At})
	l.Cause.Reason = "as agreed"
	l.Add(b, drift.Approved{Kinds: map[drift.Kind]drift.Action{drift.Package: drift.Take}, Findings: map[int]drift.Action{2: drift.Ignore}, At: l.At})
	l.Add(b, drift.Settled{Outcomes: []drift.Outcome{{Finding: 2, Result: drift.Ignored}, {Finding: 3, Result: drift.Held, Reason: "changed"}}, At: l.At})
	return l.Entries
}

func TestDriftKeepsTheLaws(t *testing.T) {
	projectionstest.Laws(t, view.Model, entries())
}

func TestScansAreListedNewestFirst(t *testing.T) {
	q := view.New(projectionstest.Views(t, view.Model, projectionstest.NewLog(entries()...)))
	page, next, err := q.List(t.Context(), "acme", 0, 1)
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, second, page[0].ID)
	require.Equal(t, "SP1", page[0].Filter.SPEnterpriseID)
	require.Equal(t, "token:ada", page[0].By)
	require.Equal(t, 6, page[0].Findings)
	require.Len(t, page[0].Approvals, 1)
	require.Equal(t, "as agreed", page[0].Approvals[0].Reason)
	page, next, err = q.List(t.Context(), "acme", next, 1)
	require.NoError(t, err)
	require.Zero(t, next)
	require.Equal(t, first, page[0].ID)
	require.True(t, page[0].Scheduled)
	require.Equal(t, drift.Over, page[0].Phase)
	require.Equal(t, second.String(), page[0].SupersededBy)
	page, _, err = q.List(t.Context(), "beta", 0, 50)
	require.NoError(t, err)
	require.Len(t, page, 1)
	require.Equal(t, "no answer", page[0].Broken)
}

func TestFindingsAreAsFarAsTheyAre(t *testing.T) {
	q := view.New(projectionstest.Views(t, view.Model, projectionstest.NewLog(entries()...)))
	s, tallies, err := q.Get(t.Context(), "acme", second)
	require.NoError(t, err)
	require.Equal(t, drift.Ready, s.Phase)
	require.Equal(t, []view.Tally{{drift.Details, view.Open, 2}, {drift.Missing, view.Open, 1}, {drift.Package, view.Held, 1}, {drift.Package, view.Ignored, 1}, {drift.Unknown, view.Open, 1}}, tallies)

	var all []view.Finding
	for after := 0; ; {
		page, next, err := q.Findings(t.Context(), "acme", second, view.Filter{}, after, 4)
		require.NoError(t, err)
		all = append(all, page...)
		if after = next; after == 0 {
			break
		}
	}
	require.Len(t, all, 6)
	require.Equal(t, view.Finding{Number: 3, Action: drift.Take, State: view.Held, Reason: "changed", Finding: finding(drift.Package, 3, drift.Push)}, all[2])

	some, next, err := q.Findings(t.Context(), "acme", second, view.Filter{Kind: drift.Details, State: view.Open}, 0, 50)
	require.NoError(t, err)
	require.Zero(t, next)
	require.Equal(t, []int{5, 6}, []int{some[0].Number, some[1].Number})
	some, _, err = q.Findings(t.Context(), "acme", first, view.Filter{}, 0, 50)
	require.NoError(t, err)
	require.Equal(t, view.Superseded, some[0].State)

	_, _, err = q.Findings(t.Context(), "beta", second, view.Filter{}, 0, 50)
	require.ErrorIs(t, err, drift.ErrNotFound)
	_, _, err = q.Get(t.Context(), "beta", second)
	require.ErrorIs(t, err, drift.ErrNotFound)
}

func TestWhatWaitsForADecisionNeedsAttention(t *testing.T) {
	l := entries()
	q := view.New(projectionstest.Views(t, view.Model, projectionstest.NewLog(l...)))
	waiting, err := q.Attention(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, []view.Waiting{{second, drift.Details, 2}, {second, drift.Missing, 1}, {second, drift.Unknown, 1}}, waiting)
	waiting, err = q.Attention(t.Context(), "beta")
	require.NoError(t, err)
	require.Empty(t, waiting)
}

func TestAllThatIsLeftIsApprovedAsProposed(t *testing.T) {
	l := entries()
	more := l[len(l)-1]
	more.Position, more.Version, more.ID = more.Position+1, more.Version+1, uuid.UUID{15: 99}
	more.Event = drift.Approved{All: true, At: more.At}
	q := view.New(projectionstest.Views(t, view.Model, projectionstest.NewLog(append(l, more)...)))
	found, _, err := q.Findings(t.Context(), "acme", second, view.Filter{State: view.Approved}, 0, 50)
	require.NoError(t, err)
	var actions []drift.Action
	for _, f := range found {
		actions = append(actions, f.Action)
	}
	require.Equal(t, []drift.Action{drift.Recreate, drift.Ignore, drift.Push, drift.Push}, actions)
}
