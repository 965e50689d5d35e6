package simulator

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
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
// pending_email_validation; done is false in any other state.
func (s *Simulator) Consent(subscriberID string) (done bool) {
	return s.proceed(subscriberID, func(r *record, status string, now int64) bool {
		r.Steps = []step{{At: now, Status: provisioning}, {At: now + s.millis(s.Knobs().Provision), Status: provisioned}}
		return status == pendingMigration || status == pendingValidation
	})
}

// EnterEmail is what a subscriber does on the activation portal in
// pending_email_input; done is false in any other state.
func (s *Simulator) EnterEmail(subscriberID, email string) (done bool) {
	return s.proceed(subscriberID, func(r *record, status string, now int64) bool {
		r.Email, r.PersonID = email, personOf(email)
		r.Steps = []step{{At: now, Status: pendingValidation}}
		return status == pendingInput && strings.Contains(email, "@")
	})
}

// proceed changes a record of any partner, provided that by says so.
func (s *Simulator) proceed(id string, by func(r *record, status string, now int64) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for partner := range s.state.shelves {
		if old := s.state.find(partner, id); old != nil {
			now := s.now()
			r := *old
			if !by(&r, old.at(now).Status, now) {
				return false
			}
			count := s.count(partner, old.profileAt(now).UserID)
			a := s.carryOut(change{old: old, new: &r, count: count}, answer{status: http.StatusNoContent})
			return a.status == http.StatusNoContent
		}
	}
	return false
}

// control serves /simulator/..., which asks for no token.
func (s *Simulator) control(w http.ResponseWriter, r *http.Request) {
	what, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/simulator/"), "/")
	switch r.Method + " " + what {
	case "GET knobs":
		writeJSON(w, http.StatusOK, s.Knobs())
	case "PUT knobs":
		s.turn(w, r)
	case "GET requests":
		s.requests(w, r)
	case "POST consent":
		done(w, s.Consent(id))
	case "POST email":
		var body struct {
			Email string `json:"email"`
		}
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&body)
		done(w, err == nil && s.EnterEmail(id, body.Email))
	default:
		writeJSON(w, http.StatusNotFound, errorBody{Message: "The simulator has: GET and PUT knobs, GET requests, POST consent/{id}, POST email/{id}."})
	}
}

func done(w http.ResponseWriter, ok bool) {
	if !ok {
		writeJSON(w, http.StatusConflict, errorBody{Message: "No such subscriber, or it is not waiting for this."})
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// turn changes those knobs that the body names.
func (s *Simulator) turn(w http.ResponseWriter, r *http.Request) {
	k := s.Knobs().clone()
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&k)
	if err == nil {
		err = s.SetKnobs(k)
	}
	if err != nil {
		writeJSON(w, http.StatusBadRequest, errorBody{Message: err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, k)
}

// requests serves the counts, of all users or of those in the query.
func (s *Simulator) requests(w http.ResponseWriter, r *http.Request) {
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
		Totals map[string]int `json:"totals"`
		Users  []Count        `json:"users"`
	}{s.Totals(), users})
}
