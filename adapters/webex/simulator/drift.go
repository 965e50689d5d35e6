package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"ledgerline/domain/webex"
)

// Drifted is a record that was changed by hand, and how.
type Drifted struct {
	Partner string `json:"partner"`
	ID      string `json:"id"`
	UserID  string `json:"userId"`
	Change  string `json:"change"` // vanished, unknown, or what changed: package, extension or status
}

// drifting says how much is to change by hand.
type drifting struct {
	Partner string  `json:"partner"` // whose records, and who has the unknown; empty: all, "main"
	Vanish  float64 `json:"vanish"`  // probability that a record is gone
	Change  float64 `json:"change"`  // probability that one that is provisioned has changed
	Unknown int     `json:"unknown"` // records that nobody asked for
}

func (d drifting) check() error {
	switch {
	case !(d.Vanish >= 0 && d.Vanish <= 1):
		return fmt.Errorf("vanish is a probability, from 0 to 1, not %v", d.Vanish)
	case !(d.Change >= 0 && d.Change <= 1):
		return fmt.Errorf("change is a probability, from 0 to 1, not %v", d.Change)
	case d.Unknown < 0 || d.Unknown > 10_000:
		return fmt.Errorf("unknown is from 0 to 10000, not %d", d.Unknown)
	}
	return nil
}

// drift serves POST /simulator/drift.
func (s *Simulator) drift(w http.ResponseWriter, r *http.Request, _ string) {
	var d drifting
	if !decode(w, r, &d) {
		return
	}
	if err := d.check(); err != nil {
		badRequest(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all, kept := s.letDrift(d)
	if kept.status != 0 {
		writeJSON(w, kept.status, kept.body)
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Items []Drifted `json:"items"`
	}{all})
}

// letDrift goes through all records once, until one cannot be kept. The state is
// locked.
func (s *Simulator) letDrift(d drifting) (all []Drifted, kept answer) {
	all = []Drifted{}
	for _, partner := range slices.Sorted(maps.Keys(s.state.shelves)) {
		if d.Partner != "" && partner != d.Partner {
			continue
		}
		for _, r := range slices.Clone(s.state.shelves[partner].order) {
			now := s.now()
			is := Drifted{Partner: partner, ID: r.ID, UserID: r.profileAt(now).UserID}
			switch {
			case s.happens(d.Vanish):
				is.Change, kept = "vanished", s.carryOut(change{old: r}, answer{})
			case r.at(now).Status == provisioned && s.happens(d.Change):
				is.Change, kept = s.alter(r, now)
			default:
				continue
			}
			if kept.status != 0 {
				return all, kept
			}
			all = append(all, is)
		}
	}
	for range d.Unknown {
		user := fmt.Sprintf("unknown-%d@drift.example", s.state.seq+1)
		made, kept := s.add(edit{Partner: &d.Partner, UserID: &user, Email: &user})
		if kept.status != 0 {
			return all, kept
		}
		all = append(all, Drifted{made.Partner, made.ID, user, "unknown"})
	}
	return all, kept
}

// alter changes something about a record, by chance, and says what.
func (s *Simulator) alter(r *record, now int64) (what string, kept answer) {
	var e edit
	switch what = []string{"package", "extension", "status"}[s.one(3, evenly)]; what {
	case "package":
		others := slices.DeleteFunc(slices.Clone(webex.Packages), func(p webex.Package) bool { return string(p) == r.profileAt(now).Package })
		other := string(others[s.one(len(others), evenly)])
		e.Package = &other
	case "extension":
		other := fmt.Sprint(r.profileAt(now).Extension, "9")
		e.Extension = &other
	case "status":
		status := failed
		e.Status = &status
	}
	_, kept = s.edited(r, e)
	return what, kept
}

func evenly(int) float64 { return 1 }
