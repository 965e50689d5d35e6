package projections

import (
	"context"
	"iter"

	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
)

// Report compares the served rows with rebuilt ones.
type Report struct {
	Position domain.Position // up to which both have applied the log
	Models   []ModelReport
}

// ModelReport is the part about one model.
type ModelReport struct {
	Name                     string
	EventsDue, EventsApplied int // in the log for this model; applied to the served rows
	RowsRebuilt, RowsServed  int
	Differing                int          // rows that are not the same, or in one of the two alone
	Examples                 []Difference // the first of them
}

// Difference is one row that differs; an empty text is a row that is not there.
type Difference struct{ Key, Served, Rebuilt string }

const mostExamples = 20

// OK says that every event was applied and every row is the same.
func (r Report) OK() bool {
	for _, m := range r.Models {
		if m.Differing > 0 || m.EventsDue != m.EventsApplied {
			return false
		}
	}
	return true
}

func (r *Rebuilt) compare(ctx context.Context) error {
	r.Report.Position = r.served.Applied()
	served, fresh := r.served.Status(), r.fresh.Status()
	return r.served.Read(ctx, func(a *sqlite.Conn) error {
		return r.fresh.Read(ctx, func(b *sqlite.Conn) error {
			for i, m := range r.served.options.Models {
				report := ModelReport{Name: m.Name, EventsDue: fresh[i].Events, EventsApplied: served[i].Events}
				if err := report.compare(m.Dump(a), m.Dump(b)); err != nil {
					return err
				}
				r.Report.Models = append(r.Report.Models, report)
			}
			return nil
		})
	})
}

// compare goes through both in the order of their keys.
func (m *ModelReport) compare(served, rebuilt iter.Seq2[Item, error]) error {
	nextServed, stop := iter.Pull2(served)
	defer stop()
	nextRebuilt, stop := iter.Pull2(rebuilt)
	defer stop()
	a, err, moreA := nextServed()
	b, failed, moreB := nextRebuilt()
	for moreA || moreB {
		switch {
		case err != nil:
			return err
		case failed != nil:
			return failed
		case !moreB || moreA && a.Key < b.Key:
			m.differ(Difference{a.Key, a.Row, ""})
			m.RowsServed++
			a, err, moreA = nextServed()
		case !moreA || b.Key < a.Key:
			m.differ(Difference{b.Key, "", b.Row})
			m.RowsRebuilt++
			b, failed, moreB = nextRebuilt()
		default:
			if a.Row != b.Row {
				m.differ(Difference{a.Key, a.Row, b.Row})
			}
			m.RowsServed, m.RowsRebuilt = m.RowsServed+1, m.RowsRebuilt+1
			a, err, moreA = nextServed()
			b, failed, moreB = nextRebuilt()
		}
	}
	return nil
}

func (m *ModelReport) differ(d Difference) {
	m.Differing++
	if len(m.Examples) < mostExamples {
		m.Examples = append(m.Examples, d)
	}
}
