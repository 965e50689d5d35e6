package commands_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

func (w *world) rename(id uuid.UUID, to string) error {
	_, err := w.service.ChangeSubscriber(w.t.Context(), commands.ChangeSubscriber{ID: id, UserID: &to}, cause(nordic))
	return err
}

func TestAChangedUserIDIsTakenAndTheOldOneStaysWithItsUser(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	require.NoError(t, w.rename(id, "new@as0.example"))
	require.NoError(t, w.rename(id, "new@as0.example"), "asking twice changes nothing")
	require.Equal(t, "new@as0.example", w.state(id).Profile.UserID)

	same := request(1, trustedID, "a@ent.example")
	same.UserID = "new@as0.example"
	require.Equal(t, id, w.onboard(same), "onboarding the user under its new id changes nothing")
	for _, dryRun := range []bool{true, false} {
		summary, _, err := w.importAll(w.service, importRows(same), dryRun)
		require.NoError(t, err)
		require.Equal(t, 1, summary.Unchanged)
	}

	taken := request(2, trustedID, "b@ent.example")
	taken.UserID = "NEW@as0.example"
	_, _, err := w.service.OnboardSubscriber(t.Context(), taken, cause(nordic))
	require.ErrorIs(t, err, subscriber.ErrExists)
	_, _, err = w.service.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), cause(nordic))
	require.ErrorIs(t, err, subscriber.ErrRenamed)

	second := w.onboard(request(2, trustedID, "b@ent.example"))
	require.ErrorIs(t, w.rename(second, "new@as0.example"), subscriber.ErrUserIDTaken)
}

func TestAUserIDThatIsNoLongerUsedIsFreeAgain(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	require.NoError(t, w.rename(id, "first@as0.example"))
	require.NoError(t, w.rename(id, "second@as0.example"))
	free := request(2, trustedID, "b@ent.example")
	free.UserID = "first@as0.example"
	w.onboard(free)

	_, err := w.service.DeleteSubscriber(t.Context(), id, cause(nordic))
	require.NoError(t, err)
	free = request(3, trustedID, "c@ent.example")
	free.UserID = "second@as0.example"
	w.onboard(free)
}

func TestGoingBackToTheFirstUserIDReleasesTheOther(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	require.NoError(t, w.rename(id, "new@as0.example"))
	require.NoError(t, w.rename(id, "user1@as0.example"))
	free := request(2, trustedID, "b@ent.example")
	free.UserID = "new@as0.example"
	require.NotEqual(t, id, w.onboard(free))
}

func TestAnOldChangeOfUserIDSentAgainDoesNotFreeTheOneInUse(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	why := cause(nordic)
	why.Command = uuid.Must(uuid.NewV7())
	first := commands.ChangeSubscriber{ID: id, UserID: ptr("first@as0.example")}
	_, err := w.service.ChangeSubscriber(t.Context(), first, why)
	require.NoError(t, err)
	require.NoError(t, w.rename(id, "second@as0.example"))
	_, err = w.service.ChangeSubscriber(t.Context(), first, why)
	require.NoError(t, err)
	require.Equal(t, "second@as0.example", w.state(id).Profile.UserID)

	other := request(2, trustedID, "b@ent.example")
	other.UserID = "second@as0.example"
	_, _, err = w.service.OnboardSubscriber(t.Context(), other, cause(nordic))
	require.ErrorIs(t, err, subscriber.ErrExists)
	other.UserID = "first@as0.example"
	w.onboard(other)
}

func TestARefusedChangeOfUserIDLeavesNothingBehind(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	to, nothing := "new@as0.example", ""
	_, err := w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: id, UserID: &to, Extension: &nothing}, cause(nordic))
	require.ErrorIs(t, err, subscriber.ErrNumberNeeded)
	require.Equal(t, "user1@as0.example", w.state(id).Profile.UserID)
	free := request(2, trustedID, "b@ent.example")
	free.UserID = to
	w.onboard(free)
}

func TestAChangeOfUserIDStoppedAnywhereIsFinishedByAskingAgain(t *testing.T) {
	for n := 1; n <= 4; n++ {
		w := newWorld(t)
		id := w.onboard(request(1, trustedID, "a@ent.example"))
		require.NoError(t, w.rename(id, "old@as0.example"))
		broken := w.serviceOn(crashLog{w.log, &crash{left: n}})
		to := "new@as0.example"
		_, err := broken.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: id, UserID: &to}, cause(nordic))
		if n <= 3 {
			require.ErrorIs(t, err, errCrashed)
		}
		require.NoError(t, w.rename(id, to))
		require.Equal(t, to, w.state(id).Profile.UserID)
		free := request(2, trustedID, "b@ent.example")
		free.UserID = "old@as0.example"
		w.onboard(free)
	}
}

func TestAChangeIsAllOrNothing(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	_, err := w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: id, FirstName: ptr("Ada"), Package: ptr("gold")}, cause(nordic))
	require.Equal(t, "package", domain.AsRejection(err).Fields[0].Field)
	require.Equal(t, "Åsa", w.state(id).Profile.FirstName)
}

// fullLog is a log without room until it is emptied.
type fullLog struct {
	commands.EventLog
	full bool
}

func (l *fullLog) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	if l.full {
		return 0, commands.ErrFull
	}
	return l.EventLog.Append(ctx, stream, expected, why, events...)
}

func TestAFullDiskRefusesACommandAndTakesItLater(t *testing.T) {
	w := newWorld(t)
	log := &fullLog{EventLog: w.log, full: true}
	s := w.serviceOn(log)
	_, _, err := s.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), cause(nordic))
	require.True(t, errors.Is(err, commands.ErrFull))
	log.full = false
	_, _, err = s.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), cause(nordic))
	require.NoError(t, err)
}
