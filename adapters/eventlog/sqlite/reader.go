package sqlite

import (
	"encoding/binary"
	"errors"

	"zombiezen.com/go/sqlite"

	"ledgerline/commands"
	"ledgerline/domain"
)

// reader reads records over a connection of its own. It is for one goroutine
// at a time.
type reader struct {
	conn         *sqlite.Conn
	lookup       *lookup
	blocks, word *sqlite.Stmt
	words        map[int64]*word
}

func newReader(conn *sqlite.Conn) *reader {
	return &reader{
		conn:   conn,
		blocks: conn.Prep("SELECT last, records FROM blocks WHERE last > ? ORDER BY last"),
		word:   conn.Prep("SELECT text FROM words WHERE id = ?"),
		words:  map[int64]*word{},
	}
}

func openReader(path string) (*reader, error) {
	conn, err := openShared(path)
	if err != nil {
		return nil, err
	}
	r := newReader(conn)
	if r.lookup, err = openLookup(path + ".index"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return r, nil
}

func (r *reader) close() error {
	if r.lookup == nil {
		return r.conn.Close()
	}
	return errors.Join(r.lookup.conn.Close(), r.conn.Close())
}

// end returns position and time of the last record. The time of a damaged one
// is 0.
func (r *reader) end() (p domain.Position, at int64, err error) {
	stmt := r.conn.Prep("SELECT max(last) FROM blocks")
	err = each(stmt, func() error {
		p = domain.Position(stmt.ColumnInt64(0))
		return nil
	})
	if err != nil || p == 0 {
		return p, 0, err
	}
	err = r.rows(p-1, p, func(row *row) bool { at = row.at; return true })
	if errors.As(err, new(*commands.DamagedError)) {
		err = nil
	}
	return p, at, err
}

// snapshot calls f in one transaction, which is cheaper than one per statement.
func (r *reader) snapshot(f func() error) error {
	if err := run(r.conn.Prep("BEGIN")); err != nil {
		return err
	}
	return errors.Join(f(), run(r.conn.Prep("ROLLBACK")))
}

// fetch returns the record at a position.
//
// Errors: *commands.DamagedError, also if there is none.
func (r *reader) fetch(p domain.Position) (found row, err error) {
	err = r.rows(p-1, p, func(row *row) bool { found = *row; return true })
	return found, err
}

// rows calls f with the records after a position up to last, until f says that
// it has enough. The row is valid during the call, what it refers to for good.
//
// Errors: *commands.DamagedError, also if one is missing.
func (r *reader) rows(after, last domain.Position, f func(*row) (enough bool)) error {
	next := after + 1
	r.blocks.BindInt64(1, int64(after))
	for enough := false; next <= last && !enough; {
		more, err := r.blocks.Step()
		if err != nil {
			return readError(err, next)
		}
		if !more {
			return errors.Join(damaged(next, "it is missing"), r.blocks.Reset())
		}
		end := domain.Position(r.blocks.ColumnInt64(0))
		next, enough, err = r.block(columnBytes(r.blocks, 1), end, next, last, f)
		if err != nil {
			return errors.Join(readError(err, next), r.blocks.Reset())
		}
	}
	return r.blocks.Reset()
}

// block calls f with the records of a block that ends at position end, from
// next up to last. It returns the position to go on from.
func (r *reader) block(b []byte, end, next, last domain.Position, f func(*row) bool) (domain.Position, bool, error) {
	all := fields{rest: b}
	count := domain.Position(all.number())
	if count > end || next <= end-count {
		return next, false, damaged(next, "it is missing")
	}
	var found row
	for found.position = end - count + 1; found.position <= min(end, last); found.position++ {
		record := all.bytes(all.number())
		if all.bad {
			return next, false, damaged(next, "its block is damaged")
		}
		if found.position < next {
			continue
		}
		if err := r.parse(record, &found); err != nil {
			return next, false, err
		}
		next++
		if f(&found) {
			return next, true, nil
		}
	}
	return next, false, nil
}

// parse reads a record and holds it against its checksum.
func (r *reader) parse(record []byte, to *row) (err error) {
	f := fields{rest: record}
	sum := f.bytes(4)
	if to.kind, err = r.numbered(int64(f.number())); err != nil {
		return err
	}
	to.streamID = f.bytes(uint64(f.byte()))
	to.version = int(f.number())
	to.previous = domain.Position(f.number())
	copy(to.id[:], f.bytes(uint64(len(to.id))))
	to.at = int64(f.number())
	if to.typ, err = r.numbered(int64(f.number())); err != nil {
		return err
	}
	if n := f.number(); n == 0 {
		to.cause = newWord(0, string(f.bytes(f.number())))
	} else if to.cause, err = r.numbered(int64(n)); err != nil {
		return err
	}
	to.body = f.rest
	if f.bad || to.checksum(record[4:]) != binary.LittleEndian.Uint32(sum) {
		return damaged(to.position, "its checksum does not match")
	}
	return nil
}

func damaged(p domain.Position, detail string) error {
	return &commands.DamagedError{Position: p, Detail: detail}
}

// numbered returns the word with a number. One that is not there is empty,
// which the checksum of the record will find out.
func (r *reader) numbered(n int64) (*word, error) {
	if w, ok := r.words[n]; ok {
		return w, nil
	}
	var found *word
	r.word.BindInt64(1, n)
	err := each(r.word, func() error {
		found = newWord(n, string(columnBytes(r.word, 0)))
		return nil
	})
	if err != nil || found == nil {
		return newWord(n, ""), err
	}
	if len(r.words) > maxWords {
		clear(r.words)
	}
	r.words[n] = found
	return found, nil
}

func columnBytes(s *sqlite.Stmt, col int) []byte {
	b := make([]byte, s.ColumnLen(col))
	s.ColumnBytes(col, b)
	return b
}

// readError says where SQLite found its own structures damaged.
func readError(err error, p domain.Position) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return damaged(p, err.Error())
	}
	return err
}
