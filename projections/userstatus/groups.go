package userstatus

import (
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"

	"zombiezen.com/go/sqlite"
)

// Group is all rows of a partner that are alike, and how many they are.
type Group struct {
	SPEnterpriseID string // empty in groups over all customers
	ProvisioningID string
	Package        webex.Package
	Status         webex.Status
	Flow           subscriber.Flow
	Class          Class
	Open           bool // something is due for them
	N              int
}

// A row is in two groups: its facet, over all customers of the partner, and its
// site, within its customer. Both are numbers, which the list has of each row, so
// that any combination of values is a set of numbers.

// groupKey names a group by the numbers of its texts; customer is 0 in facets.
type groupKey struct {
	partner, customer, template, pack, status, flow int64
	class                                           Class
	open                                            bool
}

// groups numbers texts and groups, and counts the rows of groups.
type groups struct {
	names  map[string]int64
	known  map[groupKey]int64
	deltas map[uint32]int
}

const mostRemembered = 1 << 16 // texts and groups; more are looked up again

func (g *groups) reset() {
	*g = groups{names: map[string]int64{}, known: map[groupKey]int64{}, deltas: map[uint32]int{}}
}

// of returns the numbers of a row's groups.
func (g *groups) of(conn *sqlite.Conn, r *Row, open bool) (facet, site uint32, err error) {
	k := groupKey{class: r.Class(), open: open}
	for _, part := range []struct {
		to   *int64
		text string
	}{
		{&k.partner, r.Partner}, {&k.template, r.ProvisioningID}, {&k.pack, string(r.Profile.Package)},
		{&k.status, string(r.Status())}, {&k.flow, string(r.Flow)},
	} {
		if *part.to, err = g.name(conn, part.text); err != nil {
			return 0, 0, err
		}
	}
	id, err := g.number(conn, k)
	if err != nil {
		return 0, 0, err
	}
	facet = uint32(id)
	if k.customer, err = g.name(conn, r.SPEnterpriseID); err != nil {
		return 0, 0, err
	}
	id, err = g.number(conn, k)
	return facet, uint32(id), err
}

// move counts a row out of one group and into another; 0 is no group.
func (g *groups) move(from, to uint32) {
	if from == to {
		return
	}
	if from != 0 {
		g.deltas[from]--
	}
	if to != 0 {
		g.deltas[to]++
	}
}

// flush writes the counts.
func (g *groups) flush(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare("UPDATE userstatus_v3_groups SET n=n+? WHERE id=?")
	if err != nil {
		return err
	}
	for id, delta := range g.deltas {
		if delta == 0 {
			continue
		}
		if err := run(stmt, int64(delta), int64(id)); err != nil {
			return err
		}
	}
	clear(g.deltas)
	return nil
}

// name returns the number of a text, giving it one if it has none.
func (g *groups) name(conn *sqlite.Conn, text string) (int64, error) {
	if id, ok := g.names[text]; ok {
		return id, nil
	}
	id, found, err := findName(conn, text)
	if err != nil {
		return 0, err
	}
	if !found {
		stmt, err := conn.Prepare("INSERT INTO userstatus_v3_names(text) VALUES (?)")
		if err != nil {
			return 0, err
		}
		stmt.BindText(1, text)
		if err := run(stmt); err != nil {
			return 0, err
		}
		id = conn.LastInsertRowID()
	}
	if len(g.names) >= mostRemembered {
		clear(g.names)
	}
	g.names[text] = id
	return id, nil
}

func findName(conn *sqlite.Conn, text string) (id int64, found bool, err error) {
	stmt, err := conn.Prepare("SELECT id FROM userstatus_v3_names WHERE text=?")
	if err != nil {
		return 0, false, err
	}
	stmt.BindText(1, text)
	return one(stmt)
}

// number returns the number of a group, giving it one if it has none.
func (g *groups) number(conn *sqlite.Conn, k groupKey) (int64, error) {
	if id, ok := g.known[k]; ok {
		return id, nil
	}
	open := int64(0)
	if k.open {
		open = 1
	}
	values := []int64{k.partner, k.customer, k.template, k.pack, k.status, k.flow, int64(k.class), open}
	stmt, err := conn.Prepare("SELECT id FROM userstatus_v3_groups WHERE partner=? AND customer=? AND template=? AND package=? AND status=? AND flow=? AND class=? AND open=?")
	if err != nil {
		return 0, err
	}
	bind(stmt, values...)
	id, found, err := one(stmt)
	if err != nil {
		return 0, err
	}
	if !found {
		stmt, err := conn.Prepare("INSERT INTO userstatus_v3_groups(partner, customer, template, package, status, flow, class, open, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)")
		if err != nil {
			return 0, err
		}
		if err := run(stmt, values...); err != nil {
			return 0, err
		}
		id = conn.LastInsertRowID()
	}
	if len(g.known) >= mostRemembered {
		clear(g.known)
	}
	g.known[k] = id
	return id, nil
}
