// Package webextest is the promises of commands.Webex as a test suite.
package webextest

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// World is a Webex to test against, in good order and without subscribers of
// the names that the suite makes up.
type World struct {
	Webex commands.Webex // of one partner
	Other commands.Webex // of another partner at the same Webex

	// Settle returns when everything that was accepted is done or waits for
	// somebody, and time has gone on.
	Settle func()
	// Now is the time at Webex.
	Now func() time.Time
	// Consent gives the consent that a subscriber is asked for.
	Consent func(id string)
	// Fail makes requests fail with a status, nothing carried out, until the
	// function that it returns is called. after is the Retry-After in seconds;
	// 0: none.
	Fail func(status, after int) (mend func())
	// LoseReplies makes Webex carry out writes without answering, until the
	// function that it returns is called.
	LoseReplies func() (mend func())
	// Arrivals returns how many requests to provision, update and remove a user
	// have arrived.
	Arrivals func(userID string) (posts, puts, deletes int)

	ConsumerDomain string // e-mails here have accounts that can be moved with consent
	ForeignDomain  string // e-mails here belong to another organisation
}

// Run tests an implementation. open returns a world of its own for each test.
func Run(t *testing.T, open func(t *testing.T) World) {
	t.Run("Provision", func(t *testing.T) { provision(t, open) })
	t.Run("Update", func(t *testing.T) { update(t, open) })
	t.Run("Remove", func(t *testing.T) { remove(t, open) })
	t.Run("ResendConsent", func(t *testing.T) { consent(t, open) })
	t.Run("Validate", func(t *testing.T) { validate(t, open) })
	t.Run("Subscriber", func(t *testing.T) { read(t, open) })
	t.Run("Page", func(t *testing.T) { list(t, open) })
	t.Run("Outcome", func(t *testing.T) { outcome(t, open) })
}

// anyone is a request that nobody has made before.
func anyone() webex.Request {
	name := uuid.NewString()[:8]
	return webex.Request{
		ProvisioningID: "ZjViMzYxODctYzhkZC00NzI3LThiMmYtZjljNDQ3ZjI5MDQ2OjQyODVmNTk0LTViNTEtNDdiZS05Mzk2LTZjMzZlMmFkODNhNQ",
		SPEnterpriseID: "SP1+acme" + name,
		Email:          "john+" + name + "@acme.example",
		Language:       "en_US",
		Profile: webex.Profile{
			UserID:             name + "@sp.example",
			FirstName:          "Jørgen",
			LastName:           "O'Neil",
			PrimaryPhoneNumber: "+12405551212",
			MobilePhoneNumber:  "+18182791234",
			Extension:          "1212",
			Timezone:           "America/Los_Angeles",
			Package:            "standard",
		},
	}
}

// settled provisions somebody and returns the record as it then is.
func settled(t *testing.T, w World, r webex.Request) webex.Subscriber {
	t.Helper()
	s, _, err := w.Webex.Provision(t.Context(), r, "T_settled")
	require.NoError(t, err)
	w.Settle()
	return again(t, w, s.ID)
}

func again(t *testing.T, w World, id string) webex.Subscriber {
	t.Helper()
	s, found, err := w.Webex.Subscriber(t.Context(), id)
	require.NoError(t, err)
	require.True(t, found)
	return s
}

func all(t *testing.T, api commands.Webex, f commands.WebexFilter) (found []webex.Subscriber) {
	t.Helper()
	for s, err := range commands.WebexRecords(t.Context(), api, f) {
		require.NoError(t, err)
		found = append(found, s)
	}
	return found
}

func ids(list []webex.Subscriber) (out []string) {
	for _, s := range list {
		out = append(out, s.ID)
	}
	return out
}

// fails returns the error as the port promises it.
func fails(t *testing.T, err error, want commands.Outcome) *commands.WebexError {
	t.Helper()
	var failure *commands.WebexError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, want, failure.Outcome, "%v", err)
	return failure
}
