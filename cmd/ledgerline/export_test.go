package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExportsAreAskedForWithFormatColumnsAndFilters(t *testing.T) {
	for line, want := range map[string]string{
		"users export - --columns userId,status --status error":                      "/api/users/export?columns=userId%2Cstatus&format=csv&status=error",
		"users export - --json":                                                      "/api/users/export?format=jsonl",
		"licences export - --by customer --customer C1 --template P1 --columns name": "/api/licences/export?columns=name&customer=C1&format=csv&groupBy=customer&template=P1",
		"licences export - --format jsonl":                                           "/api/licences/export?format=jsonl",
		"audit export - --actor a --role admin --surface cli --type t --request r --from 2026-01-31 --until 2026-02-01": "/api/audit/export?actor=a&format=csv&from=2026-01-31&request=r&role=admin&surface=cli&type=t&until=2026-02-01",
		"audit export - --user u1": "/api/audit/export?format=csv&user=5f2c6d1e-4b7a-5e90-9a3d-2c1b0f6e7d84",
	} {
		f := newFake(t, map[string]http.HandlerFunc{
			"GET /api/users": says(200, oneUser), "GET /api/users/export": says(200, "a\r\n"), "GET /api/licences/export": says(200, "a\r\n"), "GET /api/audit/export": says(200, "a\r\n"),
		})
		got := f.run(t, strings.Fields(line)...)
		require.Equal(t, exitDone, got.code, got.talk)
		require.Equal(t, "a\r\n", got.out)
		require.Empty(t, got.talk)
		require.Equal(t, want, f.asked[len(f.asked)-1].URL.RequestURI())
	}
}

func TestMistakesInExportsAreToldBeforeAnythingIsWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.csv")
	unknown := says(400, `{"title":"The request needs correcting","status":400,"detail":"Some parameters need correcting.","errors":[
		{"in":"query","name":"columns","code":"malformed","problem":"must be one or more, separated by commas, of a, b","fix":"It must be one or more, separated by commas, of a, b."}]}`)
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/users/export": unknown, "GET /api/audit/export": unknown})
	for line, c := range map[string]struct {
		code int
		says string
	}{
		"users export " + file + " --columns x":      {exitRefused, "columns: must be one or more, separated by commas, of a, b"},
		"audit export " + file + " --columns x":      {exitRefused, "of a, b"},
		"audit export " + file + " --from yesterday": {exitUsage, "--from must be a day"},
		"audit export " + file + " --format xlsx":    {exitUsage, "--format must be csv or jsonl"},
		"licences export " + file + " --by user":     {exitUsage, "--by must be customer or template"},
		"licences export":                            {exitUsage, "FILE is missing"},
		"audit export " + file + " --user nobody":    {exitNotFound, ""},
	} {
		got := f.run(t, strings.Fields(line)...)
		require.Equal(t, c.code, got.code, line+got.talk)
		require.Contains(t, got.talk, c.says)
	}
	require.NoFileExists(t, file)
}

func TestRowsOfAnExportAreCounted(t *testing.T) {
	for _, c := range []struct {
		text    string
		quoting bool
		rows    int
	}{{"a\r\n\"b\nc\"\r\nd\r\n", true, 3}, {"{\"a\":\"\\\"\"}\n{}\n", false, 2}, {"", true, 0}} {
		r := &rowCounter{in: strings.NewReader(c.text), quoting: c.quoting}
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, c.text, string(text))
		require.Equal(t, c.rows, r.rows)
	}
}

func TestExportsOfAnEngineAreFilesThatCanBeImported(t *testing.T) {
	data, ledgerline := begun(t)
	path := func(name string) string { return filepath.Join(data, name) }
	require.Equal(t, exitDone, ledgerline("import", firstOf(t, shared(t, "broadworks-users.csv"), 30), "--yes").code)
	for _, line := range []string{"users export " + path("u.csv"), "licences export " + path("l.jsonl") + " --by template", "audit export " + path("a.csv") + " --type subscriber.onboarded.v1"} {
		got := ledgerline(strings.Fields(line)...)
		require.Equal(t, exitDone, got.code, got.talk)
		require.Contains(t, got.talk, " are in "+data)
	}
	got := ledgerline("import", path("u.csv"), "--yes")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Regexp(t, `\n0 users onboarded, [1-9]\d* unchanged, 0 rejected\.|^0 users onboarded, [1-9]\d* unchanged, 0 rejected\.`, got.out)
	text, err := os.ReadFile(path("l.jsonl"))
	require.NoError(t, err)
	require.Contains(t, string(text), `"kind":"package"`)
	text, err = os.ReadFile(path("a.csv"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "position,at,kind,subject,"))
	require.Greater(t, strings.Count(string(text), "subscriber.onboarded.v1"), 1)
}

// counting is a listener that counts what comes in.
type counting struct {
	net.Listener
	bytes *atomic.Int64
}

type countingConn struct {
	net.Conn
	bytes *atomic.Int64
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countingConn{c, l.bytes}, err
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func TestAFileTooLargeIsRefusedBeforeItIsSent(t *testing.T) {
	var came atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 1<<30 {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			fmt.Fprint(w, `{"title":"Too large","status":413,"detail":"The body is longer than 536870912 bytes."}`)
		}
	}))
	server.Listener = counting{server.Listener, &came}
	server.Start()
	t.Cleanup(server.Close)
	dir := t.TempDir()
	token, file := filepath.Join(dir, "token"), filepath.Join(dir, "users.csv")
	require.NoError(t, os.WriteFile(token, []byte("llt_secret"), 0o600))
	require.NoError(t, os.WriteFile(file, []byte("userId,spEnterpriseId,provisioningId,firstName,lastName\nu1,e,p,a,b\n"), 0o600))
	require.NoError(t, os.Truncate(file, 1<<30)) // sparse: it takes no room
	got := typed(t.Context(), "", "import", file, "--yes", "--server", server.URL, "--token-file", token)
	require.Equal(t, exitRefused, got.code, got.talk)
	require.Contains(t, got.talk, "larger than 536870912 bytes")
	require.Less(t, came.Load(), int64(64<<10))
}
