package commands_test

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog/memory"
	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/drift"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// driftWorld is a world whose Webex can be listed.
type driftWorld struct {
	*world
	list *listWebex
}

func newDriftWorld(t *testing.T) *driftWorld {
	w := newWorld(t)
	return &driftWorld{w, &listWebex{fakeWebex: w.webex}}
}

// users are those who have a record at Webex, from the log.
func (w *driftWorld) users(ctx context.Context, partner string, f drift.Filter, at domain.Position) iter.Seq2[commands.DriftUser, error] {
	return func(yield func(commands.DriftUser, error) bool) {
		of := map[string][]domain.Entry{}
		for entries, err := range w.log.(*memory.Log).ReadAll(ctx, 0) {
			if err != nil {
				yield(commands.DriftUser{}, err)
				return
			}
			for _, e := range entries {
				if strings.HasPrefix(e.Stream, "subscriber-") && e.Position <= at {
					of[e.Stream] = append(of[e.Stream], e)
				}
			}
		}
		for _, stream := range slices.Sorted(maps.Keys(of)) {
			s := subscriber.Decider.Fold(of[stream])
			_, id, _ := domain.SplitStream(stream)
			if s.WebexID == "" || f.SPEnterpriseID != "" && f.SPEnterpriseID != s.SPEnterpriseID {
				continue
			}
			if !yield(commands.DriftUser{ID: id, WebexID: s.WebexID}, nil) {
				return
			}
		}
	}
}

// watch runs a drift driver for a time.
func (w *driftWorld) watch(log commands.EventLog, every, for_ time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), for_)
	defer cancel()
	service := w.serviceOn(log)
	service.Webex = func(string) commands.Webex { return w.list }
	d := &commands.DriftDriver{
		Service: service, Partners: []string{nordic}, Users: w.users, Every: every, Sole: true, Log: slog.New(slog.DiscardHandler),
	}
	require.NoError(w.t, d.Run(ctx))
}

// there changes a record at Webex behind the back of the ledger.
func (w *driftWorld) there(userID string, change func(*webex.Subscriber)) webex.Subscriber {
	w.webex.mu.Lock()
	defer w.webex.mu.Unlock()
	for id, r := range w.webex.records {
		if r.UserID == userID {
			change(&r)
			w.webex.records[id] = r
			return r
		}
	}
	w.t.Fatalf("no record of %s", userID)
	return webex.Subscriber{}
}

func (w *driftWorld) drop(userID string) {
	r := w.there(userID, func(*webex.Subscriber) {})
	delete(w.webex.records, r.ID)
}

// stranger adds a record that the ledger knows nothing of.
func (w *driftWorld) stranger(id, userID string, status webex.Status) {
	w.webex.records[id] = webex.Subscriber{ID: id, Status: status, PersonID: "person-" + userID, Request: webex.Request{
		ProvisioningID: trustedID, SPEnterpriseID: "SP1+acme", Email: "x" + userID,
		Profile: webex.Profile{UserID: userID, FirstName: "Bo", LastName: "Berg", Extension: "2000", Package: "basic"},
	}}
	w.webex.done[id] = time.Now().Add(1000 * time.Hour) // it stays as it is
}

// provisioned onboards users and takes them to Webex.
func (w *driftWorld) provisioned(n int) []uuid.UUID {
	var ids []uuid.UUID
	for i := 1; i <= n; i++ {
		ids = append(ids, w.onboard(request(i, trustedID, fmt.Sprintf("u%d@ent.example", i))))
	}
	w.drive(w.log, true, ids, time.Minute)
	for _, id := range ids {
		require.Equal(w.t, webex.Provisioned, w.state(id).Status())
	}
	w.webex.writes = 0
	return ids
}

// scan asks for a scan and carries it out.
func (w *driftWorld) scan(f drift.Filter) (uuid.UUID, drift.State) {
	id, _, err := w.service.StartDriftScan(w.t.Context(), commands.StartDriftScan{Filter: f}, cause(nordic))
	require.NoError(w.t, err)
	w.watch(w.log, 0, time.Hour)
	return id, w.drift(id)
}

func (w *driftWorld) drift(id uuid.UUID) drift.State {
	entries, err := w.log.ReadStream(context.Background(), drift.Stream(id))
	require.NoError(w.t, err)
	return drift.Decider.Fold(entries)
}

// findings tells them as "kind userId", in order.
func findings(s drift.State) []string {
	var told []string
	for n := 1; n <= s.Len(); n++ {
		f, _ := s.Finding(n)
		v := f.There
		if v == nil {
			v = f.Here
		}
		told = append(told, string(f.Kind)+" "+strings.TrimSuffix(string(v.UserID), "@as0.example"))
	}
	slices.Sort(told)
	return told
}

func (w *driftWorld) approve(id uuid.UUID, req commands.ApproveDrift) {
	req.Scan = id
	_, err := w.service.ApproveDrift(w.t.Context(), req, cause(nordic))
	require.NoError(w.t, err)
	w.watch(w.log, 0, time.Hour)
}

// results tells what became of findings by "kind userId".
func (w *driftWorld) results(id uuid.UUID) map[string]drift.Result {
	s, results := w.drift(id), map[string]drift.Result{}
	for n := 1; n <= s.Len(); n++ {
		f, _ := s.Finding(n)
		v := f.There
		if v == nil {
			v = f.Here
		}
		results[string(f.Kind)+" "+strings.TrimSuffix(string(v.UserID), "@as0.example")] = s.Mark(n).Result
	}
	return results
}

// drifted is a world in which everything that can differ does.
func drifted(t *testing.T) (*driftWorld, []uuid.UUID) {
	w := newDriftWorld(t)
	ids := w.provisioned(12)
	w.drop("user1@as0.example")
	w.there("user2@as0.example", func(r *webex.Subscriber) { r.Package = "premium" })
	w.there("user3@as0.example", func(r *webex.Subscriber) { r.LastName, r.PrimaryPhoneNumber = "Berg", "+46701234567" })
	w.there("user4@as0.example", func(r *webex.Subscriber) { r.UserID = "moved@as0.example" })
	failed := w.there("user5@as0.example", func(*webex.Subscriber) {})
	w.webex.final = func(r webex.Subscriber) webex.Subscriber {
		if r.ID == failed.ID {
			r.Status, r.PersonID, r.Errors = webex.Failed, "", []webex.Error{{Code: 900500, Description: "broken later"}}
		}
		return r
	}
	w.stranger("webex-new", "new@as0.example", webex.Provisioned)
	w.stranger("webex-waits", "waits@as0.example", webex.PendingEmailInput)
	w.stranger("webex-twin", "user6@as0.example", webex.Provisioned)
	w.drop("user7@as0.example")
	w.stranger("webex-again", "user7@as0.example", webex.Provisioned)
	_, err := w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: ids[7], Package: ptr("premium")}, cause(nordic))
	require.NoError(t, err) // under way: not to be judged
	return w, ids
}

var everything = []string{
	"details moved", "details user3", "duplicate user6", "missing user1", "package user2", "status user5", "unknown new", "unknown user7", "unknown waits",
}

func TestAScanFindsEveryDifferenceAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ids := drifted(t)
		id, s := w.scan(drift.Filter{})
		require.Equal(t, drift.Ready, s.Phase)
		require.Equal(t, everything, findings(s))
		require.Equal(t, drift.Counts{Records: 14, Users: 12, InMotion: 1, Kinds: map[drift.Kind]int{
			drift.Details: 2, drift.Duplicate: 1, drift.Missing: 1, drift.Package: 1, drift.Status: 1, drift.Unknown: 3,
		}}, s.Counts)
		require.Zero(t, w.webex.writes)
		for n := 1; n <= s.Len(); n++ {
			f, _ := s.Finding(n)
			switch {
			case f.There != nil && f.There.UserID == "moved@as0.example":
				require.Equal(t, []string{"userId"}, f.Fields)
				require.Equal(t, ids[3], f.Subscriber)
			case f.There != nil && f.There.UserID == "user7@as0.example":
				require.Equal(t, "user7@as0.example#1", f.Replaces)
			case f.There != nil && f.There.UserID == "user3@as0.example":
				require.Equal(t, []string{"lastName", "primaryPhoneNumber"}, f.Fields)
			}
		}
		before := w.state(ids[1])
		w.watch(w.log, 0, 24*time.Hour)
		w.drive(w.log, true, slices.Delete(slices.Clone(ids), 7, 8), time.Hour)
		require.Zero(t, w.webex.writes, "nothing is done that nobody approved")
		require.Equal(t, before, w.state(ids[1]))
		require.Equal(t, drift.Ready, w.drift(id).Phase)
	})
}

func TestWhatIsApprovedIsSettledAndTheNextScanFindsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		kinds  map[drift.Kind]drift.Action
		writes int // to Webex that follow
		left   []string
	}{
		"ours wins": {kinds: map[drift.Kind]drift.Action{
			drift.Missing: drift.Recreate, drift.Unknown: drift.Remove, drift.Package: drift.Push, drift.Details: drift.Push, drift.Status: drift.Follow, drift.Duplicate: drift.Ignore,
		}, writes: 1 + 3 + 1 + 2, left: []string{"duplicate user6"}},
		"theirs wins": {kinds: map[drift.Kind]drift.Action{
			drift.Missing: drift.Accept, drift.Unknown: drift.Adopt, drift.Package: drift.Take, drift.Details: drift.Take, drift.Status: drift.Follow, drift.Duplicate: drift.Ignore,
		}, left: []string{"duplicate user6", "unknown waits"}},
		"nothing is done": {kinds: map[drift.Kind]drift.Action{
			drift.Missing: drift.Ignore, drift.Unknown: drift.Ignore, drift.Package: drift.Ignore, drift.Details: drift.Ignore, drift.Status: drift.Ignore, drift.Duplicate: drift.Ignore,
		}, left: everything},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, ids := drifted(t)
				w.drive(w.log, true, ids[7:8], time.Minute)
				w.webex.writes = 0
				id, _ := w.scan(drift.Filter{})
				w.approve(id, commands.ApproveDrift{Kinds: c.kinds})
				require.Equal(t, drift.Over, w.drift(id).Phase)
				require.Zero(t, w.webex.writes, "requests are the driver's alone")
				for _, stranger := range []string{"new", "waits"} {
					ids = append(ids, subscriber.ID(nordic, stranger+"@as0.example"))
				}
				w.drive(w.log, true, ids, time.Hour)
				require.Equal(t, c.writes, w.webex.writes)
				_, s := w.scan(drift.Filter{})
				require.Equal(t, c.left, findings(s))
			})
		})
	}
}

func TestTheirUserIDIsTakenWithItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ids := drifted(t)
		id, _ := w.scan(drift.Filter{})
		w.approve(id, commands.ApproveDrift{Kinds: map[drift.Kind]drift.Action{drift.Details: drift.Take}})
		require.Equal(t, "moved@as0.example", w.state(ids[3]).Profile.UserID)
		require.Equal(t, webex.Provisioned, w.state(ids[3]).Status())
		require.Equal(t, ids[3], w.state(subscriber.ID(nordic, "moved@as0.example")).Claimed)
	})
}

func TestAUserOrRecordThatChangedSinceTheScanIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, ids := drifted(t)
		id, _ := w.scan(drift.Filter{})
		_, err := w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: ids[1], Package: ptr("softphone")}, cause(nordic))
		require.NoError(t, err)
		w.there("user3@as0.example", func(r *webex.Subscriber) { r.LastName = "Lind" })
		delete(w.webex.records, "webex-new")
		w.stranger("user1@as0.example#1", "user1@as0.example", webex.Provisioned)
		versions := w.state(ids[1])
		w.approve(id, commands.ApproveDrift{All: true})
		got := w.results(id)
		for _, name := range []string{"package user2", "details user3", "unknown new", "missing user1"} {
			require.Equal(t, drift.Held, got[name], name)
		}
		require.Equal(t, drift.Done, got["status user5"])
		require.Equal(t, versions, w.state(ids[1]), "nothing is overwritten")
	})
}

func TestARuleThatSaysNoIsTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := drifted(t)
		id, s := w.scan(drift.Filter{})
		for n := 1; n <= s.Len(); n++ {
			if f, _ := s.Finding(n); f.There != nil && f.There.UserID == "waits@as0.example" {
				w.approve(id, commands.ApproveDrift{Findings: map[int]drift.Action{n: drift.Adopt}})
			}
		}
		require.Equal(t, drift.Refused, w.results(id)["unknown waits"])
	})
}

func TestWhatTheListSkipsOrRepeatsIsNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDriftWorld(t)
		w.provisioned(12)
		w.list.listed = func(all []webex.Subscriber) []webex.Subscriber {
			return slices.Concat(all[:2], all[1:6], all[9:], all[:1]) // some twice, some never
		}
		_, s := w.scan(drift.Filter{})
		require.Equal(t, drift.Over, s.Phase, "nothing was found")
		require.Equal(t, drift.Counts{Records: 12, Users: 12}, s.Counts)

		w.stranger("a-new", "new@as0.example", webex.Provisioned) // the first of the list, and the last
		_, s = w.scan(drift.Filter{})
		require.Equal(t, []string{"unknown new"}, findings(s))
		require.Equal(t, 13, s.Counts.Records)
	})
}

func TestAUserWhoChangesDuringTheScanIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDriftWorld(t)
		ids := w.provisioned(12)
		w.list.unread = func(page int) error { // an update is done while the list still shows what was before
			if page != 2 {
				return nil
			}
			stream := domain.StreamOf(subscriber.Kind, ids[4])
			entries, err := w.log.ReadStream(t.Context(), stream)
			require.NoError(t, err)
			why, now := cause(nordic), time.Now()
			why.Command = uuid.New()
			_, err = w.log.Append(t.Context(), stream, len(entries), why, subscriber.PackageChanged{Package: "premium", At: now},
				subscriber.RequestStarted{Kind: subscriber.Update, Attempt: 1, TrackingID: "t", At: now},
				subscriber.RequestAccepted{Kind: subscriber.Update, At: now}, subscriber.Updated{At: now})
			require.NoError(t, err)
			return nil
		}
		_, s := w.scan(drift.Filter{})
		require.Equal(t, drift.Counts{Records: 12, Users: 12, InMotion: 1}, s.Counts)
	})
}

func TestAScanOfSomeUsersLooksAtNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDriftWorld(t)
		w.provisioned(3)
		w.drop("user1@as0.example")
		w.stranger("webex-new", "new@as0.example", webex.Provisioned)
		_, s := w.scan(drift.Filter{SPEnterpriseID: "SP2+none"})
		require.Equal(t, drift.Counts{}, s.Counts)
		_, s = w.scan(drift.Filter{SPEnterpriseID: "SP1+acme"})
		require.Equal(t, []string{"missing user1", "unknown new"}, findings(s))
	})
}

func unavailable(after time.Duration) error {
	return &commands.WebexError{Outcome: commands.Unknown, Status: 503, RetryAfter: after, Message: "Jane Doe is unavailable", TrackingID: "T1"}
}

func TestAnOutageInTheMiddleIsWaitedForOrBreaksTheScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := drifted(t)
		w.list.unread = func(page int) error {
			if page >= 3 && page < 9 {
				return unavailable(0)
			}
			return nil
		}
		_, s := w.scan(drift.Filter{})
		require.Equal(t, everything, findings(s), "the page is read again")

		w.list.unread = func(page int) error {
			if page > 12 {
				return unavailable(time.Second)
			}
			return nil
		}
		id, s := w.scan(drift.Filter{})
		require.Equal(t, drift.Failed, s.Phase)
		require.Contains(t, s.Reason, "status 503, tracking id T1")
		require.NotContains(t, s.Reason, "Jane", "words of Webex may be about somebody")
		require.NotContains(t, findings(s), "missing user1", "who is missing is not told from half a list")
		_, err := w.service.ApproveDrift(t.Context(), commands.ApproveDrift{Scan: id, All: true}, cause(nordic))
		require.ErrorIs(t, err, drift.ErrBroken)
	})
}

func TestAScanThatWaitsForWebexIsNotTakenForDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDriftWorld(t)
		w.provisioned(3)
		w.list.unread = func(page int) error { return unavailable(10 * time.Minute) }
		first, _, err := w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, cause(nordic))
		require.NoError(t, err)
		go w.watch(w.log, 0, 3*time.Hour)
		for range 8 {
			time.Sleep(11 * time.Minute)
			_, _, err = w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, cause(nordic))
			require.ErrorIs(t, err, drift.ErrRunning)
		}
		time.Sleep(time.Hour)
		require.Equal(t, drift.Failed, w.drift(first).Phase)
		require.Equal(t, 10, w.list.pages)
		time.Sleep(time.Hour)
	})
}

func TestAListOfSomebodyElseIsNotJudged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDriftWorld(t)
		w.provisioned(12)
		clear(w.webex.records)
		_, s := w.scan(drift.Filter{})
		require.Equal(t, drift.Failed, s.Phase)
		require.Contains(t, s.Reason, "none of the 12 users")
	})
}

func TestScansAreDueByWhatIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDriftWorld(t)
		w.provisioned(3)
		w.watch(w.log, 24*time.Hour, time.Hour)
		require.Equal(t, 1, w.list.pages, "at once if there was none")
		w.watch(w.log, 24*time.Hour, 10*time.Hour)
		w.watch(w.log, 24*time.Hour, 10*time.Hour)
		require.Equal(t, 1, w.list.pages, "a program that starts anew does not scan anew")
		w.watch(w.log, 24*time.Hour, 24*time.Hour)
		require.Equal(t, 2, w.list.pages)
		w.watch(w.log, 0, 100*time.Hour)
		require.Equal(t, 2, w.list.pages)
	})
}

func TestALaterScanReplacesWhatWasNotApproved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := drifted(t)
		first, _ := w.scan(drift.Filter{})
		some, _ := w.scan(drift.Filter{SPEnterpriseID: "SP1+acme"})
		require.Equal(t, drift.Ready, w.drift(first).Phase, "a scan of some does not replace one of all")
		last, _ := w.scan(drift.Filter{})
		require.Equal(t, []drift.Phase{drift.Over, drift.Over, drift.Ready}, []drift.Phase{w.drift(first).Phase, w.drift(some).Phase, w.drift(last).Phase})
		_, err := w.service.ApproveDrift(t.Context(), commands.ApproveDrift{Scan: first, All: true}, cause(nordic))
		require.ErrorIs(t, err, drift.ErrClosed)
	})
}

func TestOneScanAtATimeAndOneForEachCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newDriftWorld(t)
		why := cause(nordic)
		why.Command = uuid.New()
		first, _, err := w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, why)
		require.NoError(t, err)
		again, r, err := w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, why)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.False(t, r.Changed)
		_, _, err = w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, cause(nordic))
		require.ErrorIs(t, err, drift.ErrRunning)
		_, err = w.service.ApproveDrift(t.Context(), commands.ApproveDrift{Scan: first, All: true}, cause(nordic))
		require.ErrorIs(t, err, drift.ErrNotFinished)
		_, err = w.service.ApproveDrift(t.Context(), commands.ApproveDrift{Scan: first, All: true}, cause("another"))
		require.ErrorIs(t, err, commands.ErrOtherPartner)
		w.watch(w.log, 0, time.Minute)
		_, _, err = w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, cause(nordic))
		require.NoError(t, err)
	})
}

// TestAProgramThatIsKilledInTheMiddleLeavesNothingUndoneOrDoneTwice kills the
// program at each of its appends, before or after it was carried out.
func TestAProgramThatIsKilledInTheMiddleLeavesNothingUndoneOrDoneTwice(t *testing.T) {
	for n := 1; n <= 16; n++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("at append %d, carried out %t", n, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w, ids := drifted(t)
					w.drive(w.log, true, ids[7:8], time.Minute)
					w.webex.writes = 0
					w.watch(crashLog{w.log, &crash{left: n, after: after}}, 24*time.Hour, time.Minute)
					w.watch(w.log, 24*time.Hour, 2*time.Hour) // goes on, or begins anew
					watch, err := w.log.ReadStream(t.Context(), drift.WatchStream(nordic))
					require.NoError(t, err)
					state := drift.WatchDecider.Fold(watch)
					require.Len(t, state.Open, 1)
					id := state.Last
					require.Equal(t, everything, findings(w.drift(id)))

					_, err = w.service.ApproveDrift(t.Context(), commands.ApproveDrift{Scan: id, All: true}, cause(nordic))
					require.NoError(t, err)
					w.watch(crashLog{w.log, &crash{left: n, after: after}}, 0, time.Minute)
					w.watch(w.log, 0, time.Hour)
					require.Equal(t, drift.Over, w.drift(id).Phase)
					ids = append(ids, subscriber.ID(nordic, "new@as0.example"))
					w.drive(w.log, true, ids, time.Hour)
					require.Equal(t, 1+1+2, w.webex.writes, "one recreated, three updated; once each")
					for name, result := range w.results(id) {
						require.Contains(t, []drift.Result{drift.Done, drift.Ignored}, result, name)
					}
				})
			})
		}
	}
}

func TestAScanOfAProgramThatDiedCanBeStartedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := drifted(t)
		first, _, err := w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, cause(nordic))
		require.NoError(t, err)
		w.watch(crashLog{w.log, &crash{left: 2}}, 0, time.Minute) // dies after it has taken the scan up
		require.Equal(t, drift.Reading, w.drift(first).Phase)
		_, _, err = w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, cause(nordic))
		require.ErrorIs(t, err, drift.ErrRunning, "nobody can tell yet")
		w.watch(w.log, 0, time.Second)
		require.Equal(t, drift.Failed, w.drift(first).Phase, "the next program on this log can")
		require.Equal(t, "Ledgerline stopped before the scan was done. Scan again.", w.drift(first).Reason)

		second, _, err := w.service.StartDriftScan(t.Context(), commands.StartDriftScan{}, cause(nordic))
		require.NoError(t, err)
		w.watch(crashLog{w.log, &crash{left: 2}}, 0, time.Minute)
		time.Sleep(time.Hour)
		_, s := w.scan(drift.Filter{})
		require.Equal(t, everything, findings(s))
		require.Equal(t, drift.Failed, w.drift(second).Phase, "who recorded nothing for so long is dead")
	})
}
