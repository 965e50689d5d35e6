package main

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// told follows the events that answers tells, until one is called last.
func told(t *testing.T, answer http.HandlerFunc) (events []liveEvent, asked []string, took time.Duration, err error) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: map[string]http.HandlerFunc{"GET /events": answer}}
		c, _, _ := inside(t.Context(), f)
		began := time.Now()
		err = c.follow(t.Context(), "/events", func(e liveEvent) (bool, error) {
			events = append(events, e)
			return e.name == "last", nil
		})
		took = time.Since(began)
		for _, r := range f.asked {
			asked = append(asked, r.Header.Get("Last-Event-ID"))
		}
	})
	return events, asked, took, err
}

func TestEventsAreReadAsTheyAreSent(t *testing.T) {
	events, _, _, err := told(t, says(200, ": alive\n\nid: 1\nevent: a\ndata: x\n\nevent: b\r\ndata:y\r\n\r\nevent: empty\n\nid: 2\nevent: last\ndata: z\n\nid: 3\ndata: never\n\n"))
	require.NoError(t, err)
	require.Equal(t, []liveEvent{{"1", "a", "x"}, {"1", "b", "y"}, {"2", "last", "z"}}, events)
}

func TestEventsGoOnAfterABrokenConnectionWhereTheyWere(t *testing.T) {
	n := 0
	events, asked, took, err := told(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		name := "more"
		if n == 30 {
			name = "last"
		}
		fmt.Fprintf(w, "id: %d\nevent: %s\ndata: x\n\nid: half", n, name)
	})
	require.NoError(t, err)
	require.Len(t, events, 30)
	require.Equal(t, []string{"", "1", "2"}, asked[:3])
	require.Equal(t, 29*againAfter, took)
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	_, asked, _, err := told(t, says(502, ""))
	require.Error(t, err)
	require.Len(t, asked, mostBreaks+1)
	_, asked, _, err = told(t, says(404, `{"detail":"gone"}`))
	require.Equal(t, exitNotFound, exitCode(err))
	require.Len(t, asked, 1)
}

func TestFollowingEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer stop()
		c, _, _ := inside(ctx, &fake{answers: map[string]http.HandlerFunc{"GET /events": says(200, "")}})
		require.ErrorIs(t, c.follow(ctx, "/events", nil), context.DeadlineExceeded)
	})
}
