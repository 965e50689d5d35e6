package webextest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

type opener = func(t *testing.T) World

func provision(t *testing.T, open opener) {
	t.Run("accepted is not done", func(t *testing.T) {
		w, r := open(t), anyone()
		s, receipt, err := w.Webex.Provision(t.Context(), r, "T_1")
		require.NoError(t, err)
		require.NotEmpty(t, s.ID)
		require.Equal(t, webex.Provisioning, s.Status)
		require.Empty(t, s.PersonID)
		require.NotEmpty(t, receipt.TrackingID)
		require.NotEqual(t, "T_1", receipt.TrackingID)
	})
	t.Run("the record holds what was asked for, and a person when it is done", func(t *testing.T) {
		w, r := open(t), anyone()
		s := settled(t, w, r)
		require.Equal(t, webex.Provisioned, s.Status)
		require.NotEmpty(t, s.PersonID)
		require.Empty(t, s.Errors)
		require.True(t, s.LastStatusChange.After(s.Created))
		require.False(t, s.SelfActivated)
		s.Timezone, s.Language = r.Timezone, r.Language // Webex does not show them
		require.Equal(t, r, s.Request)
	})
	t.Run("without an e-mail the subscriber is awaited", func(t *testing.T) {
		w, r := open(t), anyone()
		r.Email = ""
		require.Equal(t, webex.PendingEmailInput, settled(t, w, r).Status)
	})
	t.Run("a consumer is asked for consent, then provisioned", func(t *testing.T) {
		w, r := open(t), anyone()
		r.Email = r.UserID[:8] + "@" + w.ConsumerDomain
		s := settled(t, w, r)
		require.Equal(t, webex.PendingUserMigration, s.Status)
		w.Consent(s.ID)
		w.Settle()
		require.Equal(t, webex.Provisioned, again(t, w, s.ID).Status)
	})
	t.Run("what is found out later appears only in the record's errors", func(t *testing.T) {
		w, r := open(t), anyone()
		r.Email = r.UserID[:8] + "@" + w.ForeignDomain
		s := settled(t, w, r)
		require.Equal(t, webex.Failed, s.Status)
		require.NotEmpty(t, s.Errors)
		require.NotEmpty(t, s.Errors[0].Description)
		require.Empty(t, s.PersonID)
	})
	t.Run("a missing field is refused with its name", func(t *testing.T) {
		w, r := open(t), anyone()
		r.LastName = ""
		_, receipt, err := w.Webex.Provision(t.Context(), r, "T_1")
		failure := fails(t, err, commands.Refused)
		require.Equal(t, 400, failure.Status)
		require.Equal(t, 1001, failure.Errors[0].Code)
		require.Contains(t, failure.Errors[0].Description, "lastName")
		require.NotEmpty(t, failure.TrackingID)
		require.Equal(t, failure.TrackingID, receipt.TrackingID)
		require.Empty(t, all(t, w.Webex, commands.WebexFilter{UserID: r.UserID}))
	})
	t.Run("many may ask at once", func(t *testing.T) {
		w := open(t)
		var want []string
		var all sync.WaitGroup
		for range 20 {
			r := anyone()
			want = append(want, r.UserID)
			all.Go(func() {
				_, _, err := w.Webex.Provision(t.Context(), r, "T_1")
				assert.NoError(t, err)
				_, found, err := w.Webex.FindSubscriber(t.Context(), r.UserID)
				assert.NoError(t, err)
				assert.True(t, found)
			})
		}
		all.Wait()
		w.Settle()
		var got []string
		for s, err := range commands.WebexRecords(t.Context(), w.Webex, commands.WebexFilter{Statuses: []webex.Status{webex.Provisioned}}) {
			require.NoError(t, err)
			got = append(got, s.UserID)
		}
		require.Subset(t, got, want)
	})
	t.Run("the same user again fails, now or later, and the first is untouched", func(t *testing.T) {
		w, r := open(t), anyone()
		first := settled(t, w, r)
		second, _, err := w.Webex.Provision(t.Context(), r, "T_2")
		if err != nil {
			fails(t, err, commands.Conflict)
		} else {
			w.Settle()
			second = again(t, w, second.ID)
			require.Equal(t, webex.Failed, second.Status)
			require.Equal(t, 10022, second.Errors[0].Code)
		}
		require.Equal(t, first, again(t, w, first.ID))
		found, ok, err := w.Webex.FindSubscriber(t.Context(), r.UserID)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, first, found)
	})
}

func update(t *testing.T, open opener) {
	t.Run("accepted shows the old values, done the new ones", func(t *testing.T) {
		w := open(t)
		before := settled(t, w, anyone())
		to := before.Profile
		to.FirstName, to.Package, to.MobilePhoneNumber = "Jane", "premium", ""
		accepted, receipt, err := w.Webex.Update(t.Context(), before.ID, before.Profile, to, "T_1")
		require.NoError(t, err)
		require.NotEmpty(t, receipt.TrackingID)
		require.Equal(t, webex.Updating, accepted.Status)
		require.Equal(t, before.ID, accepted.ID)
		w.Settle()
		after := again(t, w, before.ID)
		require.Equal(t, webex.Provisioned, after.Status)
		require.Equal(t, to, after.Profile)
		require.Equal(t, before.PersonID, after.PersonID)
		require.Equal(t, before.Created, after.Created)
		require.True(t, after.LastStatusChange.After(before.LastStatusChange))
	})
	t.Run("only what differs is changed", func(t *testing.T) {
		w := open(t)
		s := settled(t, w, anyone())
		stale := s.Profile
		stale.LastName = "as somebody last saw it"
		to := stale
		to.Extension = "99"
		_, _, err := w.Webex.Update(t.Context(), s.ID, stale, to, "T_1")
		require.NoError(t, err)
		w.Settle()
		after := again(t, w, s.ID)
		require.Equal(t, s.LastName, after.LastName)
		require.Equal(t, "99", after.Extension)
	})
	t.Run("without a difference nothing is changed", func(t *testing.T) {
		w := open(t)
		s := settled(t, w, anyone())
		same, _, err := w.Webex.Update(t.Context(), s.ID, s.Profile, s.Profile, "T_1")
		require.NoError(t, err)
		require.Equal(t, s, same)
		require.Equal(t, s, again(t, w, s.ID))
	})
	t.Run("a number or an extension has to stay", func(t *testing.T) {
		w := open(t)
		s := settled(t, w, anyone())
		to := s.Profile
		to.PrimaryPhoneNumber, to.Extension = "", ""
		_, _, err := w.Webex.Update(t.Context(), s.ID, s.Profile, to, "T_1")
		require.Equal(t, 400, fails(t, err, commands.Refused).Status)
		require.Equal(t, s, again(t, w, s.ID))
	})
	t.Run("a user id that changes is found under the new one", func(t *testing.T) {
		w := open(t)
		s := settled(t, w, anyone())
		to := s.Profile
		to.UserID = "new-" + to.UserID
		_, _, err := w.Webex.Update(t.Context(), s.ID, s.Profile, to, "T_1")
		require.NoError(t, err)
		w.Settle()
		require.Empty(t, all(t, w.Webex, commands.WebexFilter{UserID: s.UserID}))
		require.Equal(t, []string{s.ID}, ids(all(t, w.Webex, commands.WebexFilter{UserID: to.UserID})))
	})
	t.Run("an absent subscriber is refused as 404", func(t *testing.T) {
		w, r := open(t), anyone()
		_, _, err := w.Webex.Update(t.Context(), nobody, webex.Profile{}, r.Profile, "T_1")
		require.Equal(t, 404, fails(t, err, commands.Refused).Status)
	})
}

// nobody is an id of the right shape.
const nobody = "Y2lzY29zcGFyazovL3VzL1NVQlNDUklCRVIvNjk3MGU2YmItNzQzOS00ZmZiLWFkMzQtZDNmZjAxNjdkZGFk"

func remove(t *testing.T, open opener) {
	t.Run("the subscriber is absent afterwards, and may return", func(t *testing.T) {
		w, r := open(t), anyone()
		s := settled(t, w, r)
		receipt, err := w.Webex.Remove(t.Context(), s.ID, "T_1")
		require.NoError(t, err)
		require.NotEmpty(t, receipt.TrackingID)
		_, found, err := w.Webex.Subscriber(t.Context(), s.ID)
		require.NoError(t, err)
		require.False(t, found)
		_, found, err = w.Webex.FindSubscriber(t.Context(), r.UserID)
		require.NoError(t, err)
		require.False(t, found)
		require.Equal(t, webex.Provisioned, settled(t, w, r).Status)
	})
	t.Run("one that is absent already is success", func(t *testing.T) {
		w := open(t)
		s := settled(t, w, anyone())
		for range 2 {
			_, err := w.Webex.Remove(t.Context(), s.ID, "T_1")
			require.NoError(t, err)
		}
	})
	t.Run("without an id nothing is asked", func(t *testing.T) {
		_, err := open(t).Webex.Remove(t.Context(), "", "T_1")
		fails(t, err, commands.NotDone)
	})
}

func consent(t *testing.T, open opener) {
	t.Run("the mail is sent again while consent is awaited", func(t *testing.T) {
		w, r := open(t), anyone()
		r.Email = r.UserID[:8] + "@" + w.ConsumerDomain
		s := settled(t, w, r)
		receipt, err := w.Webex.ResendConsent(t.Context(), s.ID, "T_1")
		require.NoError(t, err)
		require.NotEmpty(t, receipt.TrackingID)
		require.Equal(t, s, again(t, w, s.ID))
	})
	t.Run("in another state it is a conflict", func(t *testing.T) {
		w := open(t)
		s := settled(t, w, anyone())
		_, err := w.Webex.ResendConsent(t.Context(), s.ID, "T_1")
		fails(t, err, commands.Conflict)
	})
}

func validate(t *testing.T, open opener) {
	t.Run("what would work passes and reserves nothing", func(t *testing.T) {
		w, r := open(t), anyone()
		receipt, err := w.Webex.Validate(t.Context(), r, "T_1")
		require.NoError(t, err)
		require.NotEmpty(t, receipt.TrackingID)
		require.Empty(t, all(t, w.Webex, commands.WebexFilter{UserID: r.UserID}))
		require.Equal(t, webex.Provisioned, settled(t, w, r).Status)
	})
	t.Run("an e-mail alone can be asked about", func(t *testing.T) {
		_, err := open(t).Webex.Validate(t.Context(), webex.Request{Email: anyone().Email}, "T_1")
		require.NoError(t, err)
	})
	t.Run("an e-mail that somebody has is refused", func(t *testing.T) {
		w, r := open(t), anyone()
		settled(t, w, r)
		_, err := w.Webex.Validate(t.Context(), webex.Request{Email: r.Email}, "T_1")
		require.NotEmpty(t, fails(t, err, commands.Refused).Errors)
	})
}
