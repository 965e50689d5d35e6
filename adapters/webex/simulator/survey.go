package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// Duplicate is a user with more than one record, whatever their status.
type Duplicate struct {
	Partner string       `json:"partner"`
	UserID  string       `json:"userId"`
	Records []subscriber `json:"records"` // oldest first
}

// Duplicates returns the users with more than one record, by partner and user.
func (s *Simulator) Duplicates() []Duplicate {
	s.mu.RLock()
	defer s.mu.RUnlock()
	now, k := s.now(), s.knobs.Load()
	all := []Duplicate{}
	for partner, sh := range s.state.shelves {
		for user, records := range sh.users {
			if len(records) < 2 {
				continue
			}
			d := Duplicate{Partner: partner}
			for _, r := range records {
				if shown := r.shown(k, r.stage(now)); fold(shown.UserID) == user { // not only about to be called so
					d.UserID, d.Records = shown.UserID, append(d.Records, shown)
				}
			}
			if len(d.Records) > 1 {
				all = append(all, d)
			}
		}
	}
	slices.SortFunc(all, func(a, b Duplicate) int {
		return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.UserID, b.UserID))
	})
	return all
}

// showDuplicates serves GET /simulator/duplicates.
func (s *Simulator) showDuplicates(w http.ResponseWriter, _ *http.Request, _ string) {
	writeJSON(w, http.StatusOK, struct {
		Items []Duplicate `json:"items"`
	}{s.Duplicates()})
}

type outageShown struct {
	Kind  string `json:"kind"`
	Until string `json:"until"` // by the clock of this machine
	Left  string `json:"left"`
}

// showState serves GET /simulator/state.
func (s *Simulator) showState(w http.ResponseWriter, _ *http.Request, _ string) {
	k, now := s.knobs.Load(), s.now()
	body := struct {
		Clock       string         `json:"clock"`   // Webex's
		Profile     string         `json:"profile"` // empty: none is exactly so
		Turned      map[string]any `json:"turned"`  // knobs that are not as by default
		Outage      *outageShown   `json:"outage"`
		Subscribers int            `json:"subscribers"`
		Statuses    map[string]int `json:"statuses"`
		Duplicates  int            `json:"duplicates"` // users with more than one record
		Totals      map[string]int `json:"totals"`     // answers since the start
	}{
		Clock:      iso(k.stamp(now)),
		Profile:    k.profile(),
		Turned:     k.turned(),
		Statuses:   map[string]int{},
		Duplicates: len(s.Duplicates()),
		Totals:     s.Totals(),
	}
	if o := s.outage.Load(); o != nil && now < o.until {
		body.Outage = &outageShown{o.kind, iso(o.until), (time.Duration(o.until-now) * time.Millisecond).String()}
	}
	s.mu.RLock()
	for _, sh := range s.state.shelves {
		body.Subscribers += len(sh.order)
		for _, r := range sh.order {
			body.Statuses[r.at(now).Status]++
		}
	}
	s.mu.RUnlock()
	writeJSON(w, http.StatusOK, body)
}
