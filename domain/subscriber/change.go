package subscriber

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/cause"
	"ledgerline/domain/webex"
)

// SubmitEmail is a subscriber typing an address in the activation portal.
type SubmitEmail struct {
	Email string
	At    time.Time
}

// ValidateEmail is a subscriber showing that the address is theirs.
type ValidateEmail struct {
	Email string // the address that the proof is about
	At    time.Time
}

// RetryActivation starts a new try. Email replaces the address; empty keeps one
// that was validated or vouched for before.
type RetryActivation struct {
	Email string
	At    time.Time
}

// RetryStopped starts a new try of a subscriber, with the address it has, if this
// very cause stops it. A provisioned one that was to leave is not kept by that.
type RetryStopped struct {
	Cause    cause.Fingerprint
	Customer string // spEnterpriseId that it must belong to; empty: any
	At       time.Time
}

// ChangePackage asks for another package.
type ChangePackage struct {
	Package webex.Package
	At      time.Time
}

// ChangeDetails asks for other details. Nil keeps a value, an empty text removes it.
type ChangeDetails struct {
	FirstName, LastName                   *string
	PrimaryPhoneNumber, MobilePhoneNumber *string
	Extension, Timezone                   *string
	At                                    time.Time
}

// ChangeUserID says that the BroadWorks user has another id now. The stream named
// after the new id must have been claimed before.
type ChangeUserID struct {
	UserID string
	At     time.Time
}

// ClaimName, for the stream named after a user id: it belongs to Subscriber.
type ClaimName struct {
	Subscriber uuid.UUID
	At         time.Time
}

// ReleaseName ends a claim of Subscriber.
type ReleaseName struct {
	Subscriber uuid.UUID
	At         time.Time
}

// RequestConsentMail asks for the consent mail to be sent again.
type RequestConsentMail struct{ At time.Time }

// Delete asks for the subscriber to leave Webex.
type Delete struct{ At time.Time }

// Errors of changes.
var (
	ErrNotFound        = domain.Reject(domain.NotFound, "There is no such user.")
	ErrEmailNotAsked   = domain.Reject(domain.Conflict, "This user is not waiting for an e-mail address.")
	ErrEmailFixed      = domain.Reject(domain.Conflict, "The e-mail address of a provisioned user cannot be changed. Delete the user and onboard it again with the new address.")
	ErrNotThisEmail    = domain.Reject(domain.Conflict, "Another e-mail address has been entered since. Use the newest mail.")
	ErrNothingToRetry  = domain.Reject(domain.Conflict, "This user is provisioned; there is nothing to retry.")
	ErrOtherCause      = domain.Reject(domain.Conflict, "This user is not stopped by this cause any more.")
	ErrRemovalRefused  = domain.Reject(domain.Conflict, "Webex refused to remove this user. Delete the user again, or retry this user alone, which keeps it.")
	ErrInProgress      = domain.Reject(domain.Conflict, "A request for this user is on its way to Webex. Try again in a minute.")
	ErrConsentNotAsked = domain.Reject(domain.Conflict, "This user is not waiting for consent to move an account (pending_user_migration).")
	ErrNumberNeeded    = domain.Reject(domain.Invalid, "A user keeps a primary phone number or an extension; only one of the two can be removed.")
	ErrUserIDTaken     = domain.Reject(domain.Conflict, "Another user has this BroadWorks user id.")
	ErrEmailNeeded     = &domain.Rejection{Kind: domain.Invalid, Text: "Enter the user's e-mail address.", Fields: domain.Fields{{Field: "email", Class: domain.Missing, Problem: "is missing; enter a valid e-mail address"}}}
)

func submitEmail(s State, c SubmitEmail) ([]domain.Event, error) {
	email := strings.TrimSpace(c.Email)
	switch {
	case !s.Here():
		return nil, ErrNotFound
	case s.Stage == AwaitingValidation && email == s.Email:
		return nil, nil
	case s.provisioned():
		return nil, ErrEmailFixed
	case s.Stage != AwaitingEmail && s.Stage != AwaitingValidation && s.Stage != Stopped:
		return nil, ErrEmailNotAsked
	case s.Busy():
		return nil, ErrInProgress
	}
	if err := emailProblem(email); err != nil {
		return nil, err
	}
	return []domain.Event{EmailSubmitted{Email: domain.Personal(email), At: c.At}}, nil
}

func emailProblem(email string) error {
	var f domain.Fields
	if email == "" {
		return ErrEmailNeeded
	}
	if problem := checkEmail(email); problem != "" {
		f.Add("email", classOf(problem), problem)
	}
	return f.Err()
}

func validateEmail(s State, c ValidateEmail) ([]domain.Event, error) {
	switch {
	case !s.Here():
		return nil, ErrNotFound
	case CanonicalEmail(c.Email) != CanonicalEmail(s.Email):
		return nil, ErrNotThisEmail
	case s.EmailTrusted:
		return nil, nil
	case s.Stage != AwaitingValidation:
		return nil, ErrEmailNotAsked
	}
	return []domain.Event{EmailValidated{At: c.At}}, nil
}

func retryActivation(s State, c RetryActivation) ([]domain.Event, error) {
	email := strings.TrimSpace(c.Email)
	if email == "" && s.EmailTrusted {
		email = s.Email
	}
	switch {
	case !s.Here():
		return nil, ErrNotFound
	case s.Stage == Live:
		return nil, ErrNothingToRetry
	case s.provisioned() && CanonicalEmail(email) != CanonicalEmail(s.Email):
		return nil, ErrEmailFixed
	}
	if err := emailProblem(email); err != nil {
		return nil, err
	}
	switch {
	case s.Stage == Ready && CanonicalEmail(email) == CanonicalEmail(s.Email):
		return nil, nil // that try is under way
	case s.Busy():
		return nil, ErrInProgress
	}
	return []domain.Event{ActivationRetried{Email: domain.Personal(email), At: c.At}}, nil
}

func retryStopped(s State, c RetryStopped) ([]domain.Event, error) {
	switch {
	case !s.Here():
		return nil, ErrNotFound
	case s.Stage != Stopped, cause.Of(s.Errors, s.ProvisioningID) != c.Cause, c.Customer != "" && s.SPEnterpriseID != c.Customer:
		return nil, ErrOtherCause
	case s.provisioned() && !s.unlike():
		return nil, ErrRemovalRefused
	}
	return retryActivation(s, RetryActivation{At: c.At})
}

func changePackage(s State, c ChangePackage) ([]domain.Event, error) {
	if !s.Here() {
		return nil, ErrNotFound
	}
	pkg := webex.Package(strings.ToLower(strings.TrimSpace(string(c.Package))))
	var f domain.Fields
	if pkg == "" {
		f.Add("package", domain.Missing, "is missing; "+checkPackage(""))
	} else if problem := checkPackage(string(pkg)); problem != "" {
		f.Add("package", domain.Malformed, problem)
	}
	if err := f.Err(); err != nil || pkg == s.Profile.Package {
		return nil, err
	}
	return s.goOn(PackageChanged{Package: pkg, At: c.At}, c.At), nil
}

func changeDetails(s State, c ChangeDetails) ([]domain.Event, error) {
	if !s.Here() {
		return nil, ErrNotFound
	}
	changed := DetailsChanged{At: c.At}
	wanted := func(to **domain.Personal, asked *string, have string, number bool) {
		if asked == nil {
			return
		}
		value := strings.TrimSpace(*asked)
		if number && value != "" {
			if e164, _, problem := ParseNumber(value); problem == "" {
				value = e164
			}
		}
		if value != have {
			p := domain.Personal(value)
			*to = &p
		}
	}
	p := s.Profile
	wanted(&changed.FirstName, c.FirstName, p.FirstName, false)
	wanted(&changed.LastName, c.LastName, p.LastName, false)
	wanted(&changed.PrimaryPhoneNumber, c.PrimaryPhoneNumber, p.PrimaryPhoneNumber, true)
	wanted(&changed.MobilePhoneNumber, c.MobilePhoneNumber, p.MobilePhoneNumber, true)
	wanted(&changed.Extension, c.Extension, p.Extension, false)
	if c.Timezone != nil && strings.TrimSpace(*c.Timezone) != p.Timezone {
		zone := strings.TrimSpace(*c.Timezone)
		changed.Timezone = &zone
	}
	if changed == (DetailsChanged{At: c.At}) {
		return nil, nil
	}
	after := changed.apply(p)
	if after.PrimaryPhoneNumber == "" && after.Extension == "" {
		return nil, ErrNumberNeeded
	}
	var f domain.Fields
	checkProfile(&f, after)
	if err := f.Err(); err != nil {
		return nil, err
	}
	return s.goOn(changed, c.At), nil
}

// goOn is a change of somebody whose last update failed: the new values are a new
// try.
func (s State) goOn(change domain.Event, at time.Time) []domain.Event {
	if s.Stage == Stopped && s.provisioned() {
		return []domain.Event{change, ActivationRetried{Email: domain.Personal(s.Email), At: at}}
	}
	return []domain.Event{change}
}

func changeUserID(s State, c ChangeUserID) ([]domain.Event, error) {
	userID := strings.TrimSpace(c.UserID)
	if !s.Here() {
		return nil, ErrNotFound
	}
	if err := CheckUserID(userID); err != nil || userID == s.Profile.UserID {
		return nil, err
	}
	return s.goOn(UserIDChanged{UserID: domain.Personal(userID), At: c.At}, c.At), nil
}

// CheckUserID says what is wrong with a BroadWorks user id.
func CheckUserID(userID string) error {
	var f domain.Fields
	if userID == "" {
		f.Add("userId", domain.Missing, "is missing")
	} else if problem := checkText(userID, MaxUserID); problem != "" {
		f.Add("userId", classOf(problem), problem)
	}
	return f.Err()
}

func claimName(s State, c ClaimName) ([]domain.Event, error) {
	switch {
	case s.Claimed == c.Subscriber:
		return nil, nil
	case s.Claimed != uuid.Nil || s.Stage != Absent && s.Stage != Gone:
		return nil, ErrUserIDTaken
	}
	return []domain.Event{NameClaimed{Subscriber: c.Subscriber, At: c.At}}, nil
}

func releaseName(s State, c ReleaseName) ([]domain.Event, error) {
	if s.Claimed != c.Subscriber || s.Claimed == uuid.Nil {
		return nil, nil
	}
	return []domain.Event{NameReleased{At: c.At}}, nil
}

func requestConsentMail(s State, c RequestConsentMail) ([]domain.Event, error) {
	switch {
	case !s.Here():
		return nil, ErrNotFound
	case s.Stage != AwaitingConsent:
		return nil, ErrConsentNotAsked
	case s.ConsentMail:
		return nil, nil
	}
	return []domain.Event{ConsentMailRequested{At: c.At}}, nil
}

func deleteSubscriber(s State, c Delete) ([]domain.Event, error) {
	switch {
	case s.Stage == Leaving || s.Stage == Gone:
		return nil, nil
	case s.Stage == Absent:
		return nil, ErrNotFound
	case s.nothingThere():
		return []domain.Event{DeletionRequested{At: c.At}, Removed{At: c.At}}, nil
	}
	return []domain.Event{DeletionRequested{At: c.At}}, nil
}

func (SubmitEmail) subscriberCommand()        {}
func (ValidateEmail) subscriberCommand()      {}
func (RetryActivation) subscriberCommand()    {}
func (RetryStopped) subscriberCommand()       {}
func (ChangePackage) subscriberCommand()      {}
func (ChangeDetails) subscriberCommand()      {}
func (ChangeUserID) subscriberCommand()       {}
func (ClaimName) subscriberCommand()          {}
func (ReleaseName) subscriberCommand()        {}
func (RequestConsentMail) subscriberCommand() {}
func (Delete) subscriberCommand()             {}
