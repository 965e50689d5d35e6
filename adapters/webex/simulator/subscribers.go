package simulator

import (
	"log"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"ledgerline/domain/webex"
)

// names is the namespace of ids, which are derived, so that runs can be compared.
var names = uuid.MustParse("3d9f1c52-7a0b-5c1e-8e42-5b6a2f0d9c71")

func (s *Simulator) read(c call) answer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := s.state.find(c.partner, c.id)
	if r == nil {
		return absent
	}
	return answer{status: http.StatusOK, body: r.shown(c.knobs, r.stage(s.now()))}
}

var absent = refuse(http.StatusNotFound, "The subscriber could not be found.")

func (s *Simulator) provision(c call) answer {
	body, trouble := parse(c.body)
	if trouble == nil {
		trouble = body.complete(c.knobs)
	}
	if trouble != nil {
		return *trouble
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	r := &record{
		Partner:        c.partner,
		ProvisioningID: text(body.ProvisioningID),
		SPEnterpriseID: text(body.SPEnterpriseID),
		Email:          text(body.Email),
		Profile:        body.over(profile{}),
		Created:        now,
	}
	s.identify(r)

	count := s.count(c.partner, r.Profile.UserID)
	count.Posts++
	twin := s.userTaken(c.partner, r.Profile.UserID, nil)
	if twin && c.knobs.DuplicateUserStatus != 0 {
		return s.carryOut(change{count: count}, refuse(c.knobs.DuplicateUserStatus, c.knobs.DuplicateUser.Description, detailOf(c.knobs.DuplicateUser)))
	}
	r.Steps = s.course(c.knobs, r, twin, !s.state.enterprises[r.enterprise()])
	count.Provisioned++
	if twin {
		count.Duplicates++
	}
	return s.carryOut(change{new: r, count: count}, answer{status: http.StatusOK, body: r.shown(c.knobs, r.stage(now))})
}

// identify gives a new record its number and its ids. The state is locked.
func (s *Simulator) identify(r *record) {
	r.Seq = s.state.seq + 1
	r.ID = webex.EncodeID(webex.TypeSubscriber, derived("subscriber", r.Partner, iso(r.Created), r.Profile.UserID))
	for i := byte('a'); s.state.find(r.Partner, r.ID) != nil; i++ { // the same user in the same millisecond
		r.ID = webex.EncodeID(webex.TypeSubscriber, derived("subscriber", r.Partner, iso(r.Created), r.Profile.UserID, string(i)))
	}
	r.PersonID = personOf(r.Email)
}

func (s *Simulator) update(c call) answer {
	body, trouble := parse(c.body)
	if trouble != nil {
		return *trouble
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.state.find(c.partner, c.id)
	if old == nil {
		return absent
	}
	now := s.now()
	before := old.profileAt(now)
	after := body.over(before)
	count := s.count(c.partner, before.UserID)
	count.Puts++
	if trouble := after.lacks(); trouble != nil {
		return s.carryOut(change{count: count}, *trouble)
	}
	status := old.at(now).Status
	if !slices.Contains(c.knobs.UpdateStatuses, status) || (status == failed && !old.live(now)) {
		return s.carryOut(change{count: count}, refuse(http.StatusConflict, "A subscriber that is "+status+" cannot be updated."))
	}
	r := old.again(now)
	r.Profile, r.Next, r.Live = before, &after, true
	r.Steps = s.changing(c.knobs, now, s.userTaken(c.partner, after.UserID, old))
	count.Updated++
	return s.carryOut(change{old: old, new: r, count: count}, answer{status: http.StatusOK, body: r.shown(c.knobs, r.stage(now))})
}

func (s *Simulator) remove(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.state.find(c.partner, c.id)
	if old == nil {
		return absent
	}
	count := s.count(c.partner, old.profileAt(s.now()).UserID)
	count.Deletes++
	count.Removed++
	return s.carryOut(change{old: old, count: count}, answer{status: http.StatusNoContent})
}

func (s *Simulator) resendConsent(c call) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.state.find(c.partner, c.id)
	if old == nil {
		return absent
	}
	now := s.now()
	count := s.count(c.partner, old.profileAt(now).UserID)
	count.Consents++
	if status := old.at(now).Status; status != pendingMigration {
		return s.carryOut(change{count: count}, refuse(http.StatusConflict, "No consent is awaited from a subscriber that is "+status+"."))
	}
	r := *old
	r.Mails++
	return s.carryOut(change{old: old, new: &r, count: count}, answer{status: http.StatusNoContent})
}

// carryOut records what a request did, then gives its answer. The lock is held.
func (s *Simulator) carryOut(did change, a answer) answer {
	if err := s.store.keep(did, did.new.founds() && !s.state.enterprises[did.new.enterprise()]); err != nil {
		log.Print("simulator: ", err)
		return refuse(http.StatusInternalServerError, "Something went wrong on the server.")
	}
	if did.old != nil || did.new != nil {
		s.state.put(did.old, did.new)
	}
	if did.new.founds() {
		s.state.enterprises[did.new.enterprise()] = true
	}
	if did.count.Partner != "" {
		s.state.counts[[2]string{did.count.Partner, did.count.UserID}] = did.count
	}
	return a
}

func (s *Simulator) count(partner, userID string) Count {
	c := s.state.counts[[2]string{partner, userID}]
	c.Partner, c.UserID = partner, userID
	return c
}

func derived(parts ...string) uuid.UUID {
	var name []byte
	for _, p := range parts {
		name = append(append(name, p...), 0)
	}
	return uuid.NewSHA1(names, name)
}

func personOf(email string) string {
	if email == "" {
		return ""
	}
	return webex.EncodeID(webex.TypePerson, derived("person", fold(email)))
}
