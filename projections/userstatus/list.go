package userstatus

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// Order of a list. Both are total, so that pages neither overlap nor leave gaps.
type Order int

// The orders.
const (
	ByCreated      Order = iota // oldest first, by the millisecond; then as recorded
	ByStatusChange              // newest first
)

// Page says which part of a list is asked for.
type Page struct {
	Limit  int    // 0: 50; at most 1000
	After  string // Next of the page before; empty: the first page
	Offset int    // matching rows to leave out, from After on; costs time in proportion
	Order  Order
}

// List is one page.
type List struct {
	Rows []Row
	Next string // for Page.After; empty: there is nothing more
}

// ErrCursor is said of a Page.After that is not a Next of the same order.
var ErrCursor = domain.Reject(domain.Invalid, "The page cursor is not valid. Start again from the first page.")

// Limits of a page.
const (
	defaultLimit = 50
	mostRows     = 1000
)

// List returns the partner's subscribers that match, page by page.
//
// Errors: ErrCursor.
func (q *Queries) List(ctx context.Context, partner string, f Filter, p Page) (List, error) {
	if p.Limit <= 0 {
		p.Limit = defaultLimit
	}
	p.Limit = min(p.Limit, mostRows)
	after, err := parseCursor(p.Order, p.After)
	if err != nil {
		return List{}, err
	}
	s := search{condition: f.condition(partner), order: p.Order, after: after, skip: p.Offset, limit: p.Limit}
	if s.impossible() {
		return List{}, nil
	}
	if err := q.views.Read(ctx, s.run); err != nil {
		return List{}, err
	}
	list := List{Rows: s.rows}
	if len(s.rows) > p.Limit {
		list.Rows = s.rows[:p.Limit]
		list.Next = s.places[p.Limit-1].cursor(p.Order)
	}
	return list, nil
}

// All yields all that match, oldest first. It reads page by page: a row that
// changes meanwhile is seen as it is when its page is read.
func (q *Queries) All(ctx context.Context, partner string, f Filter) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for p := (Page{Limit: mostRows}); ; {
			list, err := q.List(ctx, partner, f, p)
			if err != nil {
				yield(Row{}, err)
				return
			}
			for _, r := range list.Rows {
				if !yield(r, nil) {
					return
				}
			}
			if p.After = list.Next; p.After == "" {
				return
			}
		}
	}
}

// Get returns one of the partner's subscribers, a removed one too.
//
// Errors: subscriber.ErrNotFound.
func (q *Queries) Get(ctx context.Context, partner string, id uuid.UUID) (found Row, err error) {
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		seqs, err := keySeqs(conn, idKey(id))
		if err != nil {
			return err
		}
		for _, seq := range seqs {
			r, _, err := rowAt(conn, seq)
			if err != nil {
				return err
			}
			if r.Partner == partner && r.ID == id {
				found = r
				return nil
			}
		}
		return subscriber.ErrNotFound
	})
	return found, err
}

// ByUserID returns the subscriber with this BroadWorks user id, in any case. One
// that is here goes before one that was removed.
//
// Errors: subscriber.ErrNotFound.
func (q *Queries) ByUserID(ctx context.Context, partner, userID string) (Row, error) {
	if r, err := q.Get(ctx, partner, subscriber.ID(partner, userID)); err == nil && r.Here() &&
		subscriber.FoldUserID(r.Profile.UserID) == subscriber.FoldUserID(userID) {
		return r, nil
	}
	list, err := q.List(ctx, partner, Filter{UserID: userID, Removed: true}, Page{})
	if err != nil {
		return Row{}, err
	}
	if len(list.Rows) == 0 || userID == "" {
		return Row{}, subscriber.ErrNotFound
	}
	for _, r := range list.Rows {
		if r.Status() != webex.Removed {
			return r, nil
		}
	}
	return list.Rows[0], nil
}

// spot is the place of a row in a list.
type spot struct{ changed, seq int64 }

func (s spot) cursor(o Order) string {
	if o == ByStatusChange {
		return "s" + strconv.FormatInt(s.changed, 36) + "." + strconv.FormatInt(s.seq, 36)
	}
	return "c" + strconv.FormatInt(s.seq, 36)
}

// before says whether s comes before t.
func (s spot) before(t spot, o Order) bool {
	switch {
	case o == ByCreated:
		return s.seq < t.seq
	case s.changed != t.changed:
		return s.changed > t.changed
	}
	return s.seq > t.seq
}

// parseCursor returns the place after which a page starts.
func parseCursor(o Order, text string) (spot, error) {
	first := spot{seq: -1}
	if o == ByStatusChange {
		first = spot{changed: 1<<63 - 1, seq: 1<<63 - 1}
	}
	if text == "" {
		return first, nil
	}
	var s spot
	var err error
	rest, ok := strings.CutPrefix(text, "c")
	if o == ByStatusChange {
		if rest, ok = strings.CutPrefix(text, "s"); ok {
			var changed string
			changed, rest, ok = strings.Cut(rest, ".")
			if s.changed, err = strconv.ParseInt(changed, 36, 64); err != nil {
				return spot{}, ErrCursor
			}
		}
	}
	if s.seq, err = strconv.ParseInt(rest, 36, 64); err != nil || !ok {
		return spot{}, ErrCursor
	}
	return s, nil
}
