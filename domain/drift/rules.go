package drift

import (
	"slices"

	"ledgerline/domain"
)

func progress(s State, c Progress) ([]domain.Event, error) {
	switch {
	case s.Phase == Reading && c.At.Equal(s.Changed) && c.Records == s.Counts.Records && c.Users == s.Counts.Users:
		return nil, nil
	case s.Phase != Waiting && s.Phase != Reading:
		return nil, ErrNotReading
	}
	return []domain.Event{Progressed(c)}, nil
}

func report(s State, c Report) ([]domain.Event, error) {
	switch {
	case s.Phase != Reading:
		return nil, ErrNotReading
	case len(s.batches) > 0 && s.Changed.Equal(c.At) && s.batches[len(s.batches)-1].is(c.Findings), len(c.Findings) == 0:
		return nil, nil
	}
	return []domain.Event{Found(c)}, nil
}

func (b batch) is(findings []Finding) bool {
	return slices.EqualFunc(b.findings, findings, func(x, y Finding) bool { return x.Kind == y.Kind && x.WebexID == y.WebexID })
}

func finish(s State, c Finish) ([]domain.Event, error) {
	switch s.Phase {
	case Reading:
	case Ready, Over:
		return nil, nil
	default:
		return nil, ErrNotReading
	}
	c.Counts.Kinds = nil
	for _, b := range s.batches {
		for _, f := range b.findings {
			if c.Counts.Kinds == nil {
				c.Counts.Kinds = map[Kind]int{}
			}
			c.Counts.Kinds[f.Kind]++
		}
	}
	events := []domain.Event{Finished{Counts: c.Counts, At: c.At}}
	if len(s.marks) == 0 {
		events = append(events, Closed{At: c.At})
	}
	return events, nil
}

func settle(s State, c Settle) ([]domain.Event, error) {
	if s.Phase == Over {
		return nil, nil
	}
	var news []Outcome
	for _, o := range c.Outcomes {
		if o.Finding < 1 || o.Finding > len(s.marks) || s.marks[o.Finding-1].Action == "" {
			return nil, ErrNotFinished
		}
		if s.marks[o.Finding-1].Result == "" {
			news = append(news, o)
		}
	}
	if len(news) == 0 {
		return nil, nil
	}
	events := []domain.Event{Settled{Outcomes: news, At: c.At}}
	if s.unsettled == len(news) {
		events = append(events, Closed{At: c.At})
	}
	return events, nil
}
