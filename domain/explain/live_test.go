package explain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/domain/explain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

func answer(verdict explain.Verdict) explain.Answer {
	return explain.Answer{Verdict: verdict, Why: "Webex did not answer.", OurTracking: "LEDGERLINE_9", WebexTracking: "ROUTER_9", At: noon, Took: time.Second}
}

func (s *story) look(change ...func(*webex.Subscriber)) *explain.Look {
	r := s.record(s.state.Status())
	for _, c := range change {
		c(&r)
	}
	return &explain.Look{Answer: answer(explain.OK), Found: true, Record: r}
}

func nothing() *explain.Look { return &explain.Look{Answer: answer(explain.OK)} }

func TestWhatWebexSaysNowIsHeldAgainstTheLedger(t *testing.T) {
	other := func(r *webex.Subscriber) {
		r.Package, r.PrimaryPhoneNumber, r.ID = "premium", "+46 70 123 45 67", "webex-2"
	}
	for name, c := range map[string]struct {
		tell     func(*story)
		live     func(*story) explain.Live
		verdicts []explain.Verdict // of the steps that Webex was asked for
		whole    explain.Verdict
	}{
		"as the ledger has it": {
			func(s *story) { s.provisioned() },
			func(s *story) explain.Live { return explain.Live{ByID: s.look(), ByUserID: s.look()} },
			[]explain.Verdict{explain.OK, explain.OK}, explain.OK,
		},
		"another record": {
			func(s *story) { s.provisioned() },
			func(s *story) explain.Live { return explain.Live{ByID: s.look(other), ByUserID: s.look(other)} },
			[]explain.Verdict{explain.Stopped, explain.Stopped}, explain.Stopped,
		},
		"gone unnoticed": {
			func(s *story) { s.provisioned() },
			func(s *story) explain.Live { return explain.Live{ByID: nothing(), ByUserID: nothing()} },
			[]explain.Verdict{explain.Stopped, explain.Stopped}, explain.Stopped,
		},
		"changed while under way": {
			func(s *story) { s.onboard().start(subscriber.Provision).accepted() },
			func(s *story) explain.Live {
				a := answer(explain.Stopped)
				a.Status, a.Errors = 400, taken
				done := func(r *webex.Subscriber) { r.Status = webex.Provisioned }
				return explain.Live{Precheck: &a, ByID: s.look(done), ByUserID: s.look(done)}
			},
			[]explain.Verdict{explain.Stopped, explain.Waiting, explain.OK}, explain.Waiting,
		},
		"nothing there and nothing expected": {
			func(s *story) { s.onboard() },
			func(s *story) explain.Live {
				a := answer(explain.OK)
				return explain.Live{Precheck: &a, ByUserID: nothing()}
			},
			[]explain.Verdict{explain.OK, explain.OK}, explain.Waiting,
		},
		"a stranger has the user id": {
			func(s *story) { s.onboard() },
			func(s *story) explain.Live { return explain.Live{ByUserID: s.look()} },
			[]explain.Verdict{explain.Stopped}, explain.Waiting,
		},
		"perhaps the lost request": {
			func(s *story) { s.onboard().start(subscriber.Provision).lose(502) },
			func(s *story) explain.Live { return explain.Live{ByUserID: s.look()} },
			[]explain.Verdict{explain.Unknown}, explain.Unknown,
		},
		"silence": {
			func(s *story) { s.provisioned() },
			func(s *story) explain.Live {
				a := answer(explain.Unknown)
				return explain.Live{Precheck: &a, ByID: &explain.Look{Answer: a}, ByUserID: &explain.Look{Answer: a}}
			},
			[]explain.Verdict{explain.Unknown, explain.Unknown, explain.Unknown}, explain.OK,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			c.tell(s)
			recorded := s.explain()
			x := recorded.With(s.state, c.live(s))
			asked := x.Steps[len(recorded.Steps):]
			var got []explain.Verdict
			for _, step := range asked {
				require.NotEmpty(t, step.What)
				require.Empty(t, step.Proof, "nothing is recorded")
				got = append(got, step.Verdict)
			}
			require.Equal(t, c.verdicts, got, text(x))
			require.Equal(t, c.whole, x.Verdict)
			x.Steps = asked
			golden(t, "live "+name, text(x))
		})
	}
}

func TestValuesAreComparedByWhatTheyMean(t *testing.T) {
	s := newStory(t).onboard(func(c *subscriber.Onboard) { c.Profile.PrimaryPhoneNumber = "+46701234567" }).
		start(subscriber.Provision).accepted().shows(webex.Provisioned)
	same := s.record(webex.Provisioned)
	same.UserID, same.Email, same.ProvisioningID = strings.ToUpper(same.UserID), strings.ToUpper(same.Email), same.ProvisioningID+"="
	same.PrimaryPhoneNumber, same.Timezone = "46 70-123 45 67", ""
	require.Empty(t, explain.Compare(s.state, same))
	for field, change := range map[string]func(*webex.Subscriber){
		"status":             func(r *webex.Subscriber) { r.Status = webex.Failed },
		"userId":             func(r *webex.Subscriber) { r.UserID = "x" },
		"spEnterpriseId":     func(r *webex.Subscriber) { r.SPEnterpriseID = "x" },
		"provisioningId":     func(r *webex.Subscriber) { r.ProvisioningID = "x" },
		"package":            func(r *webex.Subscriber) { r.Package = "basic" },
		"firstName":          func(r *webex.Subscriber) { r.FirstName = "x" },
		"lastName":           func(r *webex.Subscriber) { r.LastName = "" },
		"email":              func(r *webex.Subscriber) { r.Email = "x@ent.example" },
		"primaryPhoneNumber": func(r *webex.Subscriber) { r.PrimaryPhoneNumber = "" },
		"mobilePhoneNumber":  func(r *webex.Subscriber) { r.MobilePhoneNumber = "+46701234568" },
		"extension":          func(r *webex.Subscriber) { r.Extension = "" },
		"timezone":           func(r *webex.Subscriber) { r.Timezone = "Europe/Sofia" },
		"personId":           func(r *webex.Subscriber) { r.PersonID = "x" },
	} {
		r := s.record(webex.Provisioned)
		change(&r)
		found := explain.Compare(s.state, r)
		require.Len(t, found, 1, field)
		require.Equal(t, field, found[0].Field)
		require.NotEqual(t, found[0].Ledger, found[0].Webex)
	}
}
