// Package imports answers: which files were imported or are planned to be, how
// far are they, and what waits for somebody's approval?
package imports

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/projections"
)

// Row is one import.
type Row struct {
	ID       uuid.UUID
	Partner  string
	Surface  string          // through which it was planned
	Reason   string          // in the words of who planned it
	Position domain.Position // of its first entry
	importplan.State

	Undone []uuid.UUID `json:",omitzero"` // imports that take this one back, oldest first; as of the query
}

var rows = projections.Rows[Row]{
	Name:     "imports.v1",
	Concerns: func(e domain.Entry) bool { return strings.HasPrefix(e.Stream, importplan.Kind+"-") },
	Fold:     fold,
}

// Model feeds the list of imports.
var Model = rows.Model()

func fold(r Row, e domain.Entry) Row {
	_, r.ID, _ = domain.SplitStream(e.Stream)
	r.State = importplan.Evolve(r.State, e.Event)
	if _, planned := e.Event.(importplan.Planned); planned {
		r.Partner, r.Surface, r.Reason, r.Position = e.Cause.Partner, e.Cause.Surface, e.Cause.Reason, e.Position
	}
	return r
}

// Queries answers from the rows.
type Queries struct{ views *projections.Views }

// New returns queries over views that were opened with Model.
func New(v *projections.Views) *Queries { return &Queries{views: v} }

// Filter says which imports are asked for: those for which every field that is
// not empty holds.
type Filter struct {
	Statuses []importplan.Status
	Awaiting bool      // approvals are missing, and it has not expired
	Undoes   uuid.UUID // they take back this import
}

// List is one page.
type List struct {
	Rows []Row
	Next string // for List, to go on; empty: there is nothing more
}

// ErrCursor is said of an after that is no Next.
var ErrCursor = domain.Reject(domain.Invalid, "The page cursor is not valid. Start again from the first page.")

const defaultLimit = 50

// List returns the partner's imports that match at a time, newest first, page by
// page: at most limit (0: 50) from after on, which is the Next of the page before
// or empty.
//
// Errors: ErrCursor.
func (q *Queries) List(ctx context.Context, partner string, f Filter, limit int, after string, now time.Time) (List, error) {
	all, err := q.all(ctx, partner)
	if err != nil {
		return List{}, err
	}
	if after != "" {
		i := slices.IndexFunc(all, func(r Row) bool { return r.ID.String() == after })
		if i < 0 {
			return List{}, ErrCursor
		}
		all = all[i+1:]
	}
	all = slices.DeleteFunc(all, func(r Row) bool { return !f.matches(r, now) })
	if limit <= 0 {
		limit = defaultLimit
	}
	if len(all) <= limit {
		return List{Rows: all}, nil
	}
	return List{Rows: all[:limit], Next: all[limit-1].ID.String()}, nil
}

// all returns the partner's imports, newest first.
func (q *Queries) all(ctx context.Context, partner string) ([]Row, error) {
	all, err := rows.All(ctx, q.views, partner)
	slices.SortFunc(all, func(a, b Row) int { return cmp.Compare(b.Position, a.Position) })
	undone := map[uuid.UUID][]uuid.UUID{}
	for _, r := range slices.Backward(all) {
		undone[r.Undoes] = append(undone[r.Undoes], r.ID)
	}
	for i := range all {
		all[i].Undone = undone[all[i].ID]
	}
	return all, err
}

func (f Filter) matches(r Row, now time.Time) bool {
	status := r.Status(now)
	waits := len(r.Missing()) > 0 && (status == importplan.Waiting || status == importplan.Stopped)
	return (len(f.Statuses) == 0 || slices.Contains(f.Statuses, status)) && (!f.Awaiting || waits) &&
		(f.Undoes == uuid.Nil || f.Undoes == r.Undoes)
}

// Get returns one of the partner's imports.
//
// Errors: importplan.ErrNotFound.
func (q *Queries) Get(ctx context.Context, partner string, id uuid.UUID) (Row, error) {
	all, err := q.all(ctx, partner)
	if err != nil {
		return Row{}, err
	}
	i := slices.IndexFunc(all, func(r Row) bool { return r.ID == id })
	if i < 0 {
		return Row{}, importplan.ErrNotFound
	}
	return all[i], nil
}

// Open yields the imports of these partners that are to be carried out.
func (q *Queries) Open(ctx context.Context, partners []string, now time.Time, yield func(uuid.UUID)) error {
	for _, partner := range partners {
		all, err := rows.All(ctx, q.views, partner)
		if err != nil {
			return err
		}
		for _, r := range all {
			if r.Status(now) == importplan.Applying {
				yield(r.ID)
			}
		}
	}
	return nil
}

// Kept is for how long the rows of an import that is over are kept, for undoing it
// and looking it up.
const Kept = 30 * 24 * time.Hour

// Files returns the names of the files that imports of these partners still need.
func (q *Queries) Files(ctx context.Context, partners []string, now time.Time) (map[string]bool, error) {
	needed := map[string]bool{}
	for _, partner := range partners {
		all, err := rows.All(ctx, q.views, partner)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			if r.needs(now) {
				needed[r.File], needed[r.Plan] = true, true
			}
		}
	}
	return needed, nil
}

func (r Row) needs(now time.Time) bool {
	switch r.Status(now) {
	case importplan.Expired:
		return false
	case importplan.Given, importplan.Ended:
		return !r.Started.IsZero() && now.Before(r.Changed.Add(Kept))
	}
	return true
}
