package commands_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/drift"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// TestWhateverDriftsComesTogetherAgain lets Webex and the ledger drift by chance,
// scans and settles with programs that die and lists that are read badly, and sees
// that both sides are alike in the end, with nothing done before it was approved.
func TestWhateverDriftsComesTogetherAgain(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { drifts(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func drifts(t *testing.T, chance *rand.Rand) {
	w := newDriftWorld(t)
	ids := w.provisioned(8)
	failing := map[string]bool{}
	w.webex.final = func(r webex.Subscriber) webex.Subscriber {
		if failing[r.ID] {
			r.Status, r.PersonID = webex.Failed, ""
		}
		return r
	}
	w.list.listed = func(all []webex.Subscriber) []webex.Subscriber {
		if len(all) > 2 && chance.IntN(2) == 0 {
			i := chance.IntN(len(all) - 1)
			all = slices.Delete(slices.Clone(all), i, i+1) // skipped
		}
		if len(all) > 0 && chance.IntN(2) == 0 {
			all = append(slices.Clone(all), all[chance.IntN(len(all))]) // repeated
		}
		return all
	}
	w.list.unread = func(int) error {
		if chance.IntN(6) == 0 {
			return unavailable(time.Duration(chance.IntN(20)) * time.Second)
		}
		return nil
	}
	for n := range chance.IntN(7) {
		w.drifts(chance, n, failing)
	}
	everybody := slices.Clone(ids)
	for n := range 7 {
		everybody = append(everybody, subscriber.ID(nordic, fmt.Sprintf("new%d@as0.example", n)), subscriber.ID(nordic, fmt.Sprintf("moved%d@as0.example", n)))
	}
	for round := 0; ; round++ {
		require.Less(t, round, 10, "it does not come together")
		w.webex.writes = 0
		id := w.scanWhateverHappens(chance)
		require.Zero(t, w.webex.writes, "nothing is done that nobody approved")
		s := w.drift(id)
		if s.Len() == 0 && s.Counts.InMotion == 0 {
			if w.list.listed == nil {
				break
			}
			w.list.listed = nil // a list that skips what nobody knows of hides it
		}
		if chance.IntN(3) == 0 { // somebody is busy meanwhile
			_, err := w.service.ChangeSubscriber(t.Context(), commands.ChangeSubscriber{ID: ids[chance.IntN(len(ids))], Package: ptr("softphone")}, cause(nordic))
			if err != nil {
				require.ErrorIs(t, err, subscriber.ErrNotFound)
			}
		}
		if s.Phase == drift.Ready {
			actions := map[drift.Kind]drift.Action{}
			for _, kind := range drift.Kinds {
				actions[kind] = kind.Actions()[chance.IntN(max(1, len(kind.Actions())-1))]
			}
			_, err := w.service.ApproveDrift(t.Context(), commands.ApproveDrift{Scan: id, Kinds: actions}, cause(nordic))
			require.NoError(t, err)
			w.watch(crashLog{w.log, &crash{left: 1 + chance.IntN(12), after: chance.IntN(2) == 0}}, 0, time.Minute)
			w.watch(w.log, 0, time.Hour)
			require.Equal(t, drift.Over, w.drift(id).Phase)
		}
		clear(failing) // somebody mends it there
		w.drive(w.log, true, everybody, time.Hour)
		for _, user := range everybody {
			if w.state(user).Status() == webex.Failed {
				_, _ = w.service.RetryActivation(t.Context(), commands.RetryActivation{ID: user}, cause(nordic))
			}
		}
		w.drive(w.log, true, everybody, time.Hour)
	}
	w.alike(everybody)
}

// drifts changes something at Webex behind the back of the ledger.
func (w *driftWorld) drifts(chance *rand.Rand, n int, failing map[string]bool) {
	all := slices.Sorted(maps.Keys(w.webex.records))
	id := all[chance.IntN(len(all))]
	r := w.webex.records[id]
	switch chance.IntN(7) {
	case 0:
		delete(w.webex.records, id)
		return
	case 1:
		r.Package = "premium"
	case 2:
		r.LastName = fmt.Sprintf("Name%d", n)
	case 3:
		r.UserID = fmt.Sprintf("moved%d@as0.example", n)
	case 4:
		failing[id] = true
	case 5:
		delete(w.webex.records, id) // replaced
		r.ID = fmt.Sprintf("replaced-%d", n)
		w.webex.done[r.ID] = w.webex.done[id]
		id = r.ID
	case 6:
		w.stranger(fmt.Sprintf("webex-new%d", n), fmt.Sprintf("new%d@as0.example", n), webex.Provisioned)
		return
	}
	w.webex.records[id] = r
}

// scanWhateverHappens scans with programs that may die until one does not.
func (w *driftWorld) scanWhateverHappens(chance *rand.Rand) uuid.UUID {
	for {
		id, _, err := w.service.StartDriftScan(w.t.Context(), commands.StartDriftScan{}, cause(nordic))
		require.NoError(w.t, err)
		if chance.IntN(2) == 0 {
			w.watch(crashLog{w.log, &crash{left: 1 + chance.IntN(5), after: chance.IntN(2) == 0}}, 0, 5*time.Minute)
		}
		w.watch(w.log, 0, 3*time.Hour)
		switch s := w.drift(id); s.Phase {
		case drift.Ready, drift.Over:
			return id
		default:
			require.Equal(w.t, drift.Failed, s.Phase)
		}
	}
}

// alike checks that every user here has one record at Webex, with the same values,
// and that no record is left over.
func (w *driftWorld) alike(users []uuid.UUID) {
	left := maps.Clone(w.webex.records)
	for _, id := range users {
		s := w.state(id)
		if !s.Here() {
			continue
		}
		r, there := left[s.WebexID]
		require.True(w.t, there, "%s has no record of its own", s.Profile.UserID)
		delete(left, s.WebexID)
		require.Equal(w.t, webex.Provisioned, s.Status(), s.Profile.UserID)
		require.Equal(w.t, s.Profile, r.Profile)
	}
	require.Empty(w.t, left, "records that nobody has")
}
