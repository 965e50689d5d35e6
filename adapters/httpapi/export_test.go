package httpapi

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/csvfile"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/projections/audit"
)

// records reads an answer as CSV.
func (a answered) records() [][]string {
	a.t.Helper()
	require.Equal(a.t, 200, a.Code, a.Body.String())
	require.Equal(a.t, "text/csv; charset=utf-8; header=present", a.Header().Get("Content-Type"))
	records, err := csv.NewReader(strings.NewReader(a.Body.String())).ReadAll()
	require.NoError(a.t, err)
	return records
}

func TestColumnsOfAnExportAreChosen(t *testing.T) {
	w := newWorld(t).templates()
	w.onboard("=u@sp.com", `,"email":"u@acme.com"`)
	require.Equal(t, csvfile.UserColumns, w.send("read", "GET", "/api/users/export", "").records()[0])
	require.Equal(t, [][]string{{"status", "userId"}, {"provisioning", "'=u@sp.com"}}, w.send("read", "GET", "/api/users/export?columns=status,userId", "").records())
	lines := w.send("read", "GET", "/api/users/export?format=jsonl&columns=status,userId,errors", "")
	require.Equal(t, `{"status":"provisioning","userId":"=u@sp.com"}`+"\n", lines.Body.String())

	wrong := w.send("read", "GET", "/api/users/export?columns=userId,shoeSize", "").as(400)["errors"].([]any)[0].(map[string]any)
	require.Equal(t, "columns", wrong["name"])
	require.Contains(t, wrong["problem"], "must be one or more, separated by commas, of userId, spEnterpriseId")
	for _, format := range []string{"csv", "jsonl"} {
		for _, what := range []string{"users", "licences", "audit"} {
			w.send("read", "GET", "/api/"+what+"/export?format="+format+"&columns=,nope", "").as(400)
		}
	}
}

func TestImportingAnExportChangesNothing(t *testing.T) {
	w := newWorld(t).templates()
	file := csvHeader
	for _, row := range []string{
		`=1+1@sp.com,SP1+acme,` + untrusted + `,"=cmd|' /C calc'!A0","Berg ""B""",=a@example.com,+46701234567,basic`,
		`+u@sp.com,+SP,` + untrusted + `,'quoted,-1,,,premium`,
		`0042@sp.com,0042,` + untrusted + `,Мария,"a, b; c",,'+46701234568,`,
	} {
		file += strings.Replace(row, ",,,premium", ",,+46701234569,premium", 1) + "\n"
	}
	require.EqualValues(t, 3, summaryOf(t, w.imports("", file))["created"])
	changing := w.onboard("changing@sp.com", `,"email":"c@acme.com"`)
	w.provision(changing)
	w.send("write", "PATCH", "/api/users/"+changing, `{"lastName":"New"}`)
	w.onboard("gone@sp.com", "")

	export := w.send("read", "GET", "/api/users/export", "").Body.String()
	require.Contains(t, export, "changing@sp.com,SP1+acme,"+untrusted+",John,New,", "what is on its way to Webex is not taken back")
	for _, dryRun := range []string{"?dryRun=true", ""} {
		summary := summaryOf(t, w.imports(dryRun, export))
		require.EqualValues(t, 5, summary["unchanged"], export)
		require.EqualValues(t, 5, summary["rows"])
	}
}

func TestLicenceCountsAreExported(t *testing.T) {
	w := newWorld(t).templates()
	w.provision(w.onboard("a@sp.com", `,"email":"a@acme.com"`))
	w.send("write", "POST", "/api/users", strings.Replace(values("c@sp.com", ""), "SP1+acme", "+SP2", 1)).as(201)

	all := w.send("read", "GET", "/api/licences/export", "").records()
	require.Equal(t, []string{"customer", "template", "kind", "name", "assigned", "pending", "removed"}, all[0])
	require.Equal(t, []string{"", "", "users", "", "1", "1", "0"}, all[1])
	require.Equal(t, []string{"", "", "package", "basic", "1", "1", "0"}, all[2])
	require.Equal(t, []string{"", "", "licence", "Calling", "1", "1", "0"}, all[3])
	groups := w.send("read", "GET", "/api/licences/export?groupBy=customer&columns=customer,name,pending&package=basic", "").records()
	require.Contains(t, groups, []string{"'+SP2", "basic", "1"})
	require.Contains(t, groups, []string{"SP1+acme", "basic", "0"})
	lines := w.send("read", "GET", "/api/licences/export?format=jsonl&groupBy=template&customer=%2BSP2", "").lines()
	require.Equal(t, map[string]any{"template": untrusted, "kind": "users", "name": "", "assigned": 0.0, "pending": 1.0, "removed": 0.0}, lines[0])
	require.Equal(t, [][]string{all[0], {"", "", "users", "", "0", "0", "0"}}, w.send("other", "GET", "/api/licences/export", "").records()[:2], "another partner's are not counted")
	for _, path := range []string{"/api/licences/export", "/api/audit/export", "/api/users/export"} {
		w.send("only", "GET", path, "").as(403)
	}
}

func TestTheAuditLogIsExportedAndOnlyItsOwnPartners(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"=Joan"}`, "X-Reason", "%2Btypo", "TrackingID", "T1").as(200)

	all := w.send("read", "GET", "/api/audit/export", "").records()
	require.Equal(t, []string{"position", "at", "kind", "subject", "version", "type", "what", "actor", "role", "surface", "reason", "request", "changes"}, all[0])
	last := all[1]
	require.Equal(t, []string{"subscriber", apiID(t, id), "2", "subscriber.details_changed.v1"}, last[2:6])
	require.Equal(t, []string{"admin", "api", "'+typo", "T1", `firstName: "John" -> "=Joan"`}, last[8:])
	listed := w.send("read", "GET", "/api/audit?limit=500", "").as(200)["items"].([]any)
	require.Len(t, all, len(listed)+1)
	lines := w.send("read", "GET", "/api/audit/export?format=jsonl", "").lines()
	require.Len(t, lines, len(listed))
	for i, line := range lines {
		require.Equal(t, listed[i], any(line))
	}
	require.Equal(t, [][]string{{"type"}, {"subscriber.details_changed.v1"}}, w.send("read", "GET", "/api/audit/export?request=T1&columns=type", "").records())
	require.Len(t, w.send("read", "GET", "/api/audit/export?columns=what&user="+id, "").records(), 3)
	require.Len(t, w.send("read", "GET", "/api/audit/export?from=2027-01-01", "").records(), 1)

	others := w.send("other", "GET", "/api/audit/export", "")
	require.NotContains(t, others.Body.String(), apiID(t, id))
	require.NotContains(t, others.Body.String(), "Joan")
}

// endlessAudit is a long history that is not in memory.
type endlessAudit struct {
	Audit
	n    int
	each func(i int)
	err  error // at the end
}

func (h endlessAudit) All(context.Context, string, audit.Filter) iter.Seq2[audit.Record, error] {
	return func(yield func(audit.Record, error) bool) {
		for i := range h.n {
			h.each(i)
			if !yield(audit.Record{Position: domain.Position(h.n - i), Kind: subscriber.Kind, Type: "subscriber.onboarded.v1", What: "User onboarded", At: noon,
				Changes: []audit.Change{{Field: "firstName", New: "Åsa"}}}, nil) {
				return
			}
		}
		if h.err != nil {
			yield(audit.Record{}, h.err)
		}
	}
}

// counted is an answer that is not kept.
type counted struct {
	header http.Header
	bytes  int
}

func (c *counted) Header() http.Header         { return c.header }
func (c *counted) WriteHeader(int)             {}
func (c *counted) Write(p []byte) (int, error) { c.bytes += len(p); return len(p), nil }

func TestMemoryDoesNotGrowWithAnExportOfTheAuditLog(t *testing.T) {
	const n = 200_000
	var least, most uint64
	history := endlessAudit{n: n, each: func(i int) {
		if i%(n/8) == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			least, most = min(least, m.HeapAlloc), max(most, m.HeapAlloc)
		}
	}}
	w := newWorld(t, func(c *Config) { c.Audit = history })
	for _, format := range []string{"csv", "jsonl"} {
		least, most = 1<<62, 0
		r := httptest.NewRequest("GET", "/api/audit/export?format="+format, nil)
		r.Header.Set("Authorization", "Bearer "+w.tokens["read"])
		to := &counted{header: http.Header{}}
		w.ServeHTTP(to, r)
		require.Greater(t, to.bytes, n*60)
		require.Less(t, most-least, uint64(1<<20), "%s of %d bytes", format, to.bytes)
	}
}

func TestAnExportOfTheAuditLogThatCannotBeFinishedBreaksOff(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Audit = endlessAudit{n: 2000, each: func(int) {}, err: errors.New("views.db is gone")}
	})
	for _, format := range []string{"csv", "jsonl"} {
		require.PanicsWithValue(t, http.ErrAbortHandler, func() { w.send("read", "GET", "/api/audit/export?format="+format, "") })
	}
	require.Contains(t, w.logged.text(), "views.db is gone")
}

// zeros is a body of many bytes that are not in memory, and counts those read.
type zeros struct{ left, read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left, z.read = z.left-int64(n), z.read+int64(n)
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func TestAFileOfAGigabyteIsRefusedEarlyWithTheLimit(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxImportBytes = 1 << 20 })
	for _, length := range []int64{1 << 30, -1} {
		body := &zeros{left: 1 << 30}
		r := httptest.NewRequest("POST", "/api/imports", body)
		r.ContentLength = length
		r.Header.Set("Authorization", "Bearer "+w.tokens["write"])
		r.Header.Set("Content-Type", "text/csv")
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		require.Equal(t, 413, rec.Code)
		require.Contains(t, rec.Body.String(), "longer than "+strconv.Itoa(1<<20)+" bytes")
		if length > 0 {
			require.Zero(t, body.read, "what is said to be too long is not read")
		}
		require.Less(t, body.read, int64(2<<20))
	}
}

func TestMembersOfObjectsAreFoundInside(t *testing.T) {
	require.Equal(t, []string{"customer", "template", "kind", "name", "assigned", "pending", "removed"}, membersOf[licenceRow]())
	require.Subset(t, userMembers, []string{"id", "userId", "errors", "nextTry"})
	require.NotContains(t, userMembers, "held")
}
