package audit_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/licence"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/token"
	"ledgerline/projections/audit"
	"ledgerline/projections/projectionstest"
)

var (
	asa      = subscriber.Stream("acme", "asa@x")
	aToken   = token.Stream(token.ID("secret"))
	licences = licence.Stream("acme")
	tpl      = template.Stream("acme", "p1")
	ent      = customer.Stream("acme", "ent")
)

// entries are of every kind of stream, and one of another partner.
func entries() []domain.Entry {
	l := projectionstest.NewWriter("acme")
	l.Add(tpl, template.Created{ProvisioningID: "p1", Settings: template.Settings{Name: "Old", DefaultPackage: "basic"}, At: l.At})
	l.Add(aToken, token.Issued{Name: "crm", Partner: "acme", Role: domain.RoleProgram, Scopes: []token.Scope{token.Read}, At: l.At})
	l.Cause.Surface, l.Cause.Request = domain.SurfaceCSV, "import-1"
	l.Add(asa, subscriber.Onboarded{UserID: "asa@x", Package: "basic", FirstName: "Åsa", Email: "a@x.example", EmailTrusted: true, At: l.At})
	l.Cause.Actor, l.Cause.Role, l.Cause.Surface = "engine", domain.RoleEngine, domain.SurfaceEngine
	l.Add(ent, customer.AdministratorDesignated{Subscriber: subscriber.ID("acme", "asa@x"), At: l.At})
	l.Add(asa, subscriber.RequestStarted{Kind: subscriber.Provision, Attempt: 1, TrackingID: "T", At: l.At})
	l.Cause = domain.Cause{Partner: "acme", Actor: "token:bo", Role: domain.RoleAdmin, Surface: domain.SurfaceCLI, Reason: "asked by phone", Request: "r9"}
	l.Add(tpl, template.Changed{Settings: template.Settings{Name: "New", DefaultPackage: "basic", FlowThrough: true}, At: l.At})
	l.Add(licences, licence.Set{Package: "softphone", Licences: []string{"Calling", "Fax"}, At: l.At})
	l.Add(asa, subscriber.PackageChanged{Package: "premium", At: l.At})
	l.Add(aToken, token.Revoked{At: l.At})
	l.Add("strange", domain.Unknown{Type: "strange.happened.v1", Data: []byte("{}")})
	l.Cause.Partner = "beta"
	l.Add(subscriber.Stream("beta", "asa@x"), subscriber.Onboarded{UserID: "asa@x", At: l.At})
	return l.Entries
}

func queries(t *testing.T, entries []domain.Entry) *audit.Queries {
	log := projectionstest.NewLog(entries...)
	return audit.New(projectionstest.Views(t, audit.Model, log), log)
}

func TestAuditKeepsTheLaws(t *testing.T) {
	projectionstest.Laws(t, audit.Model, slices.Collect(projectionstest.History(
		projectionstest.Shape{Seed: 2, Partners: []string{"acme", "beta"}, Customers: 3, Import: 200, Subscribers: 500})))
}

func TestARecordSaysWhoDidWhatWhenAndWhy(t *testing.T) {
	all := entries()
	list, err := queries(t, all).List(t.Context(), "acme", audit.Filter{}, audit.Page{})
	require.NoError(t, err)
	require.Len(t, list.Records, 10)
	require.Equal(t, audit.Record{
		Position: 8, Stream: asa, Kind: "subscriber", Subject: subscriber.ID("acme", "asa@x"), Version: 3, At: all[7].At,
		Cause: domain.Cause{Partner: "acme", Actor: "token:bo", Role: domain.RoleAdmin, Surface: domain.SurfaceCLI, Reason: "asked by phone", Request: "r9"},
		Type:  "subscriber.package_changed.v1", What: "Package changed",
		Changes: []audit.Change{{Field: "package", Old: "basic", New: "premium"}},
	}, list.Records[2])
	require.Equal(t, "strange.happened.v1", list.Records[0].What)
	require.Equal(t, "strange", list.Records[0].Stream)
	require.Equal(t, uuid.Nil, list.Records[0].Subject)
}

func TestEachKindOfStreamShowsItsChanges(t *testing.T) {
	q := queries(t, entries())
	last := func(stream string) []audit.Change {
		history, err := q.History(t.Context(), "acme", stream)
		require.NoError(t, err)
		return history[len(history)-1].Changes
	}
	require.Equal(t, []audit.Change{{Field: "name", Old: "Old", New: "New"}, {Field: "flowThrough", Old: "false", New: "true"}}, last(tpl))
	require.Equal(t, []audit.Change{{Field: "revoked", New: "true"}}, last(aToken))
	require.Equal(t, []audit.Change{{Field: "softphone", Old: "Calling", New: "Calling, Fax"}}, last(licences))
	require.Equal(t, []audit.Change{{Field: "administrator", New: asa}}, last(ent))
}

func TestAHistoryIsOfOneThingOldestFirst(t *testing.T) {
	q := queries(t, entries())
	history, err := q.History(t.Context(), "acme", asa)
	require.NoError(t, err)
	require.Len(t, history, 3)
	require.Equal(t, "User onboarded", history[0].What)
	require.Contains(t, history[0].Changes, audit.Change{Field: "status", New: "provisioning"})
	require.Contains(t, history[0].Changes, audit.Change{Field: "firstName", New: "Åsa"})
	require.Equal(t, []audit.Change{{Field: "request", New: "provision started"}}, history[1].Changes)

	other, err := q.History(t.Context(), "beta", asa)
	require.NoError(t, err)
	require.Empty(t, other)
}

func TestEveryFilterNarrowsTheList(t *testing.T) {
	q := queries(t, entries())
	at := func(n int) time.Time { return entries()[n-1].At }
	for name, c := range map[string]struct {
		filter audit.Filter
		want   []domain.Position
	}{
		"actor":             {audit.Filter{Actor: "token:ada"}, []domain.Position{3, 2, 1}},
		"role":              {audit.Filter{Role: domain.RoleEngine}, []domain.Position{5, 4}},
		"surface":           {audit.Filter{Surface: domain.SurfaceCSV}, []domain.Position{3}},
		"type":              {audit.Filter{Type: "template.changed.v1"}, []domain.Position{6}},
		"request":           {audit.Filter{Request: "import-1"}, []domain.Position{5, 4, 3}},
		"stream":            {audit.Filter{Stream: asa}, []domain.Position{8, 5, 3}},
		"stream and actor":  {audit.Filter{Stream: asa, Actor: "engine"}, []domain.Position{5}},
		"from":              {audit.Filter{From: at(9)}, []domain.Position{10, 9}},
		"until":             {audit.Filter{Until: at(3)}, []domain.Position{2, 1}},
		"request and role":  {audit.Filter{Request: "import-1", Role: domain.RoleAdmin}, []domain.Position{3}},
		"another's":         {audit.Filter{Stream: subscriber.Stream("beta", "asa@x")}, nil},
		"nothing like that": {audit.Filter{Actor: "engine", Surface: domain.SurfaceCLI}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := q.List(t.Context(), "acme", c.filter, audit.Page{})
			require.NoError(t, err)
			var got []domain.Position
			for _, r := range list.Records {
				got = append(got, r.Position)
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestPagesOfALongHistoryNeitherOverlapNorLeaveGaps(t *testing.T) {
	all := slices.Collect(projectionstest.History(projectionstest.Shape{Seed: 2, Partners: []string{"acme", "beta"}, Customers: 3, Import: 200, Subscribers: 700}))
	q := queries(t, all)
	for name, f := range map[string]audit.Filter{
		"all": {}, "engine": {Actor: "engine"}, "one type": {Type: "subscriber.provisioned.v1"}, "part of the time": {From: all[300].At, Until: all[1200].At},
		"one import": {Request: all[700].Cause.Request}, "rare": {Type: "subscriber.removed.v1", Role: domain.RoleEngine},
	} {
		t.Run(name, func(t *testing.T) {
			var want, got []domain.Position
			for _, e := range slices.Backward(all) {
				if e.Cause.Partner == "acme" && (f.Actor == "" || f.Actor == e.Cause.Actor) && (f.Type == "" || f.Type == e.Event.EventType()) &&
					(f.Request == "" || f.Request == e.Cause.Request) && !e.At.Before(f.From) && (f.Until.IsZero() || e.At.Before(f.Until)) {
					want = append(want, e.Position)
				}
			}
			for p := (audit.Page{Limit: 37}); ; {
				list, err := q.List(t.Context(), "acme", f, p)
				require.NoError(t, err)
				for _, r := range list.Records {
					got = append(got, r.Position)
				}
				if p.Before = list.Next; p.Before == 0 {
					break
				}
			}
			require.Equal(t, want, got)

			var all []domain.Position
			for r, err := range q.All(t.Context(), "acme", f) {
				require.NoError(t, err)
				all = append(all, r.Position)
			}
			require.Equal(t, want, all)
		})
	}
}

func TestReadingAllStopsWhenNobodyWantsMoreAndSaysWhyItEndsEarly(t *testing.T) {
	q := queries(t, entries())
	for r, err := range q.All(t.Context(), "acme", audit.Filter{}) {
		require.NoError(t, err)
		require.EqualValues(t, 10, r.Position)
		break
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, err := range q.All(ctx, "acme", audit.Filter{}) {
		require.ErrorIs(t, err, context.Canceled)
	}
}
