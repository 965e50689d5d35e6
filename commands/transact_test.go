package commands_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func TestTheSameCommandAgainChangesNothingWhateverHappenedSince(t *testing.T) {
	w := newWorld(t)
	why := cause(nordic)
	why.Command = uuid.Must(uuid.NewV7())
	id, first, err := w.service.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), why)
	require.NoError(t, err)
	require.True(t, first.Changed)
	_, err = w.service.DeleteSubscriber(t.Context(), id, cause(nordic))
	require.NoError(t, err)

	_, again, err := w.service.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), why)
	require.NoError(t, err)
	require.False(t, again.Changed)
	require.Equal(t, webex.Removed, w.state(id).Status(), "the user is not onboarded a second time")
}

func TestOneCommandIDIsNotTakenForTwoRequests(t *testing.T) {
	w := newWorld(t)
	why := cause(nordic)
	why.Command, why.Request = uuid.Must(uuid.NewV7()), "key/1"
	id, _, err := w.service.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), why)
	require.NoError(t, err)

	why.Request = "key/2"
	_, err = w.service.RetryActivation(t.Context(), commands.RetryActivation{ID: id, Email: "b@ent.example"}, why)
	require.ErrorIs(t, err, commands.ErrKeyReused)
	_, _, err = w.service.OnboardSubscriber(t.Context(), request(2, trustedID, "b@ent.example"), why)
	require.ErrorIs(t, err, commands.ErrKeyReused, "of another stream")
}

func TestRacingCommandsAllFindTheirPlace(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, untrustedID, ""))
	var all sync.WaitGroup
	for n := range 20 {
		all.Go(func() {
			_, err := w.service.SubmitEmail(t.Context(), commands.SubmitEmail{ID: id, Email: fmt.Sprintf("a%d@ent.example", n)}, cause(nordic))
			require.NoError(t, err)
		})
	}
	all.Wait()
	entries, err := w.log.ReadStream(context.Background(), domain.StreamOf(subscriber.Kind, id))
	require.NoError(t, err)
	require.Len(t, entries, 21)
}

func TestTwoPartnersKnowNothingOfEachOther(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	other := cause("other")

	_, _, err := w.service.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), other)
	require.Equal(t, "provisioningId", domain.AsRejection(err).Fields[0].Field, "the template is not theirs")
	_, err = w.service.DeleteSubscriber(t.Context(), id, other)
	require.ErrorIs(t, err, commands.ErrOtherPartner)
	_, err = w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: id, UserID: ptr("x@as0.example")}, other)
	require.ErrorIs(t, err, commands.ErrOtherPartner)
	require.NotEqual(t, subscriber.Stream(nordic, "u"), subscriber.Stream("other", "u"))
}
