package rest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/rest"
	"ledgerline/commands"
	"ledgerline/domain/webex"
)

func TestARequestSaysWhoAsks(t *testing.T) {
	server, api := answering(t, rest.Config{}, answer{status: 204})
	_, err := api.ResendConsent(t.Context(), "id", "LEDGERLINE_1_1")
	require.NoError(t, err)
	got := server.got[0]
	require.Equal(t, "POST /v1/subscribers/id/emails/consentMove", got.Method+" "+got.RequestURI)
	require.Equal(t, "LEDGERLINE_1_1", got.Header.Get("TrackingID"))
	require.Equal(t, "Bearer secret", got.Header.Get("Authorization"))
	require.Equal(t, "ledgerline", got.Header.Get("User-Agent"))
	require.Empty(t, got.Header.Get("Content-Type"))
}

func TestAnUpdateSendsWhatDiffersAndEmptiesWhatIsRemoved(t *testing.T) {
	var body map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		json.Unmarshal(data, &body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":"id","status":"updating"}`)
	}))
	t.Cleanup(server.Close)
	from := somebody.Profile
	from.MobilePhoneNumber = "+1"
	to := from
	to.MobilePhoneNumber, to.LastName = "", "Smith"
	_, _, err := client(t, rest.Config{BaseURL: server.URL}).Update(t.Context(), "id", from, to, "T_1")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"mobilePhoneNumber": "", "lastName": "Smith"}, body)
}

func TestQueryValuesArePercentEncoded(t *testing.T) {
	server, api := answering(t, rest.Config{}, answer{status: 200, body: `{"items":[]}`})
	f := commands.WebexFilter{SPEnterpriseID: "SP1+acme", Email: "a+b@c", LastStatusChange: noon, Statuses: []webex.Status{"error", "provisioned"}}
	for _, err := range commands.WebexRecords(t.Context(), api, f) {
		require.NoError(t, err)
	}
	require.Equal(t, "email=a%2Bb%40c&lastStatusChange=1777896000000&max=100&spEnterpriseId=SP1%2Bacme&status=error%2Cprovisioned", server.got[0].URL.RawQuery)
}

func TestTheNextPageIsAskedForAsGiven(t *testing.T) {
	var asked []string
	server := httptest.NewServer(nil)
	t.Cleanup(server.Close)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.RequestURI)
		w.Header().Set("Content-Type", "application/json")
		if len(asked) == 1 {
			w.Header().Set("Link", "<"+server.URL+`/v1/other/place?b=2&a=1,%2C&cursor=x>; rel="next"`)
		}
		io.WriteString(w, `{"items":[{"id":"x"}]}`)
	})
	n := 0
	for _, err := range commands.WebexRecords(t.Context(), client(t, rest.Config{BaseURL: server.URL + "/v1"}), commands.WebexFilter{}) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 2, n)
	require.Equal(t, []string{"/v1/broadworks/subscribers?max=100", "/v1/other/place?b=2&a=1,%2C&cursor=x"}, asked)
}

func TestTheTokenIsSentToNobodyElse(t *testing.T) {
	stranger, _ := answering(t, rest.Config{}, answer{status: 200, body: `{"items":[]}`})
	other := httptest.NewServer(stranger)
	t.Cleanup(other.Close)
	for _, link := range []string{other.URL + "/v1", "//" + other.Listener.Addr().String() + "/v1", "https://webexapis.com/v1", "ftp://x/", "http://u:p@x/", "http://[::1", ":"} {
		_, api := answering(t, rest.Config{}, answer{status: 200, header: map[string]string{"Link": "<" + link + `>; rel="next"`}, body: `{"items":[{"id":"x"}]}`})
		var last error
		for _, err := range commands.WebexRecords(t.Context(), api, commands.WebexFilter{}) {
			last = err
		}
		failure(t, last, commands.Unknown)
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		_, api := answering(t, rest.Config{}, answer{status: status, header: map[string]string{"Location": other.URL}})
		_, _, err := api.Subscriber(t.Context(), "id")
		require.Equal(t, status, failure(t, err, commands.Unknown).Status)
	}
	require.Zero(t, stranger.count())
}

func TestPagesThatGoRoundInACircleEnd(t *testing.T) {
	server, api := answering(t, rest.Config{}, answer{status: 200, header: map[string]string{"Link": `</v1/broadworks/subscribers?max=100>; rel="next"`}, body: `{"items":[{"id":"x"}]}`})
	var last error
	for _, err := range commands.WebexRecords(t.Context(), api, commands.WebexFilter{}) {
		last = err
	}
	failure(t, last, commands.Unknown)
	require.LessOrEqual(t, server.count(), 2)
}

func TestAListThatCannotBeReadIsAnError(t *testing.T) {
	for _, body := range []string{`{}`, `{"items":null}`, `{"items":{}}`, `[]`, `x`} {
		_, api := answering(t, rest.Config{}, answer{status: 200, body: body})
		_, _, err := api.FindSubscriber(t.Context(), "x")
		failure(t, err, commands.Unknown)
	}
}

func TestAUserIsFoundByTheRecordThatCounts(t *testing.T) {
	_, api := answering(t, rest.Config{}, answer{status: 200, body: `{"items":[
		{"id":"other","userId":"somebody else","status":"provisioned"},
		{"id":"failed","userId":"u@sp","status":"error","created":"2026-05-03T00:00:00Z"},
		{"id":"good","userId":"U@sp","status":"provisioned","created":"2026-05-01T00:00:00Z"},
		{"id":"late","userId":"u@sp","status":"error","created":"2026-05-04T00:00:00Z"}]}`})
	s, found, err := api.FindSubscriber(t.Context(), "u@sp")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "good", s.ID)
}

func TestAReadWaitsAsAskedButNotPastItsDeadline(t *testing.T) {
	busy := answer{status: 429, header: map[string]string{"Retry-After": "20"}}
	var waits []time.Duration
	config := rest.Config{ReadAttempts: 3, Wait: func(_ context.Context, d time.Duration) error {
		waits = append(waits, d)
		return nil
	}}
	_, api := answering(t, config, busy, answer{status: 503}, answer{status: 404})
	_, found, err := api.Subscriber(t.Context(), "id")
	require.NoError(t, err)
	require.False(t, found)
	require.Len(t, waits, 2)
	require.Equal(t, 20*time.Second, waits[0])
	require.Less(t, waits[1], 2*time.Second)

	server, api := answering(t, config, busy)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _, err = api.Subscriber(ctx, "id")
	require.Equal(t, 20*time.Second, failure(t, err, commands.NotDone).RetryAfter)
	require.Equal(t, 1, server.count())

	server, api = answering(t, config, busy)
	_, _, err = api.Subscriber(t.Context(), "id")
	failure(t, err, commands.NotDone)
	require.Equal(t, 3, server.count())
}

func TestWhatIsSentIsTheCall(t *testing.T) {
	to := somebody.Profile
	to.LastName = "Smith"
	for _, c := range []struct {
		call webex.Call
		send func(api *rest.Client) error
	}{
		{webex.ProvisionCall(somebody), func(api *rest.Client) error {
			_, _, err := api.Provision(t.Context(), somebody, "T")
			return err
		}},
		{webex.ValidateCall(somebody), func(api *rest.Client) error {
			_, err := api.Validate(t.Context(), somebody, "T")
			return err
		}},
		{webex.UpdateCall("a/b", somebody.Profile, to), func(api *rest.Client) error {
			_, _, err := api.Update(t.Context(), "a/b", somebody.Profile, to, "T")
			return err
		}},
		{webex.RemoveCall("a/b"), func(api *rest.Client) error {
			_, err := api.Remove(t.Context(), "a/b", "T")
			return err
		}},
		{webex.ConsentCall("a/b"), func(api *rest.Client) error {
			_, err := api.ResendConsent(t.Context(), "a/b", "T")
			return err
		}},
	} {
		var sent []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			sent = append(sent, r.Method+" "+r.RequestURI+" "+string(body))
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"id":"id"}`)
		}))
		t.Cleanup(server.Close)
		require.NoError(t, c.send(client(t, rest.Config{BaseURL: server.URL + "/v1"})))
		require.Equal(t, []string{c.call.Method + " /v1" + c.call.Address() + " " + string(c.call.Body())}, sent)
	}
}
