package userstatus

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// Due is a subscriber that the process of activation has to look at.
type Due struct {
	Stream  string
	ID      uuid.UUID
	Partner string
	At      time.Time
}

// Due returns what is due by now for all partners, longest due first.
func (q *Queries) Due(ctx context.Context, now time.Time, limit int) ([]Due, error) {
	var due []Due
	err := q.views.Read(ctx, func(conn *sqlite.Conn) error {
		earlier := func(a, b spot) bool { return a.changed < b.changed || a.changed == b.changed && a.seq < b.seq }
		first := best{need: min(limit, math.MaxInt32/4), before: earlier}
		err := places(conn, -1, func(p place) bool {
			if at := (spot{p.due, p.seq}); p.due != 0 && p.due <= now.UnixNano() && first.may(at) {
				first.add(at)
			}
			return true
		})
		if err != nil {
			return err
		}
		for _, at := range first.sorted() {
			r, found, err := rowAt(conn, at.seq)
			if err != nil {
				return err
			}
			if found {
				due = append(due, Due{Stream: r.Stream(), ID: r.ID, Partner: r.Partner, At: time.Unix(0, at.changed).UTC()})
			}
		}
		return nil
	})
	return due, err
}
