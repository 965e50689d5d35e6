package commands_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/adapters/eventlog/memory"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/customer"
	"ledgerline/domain/drift"
	"ledgerline/domain/hold"
	"ledgerline/domain/pause"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/template"
	"ledgerline/domain/webex"
)

const (
	nordic       = "nordic"
	trustedID    = "dHJ1c3RlZA"
	untrustedID  = "dW50cnVzdGVk"
	adminFirstID = "YWRtaW4tZmlyc3Q"
)

var codec = eventlog.NewCodec(slices.Concat(subscriber.Events, template.Events, customer.Events, hold.Events, drift.Events, pause.Events)...)

// world is a log, a Webex, and what a program needs to work on them.
type world struct {
	t       *testing.T
	log     commands.EventLog
	webex   *fakeWebex
	service *commands.Service
	began   time.Time
}

func newWorld(t *testing.T) *world { return newWorldOn(t, memory.New(codec, time.Now)) }

func newWorldOn(t *testing.T, log commands.EventLog) *world {
	w := &world{t: t, log: log, webex: newFakeWebex(time.Now), began: time.Now()}
	w.service = w.serviceOn(log)
	for id, settings := range map[string]template.Settings{
		trustedID:    {Emails: template.Trusted},
		untrustedID:  {Emails: template.Untrusted, FlowThrough: true, AllowSelfActivation: true},
		adminFirstID: {Emails: template.Untrusted, FlowThrough: true, ProvisionAdminFirst: true},
	} {
		settings.Name, settings.Region, settings.EmailLanguage, settings.Cluster, settings.DefaultPackage = id, "EU", "sv", "as0", "basic"
		_, err := w.service.CreateTemplate(t.Context(), commands.SaveTemplate{ProvisioningID: id, Settings: settings}, cause(nordic))
		require.NoError(t, err)
	}
	return w
}

func (w *world) serviceOn(log commands.EventLog) *commands.Service {
	return &commands.Service{
		Log: log, Now: time.Now, NewID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) },
		Webex: func(partner string) commands.Webex {
			if partner != nordic {
				return nil
			}
			return w.webex
		},
	}
}

func cause(partner string) domain.Cause {
	return domain.Cause{Partner: partner, Actor: "test", Role: domain.RoleAdmin, Surface: domain.SurfaceAPI}
}

func request(n int, provisioningID, email string) commands.OnboardSubscriber {
	return commands.OnboardSubscriber{Request: webex.Request{
		ProvisioningID: provisioningID, SPEnterpriseID: "SP1+acme", Email: email,
		Profile: webex.Profile{UserID: fmt.Sprintf("user%d@as0.example", n), FirstName: "Åsa", LastName: "Öberg", Extension: "1000"},
	}}
}

func (w *world) onboard(req commands.OnboardSubscriber) uuid.UUID {
	id, _, err := w.service.OnboardSubscriber(w.t.Context(), req, cause(nordic))
	require.NoError(w.t, err)
	return id
}

func (w *world) state(id uuid.UUID) subscriber.State {
	entries, err := w.log.ReadStream(context.Background(), domain.StreamOf(subscriber.Kind, id))
	require.NoError(w.t, err)
	return subscriber.Decider.Fold(entries)
}

// drive runs a driver for a time.
func (w *world) drive(log commands.EventLog, sole bool, ids []uuid.UUID, for_ time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), for_)
	defer cancel()
	d := &commands.Driver{
		Service: w.serviceOn(log), Sole: sole, Workers: 4, Log: slog.New(slog.DiscardHandler),
		Open: func(_ context.Context, yield func(string)) error {
			for _, id := range ids {
				yield(domain.StreamOf(subscriber.Kind, id))
			}
			return nil
		},
	}
	require.NoError(w.t, d.Run(ctx))
}

func TestEverySubscriberReachesItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.final = func(s webex.Subscriber) webex.Subscriber {
			switch s.Email {
			case "late@ent.example":
				s.Status, s.PersonID, s.Errors = webex.Failed, "", []webex.Error{{Code: 10022, Description: "taken"}}
			case "elsewhere@consumer.example":
				s.Status, s.PersonID = webex.PendingUserMigration, ""
			}
			return s
		}
		fine := w.onboard(request(1, trustedID, "fine@ent.example"))
		waits := w.onboard(request(2, untrustedID, ""))
		fails := w.onboard(request(3, trustedID, "late@ent.example"))
		consents := w.onboard(request(4, trustedID, "elsewhere@consumer.example"))
		all := []uuid.UUID{fine, waits, fails, consents}

		w.drive(w.log, true, all, time.Minute)
		require.Equal(t, webex.Provisioned, w.state(fine).Status())
		require.Equal(t, "person-user1@as0.example", w.state(fine).PersonID)
		require.Equal(t, webex.PendingEmailInput, w.state(waits).Status())
		require.Equal(t, webex.Failed, w.state(fails).Status())
		require.Equal(t, []webex.Error{{Code: 10022, Description: "taken"}}, w.state(fails).Errors)
		require.Equal(t, webex.PendingUserMigration, w.state(consents).Status())

		_, err := w.service.RetryActivation(t.Context(), commands.RetryActivation{ID: fails, Email: "new@ent.example"}, cause(nordic))
		require.NoError(t, err)
		_, err = w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: fine, Package: ptr("premium")}, cause(nordic))
		require.NoError(t, err)
		_, err = w.service.ResendConsent(t.Context(), consents, cause(nordic))
		require.NoError(t, err)
		w.drive(w.log, true, all, time.Minute)
		require.Equal(t, webex.Provisioned, w.state(fails).Status())
		require.Equal(t, 2, w.webex.posts["user3@as0.example"], "the failed record is removed and a new one made")
		require.Equal(t, webex.Package("premium"), w.state(fine).Applied.Package)
		require.Equal(t, webex.PendingUserMigration, w.state(consents).Status())

		_, err = w.service.DeleteSubscriber(t.Context(), fine, cause(nordic))
		require.NoError(t, err)
		w.drive(w.log, true, all, time.Minute)
		require.Equal(t, webex.Removed, w.state(fine).Status())
		require.NotContains(t, w.webex.records, "user1@as0.example#1")

		require.Equal(t, fine, w.onboard(request(1, trustedID, "fine@ent.example")), "coming back is the same stream")
		w.drive(w.log, true, all, time.Minute)
		require.Equal(t, webex.Provisioned, w.state(fine).Status())
	})
}

func TestOthersWaitForTheAdministratorWhereTheTemplateSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		first, second := w.onboard(request(1, adminFirstID, "")), w.onboard(request(2, adminFirstID, "second@ent.example"))
		all := []uuid.UUID{first, second}
		w.drive(w.log, true, all, time.Hour)
		require.Equal(t, webex.Provisioning, w.state(second).Status())
		require.Empty(t, w.webex.posts)

		_, err := w.service.RetryActivation(t.Context(), commands.RetryActivation{ID: first, Email: "first@ent.example"}, cause(nordic))
		require.NoError(t, err)
		w.drive(w.log, true, all, time.Hour)
		require.Equal(t, webex.Provisioned, w.state(first).Status())
		require.Equal(t, webex.Provisioned, w.state(second).Status())
	})
}

// crash ends a program at one of its operations: from then on it can neither
// record nor call.
type crash struct {
	mu    sync.Mutex
	left  int
	after bool // the operation at which it ends is still carried out
}

var errCrashed = errors.New("crashed")

func (c *crash) dead() (now, already bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left--
	return c.left == 0, c.left < 0
}

// crashLog is a log whose program ends.
type crashLog struct {
	commands.EventLog
	*crash
}

func (l crashLog) Append(ctx context.Context, stream string, expected int, why domain.Cause, events ...domain.Event) (domain.Position, error) {
	now, already := l.dead()
	if already || now && !l.after {
		return 0, errCrashed
	}
	at, err := l.EventLog.Append(ctx, stream, expected, why, events...)
	if now {
		return 0, errCrashed
	}
	return at, err
}

func TestStartingAgainFinishesTheJobWhereverTheProgramWasKilled(t *testing.T) {
	for n := 1; n <= 26; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("at operation %d, carried out %t", n, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					ids := []uuid.UUID{w.onboard(request(1, trustedID, "a@ent.example")), w.onboard(request(2, trustedID, "b@ent.example")), w.onboard(request(3, trustedID, "c@ent.example"))}
					c := &crash{left: n, after: after}
					w.webex.answer = func(string, int) fault {
						switch now, already := c.dead(); {
						case already, now && !after:
							return fault{err: errCrashed}
						case now:
							return fault{err: errCrashed, lost: true}
						}
						return fault{}
					}
					w.drive(crashLog{w.log, c}, true, ids, time.Minute)

					w.webex.answer = nil
					w.drive(w.log, true, ids, 5*time.Minute)
					for i, id := range ids {
						require.Equal(t, webex.Provisioned, w.state(id).Status(), "user %d", i+1)
					}
					require.Equal(t, map[string]int{"user1@as0.example": 1, "user2@as0.example": 1, "user3@as0.example": 1}, w.webex.posts)
				})
			})
		}
	}
}

func TestSeveralProgramsOnOneLogProvisionEachUserOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		chance := rand.New(rand.NewPCG(1, 2))
		w.webex.answer = func(string, int) fault {
			switch chance.IntN(10) {
			case 0:
				return fault{err: &commands.WebexError{Outcome: commands.Unknown, Status: 502, Message: "bad gateway"}, lost: true}
			case 1:
				return fault{err: &commands.WebexError{Outcome: commands.Unknown, Status: 502, Message: "bad gateway"}}
			case 2:
				return fault{err: &commands.WebexError{Outcome: commands.NotDone, Status: 429, RetryAfter: time.Second}}
			}
			return fault{}
		}
		var ids []uuid.UUID
		for n := range 200 {
			ids = append(ids, w.onboard(request(n, trustedID, fmt.Sprintf("u%d@ent.example", n))))
		}
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() { w.drive(w.log, false, ids, 3*time.Hour) })
		}
		all.Wait()
		for n, id := range ids {
			require.Equal(t, webex.Provisioned, w.state(id).Status(), "user %d", n)
			require.Equal(t, 1, w.webex.posts[fmt.Sprintf("user%d@as0.example", n)], "user %d", n)
		}
	})
}

func TestNobodyCallsWebexInTheTimeItAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.answer = func(_ string, n int) fault {
			if n <= 4 { // as many as there are workers: those are under way already
				return fault{err: &commands.WebexError{Outcome: commands.NotDone, Status: 429, RetryAfter: 30 * time.Second}}
			}
			return fault{}
		}
		var ids []uuid.UUID
		for n := range 20 {
			ids = append(ids, w.onboard(request(n, trustedID, fmt.Sprintf("u%d@ent.example", n))))
		}
		w.drive(w.log, true, ids, 5*time.Minute)
		for _, call := range w.webex.calls[4:] {
			require.GreaterOrEqual(t, call.Sub(w.began), 30*time.Second)
		}
		for n, id := range ids {
			require.Equal(t, webex.Provisioned, w.state(id).Status(), "user %d", n)
		}
	})
}

func TestWhatWebexNeverAnswersStopsWithAReasonAndCanBeRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.answer = func(string, int) fault {
			return fault{err: &commands.WebexError{Outcome: commands.Unknown, Status: 503, Message: "unavailable"}}
		}
		id := w.onboard(request(1, trustedID, "a@ent.example"))
		w.drive(w.log, true, []uuid.UUID{id}, time.Hour)
		require.Equal(t, webex.Failed, w.state(id).Status())
		require.NotEmpty(t, w.state(id).Errors)

		w.webex.answer = nil
		_, err := w.service.RetryActivation(t.Context(), commands.RetryActivation{ID: id}, cause(nordic))
		require.NoError(t, err)
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		require.Equal(t, webex.Provisioned, w.state(id).Status())
	})
}

func ptr[T any](v T) *T { return &v }

func TestRefusedCredentialsHoldEverybodyUpAndFailNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		refused := true
		w.webex.answer = func(string, int) fault {
			if refused {
				return fault{err: &commands.WebexError{Outcome: commands.Refused, Status: 401, Message: "token expired"}}
			}
			return fault{}
		}
		var ids []uuid.UUID
		for n := range 20 {
			ids = append(ids, w.onboard(request(n, trustedID, fmt.Sprintf("u%d@ent.example", n))))
		}
		w.drive(w.log, true, ids, 10*time.Minute)
		require.LessOrEqual(t, w.webex.writes, 4*11, "a call per worker and minute at most")
		refused = false
		w.drive(w.log, true, ids, 10*time.Minute)
		for n, id := range ids {
			require.Equal(t, webex.Provisioned, w.state(id).Status(), "user %d", n)
		}
	})
}
