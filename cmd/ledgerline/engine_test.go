package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/httpapi"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/template"
	"ledgerline/domain/token"
	"ledgerline/domain/webex"
)

func testEngine(t *testing.T, o engineOptions) *engine {
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	o.Log, o.Say = slog.New(slog.DiscardHandler), io.Discard
	e, err := openEngine(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

func (e *engine) testOnboard(t *testing.T, userID string) {
	why := domain.Cause{Partner: "main", Actor: "test", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI}
	settings := template.Settings{Name: "T", Region: "EU", EmailLanguage: "en", Cluster: "as0", DefaultPackage: "basic", Emails: template.Untrusted}
	_, err := e.service.CreateTemplate(t.Context(), commands.SaveTemplate{ProvisioningID: benchTemplate, Settings: settings}, why)
	require.NoError(t, err)
	_, r, err := e.service.OnboardSubscriber(t.Context(), commands.OnboardSubscriber{Request: webex.Request{
		ProvisioningID: benchTemplate, SPEnterpriseID: "SP1+acme",
		Profile: webex.Profile{UserID: userID, FirstName: "Anna", LastName: "Lind", Extension: "1"},
	}}, why)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	require.NoError(t, e.views.Wait(ctx, r.Position), "views show %s", userID)
}

func TestViewsThatAreRebuiltWhileServingGoOn(t *testing.T) {
	e := testEngine(t, engineOptions{Passive: true})
	quiet := func(httpapi.MaintenanceProgress) {}
	e.testOnboard(t, "a@as0.example")
	for _, user := range []string{"b@as0.example", "c@as0.example"} {
		r, err := e.rebuild(t.Context(), quiet)
		require.NoError(t, err)
		require.True(t, r.OK && r.Rebuilt)
		e.testOnboard(t, user)
	}
	r, err := e.verify(t.Context(), quiet)
	require.NoError(t, err)
	require.True(t, r.OK, "%+v", r)
}

func TestDamagedViewsAreSetAsideAndBuiltAnew(t *testing.T) {
	data := t.TempDir()
	e := testEngine(t, engineOptions{Data: data, Passive: true})
	e.testOnboard(t, "a@as0.example")
	require.NoError(t, e.Close())
	require.NoError(t, os.WriteFile(filepath.Join(data, "views.db"), []byte("this is not a database, whatever its name says"), 0o600))

	e = testEngine(t, engineOptions{Data: data, Passive: true})
	e.testOnboard(t, "b@as0.example")
	r, err := e.verify(t.Context(), func(httpapi.MaintenanceProgress) {})
	require.NoError(t, err)
	require.True(t, r.OK, "%+v", r)
	require.FileExists(t, filepath.Join(data, "views.db.damaged"))
}

func TestEveryPartnerGetsAnAdministratorTokenWheneverItJoins(t *testing.T) {
	data := t.TempDir()
	holder := func(e *engine, file string) string {
		partner, err := e.tokenHolder(t.Context(), filepath.Join(data, file))
		require.NoError(t, err)
		return partner
	}
	e := testEngine(t, engineOptions{Data: data, Partners: []string{"nordic"}})
	require.Equal(t, "nordic", holder(e, "admin-token"))
	require.NoError(t, e.Close())

	e = testEngine(t, engineOptions{Data: data, Partners: []string{"baltic"}})
	require.Equal(t, "nordic", holder(e, "admin-token"))
	require.Equal(t, "baltic", holder(e, "admin-token-baltic"))
	require.Equal(t, []string{"baltic", "nordic"}, e.Partners, "who has data here is served")
	require.NoError(t, e.Close())

	e = testEngine(t, engineOptions{Data: data, Passive: true})
	require.Equal(t, []string{"baltic", "nordic"}, e.Partners)
	secret, err := os.ReadFile(filepath.Join(data, "admin-token"))
	require.NoError(t, err)
	state, _, ok, err := e.service.Authenticate(t.Context(), string(secret[:len(secret)-1]))
	require.NoError(t, err)
	require.True(t, ok && state.May(token.Admin))
}

func TestAPartnerWithoutCredentialsIsRefusedWhereOthersHaveThem(t *testing.T) {
	data := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(data, "webex.json"), []byte(`{"partners":{"nordic":{"accessToken":"x"}}}`), 0o600))
	o := engineOptions{Data: data, Partners: []string{"baltic"}, Log: slog.New(slog.DiscardHandler), Say: io.Discard}
	_, err := openEngine(t.Context(), o)
	require.ErrorContains(t, err, `partner "baltic" has no credentials`)

	o.Data, o.Partners = t.TempDir(), []string{"../escape"}
	_, err = openEngine(t.Context(), o)
	require.ErrorContains(t, err, "a name has letters")
}

func TestWhatAKilledProgramLeftHalfWrittenIsRemovedAndTakenForNothing(t *testing.T) {
	data := t.TempDir()
	left := filepath.Join(data, ".half-written-123")
	require.NoError(t, os.WriteFile(left, []byte("llt_"), 0o600))
	e, err := openEngine(t.Context(), engineOptions{Data: data, Log: slog.New(slog.DiscardHandler), Say: io.Discard})
	require.NoError(t, err)
	require.Equal(t, []string{"main"}, e.Partners)
	require.NoError(t, e.Close())
	require.NoFileExists(t, left)
}
