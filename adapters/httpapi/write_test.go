package httpapi

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/domain/subscriber"
)

// causeOf returns the cause of the last thing recorded of a user.
func (w *world) causeOf(id string) domain.Cause {
	w.t.Helper()
	parsed, err := userID(id)
	require.NoError(w.t, err)
	entries, err := w.log.ReadStream(w.t.Context(), userStream(parsed))
	require.NoError(w.t, err)
	return entries[len(entries)-1].Cause
}

func TestTheSameRequestAgainIsAnsweredTheSame(t *testing.T) {
	w := newWorld(t).templates()
	id := w.onboard("u@sp.com", `,"email":"u@acme.com"`)
	w.provision(id)
	user := "/api/users/" + apiID(t, id)
	for _, c := range []struct{ method, target, body string }{
		{"POST", "/api/users", values("new@sp.com", "")},
		{"POST", "/v1/broadworks/subscribers", values("newer@sp.com", "")},
		{"POST", "/api/users/batch", batchOf(values("b1@sp.com", ""), values("b2@sp.com", `,"email":"none"`), values("b3@sp.com", ""))},
		{"PATCH", user, `{"userId":"renamed@sp.com"}`},
		{"PUT", user + "/package", `{"package":"premium"}`},
		{"PUT", "/v1/broadworks/subscribers/" + id, `{"firstName":"Joan"}`},
		{"PUT", "/api/templates/" + trusted, `{"name":"T2","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"trusted"}`},
		{"PUT", "/api/licences/table/basic", `{"licences":["Calling"]}`},
		{"POST", "/api/holds", holdAcme},
		{"POST", "/api/holds/" + hold.ID(acme, hold.Scope{Kind: hold.Customer, Name: "SP1+acme"}).String() + "/lift", ""},
		{"DELETE", "/v1/broadworks/subscribers/" + id, ""},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			w.t = t
			first := w.send("all", c.method, c.target, c.body, "Idempotency-Key", c.method+c.target)
			require.Less(t, first.Code, 300, first.Body.String())
			if c.method == "PATCH" { // somebody else goes on before it is repeated
				w.send("all", "PATCH", user, `{"userId":"again@sp.com"}`).as(200)
			}
			head, err := w.log.Head(t.Context())
			require.NoError(t, err)
			again := w.send("all", c.method, c.target, c.body, "Idempotency-Key", c.method+c.target)
			require.Equal(t, first.Code, again.Code, again.Body.String())
			require.Equal(t, first.Body.String(), again.Body.String())
			for _, name := range []string{"ETag", "Location", positionHeader} {
				require.Equal(t, first.Header().Get(name), again.Header().Get(name), name)
			}
			after, err := w.log.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, head, after)
		})
	}
}

func TestOneKeyForTwoRequestsIsRefused(t *testing.T) {
	w := newWorld(t).templates()
	id := apiID(t, w.onboard("u@sp.com", ""))
	key := []string{"Idempotency-Key", "k"}
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Joan"}`, key...).as(200)
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Jane"}`, key...).as(422)
	w.send("write", "DELETE", "/api/users/"+id, "", key...).as(422)
	w.send("write", "POST", "/api/users", values("other@sp.com", ""), key...).as(422)
	body := w.send("write", "POST", "/v1/broadworks/subscribers", values("other@sp.com", ""), key...).as(422)
	require.EqualValues(t, codeKeyReused, body["errors"].([]any)[0].(map[string]any)["errorCode"])
	require.Equal(t, "Joan", w.send("read", "GET", "/api/users/"+id, "").as(200)["firstName"])
}

func TestKeysOfTwoPartnersDoNotMeet(t *testing.T) {
	w := newWorld(t)
	template := `{"provisioningId":"bmV3","name":"New","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"untrusted"}`
	for _, as := range []string{"write", "other"} {
		w.send(as, "POST", "/api/templates", template, "Idempotency-Key", "k").as(201)
	}
}

func TestTheSameRequestTwiceAtOnceIsCarriedOutOnce(t *testing.T) {
	w := newWorld(t).templates()
	answers := make([]*httptest.ResponseRecorder, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			r := httptest.NewRequest("POST", "/api/users", strings.NewReader(values("u@sp.com", "")))
			r.Header.Set("Authorization", "Bearer "+w.tokens["write"])
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Idempotency-Key", "k")
			answers[i] = httptest.NewRecorder()
			w.ServeHTTP(answers[i], r)
		})
	}
	all.Wait()
	for _, a := range answers {
		require.Equal(t, 201, a.Code)
		require.Equal(t, answers[0].Body.String(), a.Body.String())
	}
}

func TestKeysAndReasonsThatMakeNoSenseAreRefused(t *testing.T) {
	w := newWorld(t).templates()
	id := apiID(t, w.onboard("u@sp.com", ""))
	for _, header := range [][]string{
		{"Idempotency-Key", ""}, {"Idempotency-Key", strings.Repeat("k", 256)}, {"Idempotency-Key", "k k"}, {"Idempotency-Key", "ké"},
		{"X-Reason", strings.Repeat("r", 501)}, {"X-Reason", "%FF"}, {"X-Reason", "a%0Ab"},
	} {
		body := w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Joan"}`, header...).as(400)
		require.Equal(t, "header", body["errors"].([]any)[0].(map[string]any)["in"])
		require.Equal(t, header[0], body["errors"].([]any)[0].(map[string]any)["name"])
	}
	require.Equal(t, "John", w.send("read", "GET", "/api/users/"+id, "").as(200)["firstName"])
}

func TestTheCauseSaysWhoAskedThroughWhatAndWhy(t *testing.T) {
	w := newWorld(t).templates()
	id := apiID(t, w.onboard("u@sp.com", ""))
	me := w.send("write", "GET", "/api/whoami", "").as(200)
	change := func(name string, headers ...string) domain.Cause {
		t.Helper()
		w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"`+name+`"}`, headers...).as(200)
		return w.causeOf(id)
	}
	require.Equal(t, domain.Cause{
		Partner: acme, Actor: me["actor"].(string), Role: domain.RoleAdmin, Surface: domain.SurfaceAPI, Reason: "ticket 7: Müller 100% sure", Request: "SIMPLE_1",
	}, change("A", "X-Reason", "ticket 7: Müller 100% sure", "TrackingID", "SIMPLE_1"))
	require.Equal(t, "größer", change("B", "X-Reason", url.PathEscape("größer")).Reason)
	require.Regexp(t, `^key/[0-9a-f]{12}$`, change("C", "Idempotency-Key", "key").Request)
	again := change("C", "Idempotency-Key", "key", "TrackingID", "SIMPLE_2") // a repetition may have another
	require.Regexp(t, `^key/[0-9a-f]{12}$`, again.Request)
	require.Regexp(t, `^key2/[0-9a-f]{12}$`, change("C2", "Idempotency-Key", "key2", "TrackingID", "SIMPLE_3").Request)
	require.Regexp(t, `^LEDGERLINE_`, change("D").Request)
	for i, unfit := range []string{"with space", strings.Repeat("x", 200), "ü"} {
		require.Regexp(t, `^LEDGERLINE_`, change(string(rune('E'+i)), "TrackingID", unfit).Request)
	}
	w.send("write", "PATCH", "/api/users/"+id+"?reason=because", `{"firstName":"Z"}`).as(200)
	require.Equal(t, "because", w.causeOf(id).Reason)

	v1 := w.onboard("v1@sp.com", "")
	require.Equal(t, domain.SurfaceV1, w.causeOf(v1).Surface)
	require.Equal(t, domain.RoleAdmin, w.causeOf(v1).Role)
}

func TestAChangeMeantForAnotherVersionIsRefused(t *testing.T) {
	w := newWorld(t).templates()
	id := apiID(t, w.onboard("u@sp.com", ""))
	tag := w.send("read", "GET", "/api/users/"+id, "").Header().Get("ETag")
	require.Equal(t, `"1"`, tag)
	for _, wrong := range []string{`"2"`, `1`, `W/"1"`, `"x"`, `"1", "2"`} {
		w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Joan"}`, "If-Match", wrong).as(412)
	}
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Joan"}`, "If-Match", tag).as(200)
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Jane"}`, "If-Match", tag).as(412)
	w.send("write", "PATCH", "/api/users/"+id, `{"firstName":"Jane"}`, "If-Match", "*").as(200)
	w.send("write", "DELETE", "/api/users/"+id, "", "If-Match", `"1"`).as(412)
}

func TestOfTwoChangesOfOneVersionOneIsRefused(t *testing.T) {
	w := newWorld(t).templates()
	target := "/api/templates/" + trusted
	tag := w.send("read", "GET", target, "").Header().Get("ETag")
	codes := make([]int, 8)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() {
			body := `{"name":"` + string(rune('A'+i)) + `","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"trusted"}`
			r := httptest.NewRequest("PUT", target, strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+w.tokens["write"])
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("If-Match", tag)
			rec := httptest.NewRecorder()
			w.ServeHTTP(rec, r)
			codes[i] = rec.Code
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, code := range codes {
		count[code]++
	}
	require.Equal(t, map[int]int{200: 1, 412: 7}, count)
}

func TestReadersSeeTheirOwnWrites(t *testing.T) {
	w := newWorld(t).templates()
	for i := range 20 {
		userID := "u" + string(rune('a'+i)) + "@sp.com"
		a := w.send("write", "POST", "/v1/broadworks/subscribers", values(userID, ""))
		require.NotEmpty(t, a.Header().Get(positionHeader))
		require.Equal(t, []string{userID}, userIDs(w.list("?userId="+userID).as(200)))
		require.Len(t, w.send("read", "GET", "/api/users?userId="+userID+"&after="+a.Header().Get(positionHeader), "").as(200)["items"], 1)
	}
}

func TestAReadThatTheViewsCannotServeYetSaysSo(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ViewWait = time.Nanosecond })
	for _, target := range []string{"/api/users", "/api/users/export", "/api/audit", "/api/licences", "/api/templates", "/api/causes", "/api/causes/x", "/api/causes/x/users"} {
		a := w.send("read", "GET", target+"?after=1000000", "")
		require.Equal(t, "urn:ledgerline:problem:behind", a.as(503)["type"])
		require.Equal(t, "1", a.Header().Get("Retry-After"))
	}
}

func TestAWriteSucceedsThoughTheViewsAreSlow(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ViewWait = time.Nanosecond })
	w.templates().onboard("u@sp.com", "")
	id, err := userID(subscriber.ID(acme, "u@sp.com").String())
	require.NoError(t, err)
	w.send("read", "GET", "/api/users/"+id.String(), "").as(200)
}
