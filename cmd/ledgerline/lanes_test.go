package main

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const oneLane = `{"items":[{"family":"subscribers","rate":100,"measured":9.876,"granted":0,"circuit":{"state":"open"},"note":"Webex has not answered since 12:00:00 UTC.",
	"inFlight":3,"calls":1200,"tooMuch":4,"broken":5,"waiting":[{"class":"import","calls":5000,"eta":130,"customers":[
	{"customer":"a","calls":3000},{"customer":"b","calls":1000},{"customer":"c","calls":900},{"customer":"d","calls":100}]}]}]}`

func TestLanesAreShownAsTables(t *testing.T) {
	f := newFake(t, map[string]http.HandlerFunc{"GET /api/webex/lanes": says(200, oneLane)})
	got := f.run(t, "webex", "lanes")
	require.Equal(t, exitDone, got.code, got.talk)
	require.Equal(t, `LANE         RATE   MEASURED  GRANTED    CIRCUIT  UNDER WAY  CALLS  TOO MANY  UNANSWERED
subscribers  100/s  9.9/s     not known  open     3          1200   4         5

LANE         CLASS   WAITING  ABOUT  CUSTOMERS
subscribers  import  5000     3 min  a 3000, b 1000, c 900, ...

subscribers: Webex has not answered since 12:00:00 UTC.
`, got.out)
	require.JSONEq(t, oneLane, f.run(t, "webex", "lanes", "--json").out)

	f.answers["GET /api/webex/lanes"] = says(200, `{"items":[]}`)
	require.Contains(t, f.run(t, "webex", "lanes").talk, "Nothing has been asked of Webex since the server started.")
}

// inside is a cli on a handler in this process, so that its time can be virtual.
func inside(ctx context.Context, h http.Handler) (c *cli, out, talk *bytes.Buffer) {
	out, talk = &bytes.Buffer{}, &bytes.Buffer{}
	api := &client{http: &http.Client{Transport: inProcess{h}}, base: "http://ledgerline", token: "llt_secret"}
	return &cli{client: api, ctx: ctx, data: "./data", out: bufio.NewWriter(out), talk: talk}, out, talk
}

func TestLanesAreWatchedEachSecondUntilCtrlC(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer stop()
		f := &fake{answers: map[string]http.HandlerFunc{"GET /api/webex/lanes": says(200, oneLane)}}
		c, out, _ := inside(ctx, f)
		require.NoError(t, c.watch(c.showLanes))
		require.Len(t, f.asked, 4)
		require.Equal(t, 4, strings.Count(out.String(), "9.9/s"))
		require.NotContains(t, out.String(), "\x1b")

		screen, shown, _ := inside(ctx, f)
		screen.screen = true
		require.NoError(t, screen.watch(func() error { return nil }))
		require.Equal(t, "\x1b[H\x1b[2J", shown.String())
	})
}

func TestAWatchEndsWhenTheServerDoesNotAnswer(t *testing.T) {
	c, _, _ := inside(t.Context(), &fake{})
	require.Equal(t, exitNotFound, exitCode(c.watch(c.showLanes)))
}

func TestTimesAreToldInWords(t *testing.T) {
	for seconds, want := range map[int]string{0: "a moment", 1: "1 s", 59: "59 s", 60: "1 min", 61: "2 min", 240: "4 min", 7199: "120 min", 7200: "2 h", 7201: "3 h", 172800: "2 days"} {
		require.Equal(t, want, span(seconds))
	}
}
