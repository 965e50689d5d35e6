package userstatus

import "zombiezen.com/go/sqlite"

// table is the statements that write rows.
type table struct{ remove, insert, all, due, body *sqlite.Stmt }

func prepare(conn *sqlite.Conn) (t table, err error) {
	for _, s := range []struct {
		to   **sqlite.Stmt
		text string
	}{
		{&t.remove, "DELETE FROM userstatus_v1_rows WHERE seq=?"},
		{&t.insert, "INSERT INTO userstatus_v1_rows(seq, facet, place, changed, due, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
		{&t.all, "UPDATE userstatus_v1_rows SET facet=?2, place=?3, changed=?4, due=?5, body=?6 WHERE seq=?1"},
		{&t.due, "UPDATE userstatus_v1_rows SET due=?2, body=?3 WHERE seq=?1"},
		{&t.body, "UPDATE userstatus_v1_rows SET body=?2 WHERE seq=?1"},
	} {
		if *s.to, err = conn.Prepare(s.text); err != nil {
			return t, err
		}
	}
	return t, nil
}

// put writes a row, touching only the indexes that what changed is in.
func (t table) put(was, now written, body []byte) error {
	grouped := was.facet == now.facet && was.place == now.place && was.changed == now.changed
	switch {
	case was.seq != now.seq:
		if was.seq != 0 {
			if err := run(t.remove, was.seq); err != nil {
				return err
			}
		}
		return full(t.insert, now, body)
	case !grouped:
		return full(t.all, now, body)
	case was.due != now.due:
		bindDue(t.due, 2, now.due)
		t.due.BindBytes(3, body)
		return run(t.due, now.seq)
	}
	t.body.BindBytes(2, body)
	return run(t.body, now.seq)
}

func full(stmt *sqlite.Stmt, now written, body []byte) error {
	bindDue(stmt, 5, now.due)
	stmt.BindBytes(6, body)
	return run(stmt, now.seq, now.facet, now.place, now.changed)
}

func bindDue(stmt *sqlite.Stmt, param int, due int64) {
	if due == 0 {
		stmt.BindNull(param)
		return
	}
	stmt.BindInt64(param, due)
}
