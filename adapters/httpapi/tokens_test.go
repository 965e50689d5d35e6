package httpapi

import (
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

func TestATokenIsIssuedUsedAndRevoked(t *testing.T) {
	w := newWorld(t)
	issued := w.send("admin", "POST", "/api/tokens", `{"name":" portal ","role":"program","scopes":["spark-admin:broadworks_subscribers_read"],"expires":"2027-01-31T12:00:00+01:00"}`)
	body := issued.as(201)
	require.Equal(t, "/api/tokens/"+body["id"].(string), issued.Header().Get("Location"))
	require.Equal(t, "2027-01-31T11:00:00.000Z", body["expires"])
	w.tokens["new"] = body["secret"].(string)

	me := w.send("new", "GET", "/api/whoami", "").as(200)
	require.Equal(t, acme, me["partner"])
	require.Equal(t, "token:"+body["id"].(string)[:8], me["actor"])
	require.Equal(t, "portal", me["token"].(map[string]any)["name"])
	require.Equal(t, "program", me["token"].(map[string]any)["role"])
	w.send("new", "GET", "/api/users", "").as(200)
	w.send("new", "POST", "/api/users", values("u@sp.com", "")).as(403)

	for range 2 {
		w.send("admin", "DELETE", "/api/tokens/"+body["id"].(string), "").as(204)
	}
	w.send("new", "GET", "/api/whoami", "").as(401)
	require.NotContains(t, w.logged.text(), body["secret"])
}

func TestATokenWithoutSenseIsNotIssued(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{
		`{}`, `{"name":"n","role":"boss","scopes":["ledgerline:admin"]}`, `{"name":"n","role":"admin","scopes":[]}`,
		`{"name":"n","role":"admin","scopes":["all"]}`, `{"name":"n","role":"admin","scopes":["ledgerline:admin"],"expires":"2020-01-01T00:00:00Z"}`,
		`{"name":"n","role":"admin","scopes":["ledgerline:admin"],"expires":"tomorrow"}`, `{"name":"n","role":"admin","scopes":"ledgerline:admin"}`,
	} {
		require.NotEmpty(t, w.send("admin", "POST", "/api/tokens", body).as(400)["errors"], body)
	}
}

func TestASecretIsShownOnceEvenToARepeatedRequest(t *testing.T) {
	w := newWorld(t)
	body := `{"name":"n","role":"admin","scopes":["ledgerline:admin"]}`
	w.send("admin", "POST", "/api/tokens", body, "Idempotency-Key", "k1").as(201)
	w.send("admin", "POST", "/api/tokens", body, "Idempotency-Key", "k1").as(409)
}

func TestSurfaceCLIIsForAdminTokensOnly(t *testing.T) {
	w := newWorld(t).templates()
	id := apiID(t, w.onboard("u@sp.com", ""))
	for as, surface := range map[string]string{"write": domain.SurfaceAPI, "all": domain.SurfaceCLI} {
		w.send(as, "PATCH", "/api/users/"+id, `{"firstName":"`+as+`"}`, "Ledgerline-Surface", "cli").as(200)
		items := w.send("read", "GET", "/api/users/"+id+"/audit", "").as(200)["items"].([]any)
		require.Equal(t, surface, items[len(items)-1].(map[string]any)["cause"].(map[string]any)["surface"])
	}
}
