package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// params reads the query parameters of a request and collects what is wrong with
// them. An empty value is as good as none.
type params struct {
	values url.Values
	asked  map[string]bool
	wrong  domain.Fields
}

// params returns the parameters of a request.
func (c *call) params() *params {
	values, err := url.ParseQuery(c.URL.RawQuery)
	p := &params{values: values, asked: map[string]bool{}}
	if err != nil {
		p.wrong.Add("query", domain.Malformed, "must be percent-encoded, and joined by &")
	}
	return p
}

func (p *params) text(name string) string {
	p.asked[name] = true
	if text := p.values.Get(name); len(text) <= 512 {
		return text
	}
	p.wrong.Add(name, domain.TooLong, "must have at most 512 characters")
	return ""
}

// oneOf reads one of some values, the first of which stands for none given.
func (p *params) oneOf(name string, values ...string) string {
	text := p.text(name)
	switch {
	case text == "":
		return values[0]
	case slices.Contains(values, text):
		return text
	}
	p.wrong.Add(name, domain.Malformed, "must be one of "+strings.Join(values, ", "))
	return values[0]
}

// list reads values separated by commas, each of which must be known.
func list[T ~string](p *params, name string, known []T) (values []T) {
	for _, part := range strings.Split(p.text(name), ",") {
		value := T(strings.TrimSpace(part))
		switch {
		case value == "":
		case !slices.Contains(known, value):
			names := make([]string, len(known))
			for i, k := range known {
				names[i] = string(k)
			}
			p.wrong.Add(name, domain.Malformed, "must be one or more, separated by commas, of "+strings.Join(names, ", "))
			return nil
		case !slices.Contains(values, value):
			values = append(values, value)
		}
	}
	return values
}

func (p *params) statuses(name string, known []webex.Status) []webex.Status {
	return list(p, name, known)
}

// truth reads true or false, also in quotes, as Webex's examples have it; nil:
// not given.
func (p *params) truth(name string) *bool {
	switch text := strings.ToLower(strings.Trim(p.text(name), `"`)); text {
	case "":
		return nil
	case "true", "false":
		value := text == "true"
		return &value
	}
	p.wrong.Add(name, domain.Malformed, "must be true or false")
	return nil
}

func (p *params) flag(name string) bool {
	value := p.truth(name)
	return value != nil && *value
}

func (p *params) number(name string, otherwise, least, most int) int {
	text := p.text(name)
	if text == "" && !p.values.Has(name) {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		p.wrong.Add(name, domain.Malformed, fmt.Sprintf("must be a whole number from %d to %d", least, most))
		return otherwise
	}
	return n
}

func (p *params) position(name string) domain.Position {
	text := p.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		p.wrong.Add(name, domain.Malformed, "must be a position of the log, as the header "+positionHeader+" names it")
	}
	return domain.Position(n)
}

// instant reads milliseconds since 1970 or an ISO 8601 time; zero: not given.
func (p *params) instant(name string) time.Time {
	text := p.text(name)
	if text == "" {
		return time.Time{}
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms >= 0 && ms < 1<<53 {
		return time.UnixMilli(ms).UTC()
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", time.DateOnly} {
		// a + in the offset arrives as a space when it was not percent-encoded
		if at, err := time.Parse(layout, strings.Replace(text, " ", "+", 1)); err == nil {
			return at.UTC()
		}
	}
	p.wrong.Add(name, domain.Malformed, "must be milliseconds since 1970, or a time like 2026-01-31T12:00:00.000Z")
	return time.Time{}
}

// strictlyAfter reads an instant that times, which are shown by the millisecond,
// are to be after as they are shown.
func (p *params) strictlyAfter(name string) time.Time {
	at := p.instant(name)
	if at.IsZero() {
		return at
	}
	return at.Truncate(time.Millisecond).Add(time.Millisecond - 1)
}

// err says what is wrong with the parameters that were asked for.
func (p *params) err() error {
	if len(p.wrong) == 0 {
		return nil
	}
	return &refusal{
		status: http.StatusBadRequest, name: "invalid", title: "The request needs correcting",
		detail: "Some parameters need correcting.", code: codeMalformed, fields: p.wrong, at: inQuery,
	}
}

// only is err, and refuses parameters that nobody asked for.
func (p *params) only() error {
	names := make([]string, 0, len(p.values))
	for name := range p.values {
		if !p.asked[name] {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		p.wrong.Add(name, domain.Malformed, "is not known here; leave it out")
	}
	return p.err()
}

// link returns one link to this address with other parameters (RFC 8288).
func (a *api) link(c *call, rel string, q url.Values) string {
	base := a.BaseURL
	if base == "" {
		base = "http://" + c.Host
		if c.TLS != nil {
			base = "https://" + c.Host
		}
	}
	return fmt.Sprintf(`<%s%s?%s>; rel=%q`, base, c.URL.EscapedPath(), q.Encode(), rel)
}

// linkNext sets the Link header of a page that goes on at a cursor.
func (a *api) linkNext(w http.ResponseWriter, c *call, cursor string) {
	if cursor == "" {
		return
	}
	q := c.URL.Query()
	q.Set("cursor", cursor)
	w.Header().Set("Link", a.link(c, "next", q))
}
