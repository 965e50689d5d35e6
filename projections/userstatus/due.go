package userstatus

import (
	"context"
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
		stmt, err := conn.Prepare("SELECT due, body FROM userstatus_v1_rows WHERE due IS NOT NULL AND due<=? ORDER BY due, seq LIMIT ?")
		if err != nil {
			return err
		}
		bind(stmt, now.UnixNano(), int64(limit))
		return each(stmt, func() bool {
			var r Row
			r.decode(columnBytes(stmt, 1))
			due = append(due, Due{Stream: r.Stream(), ID: r.ID, Partner: r.Partner, At: time.Unix(0, stmt.ColumnInt64(0)).UTC()})
			return true
		})
	})
	return due, err
}
