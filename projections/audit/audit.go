package audit

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"
	"ledgerline/domain"
	"ledgerline/projections"
)

// Record is one entry as history.
type Record struct {
	Position domain.Position
	Stream   string
	Kind     string    // of the stream: subscriber, template, token, licences, customer, ...
	Subject  uuid.UUID // id of the stream
	Version  int
	At       time.Time // when it was recorded, UTC
	Cause    domain.Cause
	Type     string   // as stored
	What     string   // the same in plain words
	Changes  []Change // what it changed, in a fixed order of fields
}

// Change is one field before and after. It may hold personal values: it is for
// administrators.
type Change struct{ Field, Old, New string }

// Filter says which entries are asked for: those for which every field that is
// not empty holds.
type Filter struct {
	Stream  string
	Actor   string
	Role    string
	Surface string
	Type    string
	Request string
	From    time.Time // recorded then or later
	Until   time.Time // recorded before
}

// Page says which part of the history is asked for.
type Page struct {
	Limit  int             // 0: 50; at most 500
	Before domain.Position // Next of the page before; 0: the newest
}

// List is one page, newest first.
type List struct {
	Records []Record
	Next    domain.Position // for Page.Before; 0: there is nothing more
}

// Streams is what of the log the details need.
type Streams interface {
	// ReadStream returns the entries of one stream, oldest first.
	ReadStream(ctx context.Context, stream string) ([]domain.Entry, error)
}

// Queries answers from the index and the log.
type Queries struct {
	views   *projections.Views
	streams Streams
}

// New returns queries over views that were opened with Model and the log that
// they were made from.
func New(v *projections.Views, s Streams) *Queries { return &Queries{views: v, streams: s} }

// List returns what happened to the partner's things, newest first.
func (q *Queries) List(ctx context.Context, partner string, f Filter, p Page) (List, error) {
	if p.Limit <= 0 {
		p.Limit = 50
	}
	p.Limit = min(p.Limit, 500)
	var records []Record
	var err error
	if f.Stream != "" {
		records, err = q.ofStream(ctx, partner, f, p)
	} else {
		s := search{Filter: f, partner: partner, before: p.Before, limit: p.Limit + 1}
		err = q.views.Read(ctx, s.run)
		records = s.found
		if err == nil {
			err = q.explain(ctx, records[:min(len(records), p.Limit)])
		}
	}
	if err != nil {
		return List{}, err
	}
	list := List{Records: records}
	if len(records) > p.Limit {
		list.Records = records[:p.Limit]
		list.Next = list.Records[p.Limit-1].Position
	}
	return list, nil
}

// All yields what List tells, page after page, so that memory does not grow with
// the history. What is recorded meanwhile is left out.
func (q *Queries) All(ctx context.Context, partner string, f Filter) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for p := (Page{Limit: 500}); ; {
			list, err := q.List(ctx, partner, f, p)
			if err != nil {
				yield(Record{}, err)
				return
			}
			for _, r := range list.Records {
				if !yield(r, nil) {
					return
				}
			}
			if p.Before = list.Next; p.Before == 0 {
				return
			}
		}
	}
}

// ofStream is List for one stream, which needs no index.
func (q *Queries) ofStream(ctx context.Context, partner string, f Filter, p Page) ([]Record, error) {
	history, err := q.History(ctx, partner, f.Stream)
	var found []Record
	for i := len(history) - 1; i >= 0 && len(found) <= p.Limit; i-- {
		if r := history[i]; (p.Before == 0 || r.Position < p.Before) && f.matches(r) {
			found = append(found, r)
		}
	}
	return found, err
}

// History returns all that happened to one thing, oldest first; nothing when it is
// another partner's.
func (q *Queries) History(ctx context.Context, partner, stream string) ([]Record, error) {
	entries, err := q.streams.ReadStream(ctx, stream)
	if err != nil {
		return nil, err
	}
	var records []Record
	states := statesOf(stream)
	for _, e := range entries {
		changes := states.next(e.Event)
		if e.Cause.Partner != partner {
			continue
		}
		p := newPage(0)
		p.add(&e)
		r := p.record(p.items[0])
		r.Changes = changes
		records = append(records, r)
	}
	return records, nil
}

// explain adds to records what they changed, reading each stream once.
func (q *Queries) explain(ctx context.Context, records []Record) error {
	wanted := map[string]map[int]*Record{}
	for i := range records {
		r := &records[i]
		if wanted[r.Stream] == nil {
			wanted[r.Stream] = map[int]*Record{}
		}
		wanted[r.Stream][r.Version] = r
	}
	for stream, versions := range wanted {
		entries, err := q.streams.ReadStream(ctx, stream)
		if err != nil {
			return err
		}
		states := statesOf(stream)
		for _, e := range entries {
			changes := states.next(e.Event)
			if r := versions[e.Version]; r != nil {
				r.Changes = changes
			}
		}
	}
	return nil
}

func (f Filter) matches(r Record) bool {
	is := func(asked, have string) bool { return asked == "" || asked == have }
	return is(f.Stream, r.Stream) && is(f.Actor, r.Cause.Actor) && is(f.Role, r.Cause.Role) && is(f.Surface, r.Cause.Surface) &&
		is(f.Type, r.Type) && is(f.Request, r.Cause.Request) && !r.At.Before(f.From) && (f.Until.IsZero() || r.At.Before(f.Until))
}
