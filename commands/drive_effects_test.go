package commands_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/hold"
	"ledgerline/domain/pace"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// imported is the cause of a row of a file.
func imported() domain.Cause {
	why := cause(nordic)
	why.Surface = domain.SurfaceCSV
	return why
}

// many onboards users of one template, as rows of a file.
func (w *world) many(from, to int, provisioningID, enterprise string) (ids []uuid.UUID) {
	for n := from; n < to; n++ {
		req := request(n, provisioningID, fmt.Sprintf("u%d@ent.example", n))
		req.SPEnterpriseID = enterprise
		id, _, err := w.service.OnboardSubscriber(w.t.Context(), req, imported())
		require.NoError(w.t, err)
		ids = append(ids, id)
	}
	return ids
}

func (w *world) count(ids []uuid.UUID, status webex.Status) (n int) {
	for _, id := range ids {
		if w.state(id).Status() == status {
			n++
		}
	}
	return n
}

func TestManyAreFollowedByReadingTheListOfTheirTemplate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.delay = 20 * time.Second
		ids := w.many(0, 1000, trustedID, "SP1+acme")
		w.drive(w.log, true, ids, 3*time.Minute)
		require.Equal(t, 1000, w.count(ids, webex.Provisioned))
		require.Zero(t, w.webex.looks, "nobody is looked at alone")
		require.Less(t, w.webex.pages, 12)
	})
}

func TestManyCustomersAreFollowedWhileTheirImportRuns(t *testing.T) {
	for _, page := range []time.Duration{50 * time.Millisecond, 1500 * time.Millisecond} {
		t.Run(page.String(), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { followManyCustomers(t, page) }) })
	}
}

func followManyCustomers(t *testing.T, page time.Duration) {
	w := newWorld(t)
	w.webex.perPage, w.webex.slowPage = 100, page
	w.service.Lanes = &commands.Lanes{Settings: pace.Settings{FirstRate: 50, HighestRate: 50}}
	var ids []uuid.UUID
	for n := range 200 {
		ids = append(ids, w.many(15*n, 15*(n+1), trustedID, fmt.Sprintf("SP1+c%d", n))...)
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Second)
	defer stop()
	d := &commands.Driver{Service: w.service, Sole: true, Log: slog.New(slog.DiscardHandler), Open: func(_ context.Context, yield func(string)) error {
		for _, id := range ids {
			yield(domain.StreamOf(subscriber.Kind, id))
		}
		return nil
	}}
	require.NoError(t, d.Run(ctx))
	require.Less(t, w.webex.writes, 2600, "the import is not over")
	require.Greater(t, w.count(ids, webex.Provisioned), w.webex.writes*3/5, "of %d that are on the way", w.webex.writes)
	require.Zero(t, w.webex.looks)
}

func TestWhomTheListDoesNotShowIsLookedAtAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.hide = func(webex.Subscriber) bool { return true }
		ids := w.many(0, 3, trustedID, "SP1+acme")
		w.drive(w.log, true, ids, 10*time.Minute)
		require.Equal(t, 3, w.count(ids, webex.Provisioned))
		require.Equal(t, 3, w.webex.looks)
	})
}

func TestASubscriberWhoLooksAtThePageIsLookedAtAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.hide = func(webex.Subscriber) bool { return true }
		why := cause(nordic)
		why.Role = domain.RoleSubscriber
		id, _, err := w.service.OnboardSubscriber(t.Context(), request(1, trustedID, "a@ent.example"), why)
		require.NoError(t, err)
		w.drive(w.log, true, []uuid.UUID{id}, 10*time.Second)
		require.Equal(t, webex.Provisioned, w.state(id).Status())
	})
}

func TestAfterARestartTheListTellsWhatHappenedMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.delay = 10 * time.Second
		ids := w.many(0, 200, trustedID, "SP1+acme")
		w.drive(w.log, true, ids, 5*time.Second)
		require.Zero(t, w.count(ids, webex.Provisioned))
		time.Sleep(20 * time.Minute)
		w.drive(w.log, true, ids, 30*time.Second)
		require.Equal(t, 200, w.count(ids, webex.Provisioned))
		require.LessOrEqual(t, w.webex.looks, 200, "who was accepted long ago may be looked at alone as well")
	})
}

func TestWhatPassesByItselfIsTriedAgainInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		broken := true
		w.webex.final = func(s webex.Subscriber) webex.Subscriber {
			if broken {
				s.Status, s.PersonID, s.Errors = webex.Failed, "", []webex.Error{{Code: 2560, Description: "The service is in maintenance."}}
			}
			return s
		}
		id := w.onboard(request(1, trustedID, "a@ent.example"))
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		require.Equal(t, webex.Failed, w.state(id).Status())
		require.False(t, w.state(id).RetryAt.IsZero())
		broken = false
		w.drive(w.log, true, []uuid.UUID{id}, 20*time.Second)
		require.Equal(t, webex.Failed, w.state(id).Status(), "it is not time")
		w.drive(w.log, true, []uuid.UUID{id}, 5*time.Minute)
		require.Equal(t, webex.Provisioned, w.state(id).Status())
		require.Len(t, w.webex.records, 1)
	})
}

func TestACancelledRetryDoesNotHappen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.final = func(s webex.Subscriber) webex.Subscriber {
			s.Status, s.PersonID, s.Errors = webex.Failed, "", []webex.Error{{Code: 2560, Description: "The service is in maintenance."}}
			return s
		}
		id := w.onboard(request(1, trustedID, "a@ent.example"))
		w.drive(w.log, true, []uuid.UUID{id}, time.Minute)
		_, err := w.service.CancelRetry(t.Context(), id, cause(nordic))
		require.NoError(t, err)
		w.drive(w.log, true, []uuid.UUID{id}, 24*time.Hour)
		require.Equal(t, 1, w.webex.posts["user1@as0.example"])
	})
}

func TestUsersWhoFailAlikeAreOneFinding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		wrong := true
		w.webex.final = func(s webex.Subscriber) webex.Subscriber {
			if wrong && s.SPEnterpriseID == "SP1+acme" {
				s.Status, s.PersonID = webex.Failed, ""
				s.Errors = []webex.Error{{Code: 6003, Description: "Could not connect to the\nBroadWorks cluster"}}
			}
			return s
		}
		held, fine := w.many(0, 10, trustedID, "SP1+acme"), w.many(1000, 1010, trustedID, "SP2+bolt")
		w.drive(w.log, true, append(held, fine...), time.Minute)
		require.Equal(t, 10, w.count(held, webex.Failed))
		later := w.many(10, 500, trustedID, "SP1+acme")
		all := append(append(held, fine...), later...)
		w.drive(w.log, true, all, 10*time.Minute)
		require.Equal(t, 490, w.count(later, webex.Provisioning), "the others wait instead of failing")
		require.Equal(t, 10, w.count(fine, webex.Provisioned), "another customer's come through")

		id := hold.ID(nordic, hold.Scope{Kind: hold.Customer, Name: "SP1+acme"})
		entries, err := w.log.ReadStream(t.Context(), domain.StreamOf(hold.Kind, id))
		require.NoError(t, err)
		placed := hold.Decider.Fold(entries)
		require.True(t, placed.Held)
		require.Contains(t, placed.Reason, "10 users in a row failed alike")
		require.Contains(t, placed.Reason, "connect to the BroadWorks", "on one line")
		require.NotEmpty(t, placed.Fingerprint)

		wrong = false
		_, err = w.service.LiftHold(t.Context(), id, cause(nordic))
		require.NoError(t, err)
		w.drive(w.log, true, all, 10*time.Minute)
		require.Equal(t, 490, w.count(later, webex.Provisioned))
		require.Equal(t, 10, w.count(held, webex.Failed), "those who failed are retried when somebody asks for it")
	})
}

func TestATemplateThatFailsIsOneFindingWhateverItsCustomers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.final = func(s webex.Subscriber) webex.Subscriber {
			s.Status, s.PersonID = webex.Failed, ""
			s.Errors = []webex.Error{{Code: 6003, Description: "Could not connect to the BroadWorks cluster"}}
			return s
		}
		customers := []string{"SP1+acme", "SP2+bolt", "SP3+cord"}
		var ids []uuid.UUID
		for n := range 90 {
			ids = append(ids, w.many(n, n+1, trustedID, customers[n%len(customers)])...)
		}
		w.drive(w.log, true, ids, 10*time.Minute)
		held := func(of hold.Scope) bool {
			entries, err := w.log.ReadStream(t.Context(), hold.Stream(nordic, of))
			require.NoError(t, err)
			return hold.Decider.Fold(entries).Held
		}
		require.True(t, held(hold.Scope{Kind: hold.Template, Name: trustedID}))
		for _, name := range customers {
			require.False(t, held(hold.Scope{Kind: hold.Customer, Name: name}), name)
		}
	})
}

func TestAHoldIsHeededAndLiftedByADriverThatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ids := w.many(0, 5, trustedID, "SP1+acme")
		everybody := func(_ context.Context, yield func(string)) error {
			for _, id := range ids {
				yield(domain.StreamOf(subscriber.Kind, id))
			}
			return nil
		}
		of := hold.Scope{Kind: hold.Partner}
		id, _, err := w.service.PlaceHold(t.Context(), of, "Webex is in maintenance", cause(nordic))
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		d := &commands.Driver{Service: w.service, Open: everybody, Sole: true, Log: slog.New(slog.DiscardHandler)}
		done := make(chan struct{})
		go func() { defer close(done); _ = d.Run(ctx) }()
		time.Sleep(5 * time.Minute)
		require.Zero(t, w.webex.writes)
		_, err = w.service.LiftHold(t.Context(), id, cause(nordic))
		require.NoError(t, err)
		d.Wake(hold.Stream(nordic, of))
		time.Sleep(20 * time.Second)
		require.Equal(t, 5, w.count(ids, webex.Provisioned))
		stop()
		<-done
	})
}

// slowLog calls read between reading a stream and answering.
type slowLog struct {
	commands.EventLog
	read func(stream string)
}

func (l slowLog) ReadStream(ctx context.Context, stream string) ([]domain.Entry, error) {
	entries, err := l.EventLog.ReadStream(ctx, stream)
	l.read(stream)
	return entries, err
}

func TestAHoldThatIsPlacedWhileTheDriverReadsItIsHeeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := w.onboard(request(1, trustedID, "a@ent.example"))
		of, d, placed := hold.Scope{Kind: hold.Partner}, &commands.Driver{Sole: true, Log: slog.New(slog.DiscardHandler)}, false
		d.Open = func(_ context.Context, yield func(string)) error {
			yield(domain.StreamOf(subscriber.Kind, id))
			return nil
		}
		d.Service = w.serviceOn(slowLog{w.log, func(stream string) {
			if stream != hold.Stream(nordic, of) || placed {
				return
			}
			placed = true
			_, _, err := w.service.PlaceHold(t.Context(), of, "Webex is in maintenance", cause(nordic))
			require.NoError(t, err)
			d.Wake(stream)
		}})
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
		defer stop()
		require.NoError(t, d.Run(ctx))
		require.True(t, placed)
		require.Zero(t, w.webex.writes)
	})
}

func TestAPauseThatWebexAskedForOutlastsTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.answer = func(string, int) fault {
			return fault{err: &commands.WebexError{Outcome: commands.NotDone, Status: 429, RetryAfter: 2 * time.Minute}}
		}
		first := w.many(0, 1, trustedID, "SP1+acme")
		w.drive(w.log, true, first, 10*time.Second)
		asked := w.webex.calls[0]
		w.webex.answer = nil
		all := append(first, w.many(1, 5, trustedID, "SP1+acme")...)
		w.drive(w.log, true, all, 5*time.Minute)
		require.Equal(t, 5, w.count(all, webex.Provisioned))
		require.GreaterOrEqual(t, w.webex.calls[1].Sub(asked), 2*time.Minute)
	})
}

func TestAPauseThatAReaderWasAskedForOutlastsTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.webex.delay = time.Minute
		w.webex.noPages = &commands.WebexError{Outcome: commands.NotDone, Status: 429, RetryAfter: 2 * time.Minute}
		users := w.many(0, 5, trustedID, "SP1+acme")
		w.drive(w.log, true, users, 20*time.Second)
		require.Equal(t, 1, w.webex.pages)
		asked := w.webex.calls[len(w.webex.calls)-1]
		before := len(w.webex.calls)
		w.webex.noPages = nil
		users = append(users, w.many(5, 10, trustedID, "SP1+acme")...)
		w.drive(w.log, true, users, 5*time.Minute)
		require.Equal(t, 10, w.count(users, webex.Provisioned))
		require.GreaterOrEqual(t, w.webex.calls[before].Sub(asked), 2*time.Minute)
	})
}

func TestWhoeverWaitsGoesBeforeWhoeverDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.service.Lanes = &commands.Lanes{InFlight: 1}
		w.webex.slowWrite = 100 * time.Millisecond
		rows := w.many(0, 300, trustedID, "SP1+acme")
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
		defer stop()
		d := &commands.Driver{Service: w.service, Sole: true, Log: slog.New(slog.DiscardHandler), Open: func(_ context.Context, yield func(string)) error {
			for _, id := range rows {
				yield(domain.StreamOf(subscriber.Kind, id))
			}
			return nil
		}}
		go func() {
			time.Sleep(5 * time.Second)
			why := cause(nordic)
			why.Role = domain.RoleSubscriber
			id, _, err := w.service.OnboardSubscriber(ctx, request(999, trustedID, "p@ent.example"), why)
			require.NoError(t, err)
			d.Wake(domain.StreamOf(subscriber.Kind, id))
			asked := time.Now()
			for w.state(id).Status() != webex.Provisioned && ctx.Err() == nil {
				time.Sleep(100 * time.Millisecond)
			}
			require.Less(t, time.Since(asked), 6*time.Second)
			require.Less(t, w.count(rows, webex.Provisioned), 200, "while the others still wait")
			stop()
		}()
		require.NoError(t, d.Run(ctx))
	})
}
