package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// world is a simulator on a clock of its own. Not for concurrent use.
type world struct {
	*simulator.Simulator
	t   *testing.T
	now time.Time
}

func newWorld(t *testing.T, turn func(*simulator.Knobs)) *world { return worldIn(t, "", turn) }

func worldIn(t *testing.T, path string, turn func(*simulator.Knobs)) *world {
	w := &world{t: t, now: noon}
	knobs := simulator.DefaultKnobs()
	if turn != nil {
		turn(&knobs)
	}
	sim, err := simulator.New(simulator.Options{Path: path, Knobs: &knobs, Now: func() time.Time { return w.now }})
	require.NoError(t, err)
	t.Cleanup(func() { sim.Close() })
	w.Simulator = sim
	return w
}

type reply struct {
	*httptest.ResponseRecorder
	fields map[string]any
}

func (r reply) text(name string) string { s, _ := r.fields[name].(string); return s }

// ask sends a request as partner north, unless its header says otherwise:
// pairs of name and value.
func (w *world) ask(method, path, body string, header ...string) reply {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer sim-north")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	out := reply{ResponseRecorder: rec}
	if rec.Body.Len() > 0 {
		require.NoError(w.t, json.Unmarshal(rec.Body.Bytes(), &out.fields), rec.Body.String())
	}
	return out
}

// post provisions a user; changes are pairs of field and value, empty: left out.
func (w *world) post(userID string, changes ...string) reply {
	fields := map[string]string{
		"provisioningId": "template", "userId": userID, "spEnterpriseId": "SP1+acme",
		"firstName": "John", "lastName": "Andersen", "package": "standard",
		"extension": "1212", "email": userID + "@acme.example",
	}
	for i := 0; i < len(changes); i += 2 {
		fields[changes[i]] = changes[i+1]
		if changes[i+1] == "" {
			delete(fields, changes[i])
		}
	}
	body, _ := json.Marshal(fields)
	return w.ask("POST", "/v1/broadworks/subscribers", string(body))
}

// settled provisions a user and lets time pass.
func (w *world) settled(userID string, changes ...string) reply {
	w.t.Helper()
	accepted := w.post(userID, changes...)
	require.Equal(w.t, http.StatusOK, accepted.Code, accepted.Body.String())
	w.now = w.now.Add(time.Minute)
	return w.get(accepted.text("id"))
}

func (w *world) get(id string) reply { return w.ask("GET", "/v1/broadworks/subscribers/"+id, "") }

// list returns the user ids of a page and its reply.
func (w *world) list(query string) (users []string, r reply) {
	r = w.ask("GET", "/v1/broadworks/subscribers?"+query, "")
	require.Equal(w.t, http.StatusOK, r.Code, r.Body.String())
	for _, item := range r.fields["items"].([]any) {
		users = append(users, item.(map[string]any)["userId"].(string))
	}
	return users, r
}
