package drift

import (
	"fmt"
	"maps"
	"slices"

	"ledgerline/domain"
)

func approve(s State, c Approve) ([]domain.Event, error) {
	switch s.Phase {
	case Ready:
	case None:
		return nil, ErrNotFound
	case Failed:
		return nil, ErrBroken
	case Over:
		return nil, ErrClosed
	default:
		return nil, ErrNotFinished
	}
	if err := s.check(c); err != nil {
		return nil, err
	}
	for n, action := range c.Findings {
		if m := s.marks[n-1]; m.Action != "" && m.Action != action {
			return nil, ErrDecided
		}
	}
	e := Approved(c)
	for i, m := range s.marks {
		f, _ := s.Finding(i + 1)
		if m.Action == "" && e.action(i+1, f) != "" {
			return []domain.Event{e}, nil
		}
	}
	return nil, nil
}

// check says what is wrong with an approval.
func (s State) check(c Approve) error {
	var f domain.Fields
	if !c.All && len(c.Kinds)+len(c.Findings) == 0 {
		f.Add("all", domain.Missing, "is missing; say all, or kinds, or findings with their actions")
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Kinds)) {
		if field := "kinds." + string(kind); !slices.Contains(Kinds, kind) {
			f.Add(field, domain.NoSuch, "is no kind of finding; there are "+list(Kinds))
		} else {
			checkAction(&f, field, kind, c.Kinds[kind])
		}
	}
	for _, n := range slices.Sorted(maps.Keys(c.Findings)) {
		if found, ok := s.Finding(n); !ok {
			f.Add(fmt.Sprintf("findings.%d", n), domain.NoSuch, "there is no finding with this number")
		} else {
			checkAction(&f, fmt.Sprintf("findings.%d", n), found.Kind, c.Findings[n])
		}
	}
	return f.Err()
}

func checkAction(f *domain.Fields, field string, kind Kind, action Action) {
	if !slices.Contains(kind.Actions(), action) {
		f.Add(field, domain.Malformed, "must be one of "+list(kind.Actions()))
	}
}

func list[T ~string](values []T) string {
	text := ""
	for i, v := range values {
		if i > 0 {
			text += ", "
		}
		text += string(v)
	}
	return text
}

// action returns what an approval says about a finding; empty: nothing.
func (e Approved) action(n int, f Finding) Action {
	if a := e.Findings[n]; a != "" {
		return a
	}
	if a := e.Kinds[f.Kind]; a != "" {
		return a
	}
	if e.All {
		return f.Propose
	}
	return ""
}
