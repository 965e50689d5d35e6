package httpapi

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// The document, one file per group. In it, "x-errors" lists the statuses of
// errors that an operation may answer beside those that every one may.
//
//go:embed openapi/*.yaml
var openAPIFiles embed.FS

// document puts the parts of the OpenAPI document together. A mistake in them is
// a programmer's, so it panics.
func document() []byte {
	files, err := openAPIFiles.ReadDir("openapi")
	must(err)
	doc := map[string]any{}
	for _, file := range files {
		text, err := openAPIFiles.ReadFile("openapi/" + file.Name())
		must(err)
		var part map[string]any
		must(yaml.Unmarshal(text, &part))
		merge(doc, part, file.Name())
	}
	for path, item := range doc["paths"].(map[string]any) {
		for method, operation := range item.(map[string]any) {
			if method != "parameters" {
				complete(path, method, operation.(map[string]any))
			}
		}
	}
	body, err := json.Marshal(doc)
	must(err)
	return body
}

// merge adds one part of the document to another; nothing may be there twice.
func merge(to, from map[string]any, where string) {
	for key, value := range from {
		have, taken := to[key]
		if !taken {
			to[key] = value
			continue
		}
		a, ok := have.(map[string]any)
		b, also := value.(map[string]any)
		if !ok || !also {
			panic(fmt.Sprintf("httpapi: %s is in %s and in another part of the document", key, where))
		}
		merge(a, b, where)
	}
}

// complete adds to an operation what is the same for all.
func complete(path, method string, operation map[string]any) {
	_, public := operation["security"]
	kind := "Problem"
	if isV1(path) {
		kind = "WebexError"
	}
	statuses := []int{http.StatusInternalServerError}
	if !public {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable)
	}
	if extra, ok := operation["x-errors"].([]any); ok {
		for _, status := range extra {
			statuses = append(statuses, status.(int))
		}
		delete(operation, "x-errors")
	}
	answers := operation["responses"].(map[string]any)
	for _, answer := range answers {
		addHeaders(answer.(map[string]any), method != "get" && !public)
	}
	for _, status := range statuses {
		if code := strconv.Itoa(status); answers[code] == nil {
			answers[code] = ref("responses/" + kind)
		}
	}
	if method != "get" && !strings.HasSuffix(path, "/validate") && !strings.HasSuffix(path, "/explain") { // these record nothing
		parameters, _ := operation["parameters"].([]any)
		operation["parameters"] = slices.Concat(parameters, []any{
			ref("parameters/idempotencyKey"), ref("parameters/reasonHeader"), ref("parameters/reason"), ref("parameters/trackingID"),
		})
	}
}

func addHeaders(answer map[string]any, write bool) {
	if answer["$ref"] != nil {
		return
	}
	headers, ok := answer["headers"].(map[string]any)
	if !ok {
		headers = map[string]any{}
		answer["headers"] = headers
	}
	headers["TrackingID"] = ref("headers/TrackingID")
	if write {
		headers[positionHeader] = ref("headers/Position")
	}
}

func ref(to string) map[string]any { return map[string]any{"$ref": "#/components/" + to} }

func must(err error) {
	if err != nil {
		panic("httpapi: " + err.Error())
	}
}

// openAPI serves GET /openapi.json.
func (a *api) openAPI(w http.ResponseWriter, c *call) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, err := w.Write(a.document)
	return err
}
