package simulator_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

var nextLink = regexp.MustCompile(`<http://example.com([^>]+)>; rel="next"`)

// walked follows rel="next" to the end and returns the user ids.
func (w *world) walked(query string) (users []string) {
	for path := "/v1/broadworks/subscribers?" + query; path != ""; {
		r := w.ask("GET", path, "")
		require.Equal(w.t, 200, r.Code)
		for _, item := range r.fields["items"].([]any) {
			users = append(users, item.(map[string]any)["userId"].(string))
		}
		path = ""
		for _, link := range nextLink.FindAllStringSubmatch(r.Header().Get("Link"), -1) {
			path = link[1]
		}
	}
	return users
}

func TestPagesShiftWhileTheyAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		turn func(*knobs)
		want []string
	}{
		"still":  {func(*knobs) {}, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}},
		"skip":   {func(k *knobs) { k.PageSkip = 1 }, []string{"0", "1", "2", "4", "5", "6", "8", "9"}},
		"repeat": {func(k *knobs) { k.PageRepeat = 1 }, []string{"0", "1", "2", "2", "3", "4", "4", "5", "6", "6", "7", "8", "8", "9"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.turn)
			for i := range 10 {
				w.settled(strconv.Itoa(i))
			}
			require.Equal(t, c.want, w.walked("max=3"))
		})
	}
}

func TestTimesAreCutToStepsAndStillComparedStrictly(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.TimeStep, k.Provision, k.FirstOfEnterprise = simulator.Duration(second), exactly(300*time.Millisecond), exactly(300*time.Millisecond)
	})
	for i := range 4 {
		w.now = noon.Add(time.Duration(i) * 150 * time.Millisecond)
		w.post(strconv.Itoa(i))
	}
	w.now = noon.Add(time.Minute)
	_, r := w.list("")
	for _, item := range r.fields["items"].([]any) {
		require.Equal(t, "2026-05-04T12:00:00.000Z", item.(map[string]any)["lastStatusChange"])
		require.Equal(t, "2026-05-04T12:00:00.000Z", item.(map[string]any)["created"])
	}
	for query, want := range map[string]int{"lastStatusChange": 0, "after": 0} {
		users, _ := w.list(fmt.Sprint(query, "=", noon.UnixMilli()))
		require.Len(t, users, want)
		users, _ = w.list(fmt.Sprint(query, "=", noon.UnixMilli()-1))
		require.Len(t, users, 4)
	}
}

func TestWebexsClockIsAheadOrBehindInAllThatItShowsAndCompares(t *testing.T) {
	for _, skew := range []time.Duration{-3 * time.Minute, 3 * time.Minute} {
		w := newWorld(t, func(k *knobs) { k.ClockSkew = simulator.Duration(skew) })
		created := w.post("u").text("created")
		require.Equal(t, noon.Add(skew).Format("2006-01-02T15:04:05.000Z"), created)
		for _, name := range []string{"after", "lastStatusChange"} {
			users, _ := w.list(name + "=" + created)
			require.Empty(t, users)
			users, _ = w.list(fmt.Sprint(name, "=", noon.Add(skew).UnixMilli()-1))
			require.Equal(t, []string{"u"}, users)
		}
	}
}

func TestListsLagBehindReads(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.ListLag, k.Provision, k.FirstOfEnterprise, k.Update = exactly(10*second), exactly(second), exactly(second), exactly(second)
	})
	listed := func() string {
		_, r := w.list("userId=u")
		item := r.fields["items"].([]any)[0].(map[string]any)
		return fmt.Sprint(item["status"], " ", item["package"], " ", item["lastStatusChange"].(string)[17:19])
	}
	id := w.post("u").text("id")
	require.Equal(t, "provisioning standard 00", listed(), "a new record is there at once")
	w.now = noon.Add(10 * second)
	require.Equal(t, "provisioned", w.get(id).text("status"))
	require.Equal(t, "provisioning standard 00", listed())
	w.now = noon.Add(11 * second)
	require.Equal(t, "provisioned standard 01", listed(), "late, with the time at which it was")
	users, _ := w.list(fmt.Sprint("lastStatusChange=", noon.Add(second).UnixMilli()))
	require.Empty(t, users, "who has read up to now does not see it")

	w.now = noon.Add(20 * second)
	w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"package":"premium"}`)
	w.now = noon.Add(25 * second)
	require.Equal(t, "premium", w.get(id).text("package"))
	require.Equal(t, "provisioned standard 01", listed(), "as before the update")
	w.now = noon.Add(30 * second)
	require.Equal(t, "updating standard 20", listed())
	w.now = noon.Add(31 * second)
	require.Equal(t, "provisioned premium 21", listed())
}

func TestLagDiffersFromChangeToChange(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.ListLag, k.Provision, k.FirstOfEnterprise = simulator.Delay{Max: 10 * second}, exactly(second), exactly(second)
	})
	for i := range 20 {
		w.post(strconv.Itoa(i))
	}
	w.now = noon.Add(6 * second)
	users, _ := w.list("status=provisioned")
	require.NotEmpty(t, users)
	require.Less(t, len(users), 20)
	again, _ := w.list("status=provisioned")
	require.Equal(t, users, again)
	w.now = noon.Add(11 * second)
	users, _ = w.list("status=provisioned")
	require.Len(t, users, 20)
}

func TestANewRecordIsInNoListForAWhile(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.ListNewLag = exactly(10 * second) })
	id := w.post("u").text("id")
	w.now = noon.Add(9 * second)
	require.Equal(t, 200, w.get(id).Code)
	for _, query := range []string{"", "userId=u", "lastStatusChange=1", "after=1", "status=provisioned"} {
		users, _ := w.list(query)
		require.Empty(t, users, query)
	}
	w.now = noon.Add(10 * second)
	users, _ := w.list("userId=u")
	require.Equal(t, []string{"u"}, users)
}
