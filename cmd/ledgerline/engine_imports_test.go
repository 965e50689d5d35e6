package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
	"ledgerline/projections"
)

func TestPlansAskTheViewsForUsersOfSomeCustomersAndTemplates(t *testing.T) {
	log := memory.New(eventlog.NewCodec(events...), nil)
	views, err := projections.Open(filepath.Join(t.TempDir(), "views.db"), projections.Options{Models: models})
	require.NoError(t, err)
	defer views.Close()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = views.Run(ctx, log) })
	defer running.Wait()
	defer stop()

	s := newService(log, nil)
	why := domain.Cause{Partner: "acme", Actor: "test", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI}
	const customers = fewScopes + 2
	settings := template.Settings{Name: "t", Region: "EU", EmailLanguage: "en", Cluster: "as0", DefaultPackage: "basic", Emails: template.Untrusted}
	for _, id := range []string{"b25l", "dHdv"} {
		_, err := s.CreateTemplate(ctx, commands.SaveTemplate{ProvisioningID: id, Settings: settings}, why)
		require.NoError(t, err)
	}
	user := func(customer int, template string) commands.OnboardSubscriber {
		return commands.OnboardSubscriber{Request: webex.Request{
			ProvisioningID: template, SPEnterpriseID: fmt.Sprintf("SP1+ent%d", customer),
			Profile: webex.Profile{UserID: fmt.Sprintf("user%d%s@as0.example", customer, template), FirstName: "Åsa", LastName: "Öberg", Extension: "1000"},
		}}
	}
	for n := range customers {
		for _, id := range []string{"b25l", "dHdv"} {
			_, _, err := s.OnboardSubscriber(ctx, user(n, id), why)
			require.NoError(t, err)
		}
	}
	_, err = s.DeleteSubscriber(ctx, subscriber.ID("acme", user(0, "b25l").Profile.UserID), why)
	require.NoError(t, err)

	u := importUsers{head: log.Head, views: views}
	for _, asked := range []int{1, fewScopes, customers} {
		scopes, want := map[commands.ImportScope]bool{}, []uuid.UUID{}
		for n := range asked {
			scopes[commands.ImportScope{Customer: fmt.Sprintf("SP1+ent%d", n), Template: "b25l"}] = true
			if n > 0 {
				want = append(want, subscriber.ID("acme", user(n, "b25l").Profile.UserID))
			}
		}
		got := []uuid.UUID{}
		for id, err := range u.Names(ctx, "acme", scopes) {
			require.NoError(t, err)
			got = append(got, id)
		}
		require.ElementsMatch(t, want, got, "of %d customers, the removed user aside", asked)
		require.Empty(t, slices.Collect(func(yield func(uuid.UUID) bool) {
			for id := range u.Names(ctx, "other", scopes) {
				yield(id)
			}
		}), "another partner's users are not there")
	}
	packages, err := u.Packages(ctx, "acme")
	require.NoError(t, err)
	require.Equal(t, map[webex.Package]int{"basic": 1}, packages["SP1+ent0"])
	require.Equal(t, map[webex.Package]int{"basic": 2}, packages["SP1+ent1"])
}
