package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	holdID   = "0b1f4a52-8c37-5d0e-9f41-6a2d3c4b5e6f"
	oneHold  = `{"id":"` + holdID + `","kind":"customer","name":"SP1+a","reason":"wrong account","held":true,"actor":"engine","failures":25,"since":"2026-03-01T12:00:00.000Z","waiting":40}`
	lifted   = `{"id":"` + holdID + `","kind":"partner","reason":"maintenance","held":false,"actor":"token:ada","since":"2026-03-01T12:00:00.000Z","lifted":"2026-03-01T13:00:00.000Z","waiting":0}`
	bothHeld = `{"items":[` + oneHold + `,` + lifted + `]}`
)

func TestHoldsAreListed(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/holds": says(200, bothHeld)})
	got := f.run(t, "holds", "list", "--all")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, "true", f.asked[0].URL.Query().Get("all"))
	lines := strings.Split(got.out, "\n")
	require.Regexp(t, `^`+holdID+`  customer SP1\+a  held +40 .* engine +wrong account$`, lines[1])
	require.Regexp(t, `^`+holdID+`  everything      lifted .* token:ada  maintenance$`, lines[2])
	require.Contains(t, got.talk, "ledgerline holds lift ID")
	require.Equal(t, oneHold+"\n"+lifted+"\n", f.run(t, "holds", "list", "--json").out)
	f.answers["GET /api/holds"] = says(200, `{"items":[]}`)
	require.Contains(t, f.run(t, "holds", "list").talk, "Nothing is held.")
}

func TestHoldsArePlacedAndLifted(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"POST /api/holds": says(201, oneHold), "POST /api/holds/" + holdID + "/lift": says(200, lifted)})
	var body string
	f.keep = func(_ *http.Request, sent []byte) { body = string(sent) }
	got := f.run(t, "holds", "place", "customer", "SP1+a", "--reason", "wrong account")
	require.Equal(t, exitDone, got.code, got.talk)
	require.JSONEq(t, `{"kind":"customer","name":"SP1+a","reason":"wrong account"}`, body)
	require.Equal(t, "customer SP1+a: held. Reason: wrong account\n40 users are on the way.\n", got.out)
	require.Contains(t, got.talk, "ledgerline holds lift "+holdID)

	got = f.run(t, "holds", "lift", holdID)
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, "everything: nothing is held any more.\n", got.out)
	require.JSONEq(t, lifted, f.run(t, "holds", "lift", holdID, "--json").out)

	for args, code := range map[string]int{
		"place": exitUsage, "place customer": exitUsage, "place customer a": exitUsage, "place partner a b": exitUsage,
		"lift": exitUsage, "lift nonsense": exitNotFound,
	} {
		require.Equal(t, code, f.run(t, append([]string{"holds"}, strings.Fields(args)...)...).code, args)
	}
}
