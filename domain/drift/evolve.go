package drift

import (
	"iter"
	"slices"
	"sort"

	"ledgerline/domain"
)

// Evolve returns the state after one more event.
func Evolve(s State, e domain.Event) State {
	switch e := e.(type) {
	case Started:
		s.Phase, s.Scheduled, s.Filter, s.Began, s.Changed = Waiting, e.Scheduled, e.Filter, e.At, e.At
	case Progressed:
		s.Phase, s.Counts.Records, s.Counts.Users, s.Changed = Reading, e.Records, e.Users, e.At
	case Found:
		s.batches = append(slices.Clip(s.batches), batch{first: len(s.marks) + 1, findings: e.Findings})
		s.marks = slices.Concat(s.marks, make([]Mark, len(e.Findings)))
		s.unsettled, s.Changed = s.unsettled+len(e.Findings), e.At
	case Finished:
		s.Phase, s.Counts, s.Changed = Ready, e.Counts, e.At
	case Broken:
		s.Phase, s.Reason, s.Changed = Failed, e.Reason, e.At
	case Approved:
		s.marks = slices.Clone(s.marks)
		s.approvals++
		for i := range s.marks {
			f, _ := s.Finding(i + 1)
			if a := e.action(i+1, f); s.marks[i].Action == "" && a != "" {
				s.marks[i].Action, s.marks[i].Approval = a, s.approvals
				s.promised++
			}
		}
		s.Changed = e.At
	case Settled:
		s.marks = slices.Clone(s.marks)
		for _, o := range e.Outcomes {
			s.marks[o.Finding-1].Result = o.Result
		}
		s.unsettled, s.promised, s.Changed = s.unsettled-len(e.Outcomes), s.promised-len(e.Outcomes), e.At
	case Closed:
		s.Phase, s.Changed = Over, e.At
	}
	return s
}

// Len returns how many findings there are.
func (s State) Len() int { return len(s.marks) }

// Settled returns how many findings are settled.
func (s State) Settled() int { return len(s.marks) - s.unsettled }

// Approved returns how many findings somebody has decided on.
func (s State) Approved() int { return s.Settled() + s.promised }

// Finding returns a finding by its number, from 1.
func (s State) Finding(n int) (Finding, bool) {
	if n < 1 || n > len(s.marks) {
		return Finding{}, false
	}
	i := sort.Search(len(s.batches), func(i int) bool { return s.batches[i].first > n }) - 1
	return s.batches[i].findings[n-s.batches[i].first], true
}

// Mark returns how far a finding is.
func (s State) Mark(n int) Mark { return s.marks[n-1] }

// Promised yields the numbers of findings that were approved and are not settled.
func (s State) Promised() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, m := range s.marks {
			if m.Action != "" && m.Result == "" && !yield(i+1) {
				return
			}
		}
	}
}
