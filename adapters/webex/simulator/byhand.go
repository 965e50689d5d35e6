package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"ledgerline/domain/webex"
)

// edit is what somebody does to a record in Control Hub, where none of our
// requests is counted. nil: left as it is.
type edit struct {
	Partner        *string `json:"partner"` // of a new record only, as the next three; default "main"
	ProvisioningID *string `json:"provisioningId"`
	SPEnterpriseID *string `json:"spEnterpriseId"`
	Email          *string `json:"email"`

	UserID             *string `json:"userId"`
	FirstName          *string `json:"firstName"`
	LastName           *string `json:"lastName"`
	Package            *string `json:"package"`
	PrimaryPhoneNumber *string `json:"primaryPhoneNumber"`
	MobilePhoneNumber  *string `json:"mobilePhoneNumber"`
	Extension          *string `json:"extension"`
	Timezone           *string `json:"timezone"`
	Status             *string `json:"status"` // of a new record: provisioned if left out
}

// over returns a profile with the edit put over it.
func (e edit) over(p profile) profile {
	return body{
		UserID: e.UserID, FirstName: e.FirstName, LastName: e.LastName, Package: e.Package, Timezone: e.Timezone,
		PrimaryPhoneNumber: e.PrimaryPhoneNumber, MobilePhoneNumber: e.MobilePhoneNumber, Extension: e.Extension,
	}.over(p)
}

func (e edit) check() error {
	if e.Package != nil && !webex.Package(*e.Package).Valid() {
		return fmt.Errorf("package: there is no %q", *e.Package)
	}
	if e.Status != nil && !slices.Contains(webex.Statuses, webex.Status(*e.Status)) {
		return fmt.Errorf("status: there is no %q", *e.Status)
	}
	return nil
}

// addByHand serves POST /simulator/subscribers.
func (s *Simulator) addByHand(w http.ResponseWriter, r *http.Request, _ string) {
	var e edit
	if !decode(w, r, &e) {
		return
	}
	err := e.check()
	if err == nil && strings.TrimSpace(text(e.UserID)) == "" {
		err = fmt.Errorf("userId is missing")
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	made, kept := s.add(e)
	s.showOne(w, http.StatusCreated, made, kept)
}

// add makes a record. The state is locked.
func (s *Simulator) add(e edit) (*record, answer) {
	now, k := s.now(), s.knobs.Load()
	r := &record{
		Partner:        cmp.Or(text(e.Partner), "main"),
		ProvisioningID: cmp.Or(text(e.ProvisioningID), "by-hand"),
		SPEnterpriseID: cmp.Or(text(e.SPEnterpriseID), "by-hand"),
		Email:          text(e.Email),
		Profile:        e.over(profile{FirstName: "By", LastName: "Hand", Package: "basic"}),
		Created:        now,
		Steps:          []step{s.stepByHand(k, now, cmp.Or(text(e.Status), provisioned))},
	}
	s.identify(r)
	return r, s.carryOut(change{new: r}, answer{})
}

func (s *Simulator) stepByHand(k *Knobs, now int64, status string) step {
	st := step{At: now, Status: status}
	if status == failed {
		st.Error = s.backgroundError(k)
	}
	return st
}

// changeByHand serves PATCH /simulator/subscribers/{id}. Only a new status moves
// lastStatusChange.
func (s *Simulator) changeByHand(w http.ResponseWriter, r *http.Request, name string) {
	var e edit
	if !decode(w, r, &e) {
		return
	}
	err := e.check()
	for field, value := range map[string]*string{"partner": e.Partner, "provisioningId": e.ProvisioningID, "spEnterpriseId": e.SPEnterpriseID} {
		if value != nil && err == nil {
			err = fmt.Errorf("%s cannot change; remove the record and make another", field)
		}
	}
	if err != nil {
		badRequest(w, err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.state.named(name)
	if old == nil {
		writeJSON(w, http.StatusNotFound, errorBody{Message: "There is no such subscriber, or more than one."})
		return
	}
	edited, kept := s.edited(old, e)
	s.showOne(w, http.StatusOK, edited, kept)
}

// edited changes a record. The state is locked.
func (s *Simulator) edited(old *record, e edit) (*record, answer) {
	now, k := s.now(), s.knobs.Load()
	r := *old
	if e.Status != nil {
		r = *old.again(now)
		r.Live = old.live(now)
		r.Profile, r.Next = old.profileAt(now), nil
		r.Steps = []step{s.stepByHand(k, now, *e.Status)}
	}
	r.Profile = e.over(r.Profile)
	if r.Next != nil {
		next := e.over(*r.Next)
		r.Next = &next
	}
	if e.Email != nil {
		r.Email, r.PersonID = *e.Email, personOf(*e.Email)
	}
	return &r, s.carryOut(change{old: old, new: &r}, answer{})
}

// removeByHand serves DELETE /simulator/subscribers/{id}.
func (s *Simulator) removeByHand(w http.ResponseWriter, _ *http.Request, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.state.named(name)
	if old == nil {
		writeJSON(w, http.StatusNotFound, errorBody{Message: "There is no such subscriber, or more than one."})
		return
	}
	a := s.carryOut(change{old: old}, answer{status: http.StatusNoContent})
	writeJSON(w, a.status, a.body)
}

// showOne answers with a record, or with why it was not kept.
func (s *Simulator) showOne(w http.ResponseWriter, status int, r *record, kept answer) {
	if kept.status != 0 {
		writeJSON(w, kept.status, kept.body)
		return
	}
	writeJSON(w, status, r.shown(s.knobs.Load(), r.stage(s.now())))
}
