package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/csvfile"
	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/adapters/planfiles"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/customer"
	"ledgerline/domain/drift"
	"ledgerline/domain/hold"
	"ledgerline/domain/importplan"
	"ledgerline/domain/licence"
	"ledgerline/domain/pause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/token"
	"ledgerline/domain/webex"
	"ledgerline/projections"
	"ledgerline/projections/audit"
	"ledgerline/projections/causes"
	driftview "ledgerline/projections/drift"
	"ledgerline/projections/holds"
	"ledgerline/projections/imports"
	"ledgerline/projections/licences"
	"ledgerline/projections/templates"
	"ledgerline/projections/userstatus"
)

const (
	acme  = "acme" // a partner
	other = "other"

	untrusted = "dW50cnVzdGVk" // provisioning ids
	trusted   = "dHJ1c3RlZA"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is the API on the real use cases, a log in memory and real views.
type world struct {
	t *testing.T
	http.Handler
	service *commands.Service
	log     *faultyLog
	views   *projections.Views
	logged  *lockedBuffer
	clock   *clock
	tokens  map[string]string // by name: read, write, admin, all, program, other, expired, revoked
	webex   *fakeWebex

	importer *commands.Importer
}

// faultyLog is a log that can be made to fail.
type faultyLog struct {
	*memory.Log
	mu     sync.Mutex
	read   error
	append error
}

func (l *faultyLog) set(read, append error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.read, l.append = read, append
}

func (l *faultyLog) ReadStream(ctx context.Context, stream string) ([]domain.Entry, error) {
	l.mu.Lock()
	err := l.read
	l.mu.Unlock()
	if err != nil && !strings.HasPrefix(stream, "token-") {
		return nil, err
	}
	return l.Log.ReadStream(ctx, stream)
}

func (l *faultyLog) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	l.mu.Lock()
	err := l.append
	l.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return l.Log.Append(ctx, stream, expected, why, events...)
}

// clock goes one second further each time it is read.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

type lockedBuffer struct {
	mu sync.Mutex
	strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.String()
}

// fakeWebex answers prechecks and reads only.
type fakeWebex struct {
	commands.Webex
	validate error
	record   webex.Subscriber // the one that is there; without id: none
}

func (f *fakeWebex) Validate(context.Context, webex.Request, string) (commands.Receipt, error) {
	return commands.Receipt{}, f.validate
}

func newWorld(t *testing.T, changes ...func(*Config)) *world {
	t.Helper()
	codec := eventlog.NewCodec(slices.Concat(subscriber.Events, template.Events, token.Events, licence.Events, customer.Events, hold.Events, drift.Events, importplan.Events, brake.Events, pause.Events)...)
	w := &world{t: t, clock: &clock{now: noon}, logged: &lockedBuffer{}, tokens: map[string]string{}, webex: &fakeWebex{}}
	w.log = &faultyLog{Log: memory.New(codec, w.clock.Now)}
	w.service = &commands.Service{
		Log: w.log, Now: w.clock.Now, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Webex: func(string) commands.Webex { return w.webex },
	}
	views, err := projections.Open(filepath.Join(t.TempDir(), "views.db"), projections.Options{
		Models: []projections.Model{userstatus.Model, templates.Model, holds.Model, audit.Model, causes.Model, driftview.Model, imports.Model},
	})
	require.NoError(t, err)
	w.views = views
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = views.Run(ctx, w.log) })
	w.importer = w.newImporter()
	running.Go(func() { _ = w.importer.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		require.NoError(t, views.Close())
	})
	config := Config{
		Service: w.service, Head: w.log.Head, Views: views, Users: userstatus.New(views), Templates: templates.New(views),
		Licences: licences.New(views), Holds: holds.New(views), Audit: audit.New(views, w.log), Causes: causes.New(views), Drift: driftview.New(views),
		ReadCSV: csvfile.Rows, WriteCSV: csvfile.WriteUsers, WriteTable: csvfile.WriteTable, UserColumns: csvfile.UserColumns,
		Imports: w.importer, ImportList: imports.New(views),
		RejectCSV:      func(out io.Writer, original io.Reader) (Rejects, error) { return csvfile.NewRejects(out, original) },
		IgnoredCSV:     csvfile.Ignored,
		ActivationLink: func(id string) string { return "https://portal.example/activate/" + id },
		BaseURL:        "https://ledgerline.example", WebexSimulated: true, ViewWait: time.Minute,
		Log: slog.New(slog.NewTextHandler(w.logged, nil)),
	}
	for _, change := range changes {
		change(&config)
	}
	w.Handler = New(config)
	w.issueTokens()
	require.NoError(t, views.Wait(t.Context(), 0))
	return w
}

// newImporter returns what plans and carries out imports. It needs views.
func (w *world) newImporter() *commands.Importer {
	files, err := planfiles.Open(filepath.Join(w.t.TempDir(), "plans"))
	require.NoError(w.t, err)
	return &commands.Importer{
		Service: w.service, Files: files, Users: importUsers{w}, Log: slog.New(slog.NewTextHandler(w.logged, nil)),
		Open: func(ctx context.Context, yield func(uuid.UUID)) error {
			return imports.New(w.views).Open(ctx, []string{acme}, w.clock.Now(), yield)
		},
	}
}

// importUsers is what planning asks the views.
type importUsers struct{ *world }

func (u importUsers) Position(ctx context.Context) (domain.Position, error) {
	head, err := u.log.Head(ctx)
	return head, errors.Join(err, u.views.Wait(ctx, head))
}

func (u importUsers) Names(ctx context.Context, partner string, of map[commands.ImportScope]bool) iter.Seq2[uuid.UUID, error] {
	return func(yield func(uuid.UUID, error) bool) {
		for row, err := range userstatus.New(u.views).All(ctx, partner, userstatus.Filter{}) {
			if err == nil && !of[commands.ImportScope{Customer: row.SPEnterpriseID, Template: row.ProvisioningID}] {
				continue
			}
			if !yield(row.ID, err) {
				return
			}
		}
	}
}

func (u importUsers) Packages(ctx context.Context, partner string) (map[string]map[webex.Package]int, error) {
	counts, err := licences.New(u.views).Counts(ctx, partner, licences.Filter{})
	users := map[string]map[webex.Package]int{}
	for _, c := range counts {
		if users[c.SPEnterpriseID] == nil {
			users[c.SPEnterpriseID] = map[webex.Package]int{}
		}
		users[c.SPEnterpriseID][c.Package] += c.Assigned + c.Pending
	}
	return users, err
}

func (w *world) issueTokens() {
	for name, holder := range map[string]struct {
		partner, role string
		scopes        []token.Scope
	}{
		"read":    {acme, domain.RoleAdmin, []token.Scope{token.Read}},
		"write":   {acme, domain.RoleAdmin, []token.Scope{token.Read, token.Write}},
		"only":    {acme, domain.RoleAdmin, []token.Scope{token.Write}},
		"admin":   {acme, domain.RoleAdmin, []token.Scope{token.Admin}},
		"all":     {acme, domain.RoleAdmin, token.Scopes},
		"program": {acme, domain.RoleProgram, []token.Scope{token.Read, token.Write}},
		"second":  {acme, domain.RoleAdmin, token.Scopes},
		"other":   {other, domain.RoleAdmin, token.Scopes},
	} {
		w.tokens[name] = w.issue(commands.IssueToken{Name: name, Role: holder.role, Scopes: holder.scopes}, holder.partner)
	}
	w.tokens["expired"] = w.issue(commands.IssueToken{Name: "expired", Role: domain.RoleAdmin, Scopes: token.Scopes, Expires: w.clock.Now().Add(5 * time.Second)}, acme)
	w.tokens["revoked"] = w.issue(commands.IssueToken{Name: "revoked", Role: domain.RoleAdmin, Scopes: token.Scopes}, acme)
	require.NoError(w.t, w.service.RevokeToken(context.Background(), token.ID(w.tokens["revoked"]), domain.Cause{Partner: acme}))
	w.clock.now = w.clock.now.Add(time.Minute)
	w.tokens["unknown"] = "llt_unknown"
}

func (w *world) issue(req commands.IssueToken, partner string) string {
	secret, _, err := w.service.IssueToken(context.Background(), req, domain.Cause{Partner: partner, Actor: "setup", Role: domain.RoleEngine, Surface: domain.SurfaceEngine})
	require.NoError(w.t, err)
	return secret
}

// issueRole returns a token of another partner with a role.
func (w *world) issueRole(role string) string {
	return w.issue(commands.IssueToken{Name: "foreign", Role: role, Scopes: token.Scopes}, other)
}

// answered is an answer, checked against the document.
type answered struct {
	*httptest.ResponseRecorder
	t *testing.T
}

// send makes a request; headers come in pairs. A body is JSON unless the headers
// say otherwise.
func (w *world) send(as, method, target, body string, headers ...string) answered {
	w.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if secret := w.tokens[as]; secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	checkAnswer(w.t, r, body, rec)
	return answered{rec, w.t}
}

// as checks the status and reads the body.
func (a answered) as(status int) map[string]any {
	a.t.Helper()
	require.Equal(a.t, status, a.Code, a.Body.String())
	if a.Body.Len() == 0 {
		return nil
	}
	var body map[string]any
	require.NoError(a.t, json.Unmarshal(a.Body.Bytes(), &body), a.Body.String())
	return body
}

// lines reads a body of many JSON values.
func (a answered) lines() []map[string]any {
	a.t.Helper()
	var all []map[string]any
	for in := json.NewDecoder(strings.NewReader(a.Body.String())); ; {
		var line map[string]any
		err := in.Decode(&line)
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(a.t, err)
		all = append(all, line)
	}
}
