package httpapi

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
)

const csvHeader = "userId,spEnterpriseId,provisioningId,firstName,lastName,email,primaryPhoneNumber,package\n"

func csvRows(lines ...string) string { return csvHeader + strings.Join(lines, "\n") + "\n" }

const (
	goodRow     = "a@sp.com,SP1+acme," + untrusted + ",Ann,Berg,ann@example.com,+46701234567,basic"
	repairedRow = "b@sp.com,SP1+acme," + untrusted + ",Bo,Ek,,46701234568,basic"
	badRow      = "c@sp.com,SP1+acme," + untrusted + ",Cy,,not-an-address,+46701234569,gold"
)

func (w *world) imports(query, body string) []map[string]any {
	w.t.Helper()
	a := w.send("write", "POST", "/api/imports"+query, body, "Content-Type", "text/csv; charset=utf-8")
	require.Equal(w.t, 200, a.Code, a.Body.String())
	require.Equal(w.t, "application/x-ndjson", a.Header().Get("Content-Type"))
	return a.lines()
}

func summaryOf(t *testing.T, lines []map[string]any) map[string]any {
	t.Helper()
	require.NotEmpty(t, lines)
	summary, ok := lines[len(lines)-1]["summary"].(map[string]any)
	require.True(t, ok, "%v", lines)
	return summary
}

func rowsOf(lines []map[string]any) (rows []map[string]any) {
	for _, line := range lines {
		if row, ok := line["row"].(map[string]any); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

func TestAnImportTellsRejectedAndRepairedRowsAndASummary(t *testing.T) {
	w := newWorld(t).templates()
	lines := w.imports("", csvRows(goodRow, repairedRow, badRow))
	require.Contains(t, lines[0], "progress")
	rows := rowsOf(lines)
	require.Len(t, rows, 2)
	require.Equal(t, "create", rows[0]["verdict"])
	require.NotEmpty(t, rows[0]["repairs"])
	require.EqualValues(t, 4, rows[1]["row"])
	require.Equal(t, "reject", rows[1]["verdict"])
	require.Len(t, rows[1]["fields"], 3)
	summary := summaryOf(t, lines)
	require.EqualValues(t, 3, summary["rows"])
	require.EqualValues(t, 2, summary["created"])
	require.EqualValues(t, 1, summary["rejected"])
	require.EqualValues(t, 1, summary["repaired"])
	require.Len(t, summary["problems"], 3)
	missing := summary["problems"].([]any)[1].(map[string]any)
	require.Equal(t, []any{"lastName", "is missing", 1.0, []any{4.0}}, []any{missing["field"], missing["problem"], missing["count"], missing["rows"]})
	require.Equal(t, false, summary["dryRun"])
	require.Len(t, w.send("read", "GET", "/api/users", "").as(200)["items"], 2)
	require.Contains(t, w.send("", "GET", "/metrics", "").Body.String(), `ledgerline_import_rows_total{dry_run="false",verdict="create"} 2`)
}

func TestAnImportOfTheSameFileChangesNothing(t *testing.T) {
	w := newWorld(t).templates()
	w.imports("", csvRows(goodRow))
	lines := w.imports("?rows=all", csvRows(goodRow))
	require.Equal(t, "unchanged", rowsOf(lines)[0]["verdict"])
	require.EqualValues(t, 1, summaryOf(t, lines)["unchanged"])
}

func TestADryRunRecordsNothing(t *testing.T) {
	w := newWorld(t).templates()
	lines := w.imports("?dryRun=true", csvRows(goodRow, badRow))
	require.EqualValues(t, 1, summaryOf(t, lines)["created"])
	require.Equal(t, true, summaryOf(t, lines)["dryRun"])
	require.Empty(t, w.send("read", "GET", "/api/users", "").as(200)["items"])
}

func TestAnImportTellsHowManyGoToWebexAndForHowLong(t *testing.T) {
	w := newWorld(t).templates()
	plan := summaryOf(t, w.imports("?dryRun=true", csvRows(goodRow, repairedRow, badRow)))
	require.EqualValues(t, 1, plan["ready"], "the other has to enter an address first")
	require.EqualValues(t, 1, plan["toGo"])
	require.EqualValues(t, 1, plan["eta"])
	require.NotContains(t, plan, "counts")

	w.onboard("before@sp.com", `,"email":"b@acme.com"`)
	result := summaryOf(t, w.imports("", csvRows(goodRow, repairedRow, badRow)))
	w.onboard("after@sp.com", `,"email":"c@acme.com"`)
	require.EqualValues(t, 1, result["toGo"])
	require.EqualValues(t, 1, result["eta"])
	counts := func() map[string]any {
		return w.send("read", "GET", result["counts"].(string), "").as(200)["statuses"].(map[string]any)
	}
	require.Equal(t, map[string]any{"provisioning": 1.0, "pending_email_input": 1.0}, counts())
	items := w.send("read", "GET", "/api/users?userId=a@sp.com", "").as(200)["items"].([]any)
	w.provision(items[0].(map[string]any)["subscriberId"].(string))
	require.Equal(t, map[string]any{"provisioned": 1.0, "pending_email_input": 1.0}, counts())
	require.EqualValues(t, 0, summaryOf(t, w.imports("", csvRows(goodRow)))["toGo"])
}

func TestCallsThatStandInLineAreNotExpectedTwice(t *testing.T) {
	users, emails := commands.Lane{Partner: acme, Family: commands.Subscribers}, commands.Lane{Partner: acme, Family: commands.Emails}
	lanes := []commands.LaneState{
		{Lane: emails, Waiting: []commands.Backlog{{Class: commands.Import, Calls: 1000}}},
		{Lane: users, Waiting: []commands.Backlog{{Class: commands.Admin, Calls: 100}, {Class: commands.Import, Calls: 30}}},
	}
	require.Equal(t, 20, notInLine(50, lanes))
	require.Zero(t, notInLine(10, lanes))
	require.Equal(t, 50, notInLine(50, nil))
}

func TestRowsOfAnImportAreRecordedAsSuch(t *testing.T) {
	w := newWorld(t).templates()
	a := w.send("write", "POST", "/api/imports", csvRows(goodRow), "Content-Type", "text/csv", "TrackingID", "JOB_7", "X-Reason", "move%20of%20L%C3%BCbeck")
	require.Equal(t, 200, a.Code)
	items := w.send("read", "GET", "/api/audit?surface=csv&request=JOB_7", "").as(200)["items"].([]any)
	require.Len(t, items, 1)
	require.Equal(t, "move of Lübeck", items[0].(map[string]any)["cause"].(map[string]any)["reason"])
}

func TestAFileThatIsNoneIsRefusedBeforeItsFirstRow(t *testing.T) {
	small := func(c *Config) { c.MaxImportBytes = 200 }
	w := newWorld(t, small)
	for name, c := range map[string]struct {
		query, body, media string
		status             int
	}{
		"empty":             {body: "", media: "text/csv", status: 400},
		"no header":         {body: "1,2,3\n", media: "text/csv", status: 400},
		"JSON":              {body: "{}", media: "application/json", status: 415},
		"too large":         {body: csvHeader + strings.Repeat("x", 200), media: "text/csv", status: 413},
		"unknown parameter": {query: "?dryrun=true", body: csvHeader, media: "text/csv", status: 400},
		"dryRun=perhaps":    {query: "?dryRun=perhaps", body: csvHeader, media: "text/csv", status: 400},
		"rows=some":         {query: "?rows=some", body: csvHeader, media: "text/csv", status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.send("write", "POST", "/api/imports"+c.query, c.body, "Content-Type", c.media).as(c.status)
		})
	}
}

func TestAnImportThatCannotGoOnEndsWithAnError(t *testing.T) {
	w := newWorld(t).templates()
	w.log.set(nil, errBroken)
	a := w.send("write", "POST", "/api/imports", csvRows(goodRow), "Content-Type", "text/csv")
	lines := a.lines()
	require.Equal(t, "urn:ledgerline:problem:internal", lines[len(lines)-1]["error"].(map[string]any)["type"])
	require.Contains(t, w.logged.text(), "broken")
	require.NotContains(t, w.logged.text(), "ann@example.com")
}

func TestAFileThatBreaksOffChangesNothing(t *testing.T) {
	w := newWorld(t).templates()
	r := httptest.NewRequest("POST", "/api/imports", io.MultiReader(strings.NewReader(csvRows(goodRow)), iotest.ErrReader(errors.New("reset"))))
	r.Header.Set("Authorization", "Bearer "+w.tokens["write"])
	r.Header.Set("Content-Type", "text/csv")
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	require.Equal(t, 400, rec.Code)
	require.Empty(t, w.send("read", "GET", "/api/users", "").as(200)["items"])

	r.Body = io.NopCloser(iotest.ErrReader(errors.New("reset")))
	r.Header.Set("Content-Type", "application/json")
	r.URL.Path = "/api/users"
	rec = httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	require.Equal(t, 400, rec.Code)
}

func TestAnImportTellsItsProgressEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(c *Config) {
			c.Views = &lateViews{}
			c.ReadCSV = func(io.Reader, ...string) (iter.Seq[commands.ImportRow], error) {
				return func(yield func(commands.ImportRow) bool) {
					for i := range 3 {
						if !yield(commands.ImportRow{Number: i + 2, Err: domain.Reject(domain.Invalid, "no")}) {
							return
						}
						time.Sleep(time.Second) // of the test's own time
					}
				}, nil
			}
		})
		progress := []any{}
		for _, line := range w.imports("", csvHeader) {
			if p, ok := line["progress"].(map[string]any); ok {
				progress = append(progress, p["rows"])
			}
		}
		require.GreaterOrEqual(t, len(progress), 4)
		require.Equal(t, []any{0.0, 1.0}, progress[:2])
	})
}

func TestAnImportGoesOverARealConnectionThatIsUsedAgain(t *testing.T) {
	w := newWorld(t).templates()
	server := httptest.NewUnstartedServer(w)
	server.Config = Server("", w)
	server.Start()
	defer server.Close()
	var file strings.Builder
	file.WriteString(csvHeader)
	for i := range 5000 {
		fmt.Fprintf(&file, "u%d@sp.com,SP1+acme,%s,Ann,Berg,,no number,basic\n", i, untrusted)
	}
	for range 2 {
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/api/imports", strings.NewReader(file.String()))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+w.tokens["write"])
		r.Header.Set("Content-Type", "text/csv")
		reply, err := server.Client().Do(r)
		require.NoError(t, err)
		text, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		require.NoError(t, reply.Body.Close())
		require.Equal(t, 200, reply.StatusCode)
		require.Equal(t, 5000, strings.Count(string(text), `{"row":{`))
		require.Contains(t, string(text), `{"summary":{"rows":5000,"created":0,"unchanged":0,"rejected":5000,`)
	}
}
