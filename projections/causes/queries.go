package causes

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/domain/cause"
)

// List returns the partner's causes: those that stop most first, then those seen
// last.
func (q *Queries) List(ctx context.Context, partner string, f Filter) (list List, err error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	counts, from := "c.now, c.ever", "causes_v1_causes c"
	if f.SPEnterpriseID != "" {
		counts, from = "u.now, u.ever", "causes_v1_customers u JOIN causes_v1_causes c USING(cause)"
	}
	where := ` FROM ` + from + ` WHERE c.partner=:partner AND (:template='' OR c.template=:template) AND (:past OR ` + counts[:1] + `.now>0)`
	if f.SPEnterpriseID != "" {
		where += " AND u.customer=:customer"
	}
	args := map[string]any{":partner": partner, ":template": f.ProvisioningID, ":past": f.Past}
	if f.SPEnterpriseID != "" {
		args[":customer"] = f.SPEnterpriseID
	}
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		all := func(row *sqlite.Stmt) error { list.All = row.ColumnInt(0); return nil }
		if err := sqlitex.Execute(conn, "SELECT count(*)"+where, &sqlitex.ExecOptions{Named: args, ResultFunc: all}); err != nil {
			return err
		}
		args[":limit"] = min(f.Limit, 500)
		return sqlitex.Execute(conn, "SELECT "+columns+counts+where+" ORDER BY "+counts[:1]+".now DESC, c.last DESC, c.fingerprint LIMIT :limit", &sqlitex.ExecOptions{
			Named: args, ResultFunc: func(row *sqlite.Stmt) error { list.Causes = append(list.Causes, causeOf(row)); return nil },
		})
	})
	return list, err
}

const columns = "c.fingerprint, c.code, c.text, c.template, c.through, c.came, c.recovered, c.first, c.last, "

func causeOf(row *sqlite.Stmt) Cause {
	c := Cause{
		Fingerprint: cause.Fingerprint(row.ColumnText(0)), Code: row.ColumnInt(1), Text: row.ColumnText(2), ProvisioningID: row.ColumnText(3),
		Through: row.ColumnInt(4), Came: instant(row, 5), Recovered: row.ColumnInt(6), First: instant(row, 7), Last: instant(row, 8),
		Stopped: row.ColumnInt(9), Ever: row.ColumnInt(10),
	}
	c.Entry = cause.Explain(c.Code, c.Text)
	return c
}

// instant reads milliseconds; 0 is no time.
func instant(row *sqlite.Stmt, column int) time.Time {
	if ms := row.ColumnInt64(column); ms != 0 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}

// mostCustomers is how many customers Get names.
const mostCustomers = 200

// Get returns one of the partner's causes and the customers it affects, at most
// 200: those with most stopped first.
//
// Errors: ErrNotFound.
func (q *Queries) Get(ctx context.Context, partner string, f cause.Fingerprint) (c Cause, customers []Customer, err error) {
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		id, err := find(conn, partner, f)
		if err != nil {
			return err
		}
		if id == 0 {
			return ErrNotFound
		}
		err = sqlitex.Execute(conn, "SELECT "+columns+"c.now, c.ever FROM causes_v1_causes c WHERE cause=?", &sqlitex.ExecOptions{
			Args: []any{id}, ResultFunc: func(row *sqlite.Stmt) error { c = causeOf(row); return nil },
		})
		if err != nil {
			return err
		}
		return sqlitex.Execute(conn, "SELECT customer, now, ever FROM causes_v1_customers WHERE cause=? ORDER BY now DESC, ever DESC, customer LIMIT ?", &sqlitex.ExecOptions{
			Args: []any{id, mostCustomers},
			ResultFunc: func(row *sqlite.Stmt) error {
				customers = append(customers, Customer{SPEnterpriseID: row.ColumnText(0), Stopped: row.ColumnInt(1), Ever: row.ColumnInt(2)})
				return nil
			},
		})
	})
	return c, customers, err
}

// Subscribers returns those whom a cause stops now, of one customer or, where
// none is named, of all. more says that there are others after the last.
//
// Errors: ErrNotFound.
func (q *Queries) Subscribers(ctx context.Context, partner string, f cause.Fingerprint, customer string, p Page) (found []Stopped, more bool, err error) {
	if p.Limit <= 0 {
		p.Limit = 50
	}
	p.Limit = min(p.Limit, 1000)
	err = q.views.Read(ctx, func(conn *sqlite.Conn) error {
		id, err := find(conn, partner, f)
		if err != nil {
			return err
		}
		if id == 0 {
			return ErrNotFound
		}
		return sqlitex.Execute(conn, `SELECT subscriber, customer, at FROM causes_v1_stopped
			WHERE cause=?1 AND subscriber>?2 AND (?3='' OR customer=?3) ORDER BY subscriber LIMIT ?4`, &sqlitex.ExecOptions{
			Args: []any{id, p.After[:], customer, p.Limit + 1},
			ResultFunc: func(row *sqlite.Stmt) error {
				s := Stopped{SPEnterpriseID: row.ColumnText(1), At: instant(row, 2)}
				row.ColumnBytes(0, s.ID[:])
				found = append(found, s)
				return nil
			},
		})
	})
	if len(found) > p.Limit {
		found, more = found[:p.Limit], true
	}
	return found, more, err
}

// All yields the ids of all whom a cause stops, page by page: what changes
// meanwhile may or may not be seen. An error is yielded last.
func (q *Queries) All(ctx context.Context, partner string, f cause.Fingerprint, customer string) iter.Seq2[uuid.UUID, error] {
	return func(yield func(uuid.UUID, error) bool) {
		page := Page{Limit: 1000}
		for more := true; more; {
			found, goOn, err := q.Subscribers(ctx, partner, f, customer, page)
			if err != nil {
				yield(uuid.UUID{}, err)
				return
			}
			for _, s := range found {
				if !yield(s.ID, nil) {
					return
				}
				page.After = s.ID
			}
			more = goOn
		}
	}
}
