package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	eventlogsqlite "ledgerline/adapters/eventlog/sqlite"
	"ledgerline/domain"
	"ledgerline/domain/importplan"
	"ledgerline/domain/token"
)

// importKills is how often an import is killed: 20 times if the program of the load
// is killed as often, else as seconds allow.
func importKills() int {
	if *kills >= 20 {
		return 20
	}
	return 3
}

const usersBefore = 2000

// filesOfImport is a file of users, and one that onboards, changes, moves, removes
// and leaves alone as many of them.
func filesOfImport(chance *rand.Rand) (before, change string) {
	var first, second strings.Builder
	row := func(b *strings.Builder, n int, name, pack, remove string) {
		fmt.Fprintf(b, "u%d@as0.example,SP1+ent%d,bmV3,Åsa,%s,%d,u%d@ent.example,%s,%s\n", n, n%7, name, 10000+n, n, pack, remove)
	}
	head := strings.TrimSuffix(importHead, "\n") + ",delete\n"
	first.WriteString(head)
	second.WriteString(head)
	for n := range usersBefore {
		row(&first, n, "Öberg", "standard", "")
	}
	for _, n := range chance.Perm(usersBefore * 3 / 2) {
		switch {
		case n >= usersBefore || n%5 == 0:
			row(&second, n, "Öberg", "standard", "")
		case n%5 == 1:
			row(&second, n, "Ek", "standard", "")
		case n%5 == 2:
			row(&second, n, "Öberg", "premium", "")
		case n%5 == 3:
			row(&second, n, "Ek", "softphone", "")
		default:
			row(&second, n, "Öberg", "standard", "yes")
		}
	}
	return first.String(), second.String()
}

// caller asks one program.
type caller struct {
	t          *testing.T
	url, token string
}

func callProgram(t *testing.T, p *program) caller {
	url := p.ready(t)
	secret, err := os.ReadFile(filepath.Join(p.data, "admin-token"))
	require.NoError(t, err)
	return caller{t, url, strings.TrimSpace(string(secret))}
}

// ask returns the answer to a request that is to succeed.
func (c caller) ask(method, path, media, body string) string {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, strings.NewReader(body))
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", media)
	reply, err := http.DefaultClient.Do(r)
	require.NoError(c.t, err)
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, 2, reply.StatusCode/100, string(text))
	return string(text)
}

// asked is ask, with an answer about an import.
func (c caller) asked(method, path, media, body string) (p importPlan) {
	c.t.Helper()
	require.NoError(c.t, json.Unmarshal([]byte(c.ask(method, path, media, body)), &p))
	return p
}

// approved plans a file and has it approved by two administrators.
func (c caller) approved(file string) string {
	c.t.Helper()
	id := c.asked(http.MethodPost, "/api/imports/plans?name=f.csv", "text/csv", file).ID
	p := c.asked(http.MethodPost, importPath(id)+"/approve", "application/json", "{}")
	if p.needs(string(importplan.Second)) {
		var issued struct{ Secret string }
		text := c.ask(http.MethodPost, "/api/tokens", "application/json", `{"name":"colleague","role":"admin","scopes":["`+string(token.Read)+`","`+string(token.Write)+`"]}`)
		require.NoError(c.t, json.Unmarshal([]byte(text), &issued))
		colleague := caller{c.t, c.url, issued.Secret}
		colleague.ask(http.MethodPost, importPath(id)+"/approve", "application/json", `{"second":true}`)
	}
	return id
}

// apply has an import carried out until it has done so many rows, or is done.
func (c caller) apply(id string, rows int) importPlan {
	c.t.Helper()
	p := c.asked(http.MethodPost, importPath(id)+"/apply", "application/json", "{}")
	for p.Done.Rows < rows && p.Finished == "" {
		require.Equal(c.t, "applying", p.Status, p.Reason)
		time.Sleep(time.Millisecond)
		p = c.asked(http.MethodGet, importPath(id), "", "")
	}
	return p
}

// afterwards is what an import leaves behind, without times and positions.
type afterwards struct {
	done    importDone
	users   []string            // as the list has them
	streams map[string][]string // types of events
}

// finish has an import carried out to its end and tells what that leaves behind.
func finish(t *testing.T, binary, data, id string) (left afterwards) {
	p := startProgram(t, binary, data)
	defer p.kill()
	c := callProgram(t, p)
	left.done = c.apply(id, 1<<30).Done
	columns := "userId,spEnterpriseId,provisioningId,firstName,lastName,email,extension,package,status"
	left.users = strings.Split(c.ask(http.MethodGet, "/api/users/export?columns="+columns, "", ""), "\n")
	slices.Sort(left.users)
	out, code := runProgram(t, binary, data, "verify")
	require.Zero(t, code, out)
	p.kill()

	log, err := eventlogsqlite.Open(filepath.Join(data, "log.db"), eventlog.NewCodec(events...), eventlogsqlite.Options{})
	require.NoError(t, err)
	defer log.Close()
	left.streams = map[string][]string{}
	for batch, err := range log.ReadAll(t.Context(), 0) {
		require.NoError(t, err)
		for _, e := range batch {
			if kind, _, _ := domain.SplitStream(e.Stream); kind != importplan.Kind {
				left.streams[e.Stream] = append(left.streams[e.Stream], e.Event.EventType())
			}
		}
	}
	return left
}

func TestAnImportThatIsKilledEndsAsOneThatIsNot(t *testing.T) {
	dir, chance, began := t.TempDir(), rand.New(rand.NewPCG(*killSeed, 1)), time.Now()
	binary, data, calm := filepath.Join(dir, "ledgerline"), filepath.Join(dir, "data"), filepath.Join(dir, "calm")
	out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))

	before, change := filesOfImport(chance)
	p := startProgram(t, binary, data)
	c := callProgram(t, p)
	c.ask(http.MethodPost, "/api/holds", "application/json", `{"kind":"partner","reason":"Webex is not what is looked at"}`)
	c.ask(http.MethodPost, "/api/templates", "application/json", importTemplate)
	require.Equal(t, usersBefore, c.apply(c.approved(before), 1<<30).Done.Created)
	id := c.approved(change)
	p.kill()
	require.NoError(t, os.CopyFS(calm, os.DirFS(data)))
	undisturbed := finish(t, binary, calm, id)
	sum := usersBefore / 5
	require.Equal(t, importDone{Rows: 3000, Created: 1000, Changed: 3 * sum, Deleted: sum, Unchanged: sum}, undisturbed.done)

	moments := make([]int, importKills())
	for i := range moments {
		moments[i] = chance.IntN(undisturbed.done.Rows)
	}
	slices.Sort(moments)
	underWay := 0
	for i, rows := range moments {
		p := startProgram(t, binary, data)
		if i%5 == 4 { // as it starts and goes on by itself
			time.Sleep(time.Duration(chance.Int64N(int64(150 * time.Millisecond))))
			p.kill()
			continue
		}
		if now := callProgram(t, p).apply(id, rows); now.Finished == "" {
			underWay++
		}
		p.kill()
	}
	require.NotZero(t, underWay, "an import was killed while it was carried out")
	left := finish(t, binary, data, id)
	t.Logf("%d kills, %d of them while rows were known to be under way, at %v of %d rows; %v in all",
		len(moments), underWay, moments, left.done.Rows, time.Since(began).Round(time.Millisecond))
	require.Equal(t, undisturbed.done, left.done)
	require.Equal(t, undisturbed.users, left.users)
	for stream, types := range undisturbed.streams {
		require.Equal(t, types, left.streams[stream], stream)
	}
	require.Len(t, left.streams, len(undisturbed.streams))
}
