package simulator

import (
	"net/http"
)

// validate serves the precheck. Consumer accounts pass it, since partners do
// not see them. That a refusal is a 400 is uncertain.
func (s *Simulator) validate(c call) answer {
	b, trouble := parse(c.body)
	switch {
	case trouble != nil:
		return *trouble
	case text(b.Email) == "":
		return *bad("A mandatory parameter is missing.", detail{1001, "Null parameter: email is mandatory", "email"})
	case b.CustomerInfo != nil && text(b.CustomerInfo.PrimaryEmail) == "":
		return *bad("A mandatory parameter is missing.", detail{1001, "Null parameter: customerInfo.primaryEmail is mandatory", "customerInfo.primaryEmail"})
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	k := c.knobs
	switch {
	case b.UserID != nil && s.userTaken(c.partner, *b.UserID, nil):
		return *bad(k.DuplicateUser.Description, detailOf(k.DuplicateUser))
	case s.emailTaken(*b.Email, &record{}):
		return *bad(k.DuplicateEmail.Description, detailOf(k.DuplicateEmail))
	case within(k.ForeignDomains, *b.Email):
		return *bad(k.ForeignError.Description, detailOf(k.ForeignError))
	}
	type info struct {
		InfoCode    int    `json:"infoCode"`
		Description string `json:"description"`
	}
	return answer{status: http.StatusOK, body: struct {
		Message string `json:"message"`
		Info    []info `json:"info"`
	}{"success", []info{{100, "Provisioning preCheck validation successful."}}}}
}
