package webex_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/webex"
)

func TestACallIsWhatIsSent(t *testing.T) {
	r := webex.Request{Email: "a@b.example", Profile: webex.Profile{UserID: "u\"1", FirstName: "Öst", Package: "basic"}}
	call := webex.ProvisionCall(r)
	require.Equal(t, "POST /broadworks/subscribers", call.Method+" "+call.Address())
	require.JSONEq(t, `{"email":"a@b.example","userId":"u\"1","firstName":"Öst","package":"basic"}`, string(call.Body()))
	require.Equal(t, call.Body(), webex.ValidateCall(r).Body())
	require.Equal(t, "/broadworks/subscribers/validate", webex.ValidateCall(r).Address())
	require.JSONEq(t, `{}`, string(webex.ProvisionCall(webex.Request{}).Body()), "a body all the same")

	to := r.Profile
	to.FirstName, to.Extension = "", "1000"
	call = webex.UpdateCall("a/b", r.Profile, to)
	require.Equal(t, "PUT /broadworks/subscribers/a%2Fb", call.Method+" "+call.Address())
	require.JSONEq(t, `{"firstName":"","extension":"1000"}`, string(call.Body()))
	require.Nil(t, webex.UpdateCall("a", to, to).Body(), "nothing to send")

	require.Nil(t, webex.RemoveCall("a").Body())
	require.Equal(t, "DELETE /broadworks/subscribers/a", webex.RemoveCall("a").Method+" "+webex.RemoveCall("a").Address())
	require.Equal(t, "POST /subscribers/a/emails/consentMove", webex.ConsentCall("a").Method+" "+webex.ConsentCall("a").Address())
}

func TestEveryFieldOfARequestIsSent(t *testing.T) {
	r := webex.Request{
		ProvisioningID: "1", SPEnterpriseID: "2", Email: "3", Language: "4",
		Profile: webex.Profile{UserID: "5", FirstName: "6", LastName: "7", PrimaryPhoneNumber: "8", MobilePhoneNumber: "9", Extension: "10", Timezone: "11", Package: "12"},
	}
	var body map[string]string
	require.NoError(t, json.Unmarshal(webex.ProvisionCall(r).Body(), &body))
	require.Equal(t, map[string]string{
		"provisioningId": "1", "spEnterpriseId": "2", "email": "3", "language": "4", "userId": "5", "firstName": "6", "lastName": "7",
		"primaryPhoneNumber": "8", "mobilePhoneNumber": "9", "extension": "10", "timezone": "11", "package": "12",
	}, body)
	require.Len(t, webex.UpdateCall("a", webex.Profile{}, r.Profile).Fields, 8)
}
