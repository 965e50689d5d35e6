package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"

	"ledgerline/adapters/bus"
	"ledgerline/adapters/csvfile"
	"ledgerline/adapters/eventlog"
	eventlogsqlite "ledgerline/adapters/eventlog/sqlite"
	"ledgerline/adapters/httpapi"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/customer"
	"ledgerline/domain/drift"
	"ledgerline/domain/hold"
	"ledgerline/domain/importplan"
	"ledgerline/domain/licence"
	"ledgerline/domain/pace"
	"ledgerline/domain/pause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/token"
	"ledgerline/projections"
	"ledgerline/projections/activations"
	"ledgerline/projections/audit"
	"ledgerline/projections/causes"
	driftview "ledgerline/projections/drift"
	"ledgerline/projections/holds"
	"ledgerline/projections/imports"
	"ledgerline/projections/licences"
	"ledgerline/projections/templates"
	"ledgerline/projections/userstatus"
)

// events lists one of each event that can be stored.
var events = slices.Concat(subscriber.Events, template.Events, customer.Events, hold.Events, licence.Events, token.Events,
	drift.Events, importplan.Events, brake.Events, pause.Events)

// models lists the read models.
var models = []projections.Model{userstatus.Model, templates.Model, holds.Model, audit.Model, causes.Model, driftview.Model, imports.Model}

// engineOptions say what an engine works on.
type engineOptions struct {
	Data     string    // directory; made if it is not there
	Webex    string    // file with credentials; "": webex.json in Data if it is there, otherwise the simulator
	Partners []string  // whom it serves beside those in the credentials; none at all: "main"
	BaseURL  string    // under which clients reach it; "": as in the request
	Portal   string    // where users activate themselves, for share links; "": unknown
	Passive  bool      // only record and answer: nobody drives activations, Webex is not reached
	Say      io.Writer // is told a new administrator token; nil: stderr
	Log      *slog.Logger

	Drift time.Duration // between scheduled scans for drift; 0: none
}

// engine is everything that works on one data directory.
type engine struct {
	Handler   http.Handler
	Simulated bool     // Webex is the simulator
	Simulator string   // its URL, also of one that the credentials name on this machine
	Partners  []string // whom it serves, sorted
	Webex     string   // where Webex is, in words

	log     *eventlogsqlite.Log
	views   *projections.Views
	follow  *loop // keeps the views up to date
	driver  *commands.Driver
	service *commands.Service
	imports *commands.Importer
	closers []func() error // in the order of opening

	rebuilding sync.Mutex // one verification or rebuild at a time
}

// openEngine opens the log, brings up views, bus, Webex and driver. They work
// until Close.
//
// Errors: eventlogsqlite.ErrInUse when another program works on the directory.
func openEngine(ctx context.Context, o engineOptions) (*engine, error) {
	e := &engine{}
	if o.Say == nil {
		o.Say = os.Stderr
	}
	if err := e.open(ctx, o); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *engine) open(ctx context.Context, o engineOptions) error {
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return err
	}
	codec := eventlog.NewCodec(events...)
	var err error
	if e.log, err = eventlogsqlite.Open(filepath.Join(o.Data, "log.db"), codec, eventlogsqlite.Options{}); err != nil {
		return err
	}
	e.closers = append(e.closers, e.log.Close)
	if err := removeHalfWritten(o.Data); err != nil {
		return err
	}
	if err := e.openViews(o); err != nil {
		return err
	}
	clients := map[string]commands.Webex{}
	e.service = newService(e.log, clients)
	e.service.Lanes.Report = reportCircuit(o.Log)
	known, err := e.knownPartners(ctx, o.Data)
	if err != nil {
		return err
	}
	if err := e.openWebex(o, known, clients); err != nil {
		return err
	}
	for _, partner := range e.Partners {
		if !partnerName.MatchString(partner) {
			return fmt.Errorf("partner %q: a name has letters, digits, dots, hyphens and underscores only, at most 64", partner)
		}
	}
	if err := e.issueAdminTokens(ctx, o); err != nil {
		return err
	}
	if err := e.openImports(o); err != nil {
		return err
	}
	if !o.Passive {
		if err := e.startReactions(o, codec); err != nil {
			return err
		}
	}
	e.Handler = e.handler(o)
	return nil
}

// partnerName is the form of names of partners, which are parts of file names.
var partnerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// newService returns the use cases on a log, with the clients of each partner.
func newService(log commands.EventLog, clients map[string]commands.Webex) *commands.Service {
	return &commands.Service{
		Log:   log,
		Now:   func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Webex: func(partner string) commands.Webex { return clients[partner] },
		Lanes: &commands.Lanes{},
	}
}

// reportCircuit logs that Webex is not asked any more, and that it is again.
func reportCircuit(log *slog.Logger) func(commands.Lane, pace.State) {
	return func(of commands.Lane, s pace.State) {
		if s.Circuit == pace.Closed {
			log.Info("Webex answers again; calls go on", "partner", of.Partner, "family", of.Family)
			return
		}
		log.Warn("Webex does not answer; nothing is asked of it but a trial now and then", "partner", of.Partner, "family", of.Family, "next", s.NextProbe)
	}
}

func (e *engine) openViews(o engineOptions) error {
	path := filepath.Join(o.Data, "views.db")
	options := projections.Options{
		Models: models,
		Report: func(err error) { o.Log.Error("views are held up", "error", err) },
		Fatal: func(err error) bool {
			var damaged *commands.DamagedError
			return errors.As(err, &damaged)
		},
	}
	views, err := projections.Open(path, options)
	switch sqlite.ErrCode(err) {
	case sqlite.ResultNotADB, sqlite.ResultCorrupt:
		o.Log.Error("the views are damaged; they are set aside and built anew", "kept", path+".damaged", "error", err)
		if err := setAside(path); err != nil {
			return err
		}
		views, err = projections.Open(path, options)
	}
	if err != nil {
		return err
	}
	e.views = views
	e.closers = append(e.closers, views.Close)
	e.follow = e.background(func(ctx context.Context) error { return views.Run(ctx, e.log) }, o.Log, "views")
	return nil
}

// startReactions runs the driver and the bus that wakes it.
func (e *engine) startReactions(o engineOptions, codec *eventlog.Codec) error {
	checkpoints, err := bus.OpenCheckpoints(filepath.Join(o.Data, "bus.db"))
	if err != nil {
		return err
	}
	e.closers = append(e.closers, checkpoints.Close)
	e.driver = &commands.Driver{Service: e.service, Open: e.openActivations, Sole: true, Log: o.Log}
	reactions, err := bus.New(bus.Config{Log: e.log, Codec: codec, Checkpoints: checkpoints, Logger: o.Log})
	if err != nil {
		return err
	}
	reactions.React("activation", bus.Head, bus.WakeActivations(e.driver.Wake))
	e.background(func(ctx context.Context) error {
		head, err := e.log.Head(ctx)
		if err == nil {
			err = e.views.Wait(ctx, head)
		}
		if err != nil {
			return err
		}
		return e.driver.Run(ctx)
	}, o.Log, "activations")
	drifts := &commands.DriftDriver{Service: e.service, Partners: e.Partners, Users: e.atWebex, Every: o.Drift, Sole: true, Log: o.Log}
	reactions.React("drift", bus.Head, bus.WakeDrift(drifts.Wake))
	e.background(drifts.Run, o.Log, "drift")
	e.background(reactions.Run, o.Log, "bus")
	e.startImports(o)
	return nil
}

// openActivations tells the driver of everybody for whom something may be due.
func (e *engine) openActivations(ctx context.Context, yield func(stream string)) error {
	everything := time.Now().AddDate(100, 0, 0)
	due, err := activations.New(e.views).Due(ctx, everything, math.MaxInt32)
	for _, d := range due {
		yield(d.Stream)
	}
	return err
}

// atWebex yields a partner's users who have a record at Webex, as the log has them
// up to a position.
func (e *engine) atWebex(ctx context.Context, partner string, f drift.Filter, at domain.Position) iter.Seq2[commands.DriftUser, error] {
	return func(yield func(commands.DriftUser, error) bool) {
		if err := e.views.Wait(ctx, at); err != nil {
			yield(commands.DriftUser{}, err)
			return
		}
		filter := userstatus.Filter{ProvisioningID: f.ProvisioningID, SPEnterpriseID: f.SPEnterpriseID}
		for row, err := range userstatus.New(e.views).All(ctx, partner, filter) {
			if err == nil && row.WebexID == "" {
				continue
			}
			if !yield(commands.DriftUser{ID: row.ID, WebexID: row.WebexID}, err) {
				return
			}
		}
	}
}

func (e *engine) handler(o engineOptions) http.Handler {
	config := httpapi.Config{
		Service: e.service, Head: e.log.Head,
		Views: e.views, Users: userstatus.New(e.views), Templates: templates.New(e.views),
		Licences: licences.New(e.views), Holds: holds.New(e.views), Audit: audit.New(e.views, e.log), Causes: causes.New(e.views), Drift: driftview.New(e.views),
		Imports: e.imports, ImportList: imports.New(e.views),
		ReadCSV: csvfile.Rows, WriteCSV: csvfile.WriteUsers, WriteTable: csvfile.WriteTable, UserColumns: csvfile.UserColumns, IgnoredCSV: csvfile.Ignored, RejectCSV: rejectCSV,
		Verify: e.verify, Rebuild: e.rebuild, WebexSimulated: e.Simulated, BaseURL: o.BaseURL, Log: o.Log,
	}
	if e.driver != nil {
		config.Driver = e.driver
	}
	if o.Portal != "" {
		config.ActivationLink = func(provisioningID string) string { return o.Portal + "/activate/" + provisioningID }
	}
	return httpapi.New(config)
}

// background runs something until Close, which waits for its end.
func (e *engine) background(run func(context.Context) error, log *slog.Logger, name string) *loop {
	l := &loop{run: func(ctx context.Context) {
		if err := run(ctx); err != nil && ctx.Err() == nil {
			log.Error(name+" stopped", "error", err)
		}
	}}
	l.start()
	e.closers = append(e.closers, func() error { l.stop(); return nil })
	return l
}

// loop is something that runs until it is stopped, and can be started again.
type loop struct {
	run    func(context.Context)
	cancel context.CancelFunc
	ended  chan struct{}
}

func (l *loop) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	l.cancel, l.ended = cancel, ended
	go func() {
		defer close(ended)
		l.run(ctx)
	}()
}

func (l *loop) stop() {
	l.cancel()
	<-l.ended
}

// Close ends everything in the reverse order of opening.
func (e *engine) Close() error {
	var errs []error
	for _, closer := range slices.Backward(e.closers) {
		errs = append(errs, closer())
	}
	e.closers = nil
	return errors.Join(errs...)
}

// setAside moves a SQLite file and what goes with it out of the way.
func setAside(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, path+".damaged"+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// exists says whether there is a file at path.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// rejectCSV is csvfile.NewRejects.
func rejectCSV(w io.Writer, original io.Reader) (httpapi.Rejects, error) {
	return csvfile.NewRejects(w, original)
}
