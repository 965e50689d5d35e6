package effects

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain"
	"ledgerline/domain/subscriber"
)

// activate lets a subscriber come through the activation portal, up to the moment
// from which only the engine and Webex have something to do.
func (w *world) activate(customer string, n int) (user string, done time.Time) {
	why := domain.Cause{Partner: partner, Actor: "token:portal", Role: domain.RoleSubscriber, Surface: domain.SurfaceAPI}
	r := newcomer(customer, untrusted, n)
	id, _, err := w.service.OnboardSubscriber(w.t.Context(), commands.OnboardSubscriber{Request: r, Flow: subscriber.SelfActivation}, why)
	require.NoError(w.t, err)
	_, err = w.service.ValidateEmail(w.t.Context(), commands.ValidateEmail{ID: id, Email: r.Email}, why)
	require.NoError(w.t, err)
	return r.UserID, time.Now()
}

func TestFigureSubscribersDoNotWaitForAnImport(t *testing.T) {
	inWorld(t, limited(), func(w *world) {
		w.importFile("acme", *rows)
		acknowledged := map[string]time.Time{}
		imported := func(s sent) bool { return s.post() && s.of == "acme" }
		for n := 0; count(w.wire.log(), imported) < *rows; n++ {
			user, at := w.activate("birch", n)
			acknowledged[user] = at
			time.Sleep(time.Second)
		}
		w.settle(func() bool { return true })
		var waits []time.Duration
		for _, s := range w.wire.log() {
			if at, ours := acknowledged[s.user]; ours && s.post() {
				waits = append(waits, s.at.Sub(at))
				delete(acknowledged, s.user)
			}
		}
		slices.Sort(waits)
		p50, p95, worst := waits[len(waits)/2], waits[len(waits)*95/100], waits[len(waits)-1]
		w.t.Logf("%d subscribers during an import of %d rows waited: p50 %v, p95 %v, worst %v", len(waits), *rows, p50, p95, worst)
		require.Empty(w.t, acknowledged, "subscribers who never reached Webex")
		require.Less(w.t, p95, 5*time.Second)
	})
}

func TestFigureTwoCustomersWhoImportAtOnceShareTheRate(t *testing.T) {
	inWorld(t, limited(), func(w *world) {
		w.importFile("acme", *rows)
		time.Sleep(warmUp)
		began := time.Now()
		w.importFile("birch", *rows/2)
		w.settle(func() bool { return true })
		posts := map[string]int{} // while both have something to send
		for _, s := range w.wire.log() {
			if s.at.After(began) && s.post() && posts["birch"] < *rows/2 {
				posts[s.of]++
			}
		}
		share := float64(posts["birch"]) / float64(posts["birch"]+posts["acme"])
		w.t.Logf("of %d requests while both had work the later and smaller import got %.1f %%", posts["birch"]+posts["acme"], 100*share)
		require.Less(w.t, posts["acme"], *rows, "the larger import had work until the end")
		require.InDelta(w.t, 0.5, share, 0.05)
	})
}
