package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
)

// The document is OpenAPI 3.1 and keeps to what 3.0 has as well, so that
// kin-openapi, which knows 3.0, can check it once the version is taken down.
// Here it is made stricter than it is: members that it does not name are errors.
var loaded = sync.OnceValues(func() (*openapi3.T, error) {
	text := bytes.Replace(document(), []byte(`"openapi":"3.1.0"`), []byte(`"openapi":"3.0.3"`), 1)
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	seen := map[*openapi3.Schema]bool{}
	for _, s := range doc.Components.Schemas {
		strict(s, seen)
	}
	for _, r := range doc.Components.Responses {
		strictContent(r.Value.Content, seen)
	}
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			for _, r := range operation.Responses.Map() {
				strictContent(r.Value.Content, seen)
			}
			if operation.RequestBody != nil {
				strictContent(operation.RequestBody.Value.Content, seen)
			}
		}
	}
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", plainDecoder)
	openapi3filter.RegisterBodyDecoder("text/csv", plainDecoder)
	openapi3filter.RegisterBodyDecoder("text/event-stream", plainDecoder)
	return doc, nil
})

func plainDecoder(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
	text, err := io.ReadAll(body)
	return string(text), err
}

func strictContent(content openapi3.Content, seen map[*openapi3.Schema]bool) {
	for _, media := range content {
		strict(media.Schema, seen)
	}
}

func strict(ref *openapi3.SchemaRef, seen map[*openapi3.Schema]bool) {
	if ref == nil || seen[ref.Value] {
		return
	}
	s := ref.Value
	seen[s] = true
	if s.Type.Is("object") && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
		no := false
		s.AdditionalProperties.Has = &no
	}
	strict(s.Items, seen)
	for _, p := range s.Properties {
		strict(p, seen)
	}
}

// checkAnswer checks an answer against the document, and the request that was
// answered well.
func checkAnswer(t *testing.T, r *http.Request, body string, rec *httptest.ResponseRecorder) {
	t.Helper()
	doc, err := loaded()
	require.NoError(t, err)
	require.Regexp(t, `^LEDGERLINE_[0-9a-f-]{36}$`, rec.Header().Get("TrackingID"))
	require.Equal(t, "nosniff", rec.Header().Get("X-Content-Type-Options"))
	_, path, found := strings.Cut(r.Pattern, " ")
	if !found { // no route: the body is an error all the same
		require.Contains(t, []int{404, 405}, rec.Code)
		checkError(t, doc, r, rec)
		return
	}
	item := doc.Paths.Value(path)
	require.NotNil(t, item, path)
	operation := item.GetOperation(r.Method)
	if operation == nil {
		require.Equal(t, http.MethodHead, r.Method)
		return
	}
	require.NotNil(t, operation.Responses.Status(rec.Code), "%s answers %d, which the document does not say: %s", r.Pattern, rec.Code, rec.Body)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{
			Request: r, Route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: r.Method, Operation: operation},
		},
		Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	require.NoError(t, openapi3filter.ValidateResponse(t.Context(), input), rec.Body.String())
	if rec.Code >= 400 && path != "/readyz" {
		checkError(t, doc, r, rec)
	}
	if rec.Code < 300 && !isV1(path) { // /v1 takes more than it documents
		checkRequest(t, input.RequestValidationInput, body)
	}
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/x-ndjson") {
		checkLines(t, doc, path, r, rec)
	}
}

// checkRequest checks that a request keeps to the document.
func checkRequest(t *testing.T, in *openapi3filter.RequestValidationInput, body string) {
	t.Helper()
	in.QueryParams, in.PathParams = in.Request.URL.Query(), map[string]string{}
	known := openapi3.Parameters{}
	for _, p := range append(slices.Clone(in.Route.PathItem.Parameters), in.Route.Operation.Parameters...) {
		known = append(known, p)
		if p.Value.In == "path" {
			in.PathParams[p.Value.Name] = in.Request.PathValue(p.Value.Name)
		}
	}
	for name := range in.QueryParams {
		require.NotNil(t, known.GetByInAndName("query", name), "%s takes %s, which the document does not say", in.Request.Pattern, name)
	}
	in.Request.Body = io.NopCloser(strings.NewReader(body))
	in.Options = &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	require.NoError(t, openapi3filter.ValidateRequest(t.Context(), in))
}

// checkError checks what all error bodies have in common.
func checkError(t *testing.T, doc *openapi3.T, r *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	name, media, id := "Problem", "application/problem+json", "traceId"
	if strings.HasPrefix(r.URL.Path, "/v1") {
		name, media, id = "WebexError", "application/json", "trackingId"
	}
	require.Equal(t, media, rec.Header().Get("Content-Type"))
	var body map[string]any
	require.NoError(t, json.Unmarshal(rec.Body.Bytes(), &body))
	require.NoError(t, doc.Components.Schemas[name].Value.VisitJSON(body), rec.Body.String())
	require.Equal(t, rec.Header().Get("TrackingID"), body[id])
	if rec.Code == http.StatusServiceUnavailable {
		require.NotEmpty(t, rec.Header().Get("Retry-After"))
	}
	if rec.Code == http.StatusUnauthorized {
		require.NotEmpty(t, rec.Header().Get("WWW-Authenticate"))
	}
}

// checkLines checks each line of a stream, or the members that were asked for.
func checkLines(t *testing.T, doc *openapi3.T, path string, r *http.Request, rec *httptest.ResponseRecorder) {
	t.Helper()
	name := map[string]string{
		"/api/imports": "ImportLine", "/api/imports/{id}/plan": "PlanLine", "/api/users/export": "User", "/api/audit/export": "AuditRecord", "/api/licences/export": "LicenceRow",
		"/api/verify": "MaintenanceLine", "/api/rebuild": "MaintenanceLine", "/api/causes/{fingerprint}/retry": "RetryLine",
	}[path]
	schema := doc.Components.Schemas[name].Value
	for _, line := range (answered{rec, t}).lines() {
		if r.URL.Query().Get("columns") == "" {
			require.NoError(t, schema.VisitJSON(line))
			continue
		}
		for member, value := range line {
			require.Contains(t, schema.Properties, member)
			require.NoError(t, schema.Properties[member].Value.VisitJSON(value))
		}
	}
}

func TestEveryRouteIsInTheDocumentAndTheOtherWayRound(t *testing.T) {
	doc, err := loaded()
	require.NoError(t, err)
	var have, told []string
	for _, r := range routes {
		have = append(have, r.pattern())
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			told = append(told, method+" "+path)
		}
	}
	require.ElementsMatch(t, have, told)
}

func TestTheDocumentSaysWhichRoutesNeedNoToken(t *testing.T) {
	doc, err := loaded()
	require.NoError(t, err)
	for _, r := range routes {
		operation := doc.Paths.Value(r.path).GetOperation(r.method)
		require.Equal(t, r.scope == open, operation.Security != nil && len(*operation.Security) == 0, r.pattern())
	}
}

func TestTheDocumentIsServedAsOpenAPI31(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "3.1.0", w.send("", "GET", "/openapi.json", "").as(200)["openapi"])
}

func TestProblemTypesAreThoseOfTheDocument(t *testing.T) {
	doc, err := loaded()
	require.NoError(t, err)
	for _, f := range []*refusal{errNoPath, errNotFound, errMethod, errVersion, errBehind, errFull, errPanic, errNoToken, errBadToken, errRole} {
		require.Contains(t, doc.Info.Description, f.name)
	}
}
