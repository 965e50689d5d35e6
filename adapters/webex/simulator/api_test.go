package simulator_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnErrorSaysWhatIsWrongAndRepeatsItsTrackingID(t *testing.T) {
	const list, one = "/v1/broadworks/subscribers", "/v1/broadworks/subscribers/x"
	full := `{"provisioningId":"t","userId":"u","spEnterpriseId":"e","firstName":"f","lastName":"l","package":"basic","email":"a@b.example"}`
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
	}{
		{"unknown path", "GET", "/v1/nothing", "", nil, 404},
		{"unknown id", "GET", one, "", nil, 404},
		{"unknown id of an update", "PUT", one, `{}`, nil, 404},
		{"unknown id of a removal", "DELETE", one, "", nil, 404},
		{"method", "PATCH", one, "", nil, 405},
		{"method of a list", "DELETE", list, "", nil, 405},
		{"no token", "GET", list, "", []string{"Authorization", ""}, 401},
		{"wrong token", "GET", list, "", []string{"Authorization", "Bearer x"}, 401},
		{"other scheme", "GET", list, "", []string{"Authorization", "Basic sim-north"}, 401},
		{"expired token", "GET", list, "", []string{"Authorization", "Bearer sim-north~1"}, 401},
		{"media type", "POST", list, full, []string{"Content-Type", "text/plain"}, 415},
		{"no media type", "PUT", one, `{}`, []string{"Content-Type", ""}, 415},
		{"not JSON", "POST", list, `{`, nil, 400},
		{"no object", "POST", list, `[]`, nil, 400},
		{"missing", "POST", list, strings.Replace(full, "userId", "userID2", 1), nil, 400},
		{"wrong type", "POST", list, strings.Replace(full, `"u"`, `7`, 1), nil, 400},
		{"package", "POST", list, strings.Replace(full, "basic", "gold", 1), nil, 400},
		{"e-mail", "POST", list, strings.Replace(full, "a@b.example", "a b", 1), nil, 400},
		{"too long a field", "POST", list, strings.Replace(full, `"f"`, `"`+strings.Repeat("f", 256)+`"`, 1), nil, 400},
		{"too long a body", "POST", list, `{"x":"` + strings.Repeat("x", 70<<10) + `"}`, nil, 400},
		{"max of 0", "GET", list + "?max=0", "", nil, 400},
		{"max of 101", "GET", list + "?max=101", "", nil, 400},
		{"max of x", "GET", list + "?max=x", "", nil, 400},
		{"offset", "GET", list + "?offset=-1", "", nil, 400},
		{"status", "GET", list + "?status=provisioned,great", "", nil, 400},
		{"time", "GET", list + "?after=yesterday", "", nil, 400},
		{"truth", "GET", list + "?selfActivated=maybe", "", nil, 400},
		{"precheck without e-mail", "POST", list + "/validate", `{}`, nil, 400},
		{"precheck without customer", "POST", list + "/validate", `{"email":"a@b.example","customerInfo":{}}`, nil, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newWorld(t, nil).ask(c.method, c.path, c.body, c.header...)
			require.Equal(t, c.status, r.Code, r.Body.String())
			require.NotEmpty(t, r.text("message"))
			require.True(t, strings.HasPrefix(r.text("trackingId"), "ROUTER_"))
			require.Equal(t, r.Header().Get("TrackingID"), r.text("trackingId"))
		})
	}
}

func TestFieldsThatAreUnknownAreIgnored(t *testing.T) {
	require.Equal(t, 200, newWorld(t, nil).post("u", "colour", "red").Code)
}

func TestARecordIsWrittenLikeWebexDoes(t *testing.T) {
	w := newWorld(t, nil)
	accepted := w.post("u")
	require.Equal(t, "2026-05-04T12:00:00.000Z", accepted.text("created"))
	require.Equal(t, accepted.text("created"), accepted.text("lastStatusChange"))
	require.Equal(t, false, accepted.fields["selfActivated"])
	for _, absent := range []string{"personId", "errors", "mobilePhoneNumber"} {
		require.NotContains(t, accepted.fields, absent)
	}
	w.now = w.now.Add(time.Minute)
	require.Contains(t, w.get(accepted.text("id")+"==").fields, "personId", "a padded id is the same id")
}

func TestAStatusChangesAtItsInstantNotWhenItIsRead(t *testing.T) {
	w := newWorld(t, nil)
	w.settled("u")
	r := w.settled("v")
	changed, err := time.Parse(time.RFC3339, r.text("lastStatusChange"))
	require.NoError(t, err)
	begun, err := time.Parse(time.RFC3339, r.text("created"))
	require.NoError(t, err)
	require.WithinRange(t, changed, begun.Add(200*time.Millisecond), begun.Add(1200*time.Millisecond))
	w.now = changed.Add(-time.Millisecond)
	later := w.get(r.text("id"))
	require.Equal(t, r.fields, later.fields, "time does not go back")
}

func TestTheFirstOfAnEnterpriseTakesLonger(t *testing.T) {
	w := newWorld(t, nil)
	first := w.settled("u")
	changed, _ := time.Parse(time.RFC3339, first.text("lastStatusChange"))
	require.WithinRange(t, changed, noon.Add(1200*time.Millisecond), noon.Add(2*time.Second))
}

func TestAListLinksItsPages(t *testing.T) {
	w := newWorld(t, nil)
	for i := range 5 {
		w.settled(strconv.Itoa(i), "spEnterpriseId", "a+b")
	}
	users, r := w.list("max=2&spEnterpriseId=a%2Bb")
	require.Equal(t, []string{"0", "1"}, users)
	require.Equal(t, `<http://example.com/v1/broadworks/subscribers?max=2&offset=2&spEnterpriseId=a%2Bb>; rel="next"`, r.Header().Get("Link"))
	users, r = w.list("max=2&offset=2&spEnterpriseId=a%2Bb")
	require.Equal(t, []string{"2", "3"}, users)
	for _, rel := range []string{"first", "prev", "next"} {
		require.Contains(t, r.Header().Get("Link"), `rel="`+rel+`"`)
	}
	users, r = w.list("max=2&offset=4&spEnterpriseId=a%2Bb")
	require.Equal(t, []string{"4"}, users)
	require.NotContains(t, r.Header().Get("Link"), `rel="next"`)
	users, _ = w.list("max=2&offset=400")
	require.Empty(t, users)
}

func TestTimesInAQueryAreMillisecondsOrISOAndStrict(t *testing.T) {
	w := newWorld(t, nil)
	w.post("u")
	for query, want := range map[string]int{
		fmt.Sprint("after=", noon.UnixMilli()):              0,
		fmt.Sprint("after=", noon.UnixMilli()-1):            1,
		"after=2026-05-04T12:00:00.000Z":                    0,
		"after=2026-05-04T13:59:59.999%2B02:00":             1,
		fmt.Sprint("lastStatusChange=", noon.UnixMilli()):   0,
		fmt.Sprint("lastStatusChange=", noon.UnixMilli()-1): 1,
		"lastStatusChange=2026-05-04T11:59:59.999Z":         1,
		"selfActivated=true":                                0,
		"selfActivated=false":                               1,
		"status=provisioned,provisioning":                   1,
		"userId=U":                                          1,
		"status=error":                                      0,
	} {
		users, _ := w.list(query)
		require.Len(t, users, want, query)
	}
}

func TestAnUpdateShowsOldValuesUntilItIsDone(t *testing.T) {
	w := newWorld(t, nil)
	id := w.settled("u").text("id")
	r := w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"package":"premium","extension":null,"mobilePhoneNumber":"+1"}`)
	require.Equal(t, []string{"updating", "standard", ""}, []string{r.text("status"), r.text("package"), r.text("personId")})
	require.Equal(t, http.StatusConflict, w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{}`).Code)
	w.now = w.now.Add(time.Minute)
	r = w.get(id)
	require.Equal(t, []string{"provisioned", "premium", "1212", "+1"}, []string{r.text("status"), r.text("package"), r.text("extension"), r.text("mobilePhoneNumber")})
}

func TestANumberOrAnExtensionStays(t *testing.T) {
	w := newWorld(t, nil)
	id := w.settled("u").text("id")
	put := func(body string) int { return w.ask("PUT", "/v1/broadworks/subscribers/"+id, body).Code }
	require.Equal(t, 400, put(`{"extension":""}`))
	require.Equal(t, 200, put(`{"extension":"","primaryPhoneNumber":"+1"}`))
	w.now = w.now.Add(time.Minute)
	require.NotContains(t, w.get(id).fields, "extension")
	require.Equal(t, 400, put(`{"primaryPhoneNumber":""}`))
}
