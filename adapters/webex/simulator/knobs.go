package simulator

import (
	"maps"
	"slices"
	"time"
)

// Knobs is everything about the simulator that can be turned, also while it
// runs. Probabilities are from 0 to 1; what is 0 or empty costs nothing. The tags
// say what each knob means, also to people: see About.
type Knobs struct {
	Provision         Delay    `json:"provision" group:"time" means:"how long provisioning takes, from accepted to done"`
	FirstOfEnterprise Delay    `json:"firstOfEnterprise" group:"time" means:"the same for the first user of an enterprise, whose organisation is made too"`
	Update            Delay    `json:"update" group:"time" means:"how long an update takes, from accepted to done"`
	ConsentAfter      Delay    `json:"consentAfter" group:"time" means:"until a consumer consents; 0: only by hand"`
	Latency           Delay    `json:"latency" group:"time" means:"before every reply"`
	ReadLatency       Delay    `json:"readLatency" group:"time" means:"further, before the reply to a read of one record or a precheck"`
	WriteLatency      Delay    `json:"writeLatency" group:"time" means:"further, before a write is carried out"`
	ListLatency       Delay    `json:"listLatency" group:"time" means:"further, before each page of a list"`
	ClockSkew         Duration `json:"clockSkew" group:"time" means:"how far Webex's clock is ahead, in all times that it shows or compares, those of old records too; negative: behind"`

	GrantedRate   float64  `json:"grantedRate" group:"limit" means:"requests per second and token; 0: no limit"`
	Burst         int      `json:"burst" group:"limit" means:"requests at once after a rest; 0: a tenth of a second's; of no effect with a window"`
	Window        Duration `json:"window" group:"limit" means:"counts in fixed windows of this length, each with grantedRate times its seconds; 0: a token bucket"`
	RetryAfter    int      `json:"retryAfter" group:"limit" means:"seconds, at least, on 429 and 423; 0: the header is left out"`
	RetryAfterMix Mix      `json:"retryAfterMix" group:"limit" means:"how Retry-After is written, by weight: seconds, date, none, and absurd: year, negative, text; empty: seconds"`
	Throttle      float64  `json:"throttle" group:"limit" means:"probability of a 429, nothing carried out"`
	Lock          float64  `json:"lock" group:"limit" means:"probability of a 423, nothing carried out"`

	ServerError     float64 `json:"serverError" group:"fault" means:"probability of a failure with nothing carried out"`
	ServerStatus    int     `json:"serverStatus" group:"fault" means:"which 5xx that is"`
	ServerErrorMix  Mix     `json:"serverErrorMix" group:"fault" means:"instead of serverStatus, by weight: any 5xx, reset, hang"`
	LostReply       float64 `json:"lostReply" group:"fault" means:"probability that a write is carried out and not answered"`
	LostReplyStatus int     `json:"lostReplyStatus" group:"fault" means:"the 5xx that comes instead; 0: the connection is dropped"`
	LostReplyMix    Mix     `json:"lostReplyMix" group:"fault" means:"instead of lostReplyStatus, by weight: any 5xx, reset, hang"`
	Hang            Delay   `json:"hang" group:"fault" means:"how long a connection that hangs stays silent before it is dropped"`

	BackgroundFailure  float64  `json:"backgroundFailure" group:"background" means:"probability that provisioning or update ends in error"`
	BackgroundError    Problem  `json:"backgroundError" group:"background" means:"what they end in"`
	BackgroundErrors   Problems `json:"backgroundErrors" group:"background" means:"instead of backgroundError, one of these by weight; empty: that one"`
	LateFailure        float64  `json:"lateFailure" group:"background" means:"probability that provisioning or update ends in error only after lateAfter"`
	LateAfter          Delay    `json:"lateAfter" group:"background" means:"from accepted to a late error"`
	Relapse            float64  `json:"relapse" group:"background" means:"probability that one who is provisioned turns to error later: plausible, not documented"`
	RelapseAfter       Delay    `json:"relapseAfter" group:"background" means:"from provisioned to that error"`
	FailingEnterprises []string `json:"failingEnterprises" group:"background" means:"every provisioning for these enterprises ends in failingError"`
	FailingTemplates   []string `json:"failingTemplates" group:"background" means:"every provisioning with these provisioning ids ends in failingError"`
	FailingError       Problem  `json:"failingError" group:"background" means:"what these end in; as if flow-through credentials did not match"`

	PageSkip   float64  `json:"pageSkip" group:"list" means:"probability that a record before a page vanishes, so that the page begins one too late"`
	PageRepeat float64  `json:"pageRepeat" group:"list" means:"probability that a record before a page is new, so that the page repeats one"`
	TimeStep   Duration `json:"timeStep" group:"list" means:"times are cut to whole multiples of this, so that many are equal; 0: milliseconds"`
	ListLag    Delay    `json:"listLag" group:"list" means:"until lists show a new status, whose lastStatusChange is then as old; drawn for each change"`
	ListNewLag Delay    `json:"listNewLag" group:"list" means:"until lists, also by userId, show a new record; drawn for each record"`

	ConsumerDomains []string `json:"consumerDomains" group:"rule" means:"e-mails here belong to consumer accounts"`
	ForeignDomains  []string `json:"foreignDomains" group:"rule" means:"e-mails here belong to another organisation"`
	ForeignError    Problem  `json:"foreignError" group:"rule" means:"what e-mails of another organisation end in"`

	DuplicateUserStatus int     `json:"duplicateUserStatus" group:"rule" means:"0: a known userId is accepted, then duplicateUser in the background; 409: refused at once"`
	DuplicateUser       Problem `json:"duplicateUser" group:"rule" means:"what a known userId ends in"`
	DuplicateEmail      Problem `json:"duplicateEmail" group:"rule" means:"what a known e-mail ends in, found in the background"`

	Templates             []string `json:"templates" group:"rule" means:"known provisioning ids; empty: all are"`
	UnknownTemplateStatus int      `json:"unknownTemplateStatus" group:"rule" means:"400, 403 or 404: which is uncertain"`
	UntrustedTemplates    []string `json:"untrustedTemplates" group:"rule" means:"subscribers start in pending_email_input, with or without e-mail"`
	RequireNumber         bool     `json:"requireNumber" group:"rule" means:"number or extension demanded at creation: uncertain"`
	UpdateStatuses        []string `json:"updateStatuses" group:"rule" means:"in which an update is accepted, else 409: uncertain"`
	ClampMax              bool     `json:"clampMax" group:"rule" means:"max over 100 is cut instead of refused: uncertain"`

	ReadOnlyTokens []string `json:"readOnlyTokens" group:"rule" means:"get 403 on writes"`
	TokenSeconds   int      `json:"tokenSeconds" group:"rule" means:"life of a token from /v1/access_token"`
	Seed           uint64   `json:"seed" group:"rule" means:"of all chance; naming it starts chance anew"`
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
		Hang:              Delay{2 * time.Minute, 2 * time.Minute},
		BackgroundError:   Problem{900500, "Provisioning failed in the background (simulator)"},
		LateAfter:         Delay{time.Minute, 5 * time.Minute},
		RelapseAfter:      Delay{10 * time.Second, time.Minute},
		FailingError:      Problem{900401, "The BroadWorks credentials of the template do not match (simulator)"},
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
	for _, list := range []*[]string{
		&k.ConsumerDomains, &k.ForeignDomains, &k.Templates, &k.UntrustedTemplates, &k.UpdateStatuses,
		&k.ReadOnlyTokens, &k.FailingEnterprises, &k.FailingTemplates,
	} {
		*list = slices.Clone(*list)
	}
	for _, mix := range []*Mix{&k.RetryAfterMix, &k.ServerErrorMix, &k.LostReplyMix} {
		*mix = maps.Clone(*mix)
	}
	k.BackgroundErrors = slices.Clone(k.BackgroundErrors)
	return k
}
