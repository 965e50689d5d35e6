package userstatus

import (
	"container/heap"

	"zombiezen.com/go/sqlite"
)

// Statements that read on in one group, in the order of a list.
const (
	byFacet  = "SELECT changed, seq, 0 FROM userstatus_v1_rows WHERE facet=? AND seq>? AND changed>? ORDER BY seq LIMIT ?"
	byPlace  = "SELECT changed, seq, 0 FROM userstatus_v1_rows WHERE place=? AND seq>? AND changed>? ORDER BY seq LIMIT ?"
	byChange = `SELECT changed, seq, place FROM userstatus_v1_rows
		WHERE facet=? AND (changed, seq) < (?, ?) ORDER BY changed DESC, seq DESC LIMIT ?`
)

const (
	leastRead = 8
	mostRead  = 4096
)

// merge goes through the rows of several groups in the order of a list.
type merge struct {
	conn   *sqlite.Conn
	query  string
	groups []int64
	after  int64 // for byFacet and byPlace: the place that the list starts after
	since  int64 // for byFacet and byPlace: status changed after that
	from   spot  // for byChange
	need   int   // rows that will be looked at, if all goes well

	stmt  *sqlite.Stmt
	heads []*head
}

// head is how far one group has been read.
type head struct {
	group  int64
	read   []step
	next   int
	amount int // to read the next time
	ended  bool
}

type step struct {
	at    spot
	place int64
}

func (m *merge) order() Order {
	if m.query == byChange {
		return ByStatusChange
	}
	return ByCreated
}

// each calls f with each row until it is done.
func (m *merge) each(f func(at spot, place int64) (done bool, err error)) (err error) {
	if m.stmt, err = m.conn.Prepare(m.query); err != nil {
		return err
	}
	from := m.from
	if m.order() == ByCreated {
		from = spot{seq: m.after}
	}
	amount := min(m.need+1, max(leastRead, 2*m.need/len(m.groups)))
	for _, group := range m.groups {
		h := &head{group: group, amount: min(amount, mostRead)}
		if err := m.refill(h, from); err != nil {
			return err
		}
		if len(h.read) > 0 {
			m.heads = append(m.heads, h)
		}
	}
	heap.Init(m)
	for len(m.heads) > 0 {
		h := m.heads[0]
		now := h.read[h.next]
		if done, err := f(now.at, now.place); done || err != nil {
			return err
		}
		if h.next++; h.next == len(h.read) {
			if err := m.refill(h, now.at); err != nil {
				return err
			}
		}
		if h.next < len(h.read) {
			heap.Fix(m, 0)
		} else {
			heap.Pop(m)
		}
	}
	return nil
}

// all calls f with each row, in no order.
func (m *merge) all(f func(spot)) (err error) {
	if m.stmt, err = m.conn.Prepare(m.query); err != nil {
		return err
	}
	for _, group := range m.groups {
		bind(m.stmt, group, m.after, m.since, -1)
		if err := each(m.stmt, func() bool { f(spot{m.stmt.ColumnInt64(0), m.stmt.ColumnInt64(1)}); return true }); err != nil {
			return err
		}
	}
	return nil
}

// refill reads what follows a place in one group.
func (m *merge) refill(h *head, after spot) error {
	h.read, h.next = h.read[:0], 0
	if h.ended {
		return nil
	}
	if m.order() == ByCreated {
		bind(m.stmt, h.group, after.seq, m.since, int64(h.amount))
	} else {
		bind(m.stmt, h.group, after.changed, after.seq, int64(h.amount))
	}
	err := each(m.stmt, func() bool {
		h.read = append(h.read, step{spot{m.stmt.ColumnInt64(0), m.stmt.ColumnInt64(1)}, m.stmt.ColumnInt64(2)})
		return true
	})
	h.ended = len(h.read) < h.amount
	h.amount = min(2*h.amount, mostRead)
	return err
}

// Len, Less, Swap, Push and Pop are for container/heap.
func (m *merge) Len() int { return len(m.heads) }

func (m *merge) Less(i, j int) bool {
	a, b := m.heads[i], m.heads[j]
	return a.read[a.next].at.before(b.read[b.next].at, m.order())
}

func (m *merge) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }

func (m *merge) Push(any) {}

func (m *merge) Pop() any {
	m.heads = m.heads[:len(m.heads)-1]
	return nil
}
