package simulation

import (
	"context"
	"fmt"
	"iter"
	"time"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// file is a spreadsheet of subscribers, which may be imported more than once.
type file struct {
	partner string
	rows    []commands.ImportRow
}

// importFile imports a file about a user and others of its partner, or one that was
// imported before.
func (w *world) importFile(c *chance, u *user) {
	f := file{partner: u.partner}
	w.mu.Lock()
	if len(w.files) > 0 && c.n(2) == 0 {
		f = w.files[c.n(len(w.files))]
		w.mu.Unlock()
		w.count("asked: the same file again")
	} else {
		for n := range 2 + c.n(3) {
			other := *u
			if n > 0 {
				other.n, other.userID, other.email = 20+n, fmt.Sprintf("row%d@as0.example", n), ""
			}
			row := commands.ImportRow{Number: n + 2, Subscriber: other.onboarding(c)}
			row.Subscriber.Flow = subscriber.API
			if c.n(10) == 0 {
				row.Subscriber.LastName = ""
			}
			f.rows = append(f.rows, row)
		}
		w.files = append(w.files, f)
		w.mu.Unlock()
		w.count("asked: a file")
	}
	serving := w.serving()
	if len(serving) == 0 {
		return
	}
	why := domain.Cause{Partner: f.partner, Actor: "token:ada", Role: domain.RoleAdmin, Surface: domain.SurfaceCSV, Request: fmt.Sprintf("f%d", c.n(1e9))}
	gaps := make([]time.Duration, len(f.rows))
	for i := range gaps {
		gaps[i] = c.between(time.Microsecond, 20*time.Millisecond)
	}
	_, err := pick(c, serving...).service.ImportSubscribers(context.Background(), w.spread(f.rows, gaps), false, why, func(r commands.RowResult) {
		if r.Verdict == commands.Create {
			w.acknowledge(ack{request: request{stream: subscriber.Stream(f.partner, r.UserID), why: why}})
		}
	})
	if err != nil {
		w.count("import without an answer")
	}
}

// spread yields rows with gaps between them.
func (w *world) spread(rows []commands.ImportRow, gaps []time.Duration) iter.Seq[commands.ImportRow] {
	return func(yield func(commands.ImportRow) bool) {
		for i, row := range rows {
			if !yield(row) {
				return
			}
			w.clock.pause(gaps[i])
		}
	}
}
