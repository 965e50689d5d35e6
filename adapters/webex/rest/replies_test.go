package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/rest"
	"ledgerline/commands"
	"ledgerline/domain/webex"
)

func TestAStatusDecidesTheOutcome(t *testing.T) {
	for status, want := range map[int]commands.Outcome{
		400: commands.Refused, 401: commands.Refused, 403: commands.Refused, 404: commands.Refused, 405: commands.Refused,
		410: commands.Refused, 415: commands.Refused, 428: commands.Refused,
		409: commands.Conflict,
		423: commands.NotDone, 429: commands.NotDone,
		500: commands.Unknown, 502: commands.Unknown, 503: commands.Unknown, 504: commands.Unknown,
		302: commands.Unknown, 307: commands.Unknown,
	} {
		server, api := answering(t, rest.Config{}, answer{status: status, header: map[string]string{"Location": "/v1/elsewhere"}})
		_, _, err := api.Provision(t.Context(), somebody, "T_1")
		require.Equal(t, status, failure(t, err, want).Status)
		require.Equal(t, 1, server.count(), "%d was repeated or followed", status)
	}
}

func TestAnErrorBodyIsReadAsFarAsItGoes(t *testing.T) {
	header := map[string]string{"TrackingID": "HEADER_1"}
	for _, c := range []struct {
		name, body, message, tracking string
		errors                        []webex.Error
	}{
		{"as documented", `{"message":"m","errors":[{"errorCode":1001,"description":"d"}],"trackingId":"ROUTER_1"}`, "m", "ROUTER_1", []webex.Error{{Code: 1001, Description: "d"}}},
		{"code is a float", `{"message":"m","errors":[{"errorCode":1001.0,"description":"d"}]}`, "m", "HEADER_1", []webex.Error{{Code: 1001, Description: "d"}}},
		{"code is a text", `{"message":"m","errors":[{"errorCode":"1001","description":"d"}]}`, "m", "HEADER_1", []webex.Error{{Code: 1001, Description: "d"}}},
		{"code is nonsense", `{"message":"m","errors":[{"errorCode":{"a":1},"description":"d"}]}`, "m", "HEADER_1", []webex.Error{{Description: "d"}}},
		{"a field is named", `{"message":"m","errors":[{"errorCode":1001,"description":"d","fieldName":"email"}]}`, "m", "HEADER_1", []webex.Error{{Code: 1001, Description: "d (email)"}}},
		{"code at the top", `{"message":"m","errorCode":7}`, "m", "HEADER_1", []webex.Error{{Code: 7, Description: "m"}}},
		{
			"a long text", `{"message":"m","errors":[{"errorCode":1,"description":"` + strings.Repeat("d", 5000) + `"}]}`, "m", "HEADER_1",
			[]webex.Error{{Code: 1, Description: strings.Repeat("d", 1000) + "…"}},
		},
		{
			"many", `{"message":"m","errors":[` + strings.Repeat(`{"errorCode":1,"description":"d"},`, 50) + `{"errorCode":2}]}`, "m", "HEADER_1",
			slices.Repeat([]webex.Error{{Code: 1, Description: "d"}}, 20),
		},
		{"errors of another shape", `{"message":"m","errors":{"x":1}}`, "m", "HEADER_1", nil},
		{"not JSON", `<html>`, "Bad Request", "HEADER_1", nil},
		{"nothing", ``, "Bad Request", "HEADER_1", nil},
		{"too long", `{"message":"` + strings.Repeat("m", 100<<10) + `"}`, "Bad Request", "HEADER_1", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, api := answering(t, rest.Config{}, answer{status: 400, header: header, body: c.body})
			_, receipt, err := api.Provision(t.Context(), somebody, "T_1")
			got := failure(t, err, commands.Refused)
			require.Equal(t, c.message, got.Message)
			require.Equal(t, c.tracking, got.TrackingID)
			require.Equal(t, c.tracking, receipt.TrackingID)
			require.Equal(t, c.errors, got.Errors)
		})
	}
}

func TestAnAcceptanceThatCannotBeReadIsUnknown(t *testing.T) {
	for name, reply := range map[string]answer{
		"HTML":             {status: 200, header: map[string]string{"Content-Type": "text/html"}, body: `{"id":"x"}`},
		"malformed":        {status: 200, body: `{"id":`},
		"a list":           {status: 200, body: `[]`},
		"nothing":          {status: 200},
		"without id":       {status: 200, body: `{"status":"provisioning"}`},
		"oversize":         {status: 200, body: `{"id":"x","x":"` + strings.Repeat("x", 2000) + `"}`},
		"cut short":        {status: 200, header: map[string]string{"Content-Length": "100"}, body: `{"id":"x"}`},
		"a number as name": {status: 200, body: `{"id":"x","firstName":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			server, api := answering(t, rest.Config{MaxReply: 1000}, reply)
			_, _, err := api.Provision(t.Context(), somebody, "T_1")
			require.Equal(t, 200, failure(t, err, commands.Unknown).Status)
			require.Equal(t, 1, server.count())
		})
	}
}

func TestARecordIsReadTolerantly(t *testing.T) {
	_, api := answering(t, rest.Config{}, answer{status: 200, body: `{
		"id": "opaque==", "status": "suspended", "package": "platinum", "selfActivated": "true", "new": {"field": 1},
		"errors": [{"errorCode": 10022.0, "description": "d"}],
		"created": "2019-10-18T14:26:16.000Z", "lastStatusChange": "2020-03-18T16:05:34.123456Z"}`})
	s, found, err := api.Subscriber(t.Context(), "opaque==")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, webex.Subscriber{
		ID: "opaque==", Status: "suspended", SelfActivated: true,
		Request:          webex.Request{Profile: webex.Profile{Package: "platinum"}},
		Errors:           []webex.Error{{Code: 10022, Description: "d"}},
		Created:          time.Date(2019, 10, 18, 14, 26, 16, 0, time.UTC),
		LastStatusChange: time.Date(2020, 3, 18, 16, 5, 34, 123456000, time.UTC),
	}, s)
}

func TestAPrecheckIsReadWithItsInfoAsArrayOrObject(t *testing.T) {
	for _, body := range []string{
		`{"message":"success","info":[{"infoCode":100,"description":"d"}]}`,
		`{"message":"success","info":{"infoCode":100,"description":"d"}}`,
	} {
		_, api := answering(t, rest.Config{}, answer{status: 200, header: map[string]string{"TrackingID": "ROUTER_1"}, body: body})
		receipt, err := api.Validate(t.Context(), somebody, "T_1")
		require.NoError(t, err)
		require.Equal(t, "ROUTER_1", receipt.TrackingID)
	}
}

func TestRetryAfterReachesTheCaller(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"":                              0,
		"30":                            30 * time.Second,
		"99999999999999999999":          5 * time.Minute,
		"Mon, 04 May 2026 12:00:09 GMT": 9 * time.Second,
		"Mon, 04 May 2026 11:00:00 GMT": 0,
	} {
		_, api := answering(t, rest.Config{MaxRetryAfter: 5 * time.Minute},
			answer{status: http.StatusTooManyRequests, header: map[string]string{"Retry-After": header, "Date": "Mon, 04 May 2026 12:00:00 GMT"}})
		_, err := api.Remove(t.Context(), "id", "T_1")
		require.Equal(t, want, failure(t, err, commands.NotDone).RetryAfter, header)
	}
}

func TestARetryAfterThatIsADateIsReadByTheClockOfWebex(t *testing.T) {
	_, api := answering(t, rest.Config{}, answer{status: http.StatusTooManyRequests, header: map[string]string{
		"Retry-After": "Mon, 04 May 2026 11:50:09 GMT", "Date": "Mon, 04 May 2026 11:50:00 GMT",
	}})
	_, err := api.Remove(t.Context(), "id", "T_1")
	require.Equal(t, 9*time.Second, failure(t, err, commands.NotDone).RetryAfter)
}
