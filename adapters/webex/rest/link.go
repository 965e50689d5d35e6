package rest

import "strings"

// nextLink returns the address that a Link header marks rel="next"; empty: none.
// Addresses and quoted values may hold commas and semicolons, as in
// status=error,provisioned.
//
// Source: RFC 8288, section 3.
func nextLink(headers []string) string {
	for _, rest := range headers {
		for {
			_, after, found := strings.Cut(rest, "<")
			if !found {
				break
			}
			var address, params string
			if address, after, found = strings.Cut(after, ">"); !found {
				break
			}
			params, rest = until(after, ',')
			if isNext(params) {
				return strings.TrimSpace(address)
			}
		}
	}
	return ""
}

func isNext(params string) bool {
	for params != "" {
		var param string
		param, params = until(params, ';')
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for _, rel := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
		return false // the first rel counts
	}
	return false
}

// until cuts at the first separator outside quotes.
func until(s string, separator byte) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
