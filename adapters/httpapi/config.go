package httpapi

import (
	"cmp"
	"context"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/webex"
	"ledgerline/projections"
	"ledgerline/projections/audit"
	"ledgerline/projections/causes"
	"ledgerline/projections/holds"
	"ledgerline/projections/imports"
	"ledgerline/projections/licences"
	"ledgerline/projections/templates"
	"ledgerline/projections/userstatus"
)

// Config is what the API stands on. Fields without "may be" are needed.
type Config struct {
	Service *commands.Service
	Head    func(context.Context) (domain.Position, error) // of the log

	Views     Views     // *projections.Views
	Users     Users     // *userstatus.Queries
	Templates Templates // *templates.Queries
	Licences  Licences  // *licences.Queries
	Holds     Holds     // *holds.Queries
	Audit     Audit     // *audit.Queries
	Causes    Causes    // *causes.Queries
	Drift     Drift     // *drift.Queries

	Imports    *commands.Importer
	ImportList ImportList // *imports.Queries

	ReadCSV     func(file io.Reader, given ...string) (iter.Seq[commands.ImportRow], error) // csvfile.Rows
	WriteCSV    func(io.Writer, iter.Seq2[webex.Subscriber, error], ...string) error        // csvfile.WriteUsers
	WriteTable  func(io.Writer, []string, iter.Seq2[[]string, error]) error                 // csvfile.WriteTable
	UserColumns []string                                                                    // csvfile.UserColumns
	// IgnoredCSV returns the columns of a file that nobody reads, as they stand in it.
	IgnoredCSV func(io.Reader) ([]string, error)
	// RejectCSV begins the file of the rejected rows of an original: csvfile.NewRejects.
	RejectCSV func(w io.Writer, original io.Reader) (Rejects, error)

	Driver         Agenda                             // *commands.Driver; may be nil: none runs here
	ActivationLink func(provisioningID string) string // of the portal, which a template's share link must point to; may be nil: <BaseURL>/activate/<provisioning id>
	Writable       func(context.Context) error        // says why the log cannot be written to; may be nil: it can
	Verify         Maintain                           // recounts everything; may be nil: cannot be asked
	Rebuild        Maintain                           // builds the views anew; may be nil: cannot be asked
	WebexSimulated bool                               // Webex is the simulator
	BaseURL        string                             // "https://host" that clients see, for links; may be empty: as in the request
	MaxImportBytes int64                              // of one CSV file; 0: 512 MiB, over two million rows
	ViewWait       time.Duration                      // how long to wait for views to show a write; 0: 2 s
	Log            *slog.Logger                       // may be nil: slog.Default()
}

// Views tells how far the read side is.
type Views interface {
	// Wait returns when all views have applied the log up to a position, or ctx ends.
	Wait(context.Context, domain.Position) error
	Applied() domain.Position
	Status() []projections.ModelStatus
	Err() error
}

// Users answers who is on the way to Webex, and how far.
type Users interface {
	List(ctx context.Context, partner string, f userstatus.Filter, p userstatus.Page) (userstatus.List, error)
	All(ctx context.Context, partner string, f userstatus.Filter) iter.Seq2[userstatus.Row, error]
	Counts(ctx context.Context, partner string, f userstatus.CountFilter) (map[webex.Status]int, error)
}

// Templates answers which onboarding templates there are.
type Templates interface {
	List(ctx context.Context, partner string) ([]templates.Row, error)
}

// Licences answers how many licences are in use.
type Licences interface {
	Counts(ctx context.Context, partner string, f licences.Filter) ([]licences.Count, error)
}

// Holds answers whose requests are kept from Webex.
type Holds interface {
	List(ctx context.Context, partner string, all bool) ([]holds.Row, error)
}

// Audit answers who did what, when, and why.
type Audit interface {
	List(ctx context.Context, partner string, f audit.Filter, p audit.Page) (audit.List, error)
	All(ctx context.Context, partner string, f audit.Filter) iter.Seq2[audit.Record, error]
	History(ctx context.Context, partner, stream string) ([]audit.Record, error)
}

// Causes answers what stops users, and whom.
type Causes interface {
	List(ctx context.Context, partner string, f causes.Filter) (causes.List, error)
	Get(ctx context.Context, partner string, f cause.Fingerprint) (causes.Cause, []causes.Customer, error)
	Subscribers(ctx context.Context, partner string, f cause.Fingerprint, customer string, p causes.Page) (found []causes.Stopped, more bool, err error)
	All(ctx context.Context, partner string, f cause.Fingerprint, customer string) iter.Seq2[uuid.UUID, error]
}

// ImportList answers which imports there are.
type ImportList interface {
	List(ctx context.Context, partner string, f imports.Filter, limit int, before string, now time.Time) (imports.List, error)
	Get(ctx context.Context, partner string, id uuid.UUID) (imports.Row, error)
}

// Agenda tells how many activations are being driven.
type Agenda interface{ Busy() int }

func (c Config) withDefaults() Config {
	if c.ActivationLink == nil {
		base := cmp.Or(c.BaseURL, "http://localhost:8080")
		c.ActivationLink = func(provisioningID string) string { return base + "/activate/" + provisioningID }
	}
	if c.Writable == nil {
		c.Writable = func(context.Context) error { return nil }
	}
	if c.MaxImportBytes == 0 {
		c.MaxImportBytes = 512 << 20
	}
	if c.ViewWait == 0 {
		c.ViewWait = 2 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return c
}

// Server returns a server for the API. It has no time limit for answers, because
// exports and imports are streams; each write of an answer has one instead.
func Server(addr string, h http.Handler) *http.Server {
	server := &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	if a, ok := h.(*api); ok {
		server.RegisterOnShutdown(a.close)
	}
	return server
}

// newTracking returns an id for a request, which whoever asks for help can name.
func newTracking() string { return "LEDGERLINE_" + uuid.NewString() }
