package brake_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"ledgerline/domain"
	"ledgerline/domain/brake"
	"ledgerline/domain/domaintest"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first  = uuid.MustParse("00000000-0000-4000-8000-000000000001")
	second = uuid.MustParse("00000000-0000-4000-8000-000000000002")
)

func reserved(plan uuid.UUID, n int) brake.Reserved {
	return brake.Reserved{Plan: plan, Customer: "SP1+acme", N: n, Users: 1000, At: noon}
}

func TestReserve(t *testing.T) {
	approved, small := reserved(second, 500), reserved(first, 3)
	approved.Second, small.Users = true, 14
	smaller, tomorrow := small, reserved(second, 50)
	smaller.N, tomorrow.At = 2, noon.Add(brake.Window)
	domaintest.Run(t, brake.Decider, []domaintest.Case[brake.Reserve]{
		{Name: "up to 50 users are taken away", When: brake.Reserve{Reserved: reserved(first, 50)}, Then: []domain.Event{reserved(first, 50)}},
		{Name: "51 are too many", When: brake.Reserve{Reserved: reserved(first, 51)}, Err: brake.ErrOver},
		{Name: "all plans of a day count together", Given: []domain.Event{reserved(first, 45)}, When: brake.Reserve{Reserved: reserved(second, 6)}, Err: brake.ErrOver},
		{Name: "up to 50", Given: []domain.Event{reserved(first, 45)}, When: brake.Reserve{Reserved: reserved(second, 5)}, Then: []domain.Event{reserved(second, 5)}},
		{Name: "a day later they do not", Given: []domain.Event{reserved(first, 45)}, When: brake.Reserve{Reserved: tomorrow}, Then: []domain.Event{tomorrow}},
		{Name: "a plan asks once", Given: []domain.Event{reserved(first, 45)}, When: brake.Reserve{Reserved: reserved(first, 45)}},
		{Name: "again when it goes on another day", Given: []domain.Event{reserved(second, 45)}, When: brake.Reserve{Reserved: tomorrow}, Then: []domain.Event{tomorrow}},
		{Name: "and gets what it lacks", Given: []domain.Event{reserved(first, 20)}, When: brake.Reserve{Reserved: reserved(first, 25)}, Then: []domain.Event{reserved(first, 5)}},
		{Name: "of a small customer, a fifth", When: brake.Reserve{Reserved: smaller}, Then: []domain.Event{smaller}},
		{Name: "is the limit", When: brake.Reserve{Reserved: small}, Err: brake.ErrOver},
		{Name: "a second administrator lets any number through", When: brake.Reserve{Reserved: approved}, Then: []domain.Event{approved}},
		{Name: "which does not count for others", Given: []domain.Event{approved}, When: brake.Reserve{Reserved: reserved(first, 50)}, Then: []domain.Event{reserved(first, 50)}},
	})
}

func TestNeverMoreThanTheLimitIsLetThroughInADay(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var s brake.State
		var events []domain.Event
		at := noon
		for range rapid.IntRange(1, 40).Draw(r, "asked") {
			at = at.Add(time.Duration(rapid.IntRange(0, 6*60).Draw(r, "minutes")) * time.Minute)
			c := reserved(uuid.NewSHA1(uuid.Nil, []byte{byte(rapid.IntRange(0, 20).Draw(r, "plan"))}), rapid.IntRange(1, 60).Draw(r, "n"))
			c.At = at
			domaintest.Laws(r, brake.Decider, events, brake.Reserve{Reserved: c})
			more, _ := brake.Decide(s, brake.Reserve{Reserved: c})
			for _, e := range more {
				s, events = brake.Evolve(s, e), append(events, e)
			}
			taken := 0
			for _, e := range events {
				if e := e.(brake.Reserved); e.At.After(at.Add(-brake.Window)) {
					taken += e.N
				}
			}
			require.LessOrEqual(r, taken, brake.Most)
		}
	})
}

func TestEventsAreReadAsTheyWereStored(t *testing.T) {
	e := reserved(first, 5)
	e.Second = true
	domaintest.Golden(t, brake.Events, e)
	domaintest.Personal(t, brake.Events)
}
