package userstatus

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"
)

// The word index says which rows may have a word: for each entry the rows' places
// in the list, in chunks that fit a page. Places are added and never taken out, so
// what a search finds there is compared with the row.

const mostChunk = 1900 // bytes; more would overflow an index page of 8192

// postings collects what a transaction adds to the word index. Splitting texts
// into words goes on beside the writer.
type postings struct {
	moves    []move
	rows     int                           // that moves were noted of since the last flush
	added    map[int64]map[string]*[]int64 // places by partner and entry
	rare     []rare
	table    packed         // of rare words
	indexing sync.WaitGroup // who reads moves and writes added and rare
	buf      []byte

	splitter splitter // these are of who indexes
	words    []string
}

// move is a row before and after.
type move struct {
	partner  int64
	was, now written
}

func (p *postings) reset() {
	p.indexing.Wait()
	p.table = packed{layout: rareTable}
	p.table.reset()
	p.clear()
	p.splitter.names = map[string][]string{}
}

// clear forgets what has been written.
func (p *postings) clear() {
	p.moves, p.rows, p.added = nil, 0, map[int64]map[string]*[]int64{}
	clear(p.rare)
	p.rare = p.rare[:0]
}

// move notes a row that may gain entries.
func (p *postings) move(partner int64, was, now written) {
	p.moves = append(p.moves, move{partner, was, now})
	p.rows++
}

// index starts finding the entries of the moves that were noted.
func (p *postings) index() {
	p.indexing.Wait()
	moves := p.moves
	p.moves = make([]move, 0, len(moves))
	p.indexing.Go(func() {
		for i := range moves {
			p.add(&moves[i])
		}
	})
}

// add notes the entries that a row gains.
func (p *postings) add(m *move) {
	var had []string
	if was := &m.was; was.seq == m.now.seq {
		entries(searchable(was.firstName, was.lastName, was.userID, was.email), func(entry string) { had = append(had, entry) })
	}
	p.words = p.splitter.searchable(p.words[:0], m.now.firstName, m.now.lastName, m.now.userID, m.now.email)
	entries(p.words, func(entry string) {
		switch {
		case len(had) > 0 && slices.Contains(had, entry):
		case !strings.HasPrefix(entry, groupMark) && hasDigit(entry):
			key, _ := rareKeys(m.partner, entry, true)
			p.rare = append(p.rare, rare{keyed{key, m.now.seq}, m.partner, entry})
		default:
			p.list(m.partner, entry, m.now.seq)
		}
	})
}

// list notes that a row has an entry.
func (p *postings) list(partner int64, entry string, seq int64) {
	of := p.added[partner]
	if of == nil {
		of = map[string]*[]int64{}
		p.added[partner] = of
	}
	if seqs := of[entry]; seqs != nil {
		*seqs = append(*seqs, seq)
		return
	}
	of[entry] = &[]int64{seq}
}

// flush writes what was added, in the order of the index.
func (p *postings) flush(conn *sqlite.Conn) error {
	p.index()
	p.indexing.Wait()
	common, err := flushRare(conn, &p.table, p.rare)
	if err != nil {
		return err
	}
	for _, c := range common {
		p.list(c.partner, c.word, c.seq)
	}
	w := chunks{buf: p.buf}
	for to, query := range map[**sqlite.Stmt]string{
		&w.first: "INSERT INTO userstatus_v3_words VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING",
		&w.last:  "SELECT chunk, seqs FROM userstatus_v3_words WHERE partner=? AND entry=? ORDER BY chunk DESC LIMIT 1",
		&w.put:   "INSERT INTO userstatus_v3_words VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seqs=excluded.seqs",
	} {
		if *to, err = conn.Prepare(query); err != nil {
			return err
		}
	}
	for _, partner := range slices.Sorted(maps.Keys(p.added)) {
		of := p.added[partner]
		for _, entry := range slices.Sorted(maps.Keys(of)) {
			if err := w.add(conn, partner, entry, *of[entry]); err != nil {
				return err
			}
		}
	}
	p.buf = w.buf
	p.clear()
	return nil
}

// chunks is the statements that write chunks.
type chunks struct {
	first, last, put *sqlite.Stmt
	buf              []byte
}

// add adds places to an entry, which is new more often than not.
func (c *chunks) add(conn *sqlite.Conn, partner int64, entry string, seqs []int64) error {
	if len(seqs) == 1 {
		c.buf = binary.AppendVarint(c.buf[:0], seqs[0])
		c.first.BindInt64(1, partner)
		c.first.BindText(2, entry)
		c.first.BindBytes(3, c.buf)
		if err := run(c.first); err != nil || conn.Changes() == 1 {
			return err
		}
	}
	return c.extend(partner, entry, seqs)
}

// extend adds to the last chunk of an entry and, when that is full, to new ones.
func (c *chunks) extend(partner int64, entry string, seqs []int64) error {
	chunk, buf := int64(0), c.buf[:0]
	c.last.BindInt64(1, partner)
	c.last.BindText(2, entry)
	err := each(c.last, func() bool {
		chunk = c.last.ColumnInt64(0)
		buf = slices.Grow(buf, c.last.ColumnLen(1))[:c.last.ColumnLen(1)]
		c.last.ColumnBytes(1, buf)
		return true
	})
	if err != nil {
		return err
	}
	before := int64(0)
	unpack(buf, func(seq int64) { before = seq })
	for i, seq := range seqs {
		buf = binary.AppendVarint(buf, seq-before)
		before = seq
		if full := len(buf) > mostChunk; !full && i < len(seqs)-1 {
			continue
		}
		c.put.BindInt64(1, partner)
		c.put.BindText(2, entry)
		c.put.BindInt64(3, chunk)
		c.put.BindBytes(4, buf)
		if err := run(c.put); err != nil {
			return err
		}
		if len(buf) > mostChunk {
			chunk, buf, before = chunk+1, buf[:0], 0
		}
	}
	c.buf = buf
	return nil
}

// unpack calls f with each place in a chunk.
func unpack(chunk []byte, f func(seq int64)) {
	seq := int64(0)
	for len(chunk) > 0 {
		delta, n := binary.Varint(chunk)
		seq += delta
		chunk = chunk[n:]
		f(seq)
	}
}
