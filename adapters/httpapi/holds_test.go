package httpapi

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/hold"
)

const holdAcme = `{"kind":"customer","name":" SP1+acme ","reason":"wrong account at Webex"}`

func (w *world) held(query string) []any {
	w.t.Helper()
	return w.send("read", "GET", "/api/holds"+query, "").as(200)["items"].([]any)
}

func TestAHoldIsPlacedListedAndLifted(t *testing.T) {
	w := newWorld(t).templates()
	w.onboard("ready@sp.com", `,"email":"r@acme.com"`)
	w.onboard("waits@sp.com", "")
	require.Empty(t, w.held(""))
	placed := w.send("write", "POST", "/api/holds", holdAcme)
	body := placed.as(201)
	require.NotEmpty(t, placed.Header().Get(positionHeader))
	id := hold.ID(acme, hold.Scope{Kind: hold.Customer, Name: "SP1+acme"}).String()
	require.Equal(t, id, body["id"])
	require.Equal(t, "SP1+acme", body["name"])
	require.Equal(t, true, body["held"])
	require.EqualValues(t, 1, body["waiting"], "the other waits for an address")
	require.Equal(t, []any{body}, w.held(""))

	again := w.send("write", "POST", "/api/holds", `{"kind":"customer","name":"SP1+acme","reason":"another"}`).as(200)
	require.Equal(t, "wrong account at Webex", again["reason"])
	require.Equal(t, body["actor"], again["actor"])

	for range 2 {
		lifted := w.send("write", "POST", "/api/holds/"+id+"/lift", "").as(200)
		require.Equal(t, false, lifted["held"])
		require.NotEmpty(t, lifted["lifted"])
		require.NotContains(t, lifted, "waiting")
	}
	require.Empty(t, w.held(""))
	require.Len(t, w.held("?all=true"), 1)
	require.Equal(t, 201, w.send("write", "POST", "/api/holds", holdAcme).Code, "once more")
}

func TestUsersOfATemplateOrPartnerThatIsHeldAreCounted(t *testing.T) {
	w := newWorld(t).templates()
	w.onboard("ready@sp.com", `,"email":"r@acme.com"`)
	live := w.onboard("live@sp.com", `,"email":"l@acme.com"`)
	w.provision(live)
	w.send("write", "DELETE", "/api/users/"+live, "").as(202)
	require.EqualValues(t, 1, w.send("write", "POST", "/api/holds", `{"kind":"template","name":"`+untrusted+`","reason":"r"}`).as(201)["waiting"])
	require.EqualValues(t, 0, w.send("write", "POST", "/api/holds", `{"kind":"template","name":"`+trusted+`","reason":"r"}`).as(201)["waiting"])
	require.EqualValues(t, 2, w.send("write", "POST", "/api/holds", `{"kind":"partner","reason":"r"}`).as(201)["waiting"], "who is being removed, too")
}

func TestHoldsArePlacedAndLiftedWhileTheViewsAreStuck(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Views = &lateViews{} })
	placed := w.send("write", "POST", "/api/holds", holdAcme).as(201)
	require.NotContains(t, placed, "waiting", "nobody can be counted")
	w.send("write", "POST", "/api/holds/"+placed["id"].(string)+"/lift", "").as(200)
}

func TestAHoldThatMakesNoSenseIsRefusedByField(t *testing.T) {
	w := newWorld(t)
	for body, fields := range map[string][]string{
		`{}`:                                                  {"#/reason", "#/kind"},
		`{"kind":"user","reason":"r"}`:                        {"#/kind"},
		`{"kind":"customer","reason":"r"}`:                    {"#/name"},
		`{"kind":"template","name":"t"}`:                      {"#/reason"},
		`{"kind":"partner","name":"acme","reason":"r"}`:       {"#/name"},
		`{"kind":"customer","name":"a","reason":"r","x":"y"}`: {"#/x"},
	} {
		var wrong []string
		for _, e := range w.send("write", "POST", "/api/holds", body).as(400)["errors"].([]any) {
			wrong = append(wrong, e.(map[string]any)["pointer"].(string))
		}
		require.ElementsMatch(t, fields, wrong, body)
	}
	w.send("write", "POST", "/api/holds/none/lift", "").as(404)
	w.send("read", "GET", "/api/holds?all=perhaps", "").as(400)
}

func TestHoldsOfAnotherPartnerAreNotThere(t *testing.T) {
	w := newWorld(t)
	id := w.send("write", "POST", "/api/holds", holdAcme).as(201)["id"].(string)
	w.send("other", "POST", "/api/holds/"+id+"/lift", "").as(404)
	require.Empty(t, w.send("other", "GET", "/api/holds", "").as(200)["items"])
	require.Len(t, w.held(""), 1)
}
