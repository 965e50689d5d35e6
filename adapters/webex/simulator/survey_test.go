package simulator_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/webex/simulator"
)

func TestTheStateTellsWhatIsThereAndWhatIsOn(t *testing.T) {
	w := newWorld(t, nil)
	w.settled("a")
	w.settled("b", "email", "b@foreign.example")
	w.post("c")
	require.Equal(t, 200, w.ask("PUT", "/simulator/knobs", `{"throttle":0.5,"latency":"1ms..2ms","clockSkew":"1h"}`).Code)
	s := w.ask("GET", "/simulator/state", "").fields
	require.Equal(t, map[string]any{"provisioned": 1.0, "error": 1.0, "provisioning": 1.0}, s["statuses"])
	require.Equal(t, []any{3.0, 0.0, "", nil, "2026-05-04T13:02:00.000Z"}, []any{s["subscribers"], s["duplicates"], s["profile"], s["outage"], s["clock"]})
	require.Equal(t, map[string]any{"throttle": 0.5, "latency": map[string]any{"min": "1ms", "max": "2ms"}, "clockSkew": "1h0m0s"}, s["turned"])
	require.Equal(t, map[string]any{"POST 200": 3.0, "GET 200": 2.0}, s["totals"])
}

func TestAUserWithTwoRecordsIsADuplicate(t *testing.T) {
	w := newWorld(t, nil)
	w.settled("a")
	first, second := w.settled("b"), w.settled("B")
	renamed := w.settled("c").text("id")
	w.ask("PUT", "/v1/broadworks/subscribers/"+renamed, `{"userId":"a"}`)
	require.Len(t, w.Duplicates(), 1, "one that is only about to be called the same is none yet")
	w.now = w.now.Add(time.Minute)

	found := w.ask("GET", "/simulator/duplicates", "").fields["items"].([]any)
	require.Len(t, found, 1)
	d := found[0].(map[string]any)
	require.Equal(t, []any{first.fields, second.fields}, d["records"])
	require.Equal(t, 1.0, w.ask("GET", "/simulator/requests", "").fields["duplicates"])
	require.Equal(t, 204, w.ask("DELETE", "/simulator/subscribers/"+second.text("id"), "").Code)
	require.Empty(t, w.Duplicates())
}

func TestAProfileTurnsAllButTheRules(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.Seed, k.UntrustedTemplates, k.ClampMax = 9, []string{"x"}, true })
	seen := map[string]bool{}
	for name, means := range simulator.Profiles() {
		require.NotEmpty(t, means)
		require.Equal(t, 200, w.ask("PUT", "/simulator/profile/storm", "").Code)
		require.Equal(t, 200, w.ask("PUT", "/simulator/profile/"+name, "").Code, name)
		require.Equal(t, name, w.ask("GET", "/simulator/state", "").text("profile"))
		k := w.Knobs()
		require.Equal(t, []any{uint64(9), []string{"x"}, true}, []any{k.Seed, k.UntrustedTemplates, k.ClampMax})
		text, err := json.Marshal(k)
		require.NoError(t, err)
		seen[string(text)] = true
	}
	require.Len(t, seen, 4, "each is another")
	k, err := w.Knobs().Profile("calm")
	require.NoError(t, err)
	k.Seed, k.UntrustedTemplates, k.ClampMax = 1, nil, false
	require.Equal(t, simulator.DefaultKnobs(), k)
	r := w.ask("PUT", "/simulator/profile/hurricane", "")
	require.Equal(t, 404, r.Code)
	require.Contains(t, r.text("message"), "busy, calm, flaky, storm")
}

func TestAKnobThatCannotBeSoIsNamed(t *testing.T) {
	w := newWorld(t, nil)
	for body, says := range map[string]string{
		`{"provision":"2s..1s"}`:                     "provision is a delay from min to max",
		`{"hang":"9000h"}`:                           "hang is a delay",
		`{"latency":{"min":"1s","most":"2s"}}`:       "latency: a delay is written",
		`{"latency":7}`:                              "latency: a delay is written",
		`{"clockSkew":5}`:                            `clockSkew: a time is written`,
		`{"clockSkew":"10000h"}`:                     "clockSkew is in whole milliseconds from",
		`{"timeStep":"-1s"}`:                         "timeStep is in whole milliseconds from",
		`{"window":"1us"}`:                           "window is in whole milliseconds",
		`{"grantedRate":5,"window":"100ms"}`:         "would grant nothing, ever",
		`{"grantedRate":-1}`:                         "grantedRate is from 0",
		`{"grantedRate":"fast"}`:                     "grantedRate: must be a number, not string",
		`{"burst":-1}`:                               "burst is from 0",
		`{"tokenSeconds":0}`:                         "tokenSeconds is from 1",
		`{"relapse":1.5}`:                            "relapse is a probability",
		`{"pageSkip":-0.1}`:                          "pageSkip is a probability",
		`{"serverStatus":404}`:                       "serverStatus is from 500 to 599",
		`{"lostReplyStatus":200}`:                    "lostReplyStatus is 0, or",
		`{"lostReplyMix":{"404":1}}`:                 `lostReplyMix: there is no "404"; there are 500 to 599, reset and hang`,
		`{"lostReplyMix":{"502":-1}}`:                "lostReplyMix: a weight",
		`{"serverErrorMix":{"502":0}}`:               "serverErrorMix: at least one weight",
		`{"retryAfterMix":{"later":1}}`:              `retryAfterMix: there is no "later"`,
		`{"backgroundErrors":[{"description":"x"}]}`: "backgroundErrors: number 1 needs",
		`{"backgroundErrors":[{"description":"x","weight":1,"y":1}]}`: `backgroundErrors: unknown field "y"`,
		`{"updateStatuses":["fine"]}`:                                 `updateStatuses: there is no status "fine"`,
		`{"templates":"x"}`:                                           "templates: must be a list, not string",
		`{"duplicateUserStatus":400}`:                                 "duplicateUserStatus is 0 or 409",
		`{"unknownTemplateStatus":500}`:                               "unknownTemplateStatus is 400, 403 or 404",
		`{"seed":-1}`:                                                 "seed: must be a whole number",
		`{"Throttle":1}`:                                              `there is no knob "Throttle"; did you mean throttle?`,
		`{"colour":1}`:                                                `there is no knob "colour"`,
	} {
		r := w.ask("PUT", "/simulator/knobs", strings.TrimSuffix(body, "}")+`,"lock":0.5}`)
		require.Equal(t, 400, r.Code, body)
		require.Contains(t, r.text("message"), says)
		require.Equal(t, simulator.DefaultKnobs(), w.Knobs(), "all or none")
	}
}

func TestAKnobIsTurnedAsAWhole(t *testing.T) {
	w := newWorld(t, nil)
	for _, body := range []string{
		`{"lostReplyMix":{"502":1},"backgroundErrors":[{"errorCode":1,"description":"a","weight":1}]}`,
		`{"lostReplyMix":{"503":1},"backgroundErrors":[{"description":"b","weight":2}]}`,
	} {
		require.Equal(t, 200, w.ask("PUT", "/simulator/knobs", body).Code)
	}
	k := w.Knobs()
	require.Equal(t, simulator.Mix{"503": 1}, k.LostReplyMix)
	require.Equal(t, simulator.Problems{{Problem: simulator.Problem{Description: "b"}, Weight: 2}}, k.BackgroundErrors)
	k.LostReplyMix["504"] = 1
	require.Equal(t, simulator.Mix{"503": 1}, w.Knobs().LostReplyMix, "what Knobs returns is the caller's")
}

func TestNamingTheSeedStartsChanceAnew(t *testing.T) {
	w := newWorld(t, func(k *knobs) { k.Throttle, k.GrantedRate = 0.5, 0 })
	run := func() (out []int) {
		require.Equal(t, 200, w.ask("PUT", "/simulator/knobs", `{"seed":3}`).Code)
		for range 50 {
			out = append(out, w.get("x").Code)
		}
		return out
	}
	require.Equal(t, run(), run())
}

func TestKnobsAreReadTheWayTheyAreShown(t *testing.T) {
	storm, err := simulator.DefaultKnobs().Profile("storm")
	require.NoError(t, err)
	for _, k := range []simulator.Knobs{simulator.DefaultKnobs(), storm} {
		for _, about := range simulator.About() {
			value, err := simulator.ParseKnob(about.Name, simulator.Shown(k.Get(about.Name)))
			require.NoError(t, err)
			w := newWorld(t, nil)
			r := w.ask("PUT", "/simulator/knobs", fmt.Sprintf(`{%q:%s,"window":"0s"}`, about.Name, value))
			if about.Name == "window" {
				continue
			}
			require.Equal(t, 200, r.Code, r.Body.String())
			require.Equal(t, simulator.Shown(k.Get(about.Name)), simulator.Shown(w.Knobs().Get(about.Name)), about.Name)
		}
	}
	require.Nil(t, storm.Get("colour"))
	_, err = simulator.ParseKnob("lostReplyMix", "502:x")
	require.ErrorContains(t, err, `lostReplyMix: a mix is written "502:3,reset:1"`)
}

func TestEveryKnobIsExplainedAlsoInTheReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	require.NoError(t, err)
	readme := strings.Join(strings.Fields(string(text)), " ")
	w := newWorld(t, nil)
	items := w.ask("GET", "/simulator/knobs/about", "").fields["items"].([]any)
	for i, k := range simulator.About() {
		require.NotEmpty(t, k.Means, k.Name)
		require.Contains(t, []string{"time", "limit", "fault", "background", "list", "rule"}, k.Group)
		require.Contains(t, readme, fmt.Sprintf("| `%s` | %s |", k.Name, k.Means))
		require.Equal(t, k.Name, items[i].(map[string]any)["name"])
	}
	for name := range simulator.Profiles() {
		require.Contains(t, readme, "`"+name+"`")
	}
}
