package simulator_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

func TestALateErrorComesLongAfterAcceptance(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.LateFailure, k.LateAfter = 1, exactly(time.Hour) })
	id := w.post("u").text("id")
	w.now = noon.Add(time.Hour - time.Millisecond)
	require.Equal(t, "provisioning", w.get(id).text("status"))
	w.now = noon.Add(time.Hour)
	r := w.get(id)
	require.Equal(t, []string{"error", "2026-05-04T13:00:00.000Z"}, []string{r.text("status"), r.text("lastStatusChange")})

	w = newWorld(t, nil)
	id = w.settled("u").text("id")
	require.Equal(t, 200, w.ask("PUT", "/simulator/knobs", `{"lateFailure":1,"lateAfter":"1h"}`).Code)
	require.Equal(t, 200, w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"package":"basic"}`).Code)
	w.now = w.now.Add(59 * time.Minute)
	require.Equal(t, "updating", w.get(id).text("status"))
	w.now = w.now.Add(time.Minute)
	r = w.get(id)
	require.Equal(t, []string{"error", "standard"}, []string{r.text("status"), r.text("package")})
}

func TestARelapseComesAfterHavingBeenProvisioned(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.Relapse, k.RelapseAfter, k.Provision, k.FirstOfEnterprise, k.Update = 1, exactly(time.Minute), exactly(second), exactly(second), exactly(second)
	})
	id := w.post("u").text("id")
	w.now = noon.Add(second)
	require.Equal(t, "provisioned", w.get(id).text("status"))
	require.Contains(t, w.get(id).fields, "personId")
	w.now = noon.Add(61 * second)
	r := w.get(id)
	require.Equal(t, "error", r.text("status"))
	require.Contains(t, r.fields, "errors")
	require.NotContains(t, r.fields, "personId")
	require.Equal(t, "error", w.settled("v", "email", "u@acme.example").text("status"), "the person is still taken")

	require.Equal(t, 200, w.ask("PUT", "/v1/broadworks/subscribers/"+id, `{"package":"premium"}`).Code)
	w.now = w.now.Add(10 * second)
	require.Equal(t, "premium", w.get(id).text("package"))
	w.now = w.now.Add(time.Hour)
	r = w.get(id)
	require.Equal(t, []string{"error", "premium"}, []string{r.text("status"), r.text("package")}, "the update was done before")
}

func TestCausesDifferByWeight(t *testing.T) {
	w := newWorld(t, func(k *knobs) {
		k.BackgroundFailure = 1
		k.BackgroundErrors = simulator.Problems{{Problem: simulator.Problem{ErrorCode: 1, Description: "one"}, Weight: 3}, {Problem: simulator.Problem{ErrorCode: 2, Description: "two"}, Weight: 1}}
	})
	seen := map[any]int{}
	for i := range 400 {
		problem := w.settled(fmt.Sprint("u", i)).fields["errors"].([]any)[0].(map[string]any)
		seen[problem["description"]]++
	}
	require.InDelta(t, 300, seen["one"], 60)
	require.Equal(t, 400, seen["one"]+seen["two"])
}

func TestAllOfAnEnterpriseOrTemplateFailUntilTheKnobIsTurnedBack(t *testing.T) {
	w := newWorld(t, nil)
	turn := func(body string) { require.Equal(t, 200, w.ask("PUT", "/simulator/knobs", body).Code) }
	turn(`{"failingEnterprises":["bad"],"failingTemplates":["wrong"],"failingError":{"errorCode":4,"description":"no flow-through"}}`)
	for i := range 3 {
		for _, changes := range [][]string{{"spEnterpriseId", "bad"}, {"provisioningId", "wrong"}} {
			r := w.settled(fmt.Sprint(changes[1], i), changes...)
			require.Equal(t, "error", r.text("status"))
			require.Equal(t, []any{map[string]any{"errorCode": 4.0, "description": "no flow-through"}}, r.fields["errors"])
		}
		require.Equal(t, "provisioned", w.settled(fmt.Sprint("good", i)).text("status"))
	}
	turn(`{"failingEnterprises":[],"failingTemplates":null}`)
	require.Equal(t, "provisioned", w.settled("again", "spEnterpriseId", "bad").text("status"))
	require.Equal(t, "provisioned", w.settled("once more", "provisioningId", "wrong", "email", "o@acme.example").text("status"))
}
