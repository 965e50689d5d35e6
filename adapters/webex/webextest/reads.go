package webextest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

func read(t *testing.T, open opener) {
	t.Run("an absent record is not found, without an error", func(t *testing.T) {
		w := open(t)
		for _, id := range []string{nobody, "x", "a/b", "ø?#%"} {
			_, found, err := w.Webex.Subscriber(t.Context(), id)
			require.NoError(t, err, id)
			require.False(t, found, id)
		}
	})
	t.Run("another partner sees nothing of it", func(t *testing.T) {
		w, r := open(t), anyone()
		s := settled(t, w, r)
		_, found, err := w.Other.Subscriber(t.Context(), s.ID)
		require.NoError(t, err)
		require.False(t, found)
		for _, f := range []commands.WebexFilter{{}, {UserID: r.UserID}, {Email: r.Email}, {PersonID: s.PersonID}} {
			require.NotContains(t, ids(all(t, w.Other, f)), s.ID)
		}
		_, err = w.Other.Remove(t.Context(), s.ID, "T_1")
		require.NoError(t, err)
		require.Equal(t, s, again(t, w, s.ID))
	})
}

func list(t *testing.T, open opener) {
	t.Run("each filter narrows, and several narrow together", func(t *testing.T) {
		w := open(t)
		a := settled(t, w, anyone())
		watermark := w.Now()
		w.Settle()
		pending := anyone()
		pending.Email, pending.SPEnterpriseID, pending.ProvisioningID = "", a.SPEnterpriseID, "another"
		b := settled(t, w, pending)
		both, no := []string{a.ID, b.ID}, false
		for _, c := range []struct {
			name string
			f    commands.WebexFilter
			want []string
		}{
			{"nothing", commands.WebexFilter{}, both},
			{"user", commands.WebexFilter{UserID: a.UserID}, both[:1]},
			{"person", commands.WebexFilter{PersonID: a.PersonID}, both[:1]},
			{"e-mail", commands.WebexFilter{Email: a.Email}, both[:1]},
			{"template", commands.WebexFilter{ProvisioningID: "another"}, both[1:]},
			{"enterprise", commands.WebexFilter{SPEnterpriseID: a.SPEnterpriseID}, both},
			{"one status", commands.WebexFilter{Statuses: []webex.Status{webex.Provisioned}}, both[:1]},
			{"two statuses", commands.WebexFilter{Statuses: []webex.Status{webex.Provisioned, webex.PendingEmailInput}}, both},
			{"change", commands.WebexFilter{LastStatusChange: watermark}, both[1:]},
			{"change at that instant", commands.WebexFilter{LastStatusChange: b.LastStatusChange}, nil},
			{"creation", commands.WebexFilter{CreatedAfter: watermark}, both[1:]},
			{"creation at that instant", commands.WebexFilter{CreatedAfter: b.Created}, nil},
			{"self activation", commands.WebexFilter{SelfActivated: &no}, both},
			{"two that contradict", commands.WebexFilter{UserID: a.UserID, ProvisioningID: "another"}, nil},
		} {
			require.ElementsMatch(t, c.want, ids(all(t, w.Webex, c.f)), c.name)
		}
	})
	t.Run("a change is listed after its own instant, not after that of the request", func(t *testing.T) {
		w, r := open(t), anyone()
		accepted, _, err := w.Webex.Provision(t.Context(), r, "T_1")
		require.NoError(t, err)
		w.Settle()
		done := all(t, w.Webex, commands.WebexFilter{LastStatusChange: accepted.LastStatusChange})
		require.Equal(t, []string{accepted.ID}, ids(done))
		require.True(t, done[0].LastStatusChange.Before(w.Now()))
		require.Empty(t, all(t, w.Webex, commands.WebexFilter{LastStatusChange: done[0].LastStatusChange}))
	})
	t.Run("every page is read, while others come", func(t *testing.T) {
		w := open(t)
		var want []string
		for range 7 {
			want = append(want, settled(t, w, anyone()).ID)
		}
		var got []string
		for s, err := range commands.WebexRecords(t.Context(), w.Webex, commands.WebexFilter{PageSize: 2}) {
			require.NoError(t, err)
			if got = append(got, s.ID); len(got) == 3 {
				settled(t, w, anyone())
			}
		}
		require.Subset(t, got, want)
	})
	t.Run("more than fit on the largest page are all there", func(t *testing.T) {
		w, r := open(t), anyone()
		for i := range 205 {
			r.UserID, r.Email = fmt.Sprintf("%d-%s", i, r.SPEnterpriseID), ""
			_, _, err := w.Webex.Provision(t.Context(), r, "T_1")
			require.NoError(t, err)
			w.Settle()
		}
		require.Len(t, all(t, w.Webex, commands.WebexFilter{SPEnterpriseID: r.SPEnterpriseID}), 205)
		require.Len(t, all(t, w.Webex, commands.WebexFilter{SPEnterpriseID: r.SPEnterpriseID, PageSize: 1000}), 205)
	})
	t.Run("a reader may stop at any record", func(t *testing.T) {
		w := open(t)
		settled(t, w, anyone())
		settled(t, w, anyone())
		for _, err := range commands.WebexRecords(t.Context(), w.Webex, commands.WebexFilter{PageSize: 1}) {
			require.NoError(t, err)
			break
		}
	})
	t.Run("after an error it stops", func(t *testing.T) {
		w := open(t)
		settled(t, w, anyone())
		defer w.Fail(503, 0)()
		var errs []error
		for _, err := range commands.WebexRecords(t.Context(), w.Webex, commands.WebexFilter{}) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 1)
		fails(t, errs[0], commands.Unknown)
	})
}

func outcome(t *testing.T, open opener) {
	for _, c := range []struct {
		status int
		want   commands.Outcome
	}{
		{429, commands.NotDone}, {423, commands.NotDone},
		{500, commands.Unknown}, {502, commands.Unknown}, {503, commands.Unknown}, {504, commands.Unknown},
	} {
		t.Run(fmt.Sprintf("a %d is told from the others and not repeated", c.status), func(t *testing.T) {
			w, r := open(t), anyone()
			mend := w.Fail(c.status, 7)
			_, _, err := w.Webex.Provision(t.Context(), r, "T_1")
			failure := fails(t, err, c.want)
			require.Equal(t, c.status, failure.Status)
			require.NotEmpty(t, failure.TrackingID)
			if c.want == commands.NotDone {
				require.Equal(t, 7*time.Second, failure.RetryAfter)
			}
			mend()
			require.Empty(t, all(t, w.Webex, commands.WebexFilter{UserID: r.UserID}))
		})
	}
	t.Run("a Retry-After that is missing is 0", func(t *testing.T) {
		w := open(t)
		defer w.Fail(429, 0)()
		_, err := w.Webex.Remove(t.Context(), nobody, "T_1")
		require.Zero(t, fails(t, err, commands.NotDone).RetryAfter)
	})
	t.Run("a lost reply is unknown, and was carried out once", func(t *testing.T) {
		w, r := open(t), anyone()
		mend := w.LoseReplies()
		_, _, err := w.Webex.Provision(t.Context(), r, "T_1")
		fails(t, err, commands.Unknown)
		mend()
		s, found, err := w.Webex.FindSubscriber(t.Context(), r.UserID)
		require.NoError(t, err)
		require.True(t, found)
		w.Settle()

		s = again(t, w, s.ID)
		to := s.Profile
		to.LastName = "Changed"
		mend = w.LoseReplies()
		_, _, err = w.Webex.Update(t.Context(), s.ID, s.Profile, to, "T_2")
		fails(t, err, commands.Unknown)
		_, err = w.Webex.Remove(t.Context(), s.ID, "T_3")
		fails(t, err, commands.Unknown)
		mend()
		posts, puts, deletes := w.Arrivals(r.UserID)
		require.Equal(t, []int{1, 1, 1}, []int{posts, puts, deletes})
	})
	t.Run("a context that has ended means that nothing is sent", func(t *testing.T) {
		w, r := open(t), anyone()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err := w.Webex.Provision(ctx, r, "T_1")
		require.True(t, errors.Is(err, context.Canceled))
		fails(t, err, commands.NotDone)
		posts, _, _ := w.Arrivals(r.UserID)
		require.Zero(t, posts)
	})
}
