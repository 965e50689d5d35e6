package simulator_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

type knobs = simulator.Knobs

func TestAProblemFoundInTheBackgroundEndsInError(t *testing.T) {
	for _, c := range []struct {
		name    string
		turn    func(*knobs)
		changes []string
		code    float64
		text    string
	}{
		{"foreign e-mail", nil, []string{"email", "x@foreign.example"}, 900409, "another organization"},
		{"same user", nil, []string{"userId", "FIRST"}, 10022, "UserID is already associated"},
		{"same e-mail", nil, []string{"email", "First@acme.example"}, 10022, "email address is already associated"},
		{"chance", func(k *knobs) {
			k.BackgroundFailure = 1
			k.BackgroundError = simulator.Problem{ErrorCode: 5, Description: "five"}
		}, nil, 5, "five"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.turn)
			w.settled("first")
			r := w.settled("second", c.changes...)
			require.Equal(t, "error", r.text("status"))
			problem := r.fields["errors"].([]any)[0].(map[string]any)
			require.Equal(t, c.code, problem["errorCode"])
			require.Contains(t, problem["description"], c.text)
		})
	}
}

func TestAUserThatExistsCanBeRefusedAtOnce(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.DuplicateUserStatus = 409 })
	w.settled("u")
	require.Equal(t, 409, w.post("u").Code)
	require.Equal(t, simulator.Count{Partner: "north", UserID: "u", Posts: 2, Provisioned: 1}, w.Count("north", "u"))
}

func TestARecordMadeForAUserWhoHasOneCountsAsDuplicate(t *testing.T) {
	w := newWorld(t, nil)
	w.settled("u")
	w.settled("u")
	require.Equal(t, simulator.Count{Partner: "north", UserID: "u", Posts: 2, Provisioned: 2, Duplicates: 1}, w.Count("north", "u"))
}

func TestAPersonOfAnotherPartnerIsTaken(t *testing.T) {
	w := newWorld(t, nil)
	w.settled("u")
	body := `{"email":"U@acme.example","userId":"u"}`
	require.Equal(t, 400, w.ask("POST", "/v1/broadworks/subscribers/validate", body, "Authorization", "Bearer sim-south").Code)
	require.Equal(t, 200, w.ask("POST", "/v1/broadworks/subscribers/validate", `{"email":"v@acme.example","userId":"u"}`, "Authorization", "Bearer sim-south").Code)
}

func TestAConsumerConsentsByHandOrAfterATime(t *testing.T) {
	w := newWorld(t, nil)
	r := w.settled("u", "email", "u@consumer.example")
	require.Equal(t, "pending_user_migration", r.text("status"))
	require.Equal(t, 204, w.ask("POST", "/v1/subscribers/"+r.text("id")+"/emails/consentMove", "").Code)
	require.Equal(t, r.fields, w.get(r.text("id")).fields)
	require.Equal(t, 204, w.ask("POST", "/simulator/consent/"+r.text("id"), "").Code)
	require.Equal(t, 409, w.ask("POST", "/simulator/consent/"+r.text("id"), "").Code)
	w.now = w.now.Add(time.Minute)
	require.Equal(t, "provisioned", w.get(r.text("id")).text("status"))
	require.Equal(t, 409, w.ask("POST", "/v1/subscribers/"+r.text("id")+"/emails/consentMove", "").Code)

	w = newWorld(t, func(k *knobs) { k.ConsentAfter = simulator.Delay{Min: time.Hour, Max: time.Hour} })
	r = w.settled("u", "email", "u@consumer.example")
	require.Equal(t, "pending_user_migration", r.text("status"))
	w.now = w.now.Add(2 * time.Hour)
	require.Equal(t, "provisioned", w.get(r.text("id")).text("status"))
}

func TestAnUntrustedSubscriberEntersAnEmailThenValidatesIt(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.UntrustedTemplates = []string{"untrusted"} })
	require.Equal(t, "pending_email_input", w.settled("v", "provisioningId", "untrusted").text("status"))
	r := w.settled("u", "email", "")
	require.Equal(t, "pending_email_input", r.text("status"))
	require.Equal(t, 400, w.ask("POST", "/simulator/email/"+r.text("id"), `{"email":"x"}`).Code)
	require.Equal(t, 204, w.ask("POST", "/simulator/email/"+r.text("id"), `{"email":"x@acme.example"}`).Code)
	require.Equal(t, "pending_email_validation", w.get(r.text("id")).text("status"))
	require.Equal(t, 204, w.ask("POST", "/simulator/consent/"+r.text("id"), "").Code)
	w.now = w.now.Add(time.Minute)
	require.Equal(t, "provisioned", w.get(r.text("id")).text("status"))
	users, _ := w.list("email=x@acme.example")
	require.Equal(t, []string{"u"}, users)
}

func TestTheGrantedRateIsGrantedPerTokenAndNoMore(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.GrantedRate, k.Burst = 10, 5 })
	pass := func() (passed int) {
		for range 20 {
			if w.get("x").Code != http.StatusTooManyRequests {
				passed++
			}
		}
		return passed
	}
	require.Equal(t, 5, pass())
	r := w.get("x")
	require.Equal(t, "1", r.Header().Get("Retry-After"))
	w.now = w.now.Add(300 * time.Millisecond)
	require.Equal(t, 3, pass())
	w.now = w.now.Add(time.Hour)
	require.Equal(t, 5, pass())
	require.Equal(t, 404, w.ask("GET", "/v1/broadworks/subscribers/x", "", "Authorization", "Bearer sim-south").Code)
}

func TestAFaultCarriesNothingOut(t *testing.T) {
	for status, turn := range map[int]func(*knobs){
		429: func(k *knobs) { k.Throttle = 1 },
		423: func(k *knobs) { k.Lock = 1 },
		502: func(k *knobs) { k.ServerError, k.ServerStatus = 1, 502 },
		403: func(k *knobs) { k.ReadOnlyTokens = []string{"sim-north"} },
		404: func(k *knobs) { k.Templates = []string{"another"} },
		400: func(k *knobs) { k.Templates, k.UnknownTemplateStatus = []string{"another"}, 400 },
	} {
		w := newWorld(t, turn)
		r := w.post("u")
		require.Equal(t, status, r.Code)
		require.Equal(t, status == 429 || status == 423, r.Header().Get("Retry-After") != "")
		require.Zero(t, w.Count("north", "u").Provisioned)
	}
	w := newWorld(t, func(k *knobs) { k.Throttle, k.RetryAfter = 1, 0 })
	require.Empty(t, w.post("u").Header().Get("Retry-After"))
}

func TestALostReplyIsCarriedOut(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.LostReply, k.LostReplyStatus = 1, 502 })
	require.Equal(t, 502, w.post("u").Code)
	require.Equal(t, 1, w.Count("north", "u").Provisioned)
	w = newWorld(t, func(k *knobs) { k.LostReply = 1 })
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { w.post("u") })
	require.Equal(t, 1, w.Count("north", "u").Provisioned)
}

func TestTheSameSeedIsTheSameRun(t *testing.T) {
	run := func(seed uint64) (out []map[string]any) {
		w := newWorld(t, func(k *knobs) { k.Seed, k.BackgroundFailure = seed, 0.5 })
		for _, user := range []string{"a", "b", "c", "d", "e"} {
			out = append(out, w.settled(user).fields)
		}
		return out
	}
	require.Equal(t, run(7), run(7))
	require.NotEqual(t, run(7), run(8))
}

func TestKnobsAreTurnedOverHTTP(t *testing.T) {
	w := newWorld(t, nil)
	r := w.ask("PUT", "/simulator/knobs", `{"grantedRate":5,"provision":{"min":"1s","max":"2s"},"consumerDomains":["c.example"]}`)
	require.Equal(t, 200, r.Code, r.Body.String())
	want := simulator.DefaultKnobs()
	want.GrantedRate, want.Provision, want.ConsumerDomains = 5, simulator.Delay{Min: time.Second, Max: 2 * time.Second}, []string{"c.example"}
	require.Equal(t, want, w.Knobs())
	var shown knobs
	require.NoError(t, json.Unmarshal(w.ask("GET", "/simulator/knobs", "").Body.Bytes(), &shown))
	require.Equal(t, want, shown)
	for _, wrong := range []string{`{"lostReply":2}`, `{"provison":{}}`, `{"provision":{"min":"2s","max":"1s"}}`, `{"serverStatus":200}`, `x`} {
		require.Equal(t, 400, w.ask("PUT", "/simulator/knobs", wrong).Code, wrong)
	}
	require.Equal(t, want, w.Knobs())
}

func TestRequestsAreCounted(t *testing.T) {
	w := newWorld(t, nil)
	id := w.settled("u").text("id")
	w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"package":"basic"}`)
	w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"package":"basic"}`)
	w.ask("DELETE", "/v1/broadworks/subscribers/"+id, "")
	w.ask("DELETE", "/v1/broadworks/subscribers/"+id, "")
	w.settled("v")
	r := w.ask("GET", "/simulator/requests?userId=u", "")
	require.Equal(t, []any{map[string]any{
		"partner": "north", "userId": "u", "posts": 1.0, "provisioned": 1.0, "duplicates": 0.0, "puts": 2.0, "updated": 1.0, "deletes": 1.0, "removed": 1.0, "consents": 0.0,
	}}, r.fields["users"])
	require.Equal(t, map[string]int{"POST 200": 2, "GET 200": 2, "PUT 200": 1, "PUT 409": 1, "DELETE 204": 1, "DELETE 404": 1}, w.Totals())
}

func TestARefreshTokenBuysATokenThatExpires(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.TokenSeconds = 60 })
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {"c"}, "client_secret": {"s"}, "refresh_token": {"refresh-north"}}
	buy := func() reply {
		return w.ask("POST", "/v1/access_token", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	}
	bought := buy()
	require.Equal(t, 60.0, bought.fields["expires_in"])
	bearer := "Bearer " + bought.text("access_token")
	id := w.post("u").text("id")
	require.Equal(t, 200, w.ask("GET", "/v1/broadworks/subscribers/"+id, "", "Authorization", bearer).Code)
	w.now = w.now.Add(time.Minute)
	require.Equal(t, 401, w.ask("GET", "/v1/broadworks/subscribers/"+id, "", "Authorization", bearer).Code)
	form.Set("refresh_token", "x")
	require.Equal(t, 400, buy().Code)
}
