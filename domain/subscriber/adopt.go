package subscriber

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// Adopt takes over a record that Webex has and the ledger has not.
type Adopt struct {
	Record   webex.Subscriber
	Replaces string // Webex's id of the record that was known, which is gone; empty: none was
	Leaving  bool   // only to be deleted
	At       time.Time
}

// Errors of adopting.
var (
	ErrWaitsThere = domain.Reject(domain.Conflict, "At Webex this user still has to enter or validate an e-mail address. Adopt it when it is provisioned.")
	ErrNoRecord   = domain.Reject(domain.Invalid, "A record without id or BroadWorks user id cannot be adopted.")
)

// adoptable says why this subscriber cannot take over a record; nil: it can.
func (s State) adoptable(c Adopt) error {
	r := c.Record
	switch {
	case r.ID == "" || FoldUserID(r.UserID) == "":
		return ErrNoRecord
	case s.Claimed != uuid.Nil:
		return ErrClaimed
	case s.Here() && FoldUserID(s.Profile.UserID) != FoldUserID(r.UserID):
		return ErrRenamed
	case s.WebexID != c.Replaces:
		return ErrOtherRecord
	case s.WebexID != "" && !s.AtRest(), !s.nothingThere() && s.WebexID == "", s.Stage == Ready, s.Stage == Leaving:
		return ErrNotAtRest
	case !c.Leaving && (r.Status == webex.PendingEmailInput || r.Status == webex.PendingEmailValidation):
		return ErrWaitsThere
	}
	return nil
}

func adopt(s State, c Adopt) ([]domain.Event, error) {
	r := c.Record
	if s.WebexID == r.ID && r.ID != "" {
		return nil, nil
	}
	if err := s.adoptable(c); err != nil {
		return nil, err
	}
	var events []domain.Event
	if s.WebexID != "" {
		events = append(events, Vanished{At: c.At})
	}
	value := func(text string) domain.Personal { return domain.Personal(strings.TrimSpace(text)) }
	adopted := Adopted{
		WebexID: r.ID, UserID: value(r.UserID), SPEnterpriseID: r.SPEnterpriseID, ProvisioningID: strings.TrimRight(r.ProvisioningID, "="),
		Package: r.Package, FirstName: value(r.FirstName), LastName: value(r.LastName), Email: value(r.Email),
		PrimaryPhoneNumber: value(mended(r.PrimaryPhoneNumber)), MobilePhoneNumber: value(mended(r.MobilePhoneNumber)),
		Extension: value(r.Extension), SelfActivated: r.SelfActivated, At: c.At,
	}
	return append(append(events, adopted), statusEvents(Evolve(s, adopted), r, c.At)...), nil
}

// evolveAdopted begins another life, in which the record is as if its
// provisioning had been accepted.
func evolveAdopted(s State, e Adopted) State {
	s = State{
		Lives: s.Lives + 1, Claimed: s.Claimed, Stage: Ready, Flow: API,
		SPEnterpriseID: e.SPEnterpriseID, ProvisioningID: e.ProvisioningID, Created: e.At,
		Email: string(e.Email), EmailTrusted: e.Email != "", WebexID: e.WebexID,
		Profile: webex.Profile{
			UserID: string(e.UserID), FirstName: string(e.FirstName), LastName: string(e.LastName),
			PrimaryPhoneNumber: string(e.PrimaryPhoneNumber), MobilePhoneNumber: string(e.MobilePhoneNumber),
			Extension: string(e.Extension), Package: e.Package,
		},
		Request: RequestState{Kind: Provision, Phase: Accepted, At: e.At},
	}
	if e.SelfActivated {
		s.Flow = SelfActivation
	}
	s.Sent = s.Profile
	return s
}

func (Adopt) subscriberCommand() {}
