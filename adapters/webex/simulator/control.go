package simulator

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Count is how often something was asked about one user, and how often it was
// carried out. What was throttled or failed before it was looked at is in
// neither. Counts are kept with the records and outlive them.
type Count struct {
	Partner     string `json:"partner"`
	UserID      string `json:"userId"`
	Posts       int    `json:"posts"`
	Provisioned int    `json:"provisioned"` // posts that made a record
	Duplicates  int    `json:"duplicates"`  // those of them that made it while the user had one
	Puts        int    `json:"puts"`
	Updated     int    `json:"updated"`
	Deletes     int    `json:"deletes"`
	Removed     int    `json:"removed"`
	Consents    int    `json:"consents"` // asked to send the consent mail again
}

// Count returns the counts of one user.
func (s *Simulator) Count(partner, userID string) Count {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.count(partner, userID)
}

// Counts returns the counts of all users, by partner and user.
func (s *Simulator) Counts() []Count {
	s.mu.RLock()
	all := slices.Collect(maps.Values(s.state.counts))
	s.mu.RUnlock()
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.UserID, b.UserID))
	})
	return all
}

// Totals returns how many requests got which answer since the start, by
// "<method> <status>", for example "POST 200" or "DELETE dropped".
func (s *Simulator) Totals() map[string]int {
	s.gate.Lock()
	defer s.gate.Unlock()
	return maps.Clone(s.total)
}

// Consent does what a subscriber is awaited to do in pending_user_migration or
// pending_email_validation; done is false in any other state. The subscriber is
// named by its id, or by a user id that nobody else has.
func (s *Simulator) Consent(subscriber string) (done bool) {
	return s.proceed(subscriber, func(r *record, status string, now int64) bool {
		k := s.knobs.Load()
		r.Steps = append([]step{{At: now, Status: provisioning}}, s.well(k, now+s.millis(k.Provision))...)
		return status == pendingMigration || status == pendingValidation
	})
}

// EnterEmail is what a subscriber does on the activation portal in
// pending_email_input; done is false in any other state.
func (s *Simulator) EnterEmail(subscriber, email string) (done bool) {
	return s.proceed(subscriber, func(r *record, status string, now int64) bool {
		r.Email, r.PersonID = email, personOf(email)
		r.Steps = []step{{At: now, Status: pendingValidation}}
		return status == pendingInput && strings.Contains(email, "@")
	})
}

// proceed changes a record of any partner, provided that by says so.
func (s *Simulator) proceed(name string, by func(r *record, status string, now int64) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.state.named(name)
	if old == nil {
		return false
	}
	now := s.now()
	r := old.again(now)
	if !by(r, r.Was.Status, now) {
		return false
	}
	a := s.carryOut(change{old: old, new: r}, answer{status: http.StatusNoContent})
	return a.status == http.StatusNoContent
}

// controls by method and the first part of the path below /simulator/; the last
// argument is the rest of it.
var controls = map[string]func(s *Simulator, w http.ResponseWriter, r *http.Request, rest string){
	"GET knobs":          (*Simulator).showKnobs,
	"PUT knobs":          (*Simulator).changeKnobs,
	"PUT profile":        (*Simulator).applyProfile,
	"GET state":          (*Simulator).showState,
	"GET requests":       (*Simulator).requests,
	"GET duplicates":     (*Simulator).showDuplicates,
	"POST outage":        (*Simulator).beginOutage,
	"POST consent":       (*Simulator).giveConsent,
	"POST email":         (*Simulator).takeEmail,
	"POST subscribers":   (*Simulator).addByHand,
	"PATCH subscribers":  (*Simulator).changeByHand,
	"DELETE subscribers": (*Simulator).removeByHand,
	"POST drift":         (*Simulator).drift,
}

// control serves /simulator/..., which asks for no token.
func (s *Simulator) control(w http.ResponseWriter, r *http.Request) {
	what, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/simulator/"), "/")
	if serve := controls[r.Method+" "+what]; serve != nil {
		serve(s, w, r, rest)
		return
	}
	writeJSON(w, http.StatusNotFound, errorBody{Message: "The simulator has: " + strings.Join(slices.Sorted(maps.Keys(controls)), ", ") + "."})
}

// showKnobs serves GET /simulator/knobs, and /simulator/knobs/about.
func (s *Simulator) showKnobs(w http.ResponseWriter, _ *http.Request, rest string) {
	if rest == "about" {
		writeJSON(w, http.StatusOK, struct {
			Items []Knob `json:"items"`
		}{About()})
		return
	}
	writeJSON(w, http.StatusOK, s.knobs.Load())
}

func (s *Simulator) beginOutage(w http.ResponseWriter, r *http.Request, _ string) {
	body := struct {
		For  *Duration `json:"for"`
		Kind string    `json:"kind"`
	}{Kind: "503"}
	if !decode(w, r, &body) {
		return
	}
	err := errors.New(`for is missing: how long, such as "5m"`)
	if body.For != nil {
		err = s.Outage(time.Duration(*body.For), body.Kind)
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	s.showState(w, r, "")
}

func (s *Simulator) giveConsent(w http.ResponseWriter, _ *http.Request, name string) {
	done(w, s.Consent(name))
}

func (s *Simulator) takeEmail(w http.ResponseWriter, r *http.Request, name string) {
	var body struct {
		Email string `json:"email"`
	}
	if !decode(w, r, &body) {
		return
	}
	if !strings.Contains(body.Email, "@") {
		badRequest(w, fmt.Errorf("email is an address, not %q", body.Email))
		return
	}
	done(w, s.EnterEmail(name, body.Email))
}

func done(w http.ResponseWriter, ok bool) {
	if !ok {
		writeJSON(w, http.StatusConflict, errorBody{Message: "No such subscriber, or it is not waiting for this."})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// decode reads the body of a request about the simulator, which has no fields
// but those of into. Where it cannot, it answers and returns false.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err == nil {
		err = strict(text, into)
	}
	if err != nil {
		badRequest(w, err)
	}
	return err == nil
}

func badRequest(w http.ResponseWriter, err error) {
	writeJSON(w, http.StatusBadRequest, errorBody{Message: err.Error()})
}

// requests serves the counts, of all users or of those in the query.
func (s *Simulator) requests(w http.ResponseWriter, r *http.Request, _ string) {
	users := s.Counts()
	for name, of := range map[string]func(Count) string{
		"partner": func(c Count) string { return c.Partner },
		"userId":  func(c Count) string { return c.UserID },
	} {
		if wanted := r.URL.Query().Get(name); wanted != "" {
			users = slices.DeleteFunc(users, func(c Count) bool { return of(c) != wanted })
		}
	}
	writeJSON(w, http.StatusOK, struct {
		Totals     map[string]int `json:"totals"`
		Duplicates int            `json:"duplicates"`
		Users      []Count        `json:"users"`
	}{s.Totals(), len(s.Duplicates()), users})
}
