package httpapi

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/projections"
)

// unwell are views of which a test says how they are.
type unwell struct {
	Views
	applied  domain.Position
	building bool
	wait     error
	err      error
}

func (v *unwell) Wait(context.Context, domain.Position) error { return v.wait }
func (v *unwell) Applied() domain.Position                    { return v.applied }
func (v *unwell) Err() error                                  { return v.err }
func (v *unwell) Status() []projections.ModelStatus {
	return []projections.ModelStatus{{Name: "users.v1", Applied: v.applied, Building: v.building}}
}

// lists are the routes that the views answer.
var lists = []string{"/v1/broadworks/subscribers", "/api/users", "/api/users/counts", "/api/users/export", "/api/holds", "/api/users/export?format=jsonl", "/api/audit", "/api/audit/export", "/api/licences", "/api/licences/export", "/api/licences?groupBy=customer", "/api/templates", "/api/causes"}

// unwellWorld has a user, and views that are as the test says from then on.
func unwellWorld(t *testing.T) (w *world, v *unwell, id string) {
	v = &unwell{}
	w = newWorld(t, func(c *Config) { v.Views, c.Views = c.Views, v })
	id = w.templates().onboard("u@sp.com", "")
	head, err := w.log.Head(t.Context())
	require.NoError(t, err)
	v.applied = head
	require.NoError(t, w.views.Wait(t.Context(), head))
	return w, v, id
}

// refused checks that all lists are refused, and what the log answers is not.
func (w *world) refused(id, name, text string) {
	w.t.Helper()
	for _, target := range lists {
		a := w.send("read", "GET", target, "")
		body := a.as(503)
		require.NotEmpty(w.t, a.Header().Get("Retry-After"), target)
		require.Contains(w.t, a.Body.String(), text, target)
		require.NotContains(w.t, a.Body.String(), "secret", target)
		if !strings.HasPrefix(target, "/v1") {
			require.Equal(w.t, "urn:ledgerline:problem:"+name, body["type"], target)
		}
	}
	user := "/api/users/" + apiID(w.t, id)
	for _, target := range []string{"/v1/broadworks/subscribers/" + id, user, user + "/audit", user + "/audit?after=99999", "/api/templates/" + trusted, "/api/licences/table", "/api/status", "/api/whoami"} {
		w.send("read", "GET", target, "").as(200)
	}
	w.send("write", "PUT", "/v1/broadworks/subscribers/"+id, `{}`).as(200)
}

func (w *world) answered() {
	w.t.Helper()
	for _, target := range lists {
		require.Equal(w.t, 200, w.send("read", "GET", target, "").Code, target)
	}
}

func TestListsAreRefusedWhileViewsAreBeingBuilt(t *testing.T) {
	w, v, id := unwellWorld(t)
	v.building, v.applied, v.wait = true, 2, context.DeadlineExceeded
	head, err := w.log.Head(t.Context())
	require.NoError(t, err)
	w.refused(id, "building", "Views are being built, 2 of "+head.String()+" positions")
}

func TestListsWaitForABuildThatIsNearlyDone(t *testing.T) {
	w, v, _ := unwellWorld(t)
	v.building = true
	w.answered()
}

func TestListsAreRefusedWhenTheViewsStoppedBeforeADamagedRecord(t *testing.T) {
	w, v, id := unwellWorld(t)
	v.err = errors.Join(errors.New("apply"), &commands.DamagedError{Position: 42, Detail: "checksum of secret@sp.com"})
	w.refused(id, "damaged", "position 42")
	v.building, v.wait = true, context.DeadlineExceeded
	w.refused(id, "damaged", "position 42")
}

func TestListsAreRefusedWhileAnErrorKeepsEntriesFromTheViews(t *testing.T) {
	w, v, id := unwellWorld(t)
	v.err = errors.New("secret trouble")
	w.answered() // all that is recorded is there
	v.applied--
	w.refused(id, "stopped", "held up at position "+v.applied.String())
	v.err = commands.ErrFull
	w.refused(id, "full", "The disk is full")
}

func TestViewsThatAreALittleBehindAnswer(t *testing.T) {
	w, v, _ := unwellWorld(t)
	v.applied = 1
	w.answered()
}

func TestViewsThatAreBeingBuiltAreNotCompared(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Verify = func(context.Context, func(MaintenanceProgress)) (MaintenanceReport, error) {
			return MaintenanceReport{}, projections.ErrNotCurrent
		}
	})
	lines := w.send("admin", "POST", "/api/verify", "").lines()
	require.Equal(t, "urn:ledgerline:problem:building", lines[0]["error"].(map[string]any)["type"])
}
