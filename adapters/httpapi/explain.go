package httpapi

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain/explain"
	"ledgerline/domain/webex"
)

// explanation is the chain of one user.
type explanation struct {
	Verdict explain.Verdict `json:"verdict"`
	What    string          `json:"what"`
	Status  webex.Status    `json:"status,omitempty"`
	Lives   int             `json:"lives"`
	Awaited awaited         `json:"awaited"`
	Steps   []step          `json:"steps"`
}

type awaited struct {
	From explain.Whom `json:"from"`
	What string       `json:"what,omitempty"`
	Next string       `json:"next,omitempty"` // absent: not by itself, or not known
}

type step struct {
	Name          explain.Name    `json:"name"`
	Verdict       explain.Verdict `json:"verdict"`
	What          string          `json:"what"`
	Life          int             `json:"life,omitempty"`
	Attempt       int             `json:"attempt,omitempty"`
	Input         []namedValue    `json:"input,omitempty"`
	Output        []namedValue    `json:"output,omitempty"`
	Differences   []difference    `json:"differences,omitempty"`
	OurTracking   string          `json:"ourTrackingId,omitempty"`
	WebexTracking string          `json:"webexTrackingId,omitempty"`
	At            string          `json:"at,omitempty"`
	TookMS        *int64          `json:"tookMs,omitempty"`
	Entries       []entry         `json:"entries,omitempty"`
}

type namedValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type difference struct {
	Field  string `json:"field"`
	Ledger string `json:"ledger"`
	Webex  string `json:"webex"`
}

type entry struct {
	Position uint64    `json:"position"`
	ID       uuid.UUID `json:"id"`
	Type     string    `json:"type"`
}

func showExplanation(x explain.Explanation) explanation {
	shown := explanation{
		Verdict: x.Verdict, What: x.What, Status: x.Status, Lives: x.Lives,
		Awaited: awaited{From: x.Awaited.From, What: x.Awaited.What, Next: maybe(x.Awaited.Next)},
		Steps:   make([]step, 0, len(x.Steps)),
	}
	for _, s := range x.Steps {
		shown.Steps = append(shown.Steps, showStep(s))
	}
	return shown
}

func showStep(s explain.Step) step {
	shown := step{
		Name: s.Name, Verdict: s.Verdict, What: s.What, Life: s.Life, Attempt: s.Attempt, Input: showValues(s.Input),
		Output: showValues(s.Output), OurTracking: s.OurTracking, WebexTracking: s.WebexTracking, At: maybe(s.At),
	}
	if s.Took > 0 {
		ms := s.Took.Milliseconds()
		shown.TookMS = &ms
	}
	for _, d := range s.Differences {
		shown.Differences = append(shown.Differences, difference(d))
	}
	for _, p := range s.Proof {
		shown.Entries = append(shown.Entries, entry{uint64(p.Position), p.ID, p.Type})
	}
	return shown
}

func showValues(all []explain.Value) (shown []namedValue) {
	for _, v := range all {
		shown = append(shown, namedValue(v))
	}
	return shown
}

func maybe(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return stamp(at)
}

// explainUser serves GET /api/users/{id}/explain, from the log: always current.
func (a *api) explainUser(w http.ResponseWriter, c *call) error {
	p := c.params()
	p.position("after") // holds anyway
	req := commands.ExplainSubscriber{Live: p.flag("live"), AllLives: p.oneOf("lives", "last", "all") == "all"}
	if err := p.only(); err != nil {
		return err
	}
	var err error
	if req.ID, err = userID(c.PathValue("id")); err != nil {
		return err
	}
	x, err := a.Service.ExplainSubscriber(c.Context(), req, c.partner())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, showExplanation(x))
	return nil
}

// explainOnboarding serves POST /api/users/explain: what POST /api/users with this
// body would lead to.
func (a *api) explainOnboarding(w http.ResponseWriter, c *call) error {
	req, err := a.onboarding(w, c)
	if err != nil {
		return err
	}
	x, err := a.Service.ExplainOnboarding(c.Context(), req, c.partner())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, showExplanation(x))
	return nil
}
