package effects

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/adapters/webex/rest"
	"ledgerline/adapters/webex/simulator"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/hold"
	"ledgerline/domain/pause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

const (
	partner   = "main"
	trusted   = "dHJ1c3RlZA"   // template of users who are imported
	untrusted = "dW50cnVzdGVk" // template of users who activate themselves
)

var admin = domain.Cause{Partner: partner, Actor: "token:ada", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI}

// world is the write side with its driver, on a log in memory, and a Webex that it
// reaches through a wire.
type world struct {
	t       *testing.T
	log     *memory.Log
	service *commands.Service
	driver  *commands.Driver
	wire    *wire
	changed chan struct{} // holds something when there may be news

	mu      sync.Mutex
	read    domain.Position
	users   map[string]*subscriber.State // by stream
	open    map[string]bool              // those for whom the engine has something to do
	stopped []uuid.UUID                  // those that an attempt failed for, until somebody takes notice
	events  map[string]int               // by type
}

// webexWith returns a wire to a simulator with these knobs.
func webexWith(t *testing.T, k simulator.Knobs) *wire {
	sim, err := simulator.New(simulator.Options{Knobs: &k})
	require.NoError(t, err)
	return &wire{sim: sim, chance: rand.New(rand.NewPCG(k.Seed, 1))}
}

// client returns a client of a partner on the wire.
func (w *wire) client() *rest.Client {
	return rest.New(rest.Config{BaseURL: "http://webex.example/v1", AccessToken: "sim-" + partner, Transport: w, ReadAttempts: 1})
}

// inWorld runs f in a bubble with an engine at work.
func inWorld(t *testing.T, k simulator.Knobs, f func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{
			t: t, log: memory.New(eventlog.NewCodec(slices.Concat(subscriber.Events, template.Events, customer.Events, hold.Events, pause.Events)...), nil),
			wire: webexWith(t, k), changed: make(chan struct{}, 1),
			users: map[string]*subscriber.State{}, open: map[string]bool{}, events: map[string]int{},
		}
		client := w.wire.client()
		w.service = &commands.Service{
			Log: told{w.log, w}, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
			Now:   func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
			Webex: func(string) commands.Webex { return client },
		}
		w.driver = &commands.Driver{Service: w.service, Open: w.yieldOpen, Sole: true, Log: slog.New(slog.DiscardHandler)}
		w.makeTemplates()
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = w.driver.Run(ctx) })
		f(w)
		stop()
		running.Wait()
	})
}

func (w *world) makeTemplates() {
	for _, s := range []commands.SaveTemplate{
		{ProvisioningID: trusted, Settings: template.Settings{Emails: template.Trusted}},
		{ProvisioningID: untrusted, Settings: template.Settings{Emails: template.Untrusted, AllowSelfActivation: true}},
	} {
		s.Name, s.Region, s.EmailLanguage, s.Cluster, s.DefaultPackage = s.ProvisioningID, "EU", "sv", "as0", "basic"
		_, err := w.service.CreateTemplate(w.t.Context(), s, admin)
		require.NoError(w.t, err)
	}
}

// told is the log, which tells its world of each append.
type told struct {
	*memory.Log
	w *world
}

// Append implements commands.EventLog.
func (l told) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	at, err := l.Log.Append(ctx, stream, expected, why, events...)
	l.w.learn()
	return at, err
}

// learn reads what is new in the log, and wakes the driver as the bus would.
func (w *world) learn() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for batch := range w.log.ReadAll(context.Background(), w.read) {
		for _, e := range batch {
			w.read = e.Position
			w.events[e.Event.EventType()]++
			kind, id, _ := domain.SplitStream(e.Stream)
			if kind != subscriber.Kind {
				continue
			}
			w.note(e, id)
			if e.Cause.Role != domain.RoleEngine {
				w.driver.Wake(e.Stream)
			}
		}
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// note keeps what a subscriber has come to.
func (w *world) note(e domain.Entry, id uuid.UUID) {
	s := w.users[e.Stream]
	if s == nil {
		s = &subscriber.State{}
		w.users[e.Stream] = s
	}
	before := s.Stage
	*s = subscriber.Evolve(*s, e.Event)
	if s.Stage == subscriber.Stopped && before != subscriber.Stopped {
		w.stopped = append(w.stopped, id)
	}
	switch s.Status() {
	case webex.Provisioning, webex.Updating, webex.Removing:
		w.open[e.Stream] = true
	default:
		delete(w.open, e.Stream)
	}
}

// yieldOpen is what views would say is open.
func (w *world) yieldOpen(_ context.Context, yield func(string)) error {
	w.mu.Lock()
	open := slices.Collect(maps.Keys(w.open))
	w.mu.Unlock()
	for _, stream := range open {
		yield(stream)
	}
	return nil
}

// underWay returns how many users the engine has something to do for.
func (w *world) underWay() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open)
}

// takeStopped returns whom an attempt failed for since it was called last.
func (w *world) takeStopped() []uuid.UUID {
	w.mu.Lock()
	defer w.mu.Unlock()
	stopped := w.stopped
	w.stopped = nil
	return stopped
}

// longest is how long a world may take until it has settled.
const longest = 14 * 24 * time.Hour

// settle waits until the engine has nothing to do any more, calling meanwhile,
// whenever there are news, until it says that it has done all it wants.
func (w *world) settle(meanwhile func() (done bool)) {
	tooLong := time.After(longest)
	for done := false; !done || w.underWay() > 0; {
		select {
		case <-w.changed:
		case <-tooLong:
			require.Fail(w.t, "it does not come to an end", "%d users are under way after %v", w.underWay(), longest)
		}
		done = meanwhile()
	}
}

// importFile imports users of a customer from 0 to below n, all of them new.
func (w *world) importFile(customer string, n int) {
	why := admin
	why.Surface, why.Request = domain.SurfaceCSV, "import-"+customer
	rows := func(yield func(commands.ImportRow) bool) {
		for i := range n {
			r := commands.ImportRow{Number: i + 2, Subscriber: commands.OnboardSubscriber{Request: newcomer(customer, trusted, i)}}
			if !yield(r) {
				return
			}
		}
	}
	summary, err := w.service.ImportSubscribers(w.t.Context(), rows, false, why, func(commands.RowResult) {})
	require.NoError(w.t, err)
	require.Equal(w.t, n, summary.Created)
}

// newcomer is the n-th user of a customer, to be provisioned with a template.
func newcomer(customer, provisioningID string, n int) webex.Request {
	return webex.Request{
		Profile:        webex.Profile{UserID: fmt.Sprintf("u%d@%s.example", n, customer), FirstName: "Åsa", LastName: fmt.Sprintf("Öberg %d", n), Extension: fmt.Sprint(1000 + n%9000), Package: "basic"},
		ProvisioningID: provisioningID, SPEnterpriseID: customer, Email: fmt.Sprintf("u%d@mail.%s.example", n, customer),
	}
}

// atWebex returns all that Webex has, by id. Nothing goes wrong any more.
func (w *wire) atWebex(t *testing.T) map[string]webex.Subscriber {
	k := simulator.DefaultKnobs()
	k.GrantedRate = 0
	require.NoError(t, w.sim.SetKnobs(k))
	all := map[string]webex.Subscriber{}
	for r, err := range commands.WebexRecords(t.Context(), w.client(), commands.WebexFilter{}) {
		require.NoError(t, err)
		all[r.ID] = r
	}
	return all
}

// duplicates counts the users for whom Webex made a record while they had one.
func (w *wire) duplicates() (n int) {
	for _, c := range w.sim.Counts() {
		if c.Duplicates > 0 {
			n++
		}
	}
	return n
}
