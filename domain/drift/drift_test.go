package drift_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/drift"
	"ledgerline/domain/webex"
)

type cases = []domaintest.Case[drift.Command]

func given(base events, more ...domain.Event) events { return slices.Concat(base, more) }

func TestAScanIsTakenUpOnceAndToldToItsEnd(t *testing.T) {
	report := drift.Report{Findings: []drift.Finding{pack}, At: at(2)}
	domaintest.Run(t, drift.Decider, cases{
		{Name: "asked for", When: drift.Start{Scheduled: true, Filter: started.Filter, At: at(0)}, Then: events{started}},
		{Name: "asked for again", Given: events{started}, When: drift.Start{At: at(1)}},
		{Name: "taken up", Given: events{started}, When: drift.Progress{At: at(1)}, Then: events{drift.Progressed{At: at(1)}}},
		{Name: "goes on", Given: reading, When: drift.Progress{Records: 100, At: at(2)}, Then: events{drift.Progressed{Records: 100, At: at(2)}}},
		{Name: "does not go on once broken", Given: broken, When: drift.Progress{At: at(4)}, Err: drift.ErrNotReading},
		{Name: "finds", Given: reading, When: report, Then: events{drift.Found{Findings: []drift.Finding{pack}, At: at(2)}}},
		{Name: "finds nothing", Given: reading, When: drift.Report{At: at(2)}},
		{Name: "finds nothing once finished", Given: ready, When: report, Err: drift.ErrNotReading},
		{Name: "finishes with what it found, counted", Given: found, When: drift.Finish{Counts: drift.Counts{Records: 9, Users: 8, InMotion: 1}, At: at(3)}, Then: events{ready[4]}},
		{Name: "is closed when nothing was found", Given: reading, When: drift.Finish{Counts: drift.Counts{Records: 9}, At: at(3)},
			Then: events{drift.Finished{Counts: drift.Counts{Records: 9}, At: at(3)}, drift.Closed{At: at(3)}}},
		{Name: "finishes only when taken up", Given: events{started}, When: drift.Finish{At: at(3)}, Err: drift.ErrNotReading},
		{Name: "breaks", Given: found, When: drift.Break{Reason: "Webex did not answer.", At: at(3)}, Then: events{broken[4]}},
		{Name: "does not break once finished", Given: ready, When: drift.Break{At: at(4)}},
		{Name: "is superseded", Given: ready, When: drift.Supersede{By: another, At: at(4)}, Then: events{drift.Closed{SupersededBy: another.String(), At: at(4)}}},
		{Name: "is not superseded while it is settled", Given: given(ready, drift.Approved{All: true, At: at(4)}), When: drift.Supersede{By: another, At: at(5)}, Err: drift.ErrSettling},
	})
}

func TestNothingIsDoneThatWasNotApproved(t *testing.T) {
	all := drift.Approve{All: true, At: at(4)}
	kinds := drift.Approve{Kinds: map[drift.Kind]drift.Action{drift.Package: drift.Take}, At: at(4)}
	one := drift.Approve{Findings: map[int]drift.Action{1: drift.Accept}, At: at(4)}
	domaintest.Run(t, drift.Decider, cases{
		{Name: "all, as proposed", Given: ready, When: all, Then: events{drift.Approved(all)}},
		{Name: "a kind", Given: ready, When: kinds, Then: events{drift.Approved(kinds)}},
		{Name: "one finding", Given: ready, When: one, Then: events{drift.Approved(one)}},
		{Name: "what was approved is not approved again", Given: given(ready, drift.Approved(all)), When: kinds},
		{Name: "what was approved is not changed", Given: given(ready, drift.Approved(all)), When: one, Err: drift.ErrDecided},
		{Name: "nothing said", Given: ready, When: drift.Approve{At: at(4)}, Err: domaintest.Wrong{"all": domain.Missing}},
		{Name: "what cannot be done", Given: ready,
			When: drift.Approve{Kinds: map[drift.Kind]drift.Action{drift.Missing: drift.Push, "odd": drift.Push}, Findings: map[int]drift.Action{2: drift.Take, 5: drift.Ignore}, At: at(4)},
			Err:  domaintest.Wrong{"kinds.missing": domain.Malformed, "kinds.odd": domain.NoSuch, "findings.2": domain.Malformed, "findings.5": domain.NoSuch}},
		{Name: "no scan", When: all, Err: drift.ErrNotFound},
		{Name: "not finished", Given: found, When: all, Err: drift.ErrNotFinished},
		{Name: "broken", Given: broken, When: all, Err: drift.ErrBroken},
		{Name: "closed", Given: given(ready, drift.Closed{At: at(4)}), When: all, Err: drift.ErrClosed},
		{Name: "settling what nobody approved", Given: given(ready, drift.Approved(one)), When: drift.Settle{Outcomes: []drift.Outcome{{Finding: 2, Result: drift.Done}}, At: at(5)}, Err: drift.ErrNotFinished},
		{Name: "settling", Given: given(ready, drift.Approved(one)), When: drift.Settle{Outcomes: []drift.Outcome{{Finding: 1, Result: drift.Done}}, At: at(5)},
			Then: events{drift.Settled{Outcomes: []drift.Outcome{{Finding: 1, Result: drift.Done}}, At: at(5)}}},
		{Name: "settling the last closes the scan", Given: given(ready, drift.Approved(all), drift.Settled{Outcomes: []drift.Outcome{{Finding: 1, Result: drift.Done}, {Finding: 3, Result: drift.Held}}, At: at(5)}),
			When: drift.Settle{Outcomes: []drift.Outcome{{Finding: 1, Result: drift.Refused}, {Finding: 2, Result: drift.Done}, {Finding: 4, Result: drift.Ignored}}, At: at(6)},
			Then: events{drift.Settled{Outcomes: []drift.Outcome{{Finding: 2, Result: drift.Done}, {Finding: 4, Result: drift.Ignored}}, At: at(6)}, drift.Closed{At: at(6)}}},
	})
	s := domaintest.Fold(drift.Decider, given(ready, drift.Approved(kinds), drift.Approved(one)))
	require.Equal(t, []int{1, 3}, slices.Collect(s.Promised()))
	require.Equal(t, drift.Mark{Action: drift.Take, Approval: 1}, s.Mark(3))
	require.Equal(t, drift.Mark{Action: drift.Accept, Approval: 2}, s.Mark(1))
	for n, want := range []drift.Finding{missing, unknown, pack, second} {
		f, ok := s.Finding(n + 1)
		require.True(t, ok)
		require.Equal(t, want, f)
	}
	_, ok := s.Finding(5)
	require.False(t, ok)
}

func TestAPlanSaysWhatAnApprovalWouldDo(t *testing.T) {
	s := domaintest.Fold(drift.Decider, ready)
	p, err := s.Plan(drift.Approve{All: true})
	require.NoError(t, err)
	require.Equal(t, drift.Plan{
		Findings: 4, Creates: 1, Updates: 1, Licences: map[webex.Package]int{"standard": 1},
		Lines: []drift.PlanLine{{drift.Missing, drift.Recreate, 1}, {drift.Unknown, drift.Adopt, 1}, {drift.Package, drift.Push, 1}, {drift.Duplicate, drift.Ignore, 1}},
	}, p)
	p, err = s.Plan(drift.Approve{Kinds: map[drift.Kind]drift.Action{drift.Missing: drift.Accept, drift.Unknown: drift.Remove, drift.Package: drift.Take}})
	require.NoError(t, err)
	require.Equal(t, map[webex.Package]int{"basic": -2, "premium": 1}, p.Licences)
	require.Equal(t, []int{3, 0, 0, 1}, []int{p.Findings, p.Creates, p.Updates, p.Removals})
	require.Equal(t, s, domaintest.Fold(drift.Decider, ready), "planning changes nothing")
	_, err = domaintest.Fold(drift.Decider, broken).Plan(drift.Approve{All: true})
	require.ErrorIs(t, err, drift.ErrBroken)
	left := domaintest.Fold(drift.Decider, given(ready, drift.Approved{Findings: map[int]drift.Action{1: drift.Ignore}, At: at(4)}))
	p, err = left.Plan(drift.Approve{All: true})
	require.NoError(t, err)
	require.Equal(t, 3, p.Findings)
}
