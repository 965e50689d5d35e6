package simulator

import (
	"slices"
	"strings"
)

// course draws what will become of a new record. The state is locked.
func (s *Simulator) course(k *Knobs, r *record, twin, first bool) []step {
	now := r.Created
	wait := k.Provision
	if first {
		wait = k.FirstOfEnterprise
	}
	if r.Email == "" || slices.Contains(k.UntrustedTemplates, r.ProvisioningID) {
		return []step{{At: now, Status: pendingInput}}
	}
	begun := step{At: now, Status: provisioning}
	over := now + max(1, s.millis(wait)) // accepted is never done
	problem := s.trouble(k, r, twin)
	switch {
	case problem != nil:
		return []step{begun, {At: over, Status: failed, Error: problem}}
	case s.happens(k.LateFailure):
		return []step{begun, s.late(k, now)}
	case !within(k.ConsumerDomains, r.Email):
		return append([]step{begun}, s.well(k, over)...)
	}
	steps := []step{begun, {At: over, Status: pendingMigration}}
	if k.ConsentAfter.Max > 0 {
		given := over + s.millis(k.ConsentAfter)
		steps = append(steps, step{At: given, Status: provisioning})
		steps = append(steps, s.well(k, given+s.millis(k.Provision))...)
	}
	return steps
}

// changing draws what will become of an update.
func (s *Simulator) changing(k *Knobs, now int64, twin bool) []step {
	begun, over := step{At: now, Status: updating}, now+max(1, s.millis(k.Update))
	switch {
	case twin:
		return []step{begun, {At: over, Status: failed, Error: &k.DuplicateUser}}
	case s.happens(k.BackgroundFailure):
		return []step{begun, {At: over, Status: failed, Error: s.backgroundError(k)}}
	case s.happens(k.LateFailure):
		return []step{begun, s.late(k, now)}
	}
	return append([]step{begun}, s.well(k, over)...)
}

// late is an error long after something was accepted.
func (s *Simulator) late(k *Knobs, accepted int64) step {
	return step{At: accepted + max(1, s.millis(k.LateAfter)), Status: failed, Error: s.backgroundError(k)}
}

// well is what comes when all goes well, up to now.
func (s *Simulator) well(k *Knobs, at int64) []step {
	steps := []step{{At: at, Status: provisioned}}
	if s.happens(k.Relapse) {
		steps = append(steps, step{At: at + max(1, s.millis(k.RelapseAfter)), Status: failed, Error: s.backgroundError(k)})
	}
	return steps
}

// trouble is why a new record will fail; nil: it will not.
func (s *Simulator) trouble(k *Knobs, r *record, twin bool) *Problem {
	switch {
	case slices.Contains(k.FailingEnterprises, r.SPEnterpriseID), slices.Contains(k.FailingTemplates, r.ProvisioningID):
		return &k.FailingError
	case twin:
		return &k.DuplicateUser
	case s.emailTaken(r.Email, r):
		return &k.DuplicateEmail
	case within(k.ForeignDomains, r.Email):
		return &k.ForeignError
	case s.happens(k.BackgroundFailure):
		return s.backgroundError(k)
	}
	return nil
}

// userTaken says whether another record has the user id, or is about to: a
// failed one too, which has to be removed first.
func (s *Simulator) userTaken(partner, userID string, but *record) bool {
	sh := s.state.shelves[partner]
	return sh != nil && slices.ContainsFunc(sh.users[fold(userID)], func(r *record) bool { return r != but })
}

// emailTaken says whether another record, of any partner, stands for the person.
func (s *Simulator) emailTaken(email string, but *record) bool {
	now := s.now()
	return slices.ContainsFunc(s.state.emails[fold(email)], func(r *record) bool { return r.ID != but.ID && r.holds(now) })
}

func within(domains []string, email string) bool {
	_, domain, _ := strings.Cut(fold(email), "@")
	return slices.Contains(domains, domain)
}
