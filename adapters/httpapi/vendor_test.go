package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"

	"ledgerline/domain/subscriber"
)

const vendorFile = "../../../shared/reference/openapi/webex-broadworks.json"

// vendor is the part of Webex's own document that we serve, as strict as it gets.
func vendor(t *testing.T) *openapi3.T {
	t.Helper()
	text, err := os.ReadFile(vendorFile)
	if os.IsNotExist(err) {
		t.Skip("Webex's own OpenAPI document is not at " + vendorFile + "; nothing to compare with")
	}
	require.NoError(t, err)
	var doc map[string]any
	require.NoError(t, json.Unmarshal(text, &doc))
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	kept := map[string]any{}
	for _, name := range []string{"Subscriber", "SubscriberListResponse", "SubscriberProvisioningPrecheckResponse", "Error"} {
		kept[name] = schemas[name]
	}
	// The schema says object, the vendor's example and text say list.
	precheck := kept["SubscriberProvisioningPrecheckResponse"].(map[string]any)["properties"].(map[string]any)
	precheck["info"] = map[string]any{"type": "array", "items": precheck["info"]}
	paths := map[string]any{}
	for path, item := range doc["paths"].(map[string]any) {
		if strings.Contains(path, "/subscribers") {
			paths[path] = item
		}
	}
	text, err = json.Marshal(map[string]any{
		"openapi": doc["openapi"], "info": doc["info"], "paths": paths, "components": map[string]any{"schemas": kept},
	})
	require.NoError(t, err)
	loaded, err := openapi3.NewLoader().LoadFromData(text)
	require.NoError(t, err)
	seen := map[*openapi3.Schema]bool{}
	for _, s := range loaded.Components.Schemas {
		strict(s, seen)
	}
	return loaded
}

func TestAnswersAreThoseOfWebexsOwnDocument(t *testing.T) {
	doc := vendor(t)
	w := newWorld(t).templates()
	asked := map[string]bool{}
	say := func(method, path, body string, status int) {
		t.Helper()
		r := httptest.NewRequest(method, "/v1"+path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+w.tokens["write"])
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		require.Equal(t, status, rec.Code, rec.Body.String())
		_, pattern, _ := strings.Cut(r.Pattern, " /v1")
		item := doc.Paths.Value(pattern)
		require.NotNil(t, item, pattern)
		asked[method+" "+pattern] = true
		r.Body = io.NopCloser(strings.NewReader(body))
		request := &openapi3filter.RequestValidationInput{
			Request: r, QueryParams: r.URL.Query(), PathParams: map[string]string{"subscriberId": r.PathValue("subscriberId")},
			Route: &routers.Route{Spec: doc, Path: pattern, PathItem: item, Method: method, Operation: item.GetOperation(method)},
		}
		if status < 300 {
			require.NoError(t, openapi3filter.ValidateRequest(t.Context(), request))
		}
		require.NoError(t, openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: request, Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
			Options: &openapi3filter.Options{IncludeResponseStatus: true},
		}), rec.Body.String())
	}
	id := w.onboard("u@sp.com", `,"email":"u@acme.com"`)
	one := "/broadworks/subscribers/" + id
	say("POST", "/broadworks/subscribers", values("new@sp.com", `,"email":"n@acme.com","language":"en","timezone":"America/Los_Angeles"`), 200)
	say("POST", "/broadworks/subscribers", `{}`, 400)
	say("POST", "/broadworks/subscribers/validate", `{"email":"v@acme.com"}`, 200)
	say("GET", one, "", 200)
	w.accept(id)
	w.happens(id, subscriber.ConsentAwaited{At: w.clock.Now()})
	say("POST", "/subscribers/"+id+"/emails/consentMove", "", 204)
	w.happens(id, subscriber.Provisioned{PersonID: "person", At: w.clock.Now()})
	say("GET", one, "", 200)
	say("PUT", one, `{"package":"premium"}`, 200)
	w.fails(w.onboard("f@sp.com", `,"email":"f@acme.com"`))
	say("GET", "/broadworks/subscribers?max=100&status=error&selfActivated=false", "", 200)
	say("GET", "/broadworks/subscribers", "", 200)
	say("DELETE", one, "", 204)
	say("GET", one, "", 404)
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			require.True(t, asked[method+" "+path], "%s %s was not asked", method, path)
		}
	}
	require.NotEmpty(t, asked[http.MethodGet+" /broadworks/subscribers"])
}
