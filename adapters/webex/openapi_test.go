package webex_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/webextest"
)

// TestTrafficFollowsTheVendorsDocument runs the whole suite with each request
// and each reply held against the vendor's OpenAPI document.
func TestTrafficFollowsTheVendorsDocument(t *testing.T) {
	document := vendorsDocument(t)
	var seen sync.Map
	webextest.Run(t, func(t *testing.T) webextest.World {
		return world(t, "", func(h http.Handler) http.Handler {
			return held{t: t, to: document, by: h, seen: &seen}
		})
	})
	for _, operation := range []string{
		"GET /broadworks/subscribers 200", "POST /broadworks/subscribers 200", "POST /broadworks/subscribers 400",
		"GET /broadworks/subscribers/{subscriberId} 200", "GET /broadworks/subscribers/{subscriberId} 404",
		"PUT /broadworks/subscribers/{subscriberId} 200", "DELETE /broadworks/subscribers/{subscriberId} 204",
		"POST /broadworks/subscribers/validate 200", "POST /subscribers/{subscriberId}/emails/consentMove 204",
		"POST /subscribers/{subscriberId}/emails/consentMove 409",
	} {
		_, found := seen.Load(operation)
		require.True(t, found, "not held against the document: %s", operation)
	}
}

// vendorsDocument is found beside the module, never inside it.
func vendorsDocument(t *testing.T) routers.Router {
	path := filepath.Join("..", "..", "..", "shared", "reference", "openapi", "webex-broadworks.json")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the vendor's OpenAPI document is not at %s (from the module: ../shared/reference/openapi): nothing to compare with", path)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(path)
	require.NoError(t, err)
	amend(doc)
	// Its examples contradict its schemas: selfActivated is a boolean, "false" there.
	router, err := legacy.NewRouter(doc, openapi3.DisableExamplesValidation())
	require.NoError(t, err)
	return router
}

// amend settles where the document contradicts itself or leaves open what we
// want to know.
func amend(doc *openapi3.T) {
	// Its text allows several values with commas between, its enum only one.
	doc.Paths.Find("/broadworks/subscribers").Get.Parameters.GetByInAndName("query", "status").Schema.Value.Enum = nil

	// info is an object by its schema, an array by its example and by the guide.
	precheck := doc.Components.Schemas["SubscriberProvisioningPrecheckResponse"].Value
	precheck.Properties["info"] = openapi3.NewArraySchema().WithItems(precheck.Properties["info"].Value).NewRef()

	// No schema forbids other fields; here neither side may make any up.
	closed := []*openapi3.Schema{precheck}
	for _, name := range []string{"Subscriber", "SubscriberListResponse", "Error"} {
		closed = append(closed, doc.Components.Schemas[name].Value)
	}
	for _, operation := range []*openapi3.Operation{
		doc.Paths.Find("/broadworks/subscribers").Post,
		doc.Paths.Find("/broadworks/subscribers/{subscriberId}").Put,
		doc.Paths.Find("/broadworks/subscribers/validate").Post,
	} {
		closed = append(closed, operation.RequestBody.Value.Content.Get("application/json").Schema.Value)
	}
	no := false
	for _, schema := range closed {
		schema.AdditionalProperties = openapi3.AdditionalProperties{Has: &no}
	}
}

// held serves, and reports what does not follow the document.
type held struct {
	t    *testing.T
	to   routers.Router
	by   http.Handler
	seen *sync.Map // of "<method> <path> <status>"
}

func (h held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	asked := h.request(r, body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	reply := httptest.NewRecorder()
	h.by.ServeHTTP(reply, r)
	h.reply(asked, reply)
	for name, values := range reply.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(reply.Code)
	w.Write(reply.Body.Bytes())
}

func (h held) request(r *http.Request, body []byte) *openapi3filter.RequestValidationInput {
	bare := r.Clone(r.Context())
	bare.Body = io.NopCloser(bytes.NewReader(body))
	bare.URL.Path = strings.TrimPrefix(r.URL.Path, "/v1") // the document names no server
	route, params, err := h.to.FindRoute(bare)
	if err != nil {
		if !strings.Contains(r.URL.Path, "a/b") { // an id that is no id
			h.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		return nil
	}
	for name := range r.URL.Query() {
		// The vendor's own clients page with offset, which the document leaves out.
		if name != "offset" && route.Operation.Parameters.GetByInAndName("query", name) == nil {
			h.t.Errorf("%s %s: the document has no parameter %s", r.Method, r.URL, name)
		}
	}
	asked := &openapi3filter.RequestValidationInput{Request: bare, Route: route, PathParams: params}
	if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil && !knownWrong(asked, body) {
		h.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return asked
}

// knownWrong is the one request of the suite that is meant to be refused.
func knownWrong(asked *openapi3filter.RequestValidationInput, body []byte) bool {
	return asked.Route.Method == http.MethodPost && asked.Route.Path == "/broadworks/subscribers" && !bytes.Contains(body, []byte(`"lastName"`))
}

func (h held) reply(asked *openapi3filter.RequestValidationInput, reply *httptest.ResponseRecorder) {
	if asked == nil {
		return
	}
	err := openapi3filter.ValidateResponse(asked.Request.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked,
		Status:                 reply.Code,
		Header:                 reply.Header(),
		Body:                   io.NopCloser(bytes.NewReader(reply.Body.Bytes())),
		Options:                &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		h.t.Errorf("%s %s: %v", asked.Request.Method, asked.Request.URL, err)
	}
	h.seen.Store(strings.Join([]string{asked.Route.Method, asked.Route.Path, strconv.Itoa(reply.Code)}, " "), true)
}
