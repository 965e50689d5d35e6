package simulator

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Knobs is everything about the simulator that can be turned, also while it
// runs. Probabilities are from 0 to 1.
type Knobs struct {
	Provision         Delay `json:"provision"`         // from accepted to done
	FirstOfEnterprise Delay `json:"firstOfEnterprise"` // the same for the first user of an enterprise, whose org is made too
	Update            Delay `json:"update"`            // from accepted to done
	ConsentAfter      Delay `json:"consentAfter"`      // until a consumer consents; zero: only through POST /simulator/consent
	Latency           Delay `json:"latency"`           // added to every reply

	GrantedRate float64 `json:"grantedRate"` // requests per second and token; 0: no limit
	Burst       int     `json:"burst"`       // requests at once after a rest; 0: a tenth of a second's
	RetryAfter  int     `json:"retryAfter"`  // seconds, at least, on 429 and 423; 0: the header is left out

	Throttle        float64 `json:"throttle"`        // probability of a 429, nothing carried out
	Lock            float64 `json:"lock"`            // of a 423, nothing carried out
	ServerError     float64 `json:"serverError"`     // of a 5xx, nothing carried out
	ServerStatus    int     `json:"serverStatus"`    // which 5xx
	LostReply       float64 `json:"lostReply"`       // of a write that is carried out and not answered
	LostReplyStatus int     `json:"lostReplyStatus"` // what comes instead; 0: the connection is dropped

	BackgroundFailure float64 `json:"backgroundFailure"` // probability that provisioning or update ends in error
	BackgroundError   Problem `json:"backgroundError"`   // with this

	ConsumerDomains []string `json:"consumerDomains"` // e-mails here belong to consumer accounts
	ForeignDomains  []string `json:"foreignDomains"`  // e-mails here belong to another organisation
	ForeignError    Problem  `json:"foreignError"`

	DuplicateUserStatus int     `json:"duplicateUserStatus"` // 0: accepted, then DuplicateUser in the background; 409: refused at once
	DuplicateUser       Problem `json:"duplicateUser"`
	DuplicateEmail      Problem `json:"duplicateEmail"` // found in the background

	Templates             []string `json:"templates"`             // known provisioning ids; empty: all are
	UnknownTemplateStatus int      `json:"unknownTemplateStatus"` // 400, 403 or 404: which is uncertain
	UntrustedTemplates    []string `json:"untrustedTemplates"`    // subscribers start in pending_email_input, with or without e-mail
	RequireNumber         bool     `json:"requireNumber"`         // number or extension demanded at creation: uncertain
	UpdateStatuses        []string `json:"updateStatuses"`        // in which an update is accepted, else 409: uncertain
	ClampMax              bool     `json:"clampMax"`              // max over 100 is cut instead of refused: uncertain

	ReadOnlyTokens []string `json:"readOnlyTokens"` // get 403 on writes
	TokenSeconds   int      `json:"tokenSeconds"`   // life of a token from /v1/access_token
	Seed           uint64   `json:"seed"`           // of all chance
}

// Problem is an error as a record or an error body shows it.
type Problem struct {
	ErrorCode   int    `json:"errorCode,omitempty"`
	Description string `json:"description"`
}

// DefaultKnobs is a Webex in good order that grants 1,000 requests per second.
// Texts that end in "(simulator)" are made up, and so are codes from 900000.
func DefaultKnobs() Knobs {
	return Knobs{
		Provision:         Delay{200 * time.Millisecond, 1200 * time.Millisecond},
		FirstOfEnterprise: Delay{1200 * time.Millisecond, 2 * time.Second},
		Update:            Delay{100 * time.Millisecond, 600 * time.Millisecond},
		GrantedRate:       1000,
		RetryAfter:        1,
		ServerStatus:      503,
		BackgroundError:   Problem{900500, "Provisioning failed in the background (simulator)"},
		ConsumerDomains:   []string{"consumer.example"},
		ForeignDomains:    []string{"foreign.example"},
		ForeignError:      Problem{900409, "The email address belongs to a user of another organization (simulator)"},
		DuplicateUser:     Problem{10022, "The BroadWorks UserID is already associated with an existing user"},
		DuplicateEmail:    Problem{10022, "The email address is already associated with an existing user"},

		UnknownTemplateStatus: 404,
		UpdateStatuses:        []string{provisioned, failed},
		TokenSeconds:          14 * 24 * 60 * 60, // as Webex's own
		Seed:                  1,
	}
}

// clone shares nothing with k.
func (k Knobs) clone() Knobs {
	for _, list := range []*[]string{&k.ConsumerDomains, &k.ForeignDomains, &k.Templates, &k.UntrustedTemplates, &k.UpdateStatuses, &k.ReadOnlyTokens} {
		*list = slices.Clone(*list)
	}
	return k
}

func (k Knobs) check() error {
	for _, p := range []float64{k.Throttle, k.Lock, k.ServerError, k.LostReply, k.BackgroundFailure} {
		if !(p >= 0 && p <= 1) {
			return errors.New("a probability is from 0 to 1")
		}
	}
	for _, d := range []Delay{k.Provision, k.FirstOfEnterprise, k.Update, k.ConsentAfter, k.Latency} {
		if d.Min < 0 || d.Max < d.Min || d.Max > 365*24*time.Hour {
			return errors.New("a delay runs from min to max, at most a year")
		}
	}
	if !(k.GrantedRate >= 0) || k.Burst < 0 || k.RetryAfter < 0 || k.TokenSeconds < 1 {
		return errors.New("rate, burst and times are not negative, and a token lives for a second at least")
	}
	if k.ServerStatus < 500 || k.ServerStatus > 599 || (k.LostReplyStatus != 0 && k.LostReplyStatus/100 != 5) {
		return errors.New("serverStatus is 5xx, and so is lostReplyStatus unless 0")
	}
	if !slices.Contains([]int{400, 403, 404}, k.UnknownTemplateStatus) || (k.DuplicateUserStatus != 0 && k.DuplicateUserStatus != 409) {
		return errors.New("unknownTemplateStatus is 400, 403 or 404, duplicateUserStatus 0 or 409")
	}
	return nil
}

// Delay is a time between Min and Max, by chance. In JSON its ends are texts
// such as "1.2s".
type Delay struct{ Min, Max time.Duration }

type delayText struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// MarshalJSON writes {"min":"200ms","max":"1.2s"}.
func (d Delay) MarshalJSON() ([]byte, error) {
	return json.Marshal(delayText{d.Min.String(), d.Max.String()})
}

// UnmarshalJSON is the reverse of MarshalJSON; both ends are needed.
func (d *Delay) UnmarshalJSON(data []byte) error {
	var text delayText
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	low, err := time.ParseDuration(text.Min)
	if err != nil {
		return err
	}
	high, err := time.ParseDuration(text.Max)
	*d = Delay{low, high}
	return err
}
