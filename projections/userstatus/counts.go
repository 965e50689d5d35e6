package userstatus

import (
	"context"
	"math"
	"time"

	"zombiezen.com/go/sqlite"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections"
)

// Queries answers from the rows.
type Queries struct{ views *projections.Views }

// New returns queries over views that were opened with Model.
func New(v *projections.Views) *Queries { return &Queries{views: v} }

// CountFilter narrows what is counted; empty fields do not.
type CountFilter struct {
	ProvisioningID, SPEnterpriseID string
	CreatedAfter, CreatedBefore    time.Time // strictly, by the millisecond
}

// Counts returns how many subscribers have each status. Removed ones are counted
// under theirs.
func (q *Queries) Counts(ctx context.Context, partner string, f CountFilter) (map[webex.Status]int, error) {
	counts := map[webex.Status]int{}
	err := q.views.Read(ctx, func(conn *sqlite.Conn) error {
		statuses := map[uint32]webex.Status{}
		err := eachGroup(conn, partner, f.SPEnterpriseID, func(id int64, g Group) {
			if f.ProvisioningID == "" || g.ProvisioningID == f.ProvisioningID {
				counts[g.Status] += g.N
				statuses[uint32(id)] = g.Status
			}
		})
		if err != nil || f.CreatedAfter.IsZero() && f.CreatedBefore.IsZero() {
			return err
		}
		clear(counts)
		return f.created(conn, statuses, counts)
	})
	return counts, err
}

// created counts the rows of some groups that were created in time.
func (f CountFilter) created(conn *sqlite.Conn, statuses map[uint32]webex.Status, counts map[webex.Status]int) error {
	after, before := int64(-1), int64(math.MaxInt64)
	if !f.CreatedAfter.IsZero() {
		after = firstSeq(f.CreatedAfter) + 1<<seqBits - 1
	}
	if !f.CreatedBefore.IsZero() {
		before = firstSeq(f.CreatedBefore)
	}
	return places(conn, after, func(p place) bool {
		group := p.facet
		if f.SPEnterpriseID != "" {
			group = p.site
		}
		if status, ok := statuses[group]; ok && p.seq < before {
			counts[status]++
		}
		return p.seq < before
	})
}

// Groups returns the partner's groups: over all customers, or when perCustomer
// is set, those of each, or of one customer alone when it is given.
func (q *Queries) Groups(ctx context.Context, partner, spEnterpriseID string, perCustomer bool) ([]Group, error) {
	var all []Group
	err := q.views.Read(ctx, func(conn *sqlite.Conn) error {
		add := func(_ int64, g Group) { all = append(all, g) }
		if !perCustomer || spEnterpriseID != "" {
			return eachGroup(conn, partner, spEnterpriseID, add)
		}
		stmt, err := conn.Prepare(groupQuery + " WHERE p.text=? AND g.customer <> 0 AND g.n <> 0")
		if err != nil {
			return err
		}
		stmt.BindText(1, partner)
		return groupsOf(stmt, add)
	})
	return all, err
}

const groupQuery = `SELECT g.id, coalesce(c.text, ''), t.text, k.text, s.text, f.text, g.class, g.open, g.n, p.text
	FROM userstatus_v3_names p
	CROSS JOIN userstatus_v3_groups g ON g.partner=p.id
	LEFT JOIN userstatus_v3_names c ON c.id=g.customer
	JOIN userstatus_v3_names t ON t.id=g.template
	JOIN userstatus_v3_names k ON k.id=g.package
	JOIN userstatus_v3_names s ON s.id=g.status
	JOIN userstatus_v3_names f ON f.id=g.flow`

// eachGroup gives the groups of a customer, or with an empty one those over all
// customers, that have any rows.
func eachGroup(conn *sqlite.Conn, partner, spEnterpriseID string, f func(id int64, g Group)) error {
	customer := int64(0)
	if spEnterpriseID != "" {
		id, found, err := findName(conn, spEnterpriseID)
		if err != nil || !found {
			return err
		}
		customer = id
	}
	stmt, err := conn.Prepare(groupQuery + " WHERE p.text=? AND g.customer=? AND g.n <> 0")
	if err != nil {
		return err
	}
	stmt.BindText(1, partner)
	stmt.BindInt64(2, customer)
	return groupsOf(stmt, f)
}

func groupsOf(stmt *sqlite.Stmt, f func(id int64, g Group)) error {
	return each(stmt, func() bool {
		f(stmt.ColumnInt64(0), readGroup(stmt))
		return true
	})
}

func readGroup(stmt *sqlite.Stmt) Group {
	return Group{
		SPEnterpriseID: stmt.ColumnText(1),
		ProvisioningID: stmt.ColumnText(2),
		Package:        webex.Package(stmt.ColumnText(3)),
		Status:         webex.Status(stmt.ColumnText(4)),
		Flow:           subscriber.Flow(stmt.ColumnText(5)),
		Class:          Class(stmt.ColumnInt(6)),
		Open:           stmt.ColumnInt(7) == 1,
		N:              stmt.ColumnInt(8),
	}
}
