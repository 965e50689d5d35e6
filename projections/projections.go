// Package projections is the read side: one folder per read model, and here what
// they share. A read model is rows computed from the entries of the log and
// nothing else. All of them live in one SQLite file, views.db, which is
// disposable: delete it, start, and the same rows come back.
package projections

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/domain"
)

// Log is what the read side needs of the event log.
type Log interface {
	// ReadAll yields the entries after a position, in order, up to what was the
	// head when it was called, and ends. An error is yielded last, with no entries.
	ReadAll(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error]
	// Tail yields the same and then each further entry as soon as it is recorded,
	// until ctx ends.
	Tail(ctx context.Context, after domain.Position) iter.Seq2[[]domain.Entry, error]
	// Head returns the position of the last entry, 0 for an empty log.
	Head(ctx context.Context) (domain.Position, error)
}

// Model is a read model as the loop sees it.
type Model struct {
	// Name is "<what>.v<version>". Another version is another model: it is built
	// from the first entry while the others go on, and when it is current the
	// tables of the version before are dropped.
	Name string
	// Tables are statements that create its tables, whose names start with
	// "<what>_v<version>_".
	Tables []string
	// Indexes are statements that create what only queries need. When a model is
	// built from nothing they are made last.
	Indexes []string
	// Writer returns what folds entries into the tables.
	Writer func() Writer
	// Dump yields all that the model knows, in the order of keys. Two views of the
	// same entries dump the same.
	Dump func(*sqlite.Conn) iter.Seq2[Item, error]
}

// Writer folds entries into the tables of one model. It is used by one goroutine
// at a time, always inside a transaction.
type Writer interface {
	// Apply folds entries, which follow those of the call before, and may write. It
	// returns how many of the entries concern the model.
	Apply(conn *sqlite.Conn, entries []domain.Entry) (events int, err error)
	// Flush writes what Apply has not. It is called at the end of a transaction, but
	// while all models are built from nothing only once, after the last.
	Flush(conn *sqlite.Conn) error
	// Reset forgets everything kept in memory: a transaction did not succeed.
	Reset()
}

// Preparer is a Writer part of whose work needs no tables.
type Preparer interface {
	// Prepare is told entries that Apply will be called with next, unless Reset is.
	// It runs beside the writers of other models.
	Prepare(entries []domain.Entry)
}

// Item is one row in a form that can be compared.
type Item struct{ Key, Row string }

// Options of Open.
type Options struct {
	Models  []Model
	Readers int              // queries at the same time; 0: 4
	Report  func(error)      // told each error of the loop; nil: slog
	Fatal   func(error) bool // errors that trying again cannot mend, a damaged record for one; nil: none

}

// Views is the read models of one log in one SQLite file. It is safe for
// concurrent use; one Run at a time.
type Views struct {
	path    string
	options Options

	files   sync.RWMutex // held for writing while the file is exchanged
	readers *sqlitex.Pool
	writing sync.Mutex // one transaction at a time
	writer  *sqlite.Conn

	building bool // all models, from nothing; used by the leading loop alone

	uncheckpointed int           // entries applied since the last checkpoint of the WAL
	grown          chan struct{} // tells that there is something to checkpoint

	mu      sync.Mutex
	models  []*model
	joining []*model      // have caught up; to be taken along by the leading loop
	restart func()        // makes the leading loop start over
	moved   chan struct{} // closed when a checkpoint moves
	err     error
}

// model is a Model and how far it is.
type model struct {
	Model
	writer   Writer
	position domain.Position // of the last entry applied; guarded by Views.mu
	events   int             // applied that concern it
	indexed  bool
}

// Open opens the file, making it if there is none, and the tables of models that
// it does not have.
func Open(path string, o Options) (*Views, error) {
	if o.Readers == 0 {
		o.Readers = 4
	}
	if o.Report == nil {
		o.Report = func(err error) { slog.Error("projections", "error", err) }
	}
	if o.Fatal == nil {
		o.Fatal = func(error) bool { return false }
	}
	v := &Views{path: path, options: o, moved: make(chan struct{}), grown: make(chan struct{}, 1), restart: func() {}}
	if err := v.open(); err != nil {
		return nil, err
	}
	return v, nil
}

// Read calls f in one read transaction, which sees all models at one position.
// It must be short: while it lasts, the file cannot reuse room.
//
// Errors: those of f; the context's, when that is why it did not come to its end.
func (v *Views) Read(ctx context.Context, f func(*sqlite.Conn) error) (err error) {
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}()
	v.files.RLock()
	defer v.files.RUnlock()
	conn, err := v.readers.Take(ctx)
	if err != nil {
		return err
	}
	defer v.readers.Put(conn)
	defer sqlitex.Transaction(conn)(&err)
	return f(conn)
}

// Close ends all use of the file; Run must have returned.
func (v *Views) Close() error {
	v.files.Lock()
	defer v.files.Unlock()
	return v.close()
}

// prefix of the names of a model's tables.
func (m Model) prefix() string { return strings.ReplaceAll(m.Name, ".", "_") + "_" }
