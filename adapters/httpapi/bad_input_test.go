package httpapi

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBodiesThatCannotBeReadAreRefused(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	for name, c := range map[string]struct {
		body, media string
		status      int
		names       string // what the answer names
	}{
		"no media type":        {body: "{}", status: 415, names: "application/json"},
		"wrong media type":     {body: "{}", media: "text/plain", status: 415, names: "application/json"},
		"wrong charset":        {body: "{}", media: "application/json; charset=latin1", status: 415, names: "application/json"},
		"unreadable type":      {body: "{}", media: ";;", status: 415, names: "application/json"},
		"nothing":              {body: "", media: "application/json", status: 400, names: "object"},
		"not JSON":             {body: "{", media: "application/json", status: 400, names: "valid JSON"},
		"a list":               {body: "[]", media: "application/json", status: 400, names: "object"},
		"null":                 {body: "null", media: "application/json", status: 400, names: "object"},
		"a text":               {body: `"x"`, media: "application/json", status: 400, names: "object"},
		"more after the end":   {body: `{} {}`, media: "application/json", status: 400, names: "valid JSON"},
		"garbage at the end":   {body: `{}x`, media: "application/json", status: 400, names: "valid JSON"},
		"a name twice":         {body: `{"firstName":"a","firstName":"b"}`, media: "application/json", status: 400, names: "valid JSON"},
		"not UTF-8":            {body: "{\"firstName\":\"\xff\"}", media: "application/json", status: 400, names: "valid JSON"},
		"number for text":      {body: `{"firstName":1}`, media: "application/json", status: 400, names: "firstName"},
		"object for text":      {body: `{"extension":{}}`, media: "application/json", status: 400, names: "extension"},
		"longer than 64 KiB":   {body: `{"firstName":"` + strings.Repeat("x", 64<<10) + `"}`, media: "application/json", status: 413, names: "65536"},
		"utf-8 named, no harm": {body: `{}`, media: "application/json; charset=UTF-8", status: 200, names: "u@sp.com"},
	} {
		for method, target := range map[string]string{"PUT": "/v1/broadworks/subscribers/" + id, "PATCH": "/api/users/" + id} {
			t.Run(name+" to "+target[:4], func(t *testing.T) {
				w.t = t
				a := w.send("write", method, target, c.body, "Content-Type", c.media)
				a.as(c.status)
				require.Contains(t, a.Body.String(), c.names)
			})
		}
	}
}

func TestUnknownMembersAreIgnoredByWebexsFormAndRefusedByOurs(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", "")
	w.send("write", "PUT", "/v1/broadworks/subscribers/"+id, `{"nickname":"J"}`).as(200)
	body := w.send("write", "PATCH", "/api/users/"+id, `{"nickname":"J"}`).as(400)
	require.Equal(t, map[string]any{
		"in": "body", "pointer": "#/nickname", "code": "malformed", "problem": "is not known here", "fix": "leave it out",
	}, body["errors"].([]any)[0])
}

func TestParametersThatMakeNoSenseAreNamed(t *testing.T) {
	w := newWorld(t).templates()
	id := apiID(t, w.onboard("u@sp.com", ""))
	for _, target := range []string{
		"/v1/broadworks/subscribers?max=0", "/v1/broadworks/subscribers?max=-1", "/v1/broadworks/subscribers?max=101",
		"/v1/broadworks/subscribers?max=ten", "/v1/broadworks/subscribers?max=", "/v1/broadworks/subscribers?max=1e1",
		"/v1/broadworks/subscribers?offset=-1", "/v1/broadworks/subscribers?offset=x", "/v1/broadworks/subscribers?status=gone",
		"/v1/broadworks/subscribers?status=error,gone", "/v1/broadworks/subscribers?status=removed",
		"/v1/broadworks/subscribers?after=yesterday", "/v1/broadworks/subscribers?lastStatusChange=-5",
		"/v1/broadworks/subscribers?selfActivated=perhaps", "/v1/broadworks/subscribers?selfActivated=1",
		"/api/users?limit=0", "/api/users?limit=1001", "/api/users?limit=x", "/api/users?status=gone", "/api/users?package=gold",
		"/api/users?cursor=x", "/api/users?sort=name", "/api/users?flow=manual", "/api/users?excludeProvisioned=maybe",
		"/api/users?changedAfter=then", "/api/users?createdAfter=then", "/api/users?after=x", "/api/users?page=2", "/api/users?query=%zz", "/v1/broadworks/subscribers?query=a;b", "/api/users?Status=error",
		"/api/users?q=" + strings.Repeat("x", 600), "/api/users/export?format=xlsx", "/api/users/export?limit=3", "/api/users/export?columns=userId,shoeSize", "/api/audit/export?columns=cause", "/api/audit/export?limit=1",
		"/api/licences/export?columns=x", "/api/licences/export?format=xlsx", "/api/licences/export?groupBy=user", "/api/audit/export?type=foo", "/api/users/" + id + "?x=1",
		"/api/users/" + id + "/explain?live=perhaps", "/api/users/" + id + "/explain?lives=9", "/api/users/" + id + "/explain?x=1",
		"/api/users/" + id + "/audit?x=1", "/api/audit?limit=501", "/api/audit?cursor=x", "/api/audit?from=x", "/api/audit?user=x", "/api/audit?type=foo", "/api/audit?who=x",
		"/api/licences?package=gold", "/api/licences?groupBy=user", "/api/licences?x=1", "/api/templates?x=1",
		"/api/causes?limit=0", "/api/causes?limit=501", "/api/causes?past=perhaps", "/api/causes?lang=_", "/api/causes?x=1", "/api/causes/x?x=1",
		"/api/causes/x?lang=_", "/api/causes/x/users?cursor=x", "/api/causes/x/users?limit=501", "/api/users/" + id + "?lang=_",
	} {
		t.Run(target[:min(len(target), 80)], func(t *testing.T) {
			w.t = t
			u, err := url.Parse(target)
			require.NoError(t, err)
			var name string
			for name = range u.Query() {
			}
			if name == "" {
				name = "query"
			}
			wrong := w.send("read", "GET", target, "").as(http.StatusBadRequest)["errors"].([]any)
			require.Len(t, wrong, 1)
			if strings.HasPrefix(target, "/v1") {
				require.Equal(t, name, wrong[0].(map[string]any)["fieldName"])
			} else {
				require.Equal(t, name, wrong[0].(map[string]any)["name"])
				require.Equal(t, "query", wrong[0].(map[string]any)["in"])
			}
		})
	}
}

func TestValuesThatMakeNoSenseAreNamedWithTheirFix(t *testing.T) {
	w := newWorld(t).templates()
	body := w.send("write", "POST", "/api/users", values("u@sp.com", `,"email":"none","mobilePhoneNumber":"0701"`)).as(400)
	require.Equal(t, "urn:ledgerline:problem:invalid", body["type"])
	require.EqualValues(t, 400, body["status"])
	pointers := map[string]bool{}
	for _, e := range body["errors"].([]any) {
		field := e.(map[string]any)
		pointers[field["pointer"].(string)] = true
		require.NotEmpty(t, field["fix"])
	}
	require.Equal(t, map[string]bool{"#/email": true, "#/mobilePhoneNumber": true}, pointers)
	w.send("write", "POST", "/api/users", values("u@sp.com", `,"flow":"manual"`)).as(400)
	w.send("write", "POST", "/api/users", `{}`).as(400)
	nested := w.send("admin", "PUT", "/api/licences/table/basic", `{"licences":["a",""]}`).as(400)
	require.Equal(t, "#/licences/1", nested["errors"].([]any)[0].(map[string]any)["pointer"])
}

func TestAllThatIsWrongWithANewUserIsSaidAtOnce(t *testing.T) {
	w := newWorld(t).templates()
	const most = `"provisioningId":"` + trusted + `","spEnterpriseId":"SP1","package":"gold","firstName":"","extension":"1212"`
	fields := func(target, body string) (all []string) {
		t.Helper()
		for _, e := range w.send("write", "POST", target, body).as(400)["errors"].([]any) {
			wrong := e.(map[string]any)
			if name, ok := wrong["fieldName"]; ok {
				all = append(all, name.(string))
			} else {
				all = append(all, strings.TrimPrefix(wrong["pointer"].(string), "#/"))
			}
		}
		return all
	}
	for _, target := range []string{"/v1/broadworks/subscribers", "/api/users"} {
		require.ElementsMatch(t, []string{"userId", "firstName", "package", "email", "lastName"}, fields(target, "{"+most+"}"))
		require.ElementsMatch(t, []string{"userId", "firstName", "package", "email", "lastName", "timezone"}, fields(target, "{"+most+`,"lastName":5,"timezone":[]}`))
		require.ElementsMatch(t, []string{"provisioningId", "userId", "email"},
			fields(target, `{"provisioningId":"bm9uZQ","spEnterpriseId":"SP1","package":"basic","firstName":"a","lastName":"b","extension":"1212","userId":7,"email":"x"}`))
	}
	require.ElementsMatch(t, []string{"userId", "firstName", "package", "email", "lastName", "flow", "nickname", "age"}, fields("/api/users", `{"nickname":"x","flow":"manual",`+most+`,"age":1}`))
	require.ElementsMatch(t, []string{"customerInfo.primaryEmail", "email", "package"}, fields("/v1/broadworks/subscribers/validate", `{"package":"gold","customerInfo":{}}`))
	require.ElementsMatch(t, []string{"lastName", "email", "package"}, fields("/v1/broadworks/subscribers/validate", `{"lastName":5,"package":"gold"}`))
}

func TestABodyThatIsNotJSONAfterAWrongMemberIsNotJSON(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"userId":5,`, `{"userId":5,"x"`, `{"userId":5,"userId":"a"}`, `{"userId":5,"x":tru}`, `{"userId":5} x`} {
		for _, target := range []string{"/v1/broadworks/subscribers", "/api/users"} {
			require.Contains(t, w.send("write", "POST", target, body).Body.String(), "valid JSON", body)
		}
	}
	many := `{"a":1`
	for i := range 500 {
		many += `,"m` + strings.Repeat("x", i%100) + string(rune('a'+i/100)) + `":1`
	}
	require.Len(t, w.send("write", "PATCH", "/api/users/"+apiID(t, w.templates().onboard("u@sp.com", "")), many+"}").as(400)["errors"], mostMistakes)
}

func TestNoTextInAnyPlaceBreaksTheServer(t *testing.T) {
	w := newWorld(t, maintainable).templates()
	texts := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"'", `"`, "%", "\x00", "../..", "1e309", "-0", "9999999999999999999", "{}", "null", "=cmd", "\u202e"}))
	names := []string{"max", "offset", "status", "after", "lastStatusChange", "selfActivated", "userId", "email", "personId", "spEnterpriseId", "provisioningId",
		"q", "template", "customer", "package", "changedAfter", "limit", "cursor", "sort", "from", "until", "user", "type", "format", "groupBy"}
	rapid.Check(t, func(t *rapid.T) {
		route := rapid.SampledFrom(routes).Draw(t, "route")
		text := texts.Draw(t, "text")
		target := strings.NewReplacer("{id}", url.PathEscape(text), "{subscriberId}", url.PathEscape(text), "{provisioningId}", url.PathEscape(text), "{package}", url.PathEscape(text)).Replace(route.path)
		target += "?" + rapid.SampledFrom(names).Draw(t, "name") + "=" + url.QueryEscape(text)
		r, err := http.NewRequest(route.method, "http://x"+target, strings.NewReader(rapid.SampledFrom([]string{"", "{}", `{"email":"` + url.QueryEscape(text) + `"}`}).Draw(t, "body")))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+w.tokens["all"])
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Reason", url.PathEscape(text))
		rec := httptest.NewRecorder()
		w.ServeHTTP(rec, r)
		require.Less(t, rec.Code, 500, "%s %s: %s", route.method, target, rec.Body)
	})
}
