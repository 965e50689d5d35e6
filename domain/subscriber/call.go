package subscriber

import (
	"fmt"

	"ledgerline/domain/webex"
)

// Wanted is what Webex is asked to provision, as things stand.
func (s State) Wanted() webex.Request {
	return webex.Request{Profile: s.Profile, ProvisioningID: s.ProvisioningID, SPEnterpriseID: s.SPEnterpriseID, Email: s.Email, Language: s.Language}
}

// UpdateFrom is what an update goes out from: it asks for what differs from it in
// Profile.
func (s State) UpdateFrom() webex.Profile {
	from := s.Applied
	if s.Stale {
		from.Package = "" // an update that changes nothing would not mend the failed one
	}
	return from
}

// Call is the request of this kind as it is sent, as things stand.
func (s State) Call(kind RequestKind) webex.Call {
	switch kind {
	case Provision:
		return webex.ProvisionCall(s.Wanted())
	case Update:
		return webex.UpdateCall(s.WebexID, s.UpdateFrom(), s.Profile)
	case Remove:
		return webex.RemoveCall(s.WebexID)
	case ResendConsent:
		return webex.ConsentCall(s.WebexID)
	}
	panic(fmt.Sprintf("subscriber: no request %q", kind))
}
