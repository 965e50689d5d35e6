package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/domain/token"
)

// example is a request of a route that succeeds, as long as its user waits for
// an e-mail address.
type example struct {
	target, body, media string
	status              int
	as                  string // token; empty: all
}

// examples returns one request for every route, about a world's user.
func examples(id string) map[string]example {
	user := "/api/users/" + id
	subscriber := "/v1/broadworks/subscribers/" + id
	noImport := "/api/imports/" + uuid.Nil.String()
	settings := `{"name":"New","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"untrusted"}`
	return map[string]example{
		"GET /v1/broadworks/subscribers":                         {target: "/v1/broadworks/subscribers", status: 200},
		"POST /v1/broadworks/subscribers":                        {target: "/v1/broadworks/subscribers", body: values("new@sp.com", ""), status: 200},
		"POST /v1/broadworks/subscribers/validate":               {target: "/v1/broadworks/subscribers/validate", body: `{"email":"a@example.com"}`, status: 200},
		"GET /v1/broadworks/subscribers/{subscriberId}":          {target: subscriber, status: 200},
		"PUT /v1/broadworks/subscribers/{subscriberId}":          {target: subscriber, body: `{"package":"premium"}`, status: 200},
		"DELETE /v1/broadworks/subscribers/{subscriberId}":       {target: subscriber, status: 204},
		"POST /v1/subscribers/{subscriberId}/emails/consentMove": {target: "/v1/subscribers/" + id + "/emails/consentMove", status: 409},
		"GET /api/templates":                                     {target: "/api/templates", status: 200},
		"POST /api/templates":                                    {target: "/api/templates", body: strings.Replace(settings, "{", `{"provisioningId":"bmV3",`, 1), status: 201},
		"GET /api/templates/{provisioningId}":                    {target: "/api/templates/" + untrusted, status: 200},
		"PUT /api/templates/{provisioningId}":                    {target: "/api/templates/" + untrusted, body: settings, status: 200},
		"GET /api/templates/{provisioningId}/check":              {target: "/api/templates/" + untrusted + "/check", status: 200},
		"GET /api/users":                                         {target: "/api/users", status: 200},
		"POST /api/users":                                        {target: "/api/users", body: values("new@sp.com", ""), status: 201},
		"POST /api/users/batch":                                  {target: "/api/users/batch", body: `{"users":[` + values("new@sp.com", "") + `]}`, status: 200},
		"GET /api/users/export":                                  {target: "/api/users/export?format=jsonl", status: 200},
		"GET /api/audit/export":                                  {target: "/api/audit/export?format=jsonl", status: 200},
		"GET /api/licences/export":                               {target: "/api/licences/export", status: 200},
		"GET /api/users/counts":                                  {target: "/api/users/counts?createdAfter=1", status: 200},
		"GET /api/users/{id}":                                    {target: user, status: 200},
		"PATCH /api/users/{id}":                                  {target: user, body: `{"firstName":"Joan"}`, status: 200},
		"DELETE /api/users/{id}":                                 {target: user, status: 202},
		"POST /api/users/explain":                                {target: "/api/users/explain", body: values("new@sp.com", ""), status: 200},
		"GET /api/users/{id}/explain":                            {target: user + "/explain?live=true", status: 200},
		"GET /api/users/{id}/audit":                              {target: user + "/audit", status: 200},
		"POST /api/users/{id}/retry":                             {target: user + "/retry", body: `{"email":"b@example.com"}`, status: 202},
		"DELETE /api/users/{id}/retry":                           {target: user + "/retry", status: 409},
		"PUT /api/users/{id}/package":                            {target: user + "/package", body: `{"package":"premium"}`, status: 200},
		"POST /api/users/{id}/consent-mail":                      {target: user + "/consent-mail", status: 409},
		"POST /api/users/{id}/email":                             {target: user + "/email", body: `{"email":"c@example.com"}`, status: 200, as: "program"},
		"POST /api/users/{id}/email/validation":                  {target: user + "/email/validation", body: `{"email":"c@example.com"}`, status: 409, as: "program"},
		"GET /api/causes":                                        {target: "/api/causes", status: 200},
		"GET /api/causes/{fingerprint}":                          {target: "/api/causes/v1-0000000000000000", status: 404},
		"GET /api/causes/{fingerprint}/users":                    {target: "/api/causes/v1-0000000000000000/users", status: 404},
		"POST /api/causes/{fingerprint}/retry":                   {target: "/api/causes/v1-0000000000000000/retry", status: 404},
		"GET /api/holds":                                         {target: "/api/holds?all=true", status: 200},
		"POST /api/holds":                                        {target: "/api/holds", body: `{"kind":"customer","name":"SP1+acme","reason":"wrong account"}`, status: 201},
		"POST /api/holds/{id}/lift":                              {target: "/api/holds/" + hold.ID(acme, hold.Scope{Kind: hold.Partner}).String() + "/lift", status: 404},
		"GET /api/webex/lanes":                                   {target: "/api/webex/lanes", status: 200},
		"GET /api/webex/eta":                                     {target: "/api/webex/eta?calls=5&class=admin", status: 200},
		"GET /api/audit":                                         {target: "/api/audit", status: 200},
		"GET /api/licences":                                      {target: "/api/licences?groupBy=customer", status: 200},
		"GET /api/licences/table":                                {target: "/api/licences/table", status: 200},
		"PUT /api/licences/table/{package}":                      {target: "/api/licences/table/basic", body: `{"licences":["Calling"]}`, status: 200},
		"GET /api/drift":                                         {target: "/api/drift", status: 200},
		"POST /api/drift":                                        {target: "/api/drift", body: `{"customer":"SP1"}`, status: 202},
		"GET /api/drift/{id}":                                    {target: "/api/drift/" + aScan.String(), status: 200},
		"GET /api/drift/{id}/findings":                           {target: "/api/drift/" + aScan.String() + "/findings", status: 200},
		"POST /api/drift/{id}/approve":                           {target: "/api/drift/" + aScan.String() + "/approve", body: `{"all":true}`, status: 202},
		"POST /api/imports":                                      {target: "/api/imports", body: csvHeader, media: "text/csv", status: 200},
		"GET /api/imports":                                       {target: "/api/imports?awaiting=true", status: 200},
		"POST /api/imports/plans":                                {target: "/api/imports/plans?name=users.csv", body: csvHeader, media: "text/csv", status: 201},
		"GET /api/imports/{id}":                                  {target: noImport + "", status: 404},
		"GET /api/imports/{id}/rows":                             {target: noImport + "/rows", status: 404},
		"GET /api/imports/{id}/errors":                           {target: noImport + "/errors", status: 404},
		"GET /api/imports/{id}/rejected.csv":                     {target: noImport + "/rejected.csv", status: 404},
		"GET /api/imports/{id}/plan":                             {target: noImport + "/plan", status: 404},
		"GET /api/imports/{id}/events":                           {target: noImport + "/events", status: 404},
		"POST /api/imports/{id}/approve":                         {target: noImport + "/approve", status: 404},
		"POST /api/imports/{id}/apply":                           {target: noImport + "/apply", status: 404},
		"POST /api/imports/{id}/pause":                           {target: noImport + "/pause", status: 404},
		"POST /api/imports/{id}/resume":                          {target: noImport + "/resume", status: 404},
		"POST /api/imports/{id}/cancel":                          {target: noImport + "/cancel", status: 404},
		"POST /api/imports/{id}/undo":                            {target: noImport + "/undo", status: 404},
		"POST /api/tokens":                                       {target: "/api/tokens", body: `{"name":"n","role":"program","scopes":["ledgerline:admin"]}`, status: 201},
		"DELETE /api/tokens/{id}":                                {target: "/api/tokens/" + token.ID("none").String(), status: 404},
		"GET /api/whoami":                                        {target: "/api/whoami", status: 200},
		"GET /api/status":                                        {target: "/api/status", status: 200},
		"POST /api/verify":                                       {target: "/api/verify", status: 200},
		"POST /api/rebuild":                                      {target: "/api/rebuild", status: 200},
		"GET /openapi.json":                                      {target: "/openapi.json", status: 200},
		"GET /healthz":                                           {target: "/healthz", status: 200},
		"GET /readyz":                                            {target: "/readyz", status: 200},
		"GET /metrics":                                           {target: "/metrics", status: 200},
	}
}

// ask sends the example of a route.
func (w *world) ask(as string, r *route, e example) answered {
	w.t.Helper()
	media := e.media
	if media == "" && e.body != "" {
		media = "application/json"
	}
	return w.send(as, r.method, e.target, e.body, "Content-Type", media)
}

// maintainable lets the routes for maintenance answer.
func maintainable(c *Config) {
	c.Verify = done
	c.Rebuild = done
}

// done is maintenance that finds nothing.
func done(_ context.Context, progress func(MaintenanceProgress)) (MaintenanceReport, error) {
	progress(MaintenanceProgress{Step: "counting", Done: 1, All: 2})
	return MaintenanceReport{OK: true, Position: 2, Log: []LogProblem{}, Models: []ModelReport{}}, nil
}

func TestEveryRouteAnswersAsTheDocumentSays(t *testing.T) {
	for _, r := range routes {
		t.Run(r.pattern(), func(t *testing.T) {
			w := newWorld(t, maintainable).templates().scanned()
			id := w.onboard("u@sp.com", "")
			e, ok := examples(id)[r.pattern()]
			require.True(t, ok, "an example is missing")
			as := "all"
			if e.as != "" {
				as = e.as
			}
			require.Equal(t, e.status, w.ask(as, r, e).Code)
		})
	}
}

func TestEachRouteOpensToThoseWhoMayAndNobodyElse(t *testing.T) {
	w := newWorld(t, maintainable).templates()
	id := w.onboard("u@sp.com", "")
	all := examples(id)
	for _, r := range routes {
		for _, as := range []string{"", "unknown", "expired", "revoked", "read", "only", "admin", "program"} {
			t.Run(fmt.Sprintf("%s as %q", r.pattern(), as), func(t *testing.T) {
				w.t = t
				// an empty body keeps writes that are let in from changing anything
				a := w.send(as, r.method, all[r.pattern()].target, "")
				switch want := wanted(r, as); want {
				case 0:
					require.NotContains(t, []int{401, 403}, a.Code, a.Body.String())
				default:
					require.Equal(t, want, a.Code, a.Body.String())
				}
				if a.Code == http.StatusForbidden && r.role == "" {
					require.Contains(t, a.Body.String(), string(r.scope))
				}
			})
		}
	}
}

// wanted is the refusal that a token meets; 0: none.
func wanted(r *route, as string) int {
	holds := map[string][]token.Scope{
		"read": {token.Read}, "only": {token.Write}, "admin": {token.Admin}, "program": {token.Read, token.Write},
	}
	scopes, valid := holds[as]
	switch {
	case r.scope == open:
		return 0
	case !valid:
		return http.StatusUnauthorized
	case r.scope == anyToken:
		return 0
	}
	for _, s := range scopes {
		if s == r.scope && (r.role == "" || (as == domain.RoleProgram) == (r.role == domain.RoleProgram)) {
			return 0
		}
	}
	return http.StatusForbidden
}

func TestWhatIsAnotherPartnersIsNotThere(t *testing.T) {
	w := newWorld(t, maintainable).templates().scanned()
	id := w.onboard("u@sp.com", "")
	secret := w.tokens["read"]
	before, err := w.log.ReadStream(t.Context(), userStream(mustID(t, id)))
	require.NoError(t, err)
	for _, r := range routes {
		if !strings.Contains(r.path, "{") || strings.Contains(r.path, "{package}") {
			continue
		}
		e := examples(id)[r.pattern()]
		if r.path == "/api/tokens/{id}" {
			e.target = "/api/tokens/" + token.ID(secret).String()
		}
		t.Run(r.pattern(), func(t *testing.T) {
			w.t = t
			w.tokens["foreign"] = w.tokens["other"]
			if r.role != "" {
				w.tokens["foreign"] = w.issueRole(r.role)
			}
			require.Equal(t, http.StatusNotFound, w.ask("foreign", r, e).Code)
		})
	}
	after, err := w.log.ReadStream(t.Context(), userStream(mustID(t, id)))
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestListsShowOnesOwnPartnerOnly(t *testing.T) {
	w := newWorld(t).templates()
	w.onboard("u@sp.com", "")
	for _, target := range []string{"/v1/broadworks/subscribers", "/api/users", "/api/templates"} {
		require.Empty(t, w.send("other", "GET", target, "").as(200)["items"], target)
		require.NotEmpty(t, w.send("read", "GET", target, "").as(200)["items"], target)
	}
	require.NotContains(t, w.send("other", "GET", "/api/users/export", "").Body.String(), "u@sp.com")
	require.NotContains(t, w.send("other", "GET", "/api/audit?limit=500", "").Body.String(), "u@sp.com")
	require.EqualValues(t, 0, w.send("other", "GET", "/api/licences", "").as(200)["total"].(map[string]any)["pending"])
}

func TestAnythingButABearerTokenIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, header := range []string{"Basic dTpw", "Bearer", "Bearer ", "Bearer a b", "bearer\x00", "Bearer " + strings.Repeat("x", 1000)} {
		w.send("", "GET", "/api/whoami", "", "Authorization", header).as(401)
	}
	w.send("", "GET", "/api/whoami", "", "Authorization", "bearer "+w.tokens["read"]).as(200)
}
