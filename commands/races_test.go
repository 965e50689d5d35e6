package commands_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// beforehand is a log on which something happens just before the first append.
type beforehand struct {
	commands.EventLog
	happens func()
}

func (l *beforehand) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	if f := l.happens; f != nil {
		l.happens = nil
		f()
	}
	return l.EventLog.Append(ctx, stream, expected, why, events...)
}

func TestACommandSentTwiceAtOnceIsRecordedOnceAndAcknowledgedTwice(t *testing.T) {
	w := newWorld(t)
	id := w.onboard(request(1, trustedID, "a@ent.example"))
	why := cause(nordic)
	why.Command = uuid.Must(uuid.NewV7())
	change := commands.ChangeSubscriber{ID: id, Package: ptr("premium")}
	log := &beforehand{EventLog: w.log, happens: func() {
		_, err := w.service.ChangeSubscriber(t.Context(), change, why)
		require.NoError(t, err)
	}}
	r, err := w.serviceOn(log).ChangeSubscriber(t.Context(), change, why)
	require.NoError(t, err)
	require.Equal(t, 2, r.Version)
}

func TestAClaimedUserIDIsNotGivenAwayWhileItsChangeIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id, other := w.onboard(request(1, trustedID, "a@ent.example")), request(2, trustedID, "b@ent.example")
		other.UserID = "new@as0.example"
		broken := w.serviceOn(crashLog{w.log, &crash{left: 2}})
		_, err := broken.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: id, UserID: &other.UserID}, cause(nordic))
		require.True(t, errors.Is(err, errCrashed))
		_, _, err = w.service.OnboardSubscriber(t.Context(), other, cause(nordic))
		require.Error(t, err)
		require.Equal(t, domain.Conflict, domain.AsRejection(err).Kind)
		time.Sleep(5 * time.Minute)
		w.onboard(other)
	})
}

func TestAUserIDIsNotFreeBeforeWebexHasTheNewOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id, other := w.onboard(request(1, trustedID, "a@ent.example")), request(2, trustedID, "b@ent.example")
		require.NoError(t, w.rename(id, "first@as0.example"))
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		require.NoError(t, w.rename(id, "second@as0.example"))
		other.UserID = "first@as0.example"
		_, _, err := w.service.OnboardSubscriber(t.Context(), other, cause(nordic))
		require.Error(t, err)
		require.Equal(t, domain.Conflict, domain.AsRejection(err).Kind)
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		w.onboard(other)
	})
}

func TestAFailedUpdateThatIsTakenBackIsMendedAtWebex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.onboard(request(1, trustedID, "a@ent.example"))
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		w.webex.final = func(s webex.Subscriber) webex.Subscriber {
			if s.Package == "premium" {
				s.Status = webex.Failed
			}
			return s
		}
		for _, pkg := range []string{"premium", "basic"} {
			_, err := w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: id, Package: &pkg}, cause(nordic))
			require.NoError(t, err)
			w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		}
		require.Equal(t, webex.Provisioned, w.state(id).Status())
		for _, r := range w.webex.records {
			require.Equal(t, webex.Package("basic"), r.Package)
		}
	})
}

func TestWhatASlowReadShowsHoldsFromWhenWebexWasAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.slow = 10 * time.Second
		id := w.onboard(request(1, trustedID, "a@ent.example"))
		w.drive(w.log, true, []uuid.UUID{id}, 5*time.Minute)
		require.Equal(t, webex.Provisioned, w.state(id).Status())
		asked := w.webex.calls[len(w.webex.calls)-1]
		require.True(t, asked.Equal(w.state(id).StatusChanged), "asked at %s, recorded as of %s", asked, w.state(id).StatusChanged)
	})
}
