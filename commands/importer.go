package commands

import (
	"context"
	"io"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/webex"
)

// Importer makes plans of what files would change, and carries them out. Its
// methods are use cases; all are safe for concurrent use. There is one for a log.
type Importer struct {
	Service *Service
	Files   ImportFiles
	Users   ImportUsers
	// Open names the imports that are to be carried out, as a view knows them.
	Open func(ctx context.Context, yield func(id uuid.UUID)) error
	Log  *slog.Logger // nil: slog.Default()
	// Checkpoint is after how many rows it is recorded how far an import is, at the
	// latest; 0: 5000.
	Checkpoint int

	mu       sync.Mutex
	applying map[uuid.UUID]*applying // being carried out by Run
	due      []uuid.UUID             // to be looked at by Run
	wake     chan struct{}           // tells Run that something is due
}

// ImportFiles keeps files under their SHA-256: those that were sent, and the rows
// of plans. Implementations are safe for concurrent use.
type ImportFiles interface {
	// Create begins a file that nobody sees until it is committed.
	Create(ctx context.Context) (NewImportFile, error)
	// Open opens a file for reading.
	//
	// Errors: ErrNoImportFile.
	Open(ctx context.Context, hash string) (ImportFile, error)
	// Sweep removes the files made before a time that keep does not name, and those
	// that were begun before it and never committed.
	Sweep(ctx context.Context, before time.Time, keep func(hash string) bool) error
}

// NewImportFile is a file being written.
type NewImportFile interface {
	io.Writer
	// Commit keeps the file for good, also through loss of power, and returns its
	// name. The same content has the same name, whether it was there or not.
	Commit() (hash string, err error)
	// Discard drops the file; after Commit it does nothing.
	Discard() error
}

// ImportFile is a file being read.
type ImportFile interface {
	io.ReadSeekCloser
	Size() int64
}

// ErrNoImportFile is said of files that are not kept any more.
var ErrNoImportFile = domain.Reject(domain.NotFound, "The rows of this import are not kept any more.")

// ImportUsers is what planning asks the views. They know everything that was
// recorded before they are asked.
type ImportUsers interface {
	// Position returns the position of the log up to which the views are.
	Position(ctx context.Context) (domain.Position, error)
	// Names yields the ids of the subscribers of some customers and templates who are
	// not removed.
	Names(ctx context.Context, partner string, of map[ImportScope]bool) iter.Seq2[uuid.UUID, error]
	// Packages returns how many users have each package, those on the way to it
	// included, by spEnterpriseId.
	Packages(ctx context.Context, partner string) (map[string]map[webex.Package]int, error)
}

// ImportScope is whose users a file has all of.
type ImportScope struct{ Customer, Template string } // spEnterpriseId and provisioningId

// PlannedImport is what a use case left of an import.
type PlannedImport = Recorded[importplan.State]

// Get returns what is recorded of an import.
//
// Errors: importplan.ErrNotFound.
func (im *Importer) Get(ctx context.Context, partner string, id uuid.UUID) (PlannedImport, error) {
	r, err := read(ctx, im.Service, partner, importplan.Stream(id), importplan.Decider)
	if err == nil && r.Version == 0 {
		err = importplan.ErrNotFound
	}
	return r, err
}

// Approve agrees to a plan. Approving twice changes nothing.
//
// Errors: importplan.ErrNotFound, ErrExpired, ErrOver, ErrNotNeeded, ErrSamePerson,
// ErrAdminNeeded; Invalid with fields.
func (im *Importer) Approve(ctx context.Context, id uuid.UUID, kind importplan.ApprovalKind, why domain.Cause) (PlannedImport, error) {
	return im.ask(ctx, id, importplan.Approve{Kind: kind, By: why.Actor, Role: why.Role, At: im.Service.Now()}, why)
}

// Apply has a plan carried out by Run. Asking twice changes nothing.
//
// Errors: importplan.ErrNotFound, ErrExpired, ErrOver, ErrApproval, ErrRemovals, ErrSecond.
func (im *Importer) Apply(ctx context.Context, id uuid.UUID, why domain.Cause) (PlannedImport, error) {
	return im.ask(ctx, id, importplan.Start{At: im.Service.Now()}, why)
}

// Pause stops an import for now: rows under way are finished, no further one is
// begun. Pausing twice changes nothing.
//
// Errors: importplan.ErrNotFound, ErrOver, ErrNotStarted.
func (im *Importer) Pause(ctx context.Context, id uuid.UUID, why domain.Cause) (PlannedImport, error) {
	return im.ask(ctx, id, importplan.Pause{Reason: why.Reason, At: im.Service.Now()}, why)
}

// Resume has a paused import go on. Resuming twice changes nothing.
//
// Errors: importplan.ErrNotFound, ErrOver, ErrNotStarted, ErrSecond.
func (im *Importer) Resume(ctx context.Context, id uuid.UUID, why domain.Cause) (PlannedImport, error) {
	return im.ask(ctx, id, importplan.Resume{At: im.Service.Now()}, why)
}

// Cancel gives an import up; what is done stays done, and can be undone.
// Cancelling twice changes nothing.
//
// Errors: importplan.ErrNotFound, ErrOver.
func (im *Importer) Cancel(ctx context.Context, id uuid.UUID, why domain.Cause) (PlannedImport, error) {
	return im.ask(ctx, id, importplan.Cancel{At: im.Service.Now()}, why)
}

func (im *Importer) ask(ctx context.Context, id uuid.UUID, c importplan.Command, why domain.Cause) (PlannedImport, error) {
	r, err := transact(ctx, im.Service, importplan.Stream(id), why, importplan.Decider, c)
	if err == nil {
		im.Wake(id)
	}
	return r, err
}
