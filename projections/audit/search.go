package audit

import (
	"sort"
	"time"

	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
)

// search finds entries in the index, newest first.
type search struct {
	Filter
	partner string
	before  domain.Position // 0: no limit
	limit   int
	found   []Record
}

func (s *search) run(conn *sqlite.Conn) error {
	last, err := s.lastPage(conn)
	if err != nil {
		return err
	}
	body, err := conn.Prepare("SELECT body FROM audit_v1_pages WHERE page=?")
	if err != nil {
		return err
	}
	tags := s.tags()
	for number := last; number > 0; number-- {
		if number, err = common(conn, tags, number); err != nil || number == 0 {
			return err
		}
		var p *page
		body.BindInt64(1, number)
		if err := each(body, func() bool { p = decode(number, columnBytes(body, 0)); return false }); err != nil {
			return err
		}
		if s.take(p) {
			return nil
		}
	}
	return nil
}

// lastPage returns the last page that can have a match; pages are in order of
// positions and of times.
func (s *search) lastPage(conn *sqlite.Conn) (int64, error) {
	last, err := conn.Prepare("SELECT coalesce(max(page), 0), 0 FROM audit_v1_pages")
	if err != nil {
		return 0, err
	}
	var n int64
	if err := each(last, func() bool { n = last.ColumnInt64(0); return false }); err != nil || s.before == 0 && s.Until.IsZero() {
		return n, err
	}
	start, err := conn.Prepare("SELECT first, at FROM audit_v1_pages WHERE page=?")
	if err != nil {
		return 0, err
	}
	after := sort.Search(int(n), func(i int) (beyond bool) {
		start.BindInt64(1, int64(i+1))
		failed := each(start, func() bool {
			beyond = s.before != 0 && domain.Position(start.ColumnInt64(0)) >= s.before ||
				!s.Until.IsZero() && !time.UnixMilli(start.ColumnInt64(1)).Before(s.Until)
			return false
		})
		if failed != nil {
			err = failed
		}
		return beyond
	})
	return int64(after), err
}

// tags returns those that a page must have for a match.
func (s *search) tags() []int64 {
	tags := []int64{tag(partner, s.partner, s.partner)}
	for i, text := range map[int]string{actor: s.Actor, role: s.Role, surface: s.Surface, eventType: s.Type, request: s.Request} {
		if text != "" {
			tags = append(tags, tag(i, s.partner, text))
		}
	}
	return tags
}

// common returns the last page up to a number that has all tags; 0: none.
func common(conn *sqlite.Conn, tags []int64, upTo int64) (int64, error) {
	stmt, err := conn.Prepare("SELECT page FROM audit_v1_tags WHERE tag=? AND page<=? ORDER BY page DESC LIMIT 1")
	if err != nil {
		return 0, err
	}
	for agreed := 0; agreed < len(tags) && upTo > 0; {
		for _, t := range tags {
			found := int64(0)
			stmt.BindInt64(1, t)
			stmt.BindInt64(2, upTo)
			if err := each(stmt, func() bool { found = stmt.ColumnInt64(0); return false }); err != nil {
				return 0, err
			}
			if found != upTo {
				agreed = 0
			}
			upTo = found
			agreed++
		}
	}
	return upTo, nil
}

// take collects what matches in a page and says whether that is enough.
func (s *search) take(p *page) (enough bool) {
	want, possible := s.wanted(p)
	if !possible {
		return false
	}
	for i := len(p.items) - 1; i >= 0; i-- {
		it := p.items[i]
		if s.before != 0 && it.position >= s.before || !it.has(want) {
			continue
		}
		switch at := time.UnixMilli(it.at); {
		case at.Before(s.From):
			return true
		case !s.Until.IsZero() && !at.Before(s.Until):
			continue
		}
		if s.found = append(s.found, p.record(it)); len(s.found) == s.limit {
			return true
		}
	}
	return false
}

// wanted returns the texts that an item of the page must have, -1 for any.
func (s *search) wanted(p *page) (want [textsPerItem]int, possible bool) {
	for i, text := range [textsPerItem]string{
		partner: s.partner, actor: s.Actor, role: s.Role, surface: s.Surface, eventType: s.Type, request: s.Request,
	} {
		want[i] = -1
		if text == "" && i != partner {
			continue
		}
		n, ok := p.index[text]
		if !ok {
			return want, false
		}
		want[i] = n
	}
	return want, true
}

func (it item) has(want [textsPerItem]int) bool {
	for i, n := range want {
		if n >= 0 && it.texts[i] != n {
			return false
		}
	}
	return true
}
