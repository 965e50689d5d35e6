package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// plan plans a file and returns the address of the plan and what it comes to.
func (w *world) plan(query, body string) (string, map[string]any) {
	w.t.Helper()
	a := w.send("write", "POST", "/api/imports/plans"+query, body, "Content-Type", "text/csv")
	return a.Header().Get("Location"), a.as(201)
}

// ends waits for the end of an import and returns it.
func (w *world) ends(address string) map[string]any {
	w.t.Helper()
	w.send("read", "GET", address+"/events", "").as200(w.t)
	return w.send("read", "GET", address, "").as(200)
}

func (a answered) as200(t *testing.T) string {
	t.Helper()
	require.Equal(t, 200, a.Code, a.Body.String())
	return a.Body.String()
}

// carryOut plans a file, approves the plan, applies it and waits for its end.
func (w *world) carryOut(query, body string) (string, map[string]any) {
	w.t.Helper()
	address, _ := w.plan(query, body)
	w.send("write", "POST", address+"/approve", `{"removals":true}`)
	w.send("write", "POST", address+"/approve", "").as(200)
	w.send("write", "POST", address+"/apply", "").as(202)
	return address, w.ends(address)
}

func items(body map[string]any) []any { return body["items"].([]any) }

func member(thing any, names ...string) any {
	for _, name := range names {
		thing = thing.(map[string]any)[name]
	}
	return thing
}

func TestAnImportIsPlannedApprovedAndApplied(t *testing.T) {
	w := newWorld(t).templates()
	w.send("write", "POST", "/api/imports", csvRows(strings.Replace(goodRow, "a@sp.com", "old@sp.com", 1)), "Content-Type", "text/csv").as200(t)
	file := csvRows(goodRow, repairedRow, badRow, strings.NewReplacer("a@sp.com", "old@sp.com", "basic", "premium", "Ann", "Anna", "ann@example.com", "").Replace(goodRow))

	a := w.send("write", "POST", "/api/imports/plans", file, "Content-Type", "text/csv", "Content-Disposition", `attachment; filename="müller.csv"`, "X-Reason", "site Lyon")
	address, plan := a.Header().Get("Location"), a.as(201)
	require.Equal(t, "planned", plan["status"])
	require.Equal(t, "merge", plan["behaviour"])
	require.Equal(t, []any{"plan"}, plan["needs"])
	for name, n := range map[string]int{"rows": 4, "create": 2, "package": 1, "reject": 1, "repaired": 1} {
		require.EqualValues(t, n, member(plan, "counts", name), name)
	}
	require.Contains(t, plan["packages"], map[string]any{"name": "basic", "before": 1.0, "after": 2.0})
	require.Contains(t, plan["packages"], map[string]any{"name": "premium", "before": 0.0, "after": 1.0})
	require.NotEmpty(t, plan["licences"])
	require.Len(t, items(w.send("read", "GET", "/api/users", "").as(200)), 1, "a plan changes nobody")

	rows := items(w.send("read", "GET", address+"/rows?verdict=package", "").as(200))
	require.Len(t, rows, 1)
	require.EqualValues(t, 5, member(rows[0], "row"))
	require.Contains(t, member(rows[0], "changes"), map[string]any{"field": "firstName", "old": "Ann", "new": "Anna"})
	require.Contains(t, member(rows[0], "changes"), map[string]any{"field": "package", "old": "basic", "new": "premium"})

	w.send("write", "POST", address+"/apply", "").as(409)
	w.send("write", "POST", address+"/approve", `{"removals":true}`).as(409)
	approved := w.send("write", "POST", address+"/approve", `{"reason":"looks right"}`).as(200)
	require.Equal(t, "approved", approved["status"])
	require.Len(t, approved["approvals"], 1)
	require.Equal(t, "applying", w.send("write", "POST", address+"/apply", "").as(202)["status"])
	end := w.ends(address)
	require.Equal(t, "finished", end["status"])
	require.Equal(t, map[string]any{"rows": 4.0, "created": 2.0, "changed": 1.0, "deleted": 0.0, "unchanged": 0.0, "rejected": 1.0, "held": 0.0}, end["done"])
	users := items(w.send("read", "GET", "/api/users", "").as(200))
	require.Len(t, users, 3)
	require.Equal(t, "premium", member(users[0], "package"))
	require.Equal(t, "Anna", member(users[0], "firstName"))
	listed := items(w.send("read", "GET", "/api/imports?status=finished", "").as(200))
	require.Len(t, listed, 1)
	require.Empty(t, items(w.send("read", "GET", "/api/imports?awaiting=true", "").as(200)))
	require.Equal(t, "looks right", member(items(w.send("read", "GET", "/api/audit?type=import.approved.v1", "").as(200))[0], "cause", "reason"))
	audited := items(w.send("read", "GET", "/api/audit?surface=csv", "").as(200))
	require.Len(t, audited, 5)

	w.send("other", "GET", address, "").as(404)
	w.send("other", "GET", address+"/rows", "").as(404)
	w.send("other", "POST", address+"/cancel", "").as(404)
	require.Empty(t, items(w.send("other", "GET", "/api/imports", "").as(200)))
}

func TestRowsOfAPlanAreReadPageByPage(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.plan("?name=u.csv", csvRows(goodRow, badRow, repairedRow))
	var got []string
	for target := address + "/rows?limit=1"; ; {
		page := w.send("read", "GET", target, "").as(200)
		for _, row := range items(page) {
			got = append(got, fmt.Sprint(member(row, "row"), member(row, "verdict")))
		}
		next, more := page["next"].(string)
		if !more {
			break
		}
		target = address + "/rows?limit=1&cursor=" + next
	}
	require.Equal(t, []string{"2create", "3reject", "4create"}, got)
	require.Len(t, items(w.send("read", "GET", address+"/rows?repaired=true", "").as(200)), 1)
	require.Empty(t, items(w.send("read", "GET", address+"/rows?held=true", "").as(200)))
	for _, query := range []string{"verdict=perhaps", "limit=0", "cursor=x", "colour=red"} {
		w.send("read", "GET", address+"/rows?"+query, "").as(400)
	}

	lines := w.send("read", "GET", address+"/plan", "").lines()
	require.Len(t, lines, 4)
	require.Equal(t, "u.csv", member(lines[0], "import", "fileName"))
	require.EqualValues(t, 4, member(lines[3], "row", "row"))
}

func TestRejectedRowsComeBackAsTheSameFileWithTheReasons(t *testing.T) {
	w := newWorld(t).templates()
	head := strings.Replace(csvHeader, "userId", "Note,userId", 1)
	file := head + "\"say \"\"hi\"\"\"," + goodRow + "\n007," + badRow + "\n" + "x," + strings.Replace(badRow, "c@sp.com", "d@sp.com", 1) + "\n"
	address, plan := w.plan("", file)
	require.EqualValues(t, 2, member(plan, "counts", "reject"))
	require.Equal(t, []any{"Note"}, plan["ignored"])
	a := w.send("read", "GET", address+"/rejected.csv", "")
	require.Contains(t, a.Header().Get("Content-Disposition"), ".rejected.csv")
	text := a.as200(t)
	require.True(t, strings.HasPrefix(text, strings.TrimSpace(head)+",error\r\n007,c@sp.com,"), text)
	require.Equal(t, 3, strings.Count(text, "\r\n"))

	w.send("write", "POST", address+"/approve", "").as(200)
	w.send("write", "POST", address+"/apply", "").as(202)
	w.ends(address)
	fixed := strings.NewReplacer(",Cy,,", ",Cy,Dahl,", "not-an-address", "", ",gold", ",basic").Replace(text)
	_, plan = w.plan("", fixed)
	require.EqualValues(t, 2, member(plan, "counts", "create"), "corrected, only those change anything")
	require.EqualValues(t, 0, member(plan, "counts", "reject"))
}

func TestColumnsThatAreGivenForAllRowsMayBeMissing(t *testing.T) {
	w := newWorld(t).templates()
	rows := "userId,firstName,lastName,extension,shoes\na@sp.com,Ann,Ek,1001,44\nb@sp.com,Bo,,1002,45\n"
	w.send("write", "POST", "/api/imports/plans?customer=SP1%2BA", rows, "Content-Type", "text/csv").as(400)
	address, plan := w.plan("?customer=SP1%2BA&template="+untrusted, rows)
	require.EqualValues(t, 1, member(plan, "counts", "create"))
	require.Equal(t, []any{"shoes"}, plan["ignored"])
	rejected := w.send("read", "GET", address+"/rejected.csv", "").as200(t)
	require.Equal(t, "userId,firstName,lastName,extension,shoes,error\r\nb@sp.com,Bo,,1002,45,lastName: is missing\r\n", rejected)
}

func TestWhatIsWrongWithRowsIsGroupedByFix(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.plan("", csvRows(badRow, strings.Replace(badRow, "c@sp.com", "d@sp.com", 1), strings.NewReplacer("a@sp.com", "e@sp.com", "basic", "gold").Replace(goodRow), goodRow))
	body := w.send("read", "GET", address+"/errors", "").as(200)
	require.EqualValues(t, 3, body["rejected"])
	first := items(body)[0].(map[string]any)
	require.Equal(t, "package", first["field"])
	require.EqualValues(t, 3, first["count"])
	require.Equal(t, []any{2.0, 3.0, 4.0}, first["rows"])
	require.Contains(t, first["fix"], "softphone")
	require.Len(t, items(body), 3)
	address, _ = w.plan("", csvRows(goodRow))
	require.Empty(t, items(w.send("read", "GET", address+"/errors", "").as(200)))
}

func TestRemovalsAndTheBrakeNeedApprovalsOfTheirOwn(t *testing.T) {
	w := newWorld(t).templates()
	var rows []string
	for i := range 10 {
		rows = append(rows, strings.NewReplacer("a@sp.com", fmt.Sprintf("u%d@sp.com", i), "ann@", fmt.Sprintf("u%d@", i)).Replace(goodRow))
	}
	w.carryOut("", csvRows(rows...))
	address, plan := w.plan("?behaviour=sync", csvRows(rows[:7]...))
	require.EqualValues(t, 3, member(plan, "counts", "missing"))
	require.Equal(t, []any{"plan", "removals", "second"}, plan["needs"])
	require.EqualValues(t, 1, plan["braked"])
	require.Equal(t, true, member(plan["customers"].([]any)[0], "braked"))

	w.send("write", "POST", address+"/approve", `{"removals":true,"second":true}`).as(400)
	w.send("write", "POST", address+"/approve", "").as(200)
	require.Contains(t, w.send("write", "POST", address+"/apply", "").as(409)["detail"], "missing from the file")
	w.send("write", "POST", address+"/approve", `{"removals":true}`).as(200)
	require.Contains(t, w.send("write", "POST", address+"/apply", "").as(409)["detail"], "second administrator")
	w.send("write", "POST", address+"/approve", `{"second":true}`).as(403)
	w.send("program", "POST", address+"/approve", `{"second":true}`).as(403)
	w.send("read", "POST", address+"/approve", `{"second":true}`).as(403)
	require.Equal(t, "approved", w.send("second", "POST", address+"/approve", `{"second":true}`).as(200)["status"])
	w.send("write", "POST", address+"/apply", "").as(202)
	require.EqualValues(t, 3, member(w.ends(address), "done", "deleted"))
	require.Len(t, items(w.send("read", "GET", address+"/rows?missing=true", "").as(200)), 3)
}

func TestRowsWhoseUserChangedAfterThePlanAreHeldBackAndShown(t *testing.T) {
	w := newWorld(t).templates()
	w.carryOut("", csvRows(goodRow))
	address, _ := w.plan("", csvRows(strings.NewReplacer("Ann", "Anna", "ann@example.com", "").Replace(goodRow), repairedRow))
	id := member(items(w.send("read", "GET", "/api/users", "").as(200))[0], "id").(string)
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Anne"}`).as(200)
	w.send("write", "POST", address+"/approve", "").as(200)
	w.send("write", "POST", address+"/apply", "").as(202)
	end := w.ends(address)
	require.EqualValues(t, 1, member(end, "done", "held"))
	require.EqualValues(t, 1, member(end, "done", "created"))
	held := items(w.send("read", "GET", address+"/rows?held=true", "").as(200))
	require.Len(t, held, 1)
	require.NotEmpty(t, member(held[0], "held"))
	require.Equal(t, "Anne", w.send("read", "GET", "/api/users/"+id, "").as(200)["firstName"])
	require.Equal(t, 2, strings.Count(w.send("read", "GET", address+"/rejected.csv", "").as200(t), "\r\n"), "they are in the file of rows to look at")
	require.Equal(t, member(held[0], "held"), member(w.send("read", "GET", address+"/plan", "").lines()[1], "row", "held"))
}

func TestAnImportIsUndoneByAPlanInTheOtherDirection(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.carryOut("", csvRows(goodRow, repairedRow))
	var undo string
	require.Eventually(t, func() bool { // the runner may still be putting its things away
		a := w.send("write", "POST", address+"/undo", `{"reason":"wrong file"}`, "Idempotency-Key", "undo")
		undo = a.Header().Get("Location")
		return a.Code == 201
	}, 5*time.Second, 10*time.Millisecond)
	plan := w.send("read", "GET", undo, "").as(200)
	require.Equal(t, strings.TrimPrefix(address, "/api/imports/"), plan["undoes"])
	require.EqualValues(t, 2, member(plan, "counts", "delete"))
	require.Equal(t, []any{plan["id"]}, w.send("read", "GET", address, "").as(200)["undone"])
	require.Equal(t, "urn:ledgerline:problem:no-file", w.send("read", "GET", undo+"/rejected.csv", "").as(404)["type"])
	w.send("write", "POST", undo+"/approve", "").as(200)
	w.send("second", "POST", undo+"/approve", `{"second":true}`)
	w.send("write", "POST", undo+"/apply", "").as(202)
	require.EqualValues(t, 2, member(w.ends(undo), "done", "deleted"))
}

func TestRowsThatAreNotKeptAnyMoreAreSaidToBeSo(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.carryOut("", csvRows(goodRow, badRow))
	require.NoError(t, w.importer.Files.Sweep(t.Context(), time.Now().Add(time.Hour), func(string) bool { return false }))
	for _, part := range []string{"/rows", "/errors", "/rejected.csv", "/plan"} {
		no := w.send("read", "GET", address+part, "").as(404)
		require.Equal(t, "urn:ledgerline:problem:not-kept", no["type"], part)
		require.Equal(t, "The rows of this import are not kept any more.", no["detail"], part)
	}
	require.Equal(t, "finished", w.send("read", "GET", address, "").as(200)["status"])
}

func TestAnImportIsPausedResumedAndCancelled(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.plan("", csvRows(goodRow))
	w.send("write", "POST", address+"/pause", "").as(409)
	w.send("write", "POST", address+"/resume", "").as(409)
	require.Equal(t, "cancelled", w.send("write", "POST", address+"/cancel", `{"reason":"other file"}`).as(200)["status"])
	w.send("write", "POST", address+"/approve", "").as(409)
	require.Equal(t, "cancelled", w.send("write", "POST", address+"/cancel", "").as(200)["status"])
	require.Contains(t, w.send("read", "GET", address+"/events", "").as200(t), `"status":"cancelled"`)
	w.send("write", "POST", address+"/cancel", `{"reason":7}`).as(400)
	w.send("write", "POST", address+"/cancel", `{"reason":"`+strings.Repeat("x", 501)+`"}`).as(400)
}

func TestAPlanUnderTheSameKeyIsMadeOnce(t *testing.T) {
	w := newWorld(t).templates()
	send := func(query, body string) answered {
		return w.send("write", "POST", "/api/imports/plans"+query, body, "Content-Type", "text/csv", "Idempotency-Key", "k")
	}
	first := send("?name=a.csv", csvRows(goodRow))
	first.as(201)
	require.Equal(t, first.Header().Get("Location"), send("?name=a.csv", csvRows(goodRow)).Header().Get("Location"))
	send("?name=a.csv", csvRows(repairedRow)).as(422)
	address := first.Header().Get("Location")
	for range 2 {
		w.send("write", "POST", address+"/approve", "", "Idempotency-Key", "k2").as(200)
		w.send("write", "POST", address+"/apply", "", "Idempotency-Key", "k3").as(202)
	}
	require.Len(t, items(w.send("read", "GET", "/api/imports", "").as(200)), 1)
}

func TestAPlanOfAFileThatIsNoneIsRefused(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxImportBytes = 1000 }).templates()
	for name, c := range map[string]struct {
		query, body, media string
		status             int
	}{
		"empty":             {"", "", "text/csv", 400},
		"no header":         {"", "1,2,3\n", "text/csv", 400},
		"JSON":              {"", "{}", "application/json", 415},
		"too large":         {"", csvHeader + strings.Repeat("x", 1000), "text/csv", 413},
		"unknown parameter": {"?behavior=sync", csvHeader, "text/csv", 400},
		"unknown behaviour": {"?behaviour=replace", csvHeader, "text/csv", 400},
		"a name in lines":   {"?name=a%0Ab", csvHeader, "text/csv", 400},
		"a zero customer":   {"?customer=%00", csvHeader, "text/csv", 400},
		"a broken template": {"?template=%ff", csvHeader, "text/csv", 400},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.send("write", "POST", "/api/imports/plans"+c.query, c.body, "Content-Type", c.media).as(c.status)
		})
	}
	require.Empty(t, items(w.send("read", "GET", "/api/imports", "").as(200)))
	w.send("read", "GET", "/api/imports/plans", "").as(404)
	w.send("read", "GET", "/api/imports?status=perhaps", "").as(400)
	w.send("read", "GET", "/api/imports?cursor=x", "").as(400)
}

func TestWhoWatchesAnImportIsToldUntilItsEnd(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.plan("", csvRows(goodRow, repairedRow))
	server := httptest.NewServer(w)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+address+"/events", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+w.tokens["read"])
	reply, err := server.Client().Do(r)
	require.NoError(t, err)
	defer reply.Body.Close()
	require.Equal(t, "text/event-stream", reply.Header.Get("Content-Type"))
	w.send("write", "POST", address+"/approve", "").as(200)
	w.send("write", "POST", address+"/apply", "").as(202)
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	events := strings.Split(strings.TrimSuffix(string(text), "\n\n"), "\n\n")
	last := events[len(events)-1]
	require.True(t, strings.HasPrefix(last, "id: finished-2\nevent: progress\ndata: "), last)
	doc, err := loaded()
	require.NoError(t, err)
	for _, event := range events {
		_, data, _ := strings.Cut(event, "\ndata: ")
		var now map[string]any
		require.NoError(t, json.Unmarshal([]byte(data), &now), event)
		require.NoError(t, doc.Components.Schemas["ImportNow"].Value.VisitJSON(now), event)
	}

	w.send("read", "GET", address+"/events", "", "Last-Event-ID", "finished-2").as(204)
	require.Contains(t, w.send("read", "GET", address+"/events", "", "Last-Event-ID", "applying-1").as200(t), "finished-2")
}

func TestWhoWatchesAnImportIsShownThatTheConnectionIsAlive(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.plan("", csvRows(goodRow))
	id := uuid.MustParse(strings.TrimPrefix(address, "/api/imports/"))
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	beats := make(chan time.Time)
	out := httptest.NewRecorder()
	a := w.Handler.(*api)
	c := &call{Request: httptest.NewRequestWithContext(ctx, "GET", address+"/events", nil)}
	c.token.Issued.Partner = acme
	told := make(chan struct{})
	go func() {
		defer close(told)
		a.tellImport(c, newLive(out), id, "", beats)
	}()
	beats <- time.Time{}
	beats <- time.Time{}
	stop()
	<-told
	require.GreaterOrEqual(t, strings.Count(out.Body.String(), ": alive\n\n"), 1)
}

func TestWhoComesAgainIsAnsweredAtOnceThoughNothingIsNew(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.plan("", csvRows(goodRow))
	server := httptest.NewServer(w)
	defer server.Close()
	for _, method := range []string{"GET", "HEAD"} {
		ctx, stop := context.WithTimeout(t.Context(), beatEvery/2)
		defer stop()
		r, err := http.NewRequestWithContext(ctx, method, server.URL+address+"/events", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+w.tokens["read"])
		r.Header.Set("Last-Event-ID", "planned-0")
		reply, err := server.Client().Do(r)
		require.NoError(t, err)
		require.Equal(t, 200, reply.StatusCode)
		stop()
		require.NoError(t, reply.Body.Close())
	}
}

// A plan has them by the million.
func TestAPlaceInABodyIsNamedWithoutMuchAdo(t *testing.T) {
	require.Equal(t, "#/licences/0", pointer("licences[0]"))
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { pointer("primaryPhoneNumber") }), 1.0)
}

func TestMistakesAreGroupedAndBounded(t *testing.T) {
	var g rowErrorGroups
	for row := range 20 {
		g.add(rowErrors{Field: "userId", Problem: fmt.Sprintf("u%d is there twice", row), Fix: "keep one of the two"}, row+2)
		g.add(rowErrors{Field: "email", Problem: fmt.Sprintf("is wrong in way %d", row%2), Fix: "Correct the value."}, row+2)
	}
	groups := g.sorted()
	require.Len(t, groups, 3)
	require.Equal(t, 20, groups[0].Count)
	require.Len(t, groups[0].Rows, mostErrorRows)
	require.Equal(t, 10, groups[1].Count)
	for row := range 2 * mostRowErrors {
		g.add(rowErrors{Problem: fmt.Sprint(row)}, row)
	}
	require.Len(t, g.sorted(), mostRowErrors)
	require.Equal(t, mostRowErrors+3, g.more)
}

func TestAServerThatShutsDownDoesNotWaitForThoseWhoWatch(t *testing.T) {
	w := newWorld(t).templates()
	address, _ := w.plan("", csvRows(goodRow))
	server := httptest.NewUnstartedServer(w)
	server.Config = Server("", w.Handler)
	server.Start()
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+address+"/events", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+w.tokens["read"])
	reply, err := server.Client().Do(r)
	require.NoError(t, err)
	defer reply.Body.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	require.NoError(t, server.Config.Shutdown(ctx))
}
