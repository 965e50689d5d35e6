package userstatus

import "zombiezen.com/go/sqlite"

// table is the statements that write rows.
type table struct{ remove, insert, update *sqlite.Stmt }

func prepare(conn *sqlite.Conn) (t table, err error) {
	for _, s := range []struct {
		to   **sqlite.Stmt
		text string
	}{
		{&t.remove, "DELETE FROM userstatus_v3_rows WHERE seq=?"},
		{&t.insert, "INSERT INTO userstatus_v3_rows(seq, body) VALUES (?1, ?2)"},
		{&t.update, "UPDATE userstatus_v3_rows SET body=?2 WHERE seq=?1"},
	} {
		if *s.to, err = conn.Prepare(s.text); err != nil {
			return t, err
		}
	}
	return t, nil
}

// put writes a row that was at a place, or nowhere if that is 0.
func (t table) put(was, now int64, body []byte) error {
	stmt := t.update
	if was != now {
		stmt = t.insert
		if was != 0 {
			if err := run(t.remove, was); err != nil {
				return err
			}
		}
	}
	stmt.BindBytes(2, body)
	return run(stmt, now)
}
