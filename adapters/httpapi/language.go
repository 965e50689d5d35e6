package httpapi

import (
	"cmp"

	"golang.org/x/text/language"

	"ledgerline/domain"
	"ledgerline/domain/cause"
)

var matcher = func() language.Matcher {
	tags := make([]language.Tag, len(cause.Languages))
	for i, name := range cause.Languages {
		tags[i] = language.Make(name)
	}
	return language.NewMatcher(tags)
}()

// language returns which of our languages the caller reads best: the parameter
// lang, or the header Accept-Language; English where neither says.
func (c *call) language() string {
	asked := cmp.Or(c.URL.Query().Get("lang"), c.Header.Get("Accept-Language"))
	_, i := language.MatchStrings(matcher, asked)
	return cause.Languages[i]
}

// language checks the parameter that call.language reads.
func (p *params) language() {
	if text := p.text("lang"); text != "" {
		if _, err := language.Parse(text); err != nil {
			p.wrong.Add("lang", domain.Malformed, "must be a language like sv or sv-SE")
		}
	}
}
