package main

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const fewUsers = "userId,spEnterpriseId,provisioningId,firstName,lastName\nu1,e,p,a,b\nu2,e,p,,b\nu3,e,p,a,b\n"

func fileOfUsers(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users.csv")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

const fakeID = "0d4b2f9c-52f5-5e0b-93c2-0f2f6dbb3f3e"

// importJSON is an import of fewUsers, as the API shows it; more goes before its
// end.
func importJSON(status, more string) string {
	return fmt.Sprintf(`{"id":%q,"status":%q,"fileName":"users.csv","behaviour":"merge","by":"token:one","planned":"2026-03-01T12:00:00.000Z","expires":"2026-03-02T12:00:00.000Z",
		"counts":{"rows":3,"create":2,"reject":1,"repaired":1},"calls":2,"eta":240%s}`, fakeID, status, more)
}

const (
	needsPlan  = `,"needs":["plan"]`
	isDone     = `,"started":"2026-03-01T12:00:01.000Z","finished":"2026-03-01T12:00:02.000Z","done":{"rows":3,"created":2,"rejected":1}`
	lastEvent  = "id: finished-3\nevent: progress\ndata: {\"status\":\"finished\",\"done\":{\"rows\":3},\"total\":3}\n\n"
	firstEvent = "id: applying-1\nevent: progress\ndata: {\"status\":\"applying\",\"done\":{\"rows\":1},\"total\":3}\n\n"
)

// importing answers an import of fewUsers, whose second row is rejected; answers
// replaces some of the answers.
func importing(t *testing.T, answers map[string]http.HandlerFunc) *fake {
	at := "/api/imports/" + fakeID
	all := map[string]http.HandlerFunc{
		"POST /api/imports/plans": says(201, importJSON("planned", needsPlan)),
		"POST " + at + "/approve": says(200, importJSON("approved", "")),
		"POST " + at + "/apply":   says(202, importJSON("applying", "")),
		"POST " + at + "/cancel":  says(200, importJSON("cancelled", "")),
		"GET " + at + "/events":   says(200, firstEvent+": alive\n\n"+lastEvent),
		"GET " + at:               says(200, importJSON("finished", isDone)),
		"GET " + at + "/rows": func(w http.ResponseWriter, r *http.Request) {
			rejected := `{"row":3,"userId":"u2","verdict":"reject","reason":"firstName: is missing"}`
			repaired := `{"row":4,"userId":"u3","verdict":"create","repairs":["lastName: spaces were taken away"]}`
			switch q := r.URL.Query(); {
			case q.Get("verdict") == "reject":
				fmt.Fprintf(w, `{"items":[%s]}`, rejected)
			case q.Get("repaired") == "true":
				fmt.Fprintf(w, `{"items":[%s]}`, repaired)
			case q.Get("held") == "true":
				fmt.Fprint(w, `{"items":[]}`)
			default:
				fmt.Fprintf(w, `{"items":[{"row":2,"userId":"u1","verdict":"create"},%s,%s]}`, rejected, repaired)
			}
		},
		"GET " + at + "/errors":       says(200, `{"rejected":1,"items":[{"field":"firstName","code":"missing","problem":"is missing","fix":"Give a value.","count":1,"rows":[3]}]}`),
		"GET " + at + "/rejected.csv": says(200, "userId,spEnterpriseId,provisioningId,firstName,lastName,error\r\nu2,e,p,,b,firstName: is missing\r\n"),
		"GET /api/users/counts":       says(200, `{"total":2,"statuses":{"provisioning":2}}`),
		"GET /api/webex/eta":          says(200, `{"calls":2,"eta":240}`),
	}
	maps.Copy(all, answers)
	return newFake(t, all)
}

// asks lists what a fake was asked to change.
func (f *fake) asks() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.asked {
		if r.Method != http.MethodGet {
			all = append(all, r.URL.Path)
		}
	}
	return all
}
