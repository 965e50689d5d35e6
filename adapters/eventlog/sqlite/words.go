package sqlite

import (
	"hash/crc32"

	"zombiezen.com/go/sqlite"

	"ledgerline/domain"
)

// word is a text that records refer to by number. Number 0 means that the text
// stands in the record itself.
type word struct {
	number int64
	text   string
	sum    uint32
	cause  *domain.Cause // what the text means, if a reader has needed it
}

func newWord(number int64, text string) *word {
	return &word{number: number, text: text, sum: crc32.Checksum([]byte(text), castagnoli)}
}

// maxWords bounds what the writer and each reader remember. A text that the
// writer has forgotten gets another number, which does no harm.
const maxWords = 1 << 14

// words are the texts that the writer knows the numbers of.
type words struct {
	insert *sqlite.Stmt
	conn   *sqlite.Conn
	known  map[string]*word
	once   map[uint32]struct{} // checksums of causes that were seen once
	staged []string            // known since the transaction began
}

func newWords(conn *sqlite.Conn) *words {
	return &words{
		insert: conn.Prep("INSERT INTO words (text) VALUES (?)"),
		conn:   conn,
		known:  map[string]*word{},
		once:   map[uint32]struct{}{},
	}
}

// load remembers the most recent words of a log that was just opened.
func (ws *words) load() error {
	stmt := ws.conn.Prep("SELECT id, text FROM words ORDER BY id DESC LIMIT 4096")
	return each(stmt, func() error {
		w := newWord(stmt.ColumnInt64(0), stmt.ColumnText(1))
		ws.known[w.text] = w
		return nil
	})
}

// intern returns the word for a text.
func (ws *words) intern(text string) (*word, error) {
	if w, ok := ws.known[text]; ok {
		return w, nil
	}
	ws.insert.BindBytes(1, []byte(text))
	if err := run(ws.insert); err != nil {
		return nil, err
	}
	w := newWord(ws.conn.LastInsertRowID(), text)
	ws.known[text] = w
	ws.staged = append(ws.staged, text)
	return w, nil
}

// repeated returns the word for a cause, which gets a number only when it comes
// a second time: most causes belong to one request.
func (ws *words) repeated(cause *word) (*word, error) {
	if w, ok := ws.known[cause.text]; ok {
		return w, nil
	}
	if _, again := ws.once[cause.sum]; again {
		return ws.intern(cause.text)
	}
	ws.once[cause.sum] = struct{}{}
	return cause, nil
}

// keep is called after a commit.
func (ws *words) keep() {
	ws.staged = ws.staged[:0]
	if len(ws.known) > maxWords {
		clear(ws.known)
	}
	if len(ws.once) > maxWords {
		clear(ws.once)
	}
}

// forget is called after a rollback.
func (ws *words) forget() {
	for _, text := range ws.staged {
		delete(ws.known, text)
	}
	ws.staged = ws.staged[:0]
}
