package simulator_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRecordsAreMadeChangedAndRemovedByHandWithoutBeingCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "webex.db")
	w := worldIn(t, path, nil)
	made := w.ask("POST", "/simulator/subscribers", `{"partner":"north","userId":"u","email":"u@acme.example","package":"premium","extension":"7"}`)
	require.Equal(t, 201, made.Code, made.Body.String())
	require.Equal(t, []string{"provisioned", "premium"}, []string{made.text("status"), made.text("package")})
	id := made.text("id")
	require.Equal(t, made.fields, w.get(id).fields)
	require.Equal(t, "error", w.settled("v", "email", "u@acme.example").text("status"), "it takes the address")

	w.now = w.now.Add(time.Hour)
	changed := w.ask("PATCH", "/simulator/subscribers/u", `{"package":"basic","primaryPhoneNumber":"+12405551212"}`)
	require.Equal(t, 200, changed.Code, changed.Body.String())
	require.Equal(t, []string{"basic", "+12405551212", made.text("lastStatusChange")},
		[]string{changed.text("package"), changed.text("primaryPhoneNumber"), changed.text("lastStatusChange")})
	changed = w.ask("PATCH", "/simulator/subscribers/"+id, `{"status":"error"}`)
	require.Contains(t, changed.fields, "errors")
	require.Equal(t, "2026-05-04T13:01:00.000Z", changed.text("lastStatusChange"))
	users, _ := w.list(fmt.Sprint("status=error&lastStatusChange=", w.now.UnixMilli()-1))
	require.Equal(t, []string{"u"}, users)
	require.Equal(t, 200, w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"package":"standard"}`).Code, "it was provisioned before")
	w.now = w.now.Add(time.Minute)

	require.Equal(t, 204, w.ask("DELETE", "/simulator/subscribers/"+id, "").Code)
	require.Equal(t, 404, w.get(id).Code)
	require.Equal(t, 404, w.ask("DELETE", "/simulator/subscribers/"+id, "").Code)
	require.Equal(t, 404, w.ask("PATCH", "/simulator/subscribers/"+id, `{}`).Code)
	require.Len(t, w.Counts(), 2)
	require.Equal(t, 1, w.Count("north", "u").Puts)
	require.Zero(t, w.Count("north", "u").Posts+w.Count("north", "u").Deletes)

	before := w.ask("GET", "/simulator/state", "").fields["statuses"]
	require.NoError(t, w.Close())
	restarted := worldIn(t, path, nil)
	restarted.now = w.now
	require.Equal(t, before, restarted.ask("GET", "/simulator/state", "").fields["statuses"])
}

func TestAChangeByHandOfARecordThatWasUpdatedHolds(t *testing.T) {
	w := newWorld(t, nil)
	id := w.settled("u").text("id")
	w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"extension":"5"}`)
	w.now = w.now.Add(time.Minute)
	w.ask("PATCH", "/simulator/subscribers/"+id, `{"package":"softphone"}`)
	r := w.get(id)
	require.Equal(t, []string{"softphone", "5", "provisioned"}, []string{r.text("package"), r.text("extension"), r.text("status")})
}

func TestWhatIsDoneByHandIsChecked(t *testing.T) {
	w := newWorld(t, nil)
	w.settled("u")
	for _, c := range []struct{ method, path, body, says string }{
		{"POST", "subscribers", `{}`, "userId is missing"},
		{"POST", "subscribers", `{"userId":"v","package":"gold"}`, `package: there is no "gold"`},
		{"POST", "subscribers", `{"userId":"v","status":"great"}`, `status: there is no "great"`},
		{"POST", "subscribers", `{"userId":"v","colour":"red"}`, `unknown field "colour"`},
		{"PATCH", "subscribers/u", `{"spEnterpriseId":"x"}`, "spEnterpriseId cannot change"},
		{"PATCH", "subscribers/u", `{"package":7}`, "package must be a text, not number"},
		{"POST", "drift", `{"vanish":2}`, "vanish is a probability"},
		{"POST", "drift", `{"change":-1}`, "change is a probability"},
		{"POST", "drift", `{"unknown":-1}`, "unknown is from 0 to 10000"},
		{"POST", "drift", `{"lost":1}`, `unknown field "lost"`},
	} {
		r := w.ask(c.method, "/simulator/"+c.path, c.body)
		require.Equal(t, 400, r.Code, c.body)
		require.Contains(t, r.text("message"), c.says)
	}
}

func TestManyRecordsDriftByChance(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.GrantedRate = 0 })
	before := map[string]string{}
	state := func(id string) string {
		fields := w.get(id).fields
		return fmt.Sprint(fields["package"], fields["extension"], fields["status"])
	}
	for i := range 300 {
		id := w.settled(fmt.Sprint("u", i)).text("id")
		before[id] = state(id)
	}
	counts := w.Counts()
	r := w.ask("POST", "/simulator/drift", `{"vanish":0.1,"change":0.2,"unknown":5,"partner":"north"}`)
	var done struct {
		Items []struct{ ID, UserID, Change string }
	}
	require.NoError(t, json.Unmarshal(r.Body.Bytes(), &done))
	seen := map[string]int{}
	for _, d := range done.Items {
		seen[d.Change]++
		switch d.Change {
		case "vanished":
			require.Equal(t, 404, w.get(d.ID).Code)
		case "unknown":
			require.Equal(t, d.UserID, w.get(d.ID).text("userId"))
		default:
			require.NotEqual(t, before[d.ID], state(d.ID), d.Change)
		}
		delete(before, d.ID)
	}
	for id, was := range before {
		require.Equal(t, was, state(id))
	}
	require.Equal(t, 5, seen["unknown"])
	require.InDelta(t, 30, seen["vanished"], 15)
	require.InDelta(t, 54, seen["package"]+seen["extension"]+seen["status"], 25)
	require.Len(t, seen, 5)
	require.Equal(t, counts, w.Counts())
}
