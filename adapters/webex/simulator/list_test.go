package simulator_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

// TestAnIndexFindsWhatLookingAtEveryRecordFinds plays at random and compares
// each filter with the whole list, filtered here.
func TestAnIndexFindsWhatLookingAtEveryRecordFinds(t *testing.T) {
	for seed, turn := range []func(*knobs){
		func(*knobs) {},
		func(k *knobs) { k.ListLag, k.LateFailure, k.Relapse = simulator.Delay{Max: 5 * second}, 0.1, 0.2 },
		func(k *knobs) {
			k.ListNewLag, k.TimeStep = simulator.Delay{Max: 5 * second}, simulator.Duration(second)
		},
		func(k *knobs) { k.ListLag, k.ClockSkew = exactly(2*second), simulator.Duration(-7*second) },
		func(k *knobs) { k.TimeStep, k.ClockSkew = simulator.Duration(2*second), simulator.Duration(7*second) },
	} {
		dice := rand.New(rand.NewPCG(uint64(seed), 1))
		w := newWorld(t, func(k *knobs) { k.GrantedRate, k.BackgroundFailure = 0, 0.2; turn(k) })
		var made []string
		for i := range 900 {
			w.now = w.now.Add(time.Duration(dice.IntN(300)) * time.Millisecond)
			pick := func() string { return "/v1/broadworks/subscribers/" + made[dice.IntN(len(made))] }
			switch n := dice.IntN(10); {
			case n < 4 || len(made) < 5:
				email := []string{"", fmt.Sprint(i, "@acme.example"), fmt.Sprint(i, "@consumer.example"), "same@acme.example"}[dice.IntN(4)]
				made = append(made, w.post(strconv.Itoa(dice.IntN(200)), "email", email, "spEnterpriseId", fmt.Sprint("e", dice.IntN(3))).text("id"))
			case n < 8:
				w.ask("PUT", pick(), fmt.Sprintf(`{"userId":"%d"}`, dice.IntN(200)))
			case n < 9:
				w.ask("DELETE", pick(), "")
			default:
				id := made[dice.IntN(len(made))]
				w.ask("POST", "/v1/subscribers/"+id+"/emails/consentMove", "")
				if dice.IntN(2) == 0 {
					w.Consent(id)
				}
			}
			if i%100 == 99 {
				compare(t, w, dice)
			}
		}
	}
}

func compare(t *testing.T, w *world, dice *rand.Rand) {
	all := everyPage(t, w, "max=100&")
	instant := w.now.Add(time.Duration(w.Knobs().ClockSkew)).Add(-time.Duration(dice.IntN(4000)) * time.Millisecond)
	iso := instant.Format("2006-01-02T15:04:05.000Z")
	user := strconv.Itoa(dice.IntN(200))
	for query, keep := range map[string]func(map[string]any) bool{
		fmt.Sprint("lastStatusChange=", instant.UnixMilli(), "&"): func(r map[string]any) bool { return r["lastStatusChange"].(string) > iso },
		fmt.Sprint("after=", instant.UnixMilli(), "&"):            func(r map[string]any) bool { return r["created"].(string) > iso },
		"userId=" + user + "&":                                    func(r map[string]any) bool { return r["userId"] == user },
		"email=same@acme.example&":                                func(r map[string]any) bool { return r["email"] == "same@acme.example" },
		"spEnterpriseId=e1&max=37&":                               func(r map[string]any) bool { return r["spEnterpriseId"] == "e1" },
		"status=updating,error&max=23&":                           func(r map[string]any) bool { return r["status"] == "updating" || r["status"] == "error" },
		"status=updating&":                                        func(r map[string]any) bool { return r["status"] == "updating" },
		"status=pending_email_input&":                             func(r map[string]any) bool { return r["status"] == "pending_email_input" },
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(r map[string]any) bool { return !keep(r) })
		require.Equal(t, want, everyPage(t, w, query), query)
	}
}

func everyPage(t *testing.T, w *world, query string) []map[string]any {
	found := []map[string]any{}
	for {
		_, r := w.list(fmt.Sprint(query, "offset=", len(found)))
		items := r.fields["items"].([]any)
		if len(items) == 0 {
			return found
		}
		for _, item := range items {
			found = append(found, item.(map[string]any))
		}
		require.Less(t, len(found), 5000)
	}
}

func TestAChangeIsListedHoweverManyMailsAreSentAfterIt(t *testing.T) {
	w := newWorld(t, nil)
	consumer := w.settled("c", "email", "c@consumer.example").text("id")
	for i := range 10 {
		w.settled(strconv.Itoa(i))
	}
	w.post("u")
	for range 5 {
		w.ask("POST", "/v1/subscribers/"+consumer+"/emails/consentMove", "")
	}
	users, _ := w.list(fmt.Sprint("lastStatusChange=", w.now.UnixMilli()-1))
	require.Equal(t, []string{"u"}, users)
}
