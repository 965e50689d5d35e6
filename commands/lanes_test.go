package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/pace"
)

var acmeUsers = Lane{"acme", Subscribers}

// order is whose turn it was, one after the other.
type order struct {
	mu    sync.Mutex
	names []string
}

func (o *order) add(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names = append(o.names, name)
}

func (o *order) list() []string {
	synctest.Wait() // whoever has a turn at this instant has had it
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.names)
}

// inLine puts calls in line that note their turn and are answered well at once.
func inLine(l *Lanes, class Class, customer string, n int, turns *order) (tickets []*ticket) {
	for range n {
		tickets = append(tickets, l.line(acmeUsers, class, customer, func(t *turn) {
			turns.add(customer)
			t.answered(nil)
		}))
	}
	return tickets
}

func TestTheMoreUrgentClassGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, turns := &Lanes{InFlight: 1}, &order{}
		l.park(acmeUsers, time.Second)
		for class := Report; class >= Portal; class-- {
			inLine(l, class, class.String(), 2, turns)
		}
		time.Sleep(time.Minute)
		require.Equal(t, "portal portal admin admin api api import import report report", strings.Join(turns.list(), " "))
	})
}

func TestCustomersOfOneClassTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, turns := &Lanes{InFlight: 1}, &order{}
		l.park(acmeUsers, time.Second)
		inLine(l, Import, "a", 1000, turns)
		inLine(l, Import, "b", 1000, turns)
		inLine(l, Import, "c", 10, turns)
		time.Sleep(time.Hour)
		require.Equal(t, strings.Repeat("a b c ", 10)+strings.TrimSpace(strings.Repeat("a b ", 990)), strings.Join(turns.list(), " "))
	})
}

func TestWhoComesLaterDoesNotWaitForAllOfOneCustomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, turns := &Lanes{InFlight: 1}, &order{}
		inLine(l, Import, "a", 1000, turns)
		time.Sleep(time.Second + time.Microsecond)
		before := len(turns.list())
		require.Less(t, before, 900)
		inLine(l, Import, "b", 1, turns)
		time.Sleep(time.Minute)
		require.Contains(t, turns.list()[before:before+2], "b")
	})
}

func TestACallThatIsCancelledIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, turns := &Lanes{InFlight: 1}, &order{}
		l.park(acmeUsers, time.Second)
		a := inLine(l, Import, "a", 3, turns)
		b := inLine(l, Import, "b", 1, turns)
		require.True(t, a[0].cancel())
		require.False(t, a[0].cancel())
		require.True(t, b[0].cancel())
		require.Equal(t, []Backlog{{Class: Import, Calls: 2, Wait: l.States("acme")[0].Waiting[0].Wait, Customers: map[string]int{"a": 2}}}, l.States("acme")[0].Waiting)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"a", "a"}, turns.list())
		require.False(t, a[1].cancel(), "its turn has come")
		require.Empty(t, l.States("acme")[0].Waiting)
		inLine(l, Import, "b", 1, turns)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"a", "a", "b"}, turns.list())
	})
}

func TestATurnThatIsGivenBackIsSomebodyElses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, turns := &Lanes{InFlight: 1}, &order{}
		first, err := l.enter(t.Context(), acmeUsers, Admin, "a")
		require.NoError(t, err)
		inLine(l, Import, "b", 1, turns)
		time.Sleep(time.Minute)
		require.Empty(t, turns.list())
		first.end()
		first.end()
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b"}, turns.list())
		require.Zero(t, l.States("acme")[0].InFlight)
	})
}

func TestOnlySoManyCallsAreUnderWayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Lanes{InFlight: 3}
		granted := make(chan *turn, 10)
		for range 10 {
			l.line(acmeUsers, Import, "a", func(t *turn) { granted <- t })
		}
		for left := 10; left > 0; left-- {
			time.Sleep(time.Minute)
			require.Len(t, granted, min(3, left))
			require.Equal(t, min(3, left), l.States("acme")[0].InFlight)
			(<-granted).answered(nil)
		}
	})
}

func TestNobodyCallsWhileWebexWantsToBeLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, turns := &Lanes{InFlight: 1}, &order{}
		first, err := l.enter(t.Context(), acmeUsers, Admin, "a")
		require.NoError(t, err)
		inLine(l, Portal, "b", 1, turns)
		pause := first.answered(&WebexError{Outcome: NotDone, Status: 429, RetryAfter: 30 * time.Second})
		require.GreaterOrEqual(t, pause, 30*time.Second)
		require.Equal(t, time.Now().Add(pause), l.parked(acmeUsers))
		for _, elsewhere := range []Lane{{"acme", Emails}, {"beta", Subscribers}} {
			require.Zero(t, l.parked(elsewhere))
			began := time.Now()
			other, err := l.enter(t.Context(), elsewhere, Report, "")
			require.NoError(t, err)
			require.Equal(t, began, time.Now())
			other.answered(nil)
		}
		time.Sleep(pause - time.Millisecond)
		require.Empty(t, turns.list())
		time.Sleep(time.Minute)
		require.Equal(t, []string{"b"}, turns.list())
		require.Zero(t, l.parked(acmeUsers))
	})
}

func TestWaitingForATurnEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Lanes{}
		l.park(acmeUsers, time.Minute)
		ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
		defer stop()
		_, err := l.enter(ctx, acmeUsers, Portal, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Empty(t, l.States("acme")[0].Waiting)
		granted, err := l.enter(t.Context(), acmeUsers, Portal, "a")
		require.NoError(t, err)
		granted.answered(nil)
		require.Zero(t, l.States("acme")[0].InFlight)
	})
}

func TestStatesTellWhoWaitsAndForHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, turns := &Lanes{InFlight: 1}, &order{}
		require.Empty(t, l.States("acme"))
		l.park(Lane{"beta", Subscribers}, time.Second)
		l.park(Lane{"acme", Emails}, time.Second)
		l.park(acmeUsers, 10*time.Second)
		inLine(l, Import, "a", 500, turns)
		inLine(l, Import, "b", 200, turns)
		inLine(l, Admin, "b", 1, turns)

		states := l.States("acme")
		require.Equal(t, []Family{Emails, Subscribers}, []Family{states[0].Family, states[1].Family})
		require.Len(t, l.States(""), 3, "those of all partners")
		users := states[1]
		require.Equal(t, time.Now().Add(10*time.Second), users.ParkedUntil)
		require.Len(t, users.Waiting, 2)
		admin, many := users.Waiting[0], users.Waiting[1]
		require.Equal(t, []Class{Admin, Import}, []Class{admin.Class, many.Class})
		require.Equal(t, []int{1, 700}, []int{admin.Calls, many.Calls})
		require.Equal(t, map[string]int{"a": 500, "b": 200}, many.Customers)
		perCall := time.Duration(float64(time.Second) / users.Rate)
		require.InDelta(t, 10*time.Second+perCall, admin.Wait, float64(time.Millisecond))
		require.InDelta(t, 10*time.Second+701*perCall, many.Wait, float64(time.Millisecond))

		require.Equal(t, many.Wait, l.Expect("acme", Import, 0), "behind what waits already")
		require.InDelta(t, many.Wait+99*perCall, l.Expect("acme", Report, 99), float64(time.Millisecond))
		require.Less(t, l.Expect("acme", Portal, 1), many.Wait)
		require.Equal(t, l.Expect("nobody", Import, 50), (&Service{}).Expect("acme", Import, 50), "nothing is known of either")
		require.Equal(t, many.Wait, (&Service{Lanes: l}).Expect("acme", Import, 0))
	})
}

func TestACircuitIsReportedWhenItOpensAndWhenItIsClosedAgain(t *testing.T) {
	var told []string
	l := &Lanes{Report: func(of Lane, s pace.State) {
		told = append(told, fmt.Sprint(of.Partner, " ", s.Circuit == pace.Closed))
	}}
	at := l.lane(acmeUsers)
	for _, c := range []pace.Circuit{pace.Closed, pace.Open, pace.Open, pace.HalfOpen, pace.Open, pace.HalfOpen, pace.Closed, pace.Closed, pace.HalfOpen} {
		at.report(pace.State{Circuit: c})
	}
	require.Equal(t, []string{"acme false", "acme true", "acme false"}, told)
	(&Lanes{}).lane(acmeUsers).report(pace.State{Circuit: pace.Open}) // nobody asked to be told
}

func TestEveryAnswerIsOfOneKindForThePace(t *testing.T) {
	after := 7 * time.Second
	for _, c := range []struct {
		err  error
		want pace.Reply
	}{
		{nil, pace.Good},
		{&WebexError{Outcome: Refused, Status: 400}, pace.Good},
		{&WebexError{Outcome: Conflict, Status: 409}, pace.Good},
		{&WebexError{Outcome: NotDone, Status: 429, RetryAfter: after}, pace.TooMuch},
		{&WebexError{Outcome: NotDone, Status: 423, RetryAfter: after}, pace.Locked},
		{&WebexError{Outcome: Unknown, Status: 503, RetryAfter: after}, pace.Locked},
		{&WebexError{Outcome: Unknown, Status: 502}, pace.Broken},
		{&WebexError{Outcome: Unknown}, pace.Broken},
		{&WebexError{Outcome: NotDone, RetryAfter: after}, pace.Broken},
		{&WebexError{Outcome: Refused, Status: 401}, pace.NoAccess},
		{context.DeadlineExceeded, pace.Broken},
	} {
		got, wait := replyOf(c.err)
		require.Equal(t, c.want, got, "%v", c.err)
		var e *WebexError
		if e, _ = c.err.(*WebexError); e != nil {
			require.Equal(t, e.RetryAfter, wait)
		}
	}
}
