package httpapi

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

var errBroken = errors.New("the disk is broken")

func TestOutagesAreLoggedOnceAndShownAsInternal(t *testing.T) {
	w := newWorld(t).templates()
	w.log.set(nil, errBroken)
	for _, target := range []string{"/api/users", "/v1/broadworks/subscribers"} {
		a := w.send("write", "POST", target, values("secret-person@sp.com", ""))
		a.as(500)
		require.NotContains(t, a.Body.String(), "broken")
		require.Equal(t, 1, strings.Count(w.logged.text(), a.Header().Get("TrackingID")))
	}
	require.Contains(t, w.logged.text(), "the disk is broken")
	require.NotContains(t, w.logged.text(), "secret-person")
	require.NotContains(t, w.logged.text(), w.tokens["write"])
}

func TestErrorsOfTheLogHaveTheirOwnAnswers(t *testing.T) {
	w := newWorld(t).templates()
	for name, c := range map[string]struct {
		read, append error
		status       int
		text         string
	}{
		"full":      {append: commands.ErrFull, status: http.StatusServiceUnavailable, text: "nothing was recorded"},
		"too large": {append: commands.ErrTooLarge, status: http.StatusRequestEntityTooLarge, text: "Shorten"},
		"damaged":   {read: &commands.DamagedError{Position: 42, Detail: "checksum of u@sp.com"}, status: http.StatusInternalServerError, text: "position 42"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.log.set(c.read, c.append)
			for _, target := range []string{"/api/users", "/v1/broadworks/subscribers"} {
				a := w.send("write", "POST", target, values("new@sp.com", ""))
				a.as(c.status)
				require.Contains(t, a.Body.String(), c.text)
				require.NotContains(t, a.Body.String(), "u@sp.com")
			}
		})
	}
}

func TestPrechecksPassOnWhatWebexSays(t *testing.T) {
	w := newWorld(t).templates()
	validate := func() answered {
		return w.send("write", "POST", "/v1/broadworks/subscribers/validate", `{"email":"a@example.com"}`)
	}
	w.webex.validate = &commands.WebexError{Outcome: commands.Refused, Status: 400, Message: "no", Errors: []webex.Error{{Code: 10022, Description: "taken"}}}
	body := validate().as(400)
	require.Equal(t, map[string]any{"errorCode": 10022.0, "description": "taken"}, body["errors"].([]any)[0])

	w.webex.validate = &commands.WebexError{Outcome: commands.Unknown, Status: 503, Message: "a@example.com is busy", TrackingID: "ROUTER_1"}
	require.Equal(t, "5", validate().Header().Get("Retry-After"))
	validate().as(502)
	require.Contains(t, w.logged.text(), "ROUTER_1")
	require.NotContains(t, w.logged.text(), "a@example.com")
}

func TestAPrecheckThatWebexWasNotAskedForIsNobodysMistake(t *testing.T) {
	w := newWorld(t).templates()
	for text, err := range map[string]error{
		"own access to Webex failed": &commands.WebexError{Outcome: commands.Refused, Status: 401, Message: "secret"},
		"access to Webex failed":     &commands.WebexError{Outcome: commands.NotDone, Status: 400, Message: "no access token: secret"},
		"did not answer":             &commands.WebexError{Outcome: commands.Unknown, Message: "no reply: secret"},
	} {
		w.webex.validate = err
		a := w.send("write", "POST", "/v1/broadworks/subscribers/validate", `{"email":"a@example.com"}`)
		require.Contains(t, a.as(502)["message"], text)
		require.NotContains(t, a.Body.String(), "secret")
		require.NotContains(t, a.Body.String(), "Webex says")
	}
	w.Handler.(*api).Service.Webex = func(string) commands.Webex { return nil }
	body := w.send("write", "POST", "/v1/broadworks/subscribers/validate", `{"email":"a@example.com"}`).as(502)
	require.Contains(t, body["message"], "no access to Webex is configured for this partner")
}

func TestAPanicIsAnInternalErrorAndTheProgramGoesOn(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.ActivationLink = func(string) string { panic("no link") } })
	w.send("write", "POST", "/api/templates", `{"provisioningId":"bmV3","name":"New","region":"EU","emailLanguage":"sv","cluster":"C1","defaultPackage":"basic","emails":"untrusted"}`).as(500)
	require.Contains(t, w.logged.text(), "no link")
	w.send("read", "GET", "/api/users", "").as(200)
}

func TestUnknownAddressesAndMethodsAreRefusedInTheFormOfTheirFamily(t *testing.T) {
	w := newWorld(t)
	for _, target := range []string{"/", "/v1", "/v1/", "/v1/broadworks", "/v1/broadworks/subscribers/", "/v1//broadworks/subscribers", "/v1/broadworks/subscribers/../subscribers",
		"/api", "/api/users/", "/broadworks/subscribers", "/v1/people", "/api/users/x/y", "/API/users"} {
		w.send("all", "GET", target, "").as(404)
	}
	for target, allow := range map[string]string{
		"/v1/broadworks/subscribers":   "GET, HEAD, POST",
		"/v1/broadworks/subscribers/x": "DELETE, GET, HEAD, PUT",
		"/api/users/export":            "DELETE, GET, HEAD, PATCH",
		"/api/imports":                 "GET, HEAD, POST",
		"/healthz":                     "GET, HEAD",
	} {
		a := w.send("all", "OPTIONS", target, "")
		a.as(405)
		require.Equal(t, allow, a.Header().Get("Allow"), target)
	}
}

func TestAnAnswerThatBreaksOffIsNotTakenForWhole(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Verify = nil })
	w.send("admin", "POST", "/api/verify", "").as(404)

	api := w.Handler.(*api)
	h := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		out := newAnswer(rw)
		defer api.recover(out, &call{Request: r})
		_, _ = out.Write([]byte("half"))
		panic("in the middle")
	})
	require.PanicsWithValue(t, http.ErrAbortHandler, func() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/api/users/export", nil))
	})
}

func TestAHeadRequestIsAnsweredLikeAGet(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.send("read", "HEAD", "/api/users", "").Code)
	require.Equal(t, 401, w.send("", "HEAD", "/api/users", "").Code)
}
