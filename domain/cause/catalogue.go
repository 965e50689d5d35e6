package cause

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"ledgerline/domain/webex"
)

// Who can mend a cause.
type Who string

// Those who can.
const (
	Subscriber Who = "subscriber" // the person concerned
	Admin      Who = "admin"      // the administrator of the customer or of its templates
	Partner    Who = "partner"    // who runs BroadWorks and Ledgerline
	Webex      Who = "webex"      // Webex itself
)

// Retry says what a retry is worth.
type Retry string

// The worths.
const (
	Automatic Retry = "automatic" // Ledgerline retries by itself
	AfterFix  Retry = "after_fix" // when the cause is mended
	Never     Retry = "never"     // it cannot help
)

// Text explains an entry in one language, in plain words.
type Text struct {
	Title       string `json:"title"`
	Explanation string `json:"explanation"`
	Fix         string `json:"fix"`
}

// Match is one form in which a cause shows: all that is given must fit.
type Match struct {
	Code int      `json:"code,omitempty"` // 0: any
	Text []string `json:"text,omitempty"` // each is part of the normal text
}

// Entry is one cause that the catalogue knows.
type Entry struct {
	ID     string          `json:"id"`
	Who    Who             `json:"who"`
	Retry  Retry           `json:"retry"`
	Shared bool            `json:"shared"` // of the template or the customer: many who fail alike are one finding
	Source string          `json:"source"` // where it is known from; "uncertain: ..." where the vendor does not say
	Match  []Match         `json:"match"`  // any of them
	Texts  map[string]Text `json:"texts"`  // by language
}

// Languages of the catalogue; the first stands in for all others.
var Languages = []string{"en", "sv", "fr", "da", "bg"}

// Unknown is the id of the entry for everything that no other explains.
const Unknown = "unknown"

// In returns the text in a language, given as "sv", "sv-SE" or "sv_SE"; in
// English where there is none.
func (e Entry) In(lang string) Text {
	lang, _, _ = strings.Cut(strings.ReplaceAll(lang, "_", "-"), "-")
	if t, ok := e.Texts[strings.ToLower(lang)]; ok {
		return t
	}
	return e.Texts[Languages[0]]
}

// Find returns what the catalogue knows about an attempt's errors: of those that
// match the first error, the entry that says most about it.
func Find(errors []webex.Error) Entry {
	if len(errors) == 0 {
		return catalogue[len(catalogue)-1]
	}
	return Explain(errors[0].Code, Normal(errors[0].Description))
}

// Explain is Find by code and normal text.
func Explain(code int, normal string) Entry {
	best, most := catalogue[len(catalogue)-1], 0
	for _, e := range catalogue {
		for _, m := range e.Match {
			if weight := m.weight(code, normal); weight > most {
				best, most = e, weight
			}
		}
	}
	return best
}

// weight is how much of an error a match explains; 0: it does not match. A text
// says more than a code, since Webex uses codes with several texts.
func (m Match) weight(code int, normal string) int {
	weight := 0
	if m.Code != 0 {
		weight = 1
	}
	for _, part := range m.Text {
		if !strings.Contains(normal, part) {
			return 0
		}
		weight += 2 * len(part)
	}
	if m.Code != 0 && m.Code != code {
		return 0
	}
	return weight
}

// Catalogue returns all entries, Unknown last.
func Catalogue() []Entry { return append([]Entry(nil), catalogue...) }

//go:embed catalogue.json
var data []byte

var catalogue = parse(data)

func parse(data []byte) []Entry {
	var file struct {
		Entries []Entry `json:"entries"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		panic(fmt.Sprintf("cause: catalogue.json: %v", err))
	}
	return file.Entries
}
