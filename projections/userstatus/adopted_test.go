package userstatus_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
	"ledgerline/projections/projectionstest"
	"ledgerline/projections/userstatus"
)

func TestAUserWhoWasAdoptedIsListedLikeOthers(t *testing.T) {
	l := projectionstest.NewWriter("acme")
	stream := subscriber.Stream("acme", "anna@as0.example")
	adopt := func(webexID string) {
		l.Add(stream, subscriber.Adopted{WebexID: webexID, UserID: "anna@as0.example", SPEnterpriseID: "SP1", ProvisioningID: "p1", Package: "basic", FirstName: "Anna", Email: "a@ent.example", At: l.At})
		l.Add(stream, subscriber.Provisioned{PersonID: "person-" + webexID, At: l.At})
	}
	adopt("w1")
	l.Add(stream, subscriber.Vanished{At: l.At}) // and replaced by another record
	adopt("w2")
	seen, premium := subscriber.SeenAtWebex{At: l.At}, webex.Package("premium")
	seen.Package = &premium
	l.Add(stream, seen)
	projectionstest.Laws(t, userstatus.Model, l.Entries)

	q := userstatus.New(projectionstest.Views(t, userstatus.Model, projectionstest.NewLog(l.Entries...)))
	list, err := q.List(t.Context(), "acme", userstatus.Filter{Text: "anna"}, userstatus.Page{})
	require.NoError(t, err)
	require.Len(t, list.Rows, 1)
	require.Equal(t, "person-w2", list.Rows[0].PersonID)
	require.Equal(t, webex.Updating, list.Rows[0].Status())
	require.Equal(t, userstatus.Assigned, list.Rows[0].Class())
	due, err := q.Due(t.Context(), l.At, 10)
	require.NoError(t, err)
	require.Len(t, due, 1, "what differs is carried to Webex")
}
