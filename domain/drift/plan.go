package drift

import (
	"maps"

	"ledgerline/domain/webex"
)

// Plan is what an approval would do.
type Plan struct {
	Findings int
	Lines    []PlanLine            // by kind, then action
	Licences map[webex.Package]int // how many more users, or fewer, hold each package here
	Creates  int                   // requests to Webex that follow
	Updates  int
	Removals int
}

// PlanLine is one kind of finding and what is done about it.
type PlanLine struct {
	Kind     Kind
	Action   Action
	Findings int
}

// Plan says what an approval would do.
//
// Errors: as those of Approve.
func (s State) Plan(c Approve) (Plan, error) {
	events, err := approve(s, c)
	p := Plan{Licences: map[webex.Package]int{}}
	if err != nil {
		return p, err
	}
	lines := map[PlanLine]int{}
	for _, e := range events {
		after := Evolve(s, e)
		for i, m := range after.marks {
			if s.marks[i] == m {
				continue
			}
			f, _ := s.Finding(i + 1)
			p.add(f, m.Action)
			lines[PlanLine{Kind: f.Kind, Action: m.Action}]++
		}
	}
	for _, kind := range Kinds {
		for _, action := range kind.Actions() {
			if n := lines[PlanLine{Kind: kind, Action: action}]; n > 0 {
				p.Lines = append(p.Lines, PlanLine{kind, action, n})
			}
		}
	}
	maps.DeleteFunc(p.Licences, func(_ webex.Package, n int) bool { return n == 0 })
	return p, nil
}

func (p *Plan) add(f Finding, a Action) {
	p.Findings++
	switch a {
	case Recreate:
		p.Creates++
	case Accept:
		p.Licences[f.Here.Package]--
	case Adopt:
		if f.Replaces != "" {
			p.Licences[f.Here.Package]--
		}
		if f.There.PersonID != "" {
			p.Licences[f.There.Package]++
		}
	case Remove:
		p.Removals++
	case Push:
		p.Updates++
	case Take:
		p.Licences[f.Here.Package]--
		p.Licences[f.There.Package]++
	}
}
