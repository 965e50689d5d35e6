package pause_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/domain/domaintest"
	"ledgerline/domain/pause"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	paused = pause.Paused{Family: "subscribers", Until: noon.Add(time.Minute), Why: "too much", At: noon}
)

func TestPause(t *testing.T) {
	longer := paused
	longer.Until = noon.Add(time.Hour)
	domaintest.Run(t, pause.Decider, []domaintest.Case[pause.Pause]{
		{Name: "what Webex asks for is kept", When: pause.Pause{Paused: paused}, Then: []domain.Event{paused}},
		{Name: "once", Given: []domain.Event{paused}, When: pause.Pause{Paused: paused}},
		{Name: "a longer one counts", Given: []domain.Event{paused}, When: pause.Pause{Paused: longer}, Then: []domain.Event{longer}},
		{Name: "a shorter one does not", Given: []domain.Event{longer}, When: pause.Pause{Paused: paused}},
	})
}

func TestLanesOfTwoPartnersAreTwo(t *testing.T) {
	require.NotEqual(t, pause.Stream("nordic", "subscribers"), pause.Stream("baltic", "subscribers"))
}

func TestStoredEventsAreReadAsEver(t *testing.T) { domaintest.Golden(t, pause.Events, paused) }

func TestFieldsThatSayWhoSomebodyIsArePersonal(t *testing.T) { domaintest.Personal(t, pause.Events) }
