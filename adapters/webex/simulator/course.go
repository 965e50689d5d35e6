package simulator

import (
	"slices"
	"strings"
)

// course draws what will become of a new record. The state is locked.
func (s *Simulator) course(k Knobs, r *record, twin, first bool) []step {
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
	case !within(k.ConsumerDomains, r.Email):
		return []step{begun, {At: over, Status: provisioned}}
	}
	steps := []step{begun, {At: over, Status: pendingMigration}}
	if k.ConsentAfter.Max > 0 {
		given := over + s.millis(k.ConsentAfter)
		steps = append(steps, step{At: given, Status: provisioning}, step{At: given + s.millis(k.Provision), Status: provisioned})
	}
	return steps
}

// trouble is why a new record will fail; nil: it will not.
func (s *Simulator) trouble(k Knobs, r *record, twin bool) *Problem {
	switch {
	case twin:
		return &k.DuplicateUser
	case s.emailTaken(r.Email, r):
		return &k.DuplicateEmail
	case within(k.ForeignDomains, r.Email):
		return &k.ForeignError
	case s.happens(k.BackgroundFailure):
		return &k.BackgroundError
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
