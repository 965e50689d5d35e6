package userstatus

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"

	"zombiezen.com/go/sqlite"
)

// A packed table is records of one width in the order of the number that each
// begins with, many to a block, and a block to a row of SQLite. Going through a
// million of them takes milliseconds, and adding some in order touches few rows.

// layout says how a packed table is stored.
type layout struct {
	table string
	width int // bytes of a record
	most  int // records of a block; more for one key alone
	keep  int // blocks that stay in memory at most, in each of two generations
}

func (l layout) create() string {
	return "CREATE TABLE " + l.table + "(first INTEGER PRIMARY KEY, records BLOB NOT NULL)"
}

// packed is a packed table as its writer has it.
type packed struct {
	layout
	firsts     []int64          // keys that blocks begin at or after; nil: to be read
	young, old map[int64]*block // blocks used since, and before, the last change of generations
}

type block struct {
	first   int64
	records []byte
	dirty   bool
}

func (p *packed) reset() { p.firsts, p.young, p.old = nil, map[int64]*block{}, nil }

// find returns the block that a key belongs to.
func (p *packed) find(conn *sqlite.Conn, key int64) (b *block, at int, err error) {
	if p.firsts == nil {
		if err := p.open(conn); err != nil {
			return nil, 0, err
		}
	}
	at = sort.Search(len(p.firsts), func(i int) bool { return p.firsts[i] > key }) - 1
	b, err = p.block(conn, p.firsts[at])
	return b, at, err
}

func (p *packed) open(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare("SELECT first FROM " + p.table + " ORDER BY first")
	if err != nil {
		return err
	}
	if err := each(stmt, func() bool { p.firsts = append(p.firsts, stmt.ColumnInt64(0)); return true }); err != nil {
		p.firsts = nil
		return err
	}
	if len(p.firsts) > 0 {
		return nil
	}
	p.firsts = []int64{math.MinInt64}
	return p.remember(conn, &block{first: math.MinInt64, dirty: true})
}

func (p *packed) block(conn *sqlite.Conn, first int64) (*block, error) {
	if b, ok := p.young[first]; ok {
		return b, nil
	}
	if b, ok := p.old[first]; ok {
		delete(p.old, first)
		return b, p.remember(conn, b)
	}
	stmt, err := conn.Prepare("SELECT records FROM " + p.table + " WHERE first=?")
	if err != nil {
		return nil, err
	}
	b := &block{first: first}
	bind(stmt, first)
	if err := each(stmt, func() bool { b.records = columnInto(stmt, 0, nil); return false }); err != nil {
		return nil, err
	}
	return b, p.remember(conn, b)
}

func (p *packed) remember(conn *sqlite.Conn, b *block) error {
	if len(p.young) >= p.layout.keep {
		if err := p.flush(conn); err != nil {
			return err
		}
		p.old, p.young = p.young, map[int64]*block{}
	}
	p.young[b.first] = b
	return nil
}

// flush writes the blocks that changed.
func (p *packed) flush(conn *sqlite.Conn) error {
	var dirty []*block
	for _, generation := range []map[int64]*block{p.old, p.young} {
		for _, b := range generation {
			if b.dirty {
				dirty = append(dirty, b)
			}
		}
	}
	slices.SortFunc(dirty, func(a, b *block) int { return compare(a.first, b.first) })
	stmt, err := conn.Prepare("INSERT OR REPLACE INTO " + p.table + " VALUES (?, ?)")
	if err != nil {
		return err
	}
	for _, b := range dirty {
		stmt.BindBytes(2, b.records)
		if err := run(stmt, b.first); err != nil {
			return err
		}
		b.dirty = false
	}
	return nil
}

// lower returns where the first record with at least this key is.
func (l layout) lower(records []byte, key int64) int {
	return l.width * sort.Search(len(records)/l.width, func(i int) bool { return numberAt(records, i*l.width) >= key })
}

// get returns the record with a key, or nil. It is valid until the next change.
func (p *packed) get(conn *sqlite.Conn, key int64) ([]byte, error) {
	b, _, err := p.find(conn, key)
	if err != nil {
		return nil, err
	}
	if i := p.lower(b.records, key); i < len(b.records) && numberAt(b.records, i) == key {
		return b.records[i : i+p.width], nil
	}
	return nil, nil
}

// count returns how many records have a key.
func (p *packed) count(conn *sqlite.Conn, key int64) (n int, err error) {
	b, _, err := p.find(conn, key)
	if err != nil {
		return 0, err
	}
	for i := p.lower(b.records, key); i < len(b.records) && numberAt(b.records, i) == key; i += p.width {
		n++
	}
	return n, nil
}

// put adds a record, unless it is there; one with the same key is replaced when
// keys are unique.
func (p *packed) put(conn *sqlite.Conn, record []byte, unique bool) error {
	key := numberAt(record, 0)
	b, at, err := p.find(conn, key)
	if err != nil {
		return err
	}
	i := p.lower(b.records, key)
	for ; i < len(b.records) && numberAt(b.records, i) == key; i += p.width {
		if had := b.records[i : i+p.width]; unique || string(had) == string(record) {
			copy(had, record)
			b.dirty = true
			return nil
		}
	}
	if len(b.records) >= p.most*p.width {
		if b, i, err = p.split(conn, b, at, i, key); err != nil {
			return err
		}
	}
	b.records, b.dirty = slices.Insert(b.records, i, record...), true
	return nil
}

// split makes room for a record that belongs at i and returns where it goes now.
// At the end a block is left full, as most keys only ever grow. Records with one
// key stay in one block.
func (p *packed) split(conn *sqlite.Conn, b *block, at, i int, key int64) (*block, int, error) {
	cut, first := i, key
	if i < len(b.records) || numberAt(b.records, i-p.width) == key {
		cut = len(b.records) / p.width / 2 * p.width
		for cut > 0 && numberAt(b.records, cut-p.width) == numberAt(b.records, cut) {
			cut -= p.width
		}
		first = numberAt(b.records, cut)
	}
	if cut == 0 {
		return b, i, nil
	}
	right := &block{first: first, records: slices.Clone(b.records[cut:]), dirty: true}
	b.records, b.dirty = b.records[:cut], true
	p.firsts = slices.Insert(p.firsts, at+1, first)
	if err := p.remember(conn, right); err != nil {
		return nil, 0, err
	}
	if key < first {
		return b, i, nil
	}
	return right, i - cut, nil
}

// remove takes a record out if it is there.
func (p *packed) remove(conn *sqlite.Conn, record []byte, unique bool) error {
	key := numberAt(record, 0)
	b, _, err := p.find(conn, key)
	if err != nil {
		return err
	}
	for i := p.lower(b.records, key); i < len(b.records) && numberAt(b.records, i) == key; i += p.width {
		if unique || string(b.records[i:i+p.width]) == string(record) {
			b.records = slices.Delete(b.records, i, i+p.width)
			b.dirty = true
			return nil
		}
	}
	return nil
}

// scan calls f with each block from the one that a key belongs to, until f says
// no, in the order of keys or the reverse of it.
func (l layout) scan(conn *sqlite.Conn, from int64, f func(records []byte) bool) error {
	stmt, err := conn.Prepare("SELECT records FROM " + l.table + " WHERE first>=(SELECT max(first) FROM " + l.table + " WHERE first<=?) ORDER BY first")
	if err != nil {
		return err
	}
	bind(stmt, from)
	return eachBlock(stmt, f)
}

func (l layout) scanBack(conn *sqlite.Conn, f func(records []byte) bool) error {
	stmt, err := conn.Prepare("SELECT records FROM " + l.table + " ORDER BY first DESC")
	if err != nil {
		return err
	}
	return eachBlock(stmt, f)
}

func eachBlock(stmt *sqlite.Stmt, f func(records []byte) bool) error {
	var buf []byte
	return each(stmt, func() bool {
		buf = columnInto(stmt, 0, buf)
		return f(buf)
	})
}

// columnInto returns a copy of a column, in the room of buf if that is enough.
func columnInto(stmt *sqlite.Stmt, column int, buf []byte) []byte {
	n := stmt.ColumnLen(column)
	buf = slices.Grow(buf[:0], n)[:n]
	stmt.ColumnBytes(column, buf)
	return buf
}

func numberAt(record []byte, at int) int64 {
	return int64(binary.LittleEndian.Uint64(record[at:]))
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
