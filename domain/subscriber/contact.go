package subscriber

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // time zones must not depend on the machine
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// Limits of single values, in characters.
const (
	MaxUserID       = 161 // BroadWorks: 80 @ 80
	MaxEnterpriseID = 160
	MaxName         = 128
	MaxEmail        = 254 // RFC 5321, as is the next
	MaxEmailLocal   = 64
	MaxExtension    = 20
)

// FoldUserID returns the form in which BroadWorks user ids are compared.
func FoldUserID(userID string) string { return fold(strings.TrimSpace(userID)) }

// CanonicalEmail returns the form in which addresses are compared: composed,
// in lower case, the domain in ASCII. It is empty when the text is no address.
func CanonicalEmail(email string) string {
	if checkEmail(email) != "" {
		return ""
	}
	return canonical(email)
}

// canonical is CanonicalEmail for what looks like an address. The domain is not
// folded like the rest: straße.example and strasse.example are two.
func canonical(email string) string {
	local, host, _ := strings.Cut(email, "@")
	if asciiLower(local) && hostName(host) {
		return email
	}
	return fold(local) + "@" + asciiHost(host)
}

// asciiHost returns a domain as it is looked up; empty: it cannot be.
func asciiHost(host string) string {
	if hostName(host) {
		return host
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || !hostName(ascii) {
		return ""
	}
	return ascii
}

// fold is lower case, composed. What Unicode folds further stays apart: Weiß and
// Weiss are two.
func fold(s string) string {
	if asciiLower(s) {
		return s
	}
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if r == 'ς' {
			return 'σ'
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s)))
}

func asciiLower(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// checkEmail says what is wrong with an address, or nothing. Internationalised
// addresses are fine; quoted local parts and address literals are not taken.
func checkEmail(email string) string {
	problem := checkAddress(email)
	if problem == "" && !asciiLower(email) {
		return checkAddress(canonical(email))
	}
	return problem
}

func checkAddress(email string) string {
	local, host, found := strings.Cut(email, "@")
	switch {
	case !found || local == "" || host == "":
		return "must be an address like name@example.com"
	case strings.Contains(host, "@"):
		return "must contain one @ only"
	case utf8.RuneCountInString(local) > MaxEmailLocal:
		return "must have at most 64 characters before the @"
	case utf8.RuneCountInString(email) > MaxEmail:
		return "must have at most 254 characters"
	case strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, ".."):
		return "must not have a dot at the start or the end of the part before the @, nor two in a row"
	case strings.ContainsFunc(email, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`"(),:;<>[\]`, r) || r >= utf8.RuneSelf && unseen(r)
	}):
		return "must not contain spaces, invisible characters, quotes, brackets, commas, colons or semicolons"
	case !strings.Contains(host, "."):
		return "must have a domain with a dot, like example.com"
	case asciiHost(host) == "":
		return "must have a valid domain after the @"
	}
	return ""
}

// unseen says whether a character cannot be told from nothing, or from a space.
func unseen(r rune) bool {
	return r == utf8.RuneError || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

// hostName says whether host is a plain lower-case host name, the common case.
func hostName(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return len(host) <= 253
}

// ParseNumber returns a telephone number in E.164, without separators.
// Repaired is true when the leading + was missing, as spreadsheets leave it, when
// scientific notation had kept all digits, as in 4.6701234567E+10, or when a
// fraction of nothing was added, as in 46701234567.0.
// Numbers are checked for being possible, not for being in service. problem is
// empty, or says what is wrong.
func ParseNumber(text string) (number string, repaired bool, problem string) {
	if text == "" {
		return "", false, ""
	}
	switch {
	case e164(text):
		return text, false, ""
	case scientific(text):
		if digits := allDigits(text); digits != "" {
			return "+" + digits, true, ""
		}
		return "", false, "was destroyed by a spreadsheet (scientific notation); format the column as text and enter the number again"
	case fraction(text):
		number, _, problem = ParseNumber(text[:strings.IndexAny(text, ".,")])
		return number, problem == "", problem
	case strings.Contains(text, "(0)"):
		return "", false, "must be written as it is dialled from abroad, without (0), like +46701234567"
	}
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -./()\u00a0\u2007\u2010\u2011\u2012\u2013\u202f", r) {
			return -1
		}
		return r
	}, text)
	digits, plus := strings.CutPrefix(digits, "+")
	for _, r := range digits {
		if r < '0' || r > '9' {
			return "", false, "must be a number with country code, like +46701234567"
		}
	}
	switch {
	case len(digits) < 8 || len(digits) > 15:
		return "", false, "must be a possible number with country code: a + and 8 to 15 digits, like +46701234567"
	case digits[0] == '0':
		return "", false, "must start with + and the country code instead of 0, like +46701234567"
	}
	return "+" + digits, !plus, ""
}

// e164 says whether the text is a number in the form that is kept, the common case.
func e164(text string) bool {
	return len(text) >= 9 && len(text) <= 16 && text[0] == '+' && text[1] != '0' && strings.Trim(text[1:], "0123456789") == ""
}

// fraction says whether the text is a whole number with decimals that are 0.
func fraction(text string) bool {
	whole, decimals, found := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	whole = strings.TrimPrefix(whole, "+")
	return found && len(whole) >= 8 && strings.Trim(whole, "0123456789") == "" && decimals != "" && strings.Trim(decimals, "0") == ""
}

func scientific(text string) bool {
	mantissa, exponent, found := strings.Cut(strings.ToLower(text), "e")
	return found && exponent != "" && strings.Trim(mantissa, "0123456789.,+- ") == "" && strings.Trim(exponent, "0123456789+- ") == "" &&
		strings.ContainsAny(mantissa, "0123456789")
}

// allDigits returns the whole number that scientific notation stands for, if it is
// a possible number of which no digit was rounded away; otherwise nothing.
func allDigits(text string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(text, "+")), "e")
	first, rest, _ := strings.Cut(strings.Replace(mantissa, ",", ".", 1), ".")
	digits := first + rest
	if n, err := strconv.Atoi(exponent); err != nil || n != len(rest) || len(first) != 1 || first == "0" ||
		len(digits) < 8 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return digits
}

func checkExtension(text string) string {
	if len(text) > MaxExtension || strings.Trim(text, "0123456789") != "" {
		return "must have digits only, at most 20"
	}
	return ""
}

func checkText(text string, max int) string {
	if utf8.RuneCountInString(text) > max {
		return tooLong(max)
	}
	for _, r := range text {
		if unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			return "must not contain line breaks or other control characters"
		}
	}
	return ""
}

// Known languages and time zones, each looked up once.
var languages, timezones sync.Map

// checkLanguage accepts {ISO-639-1} and {ISO-639-1}_{ISO-3166}.
func checkLanguage(text string) string {
	return remembered(&languages, text, func() string {
		base, region, hasRegion := strings.Cut(text, "_")
		b, err := language.ParseBase(base)
		ok := err == nil && len(base) == 2 && b.String() == base
		if hasRegion && ok {
			r, err := language.ParseRegion(region)
			ok = err == nil && r.IsCountry() && len(region) == 2 && r.Canonicalize().String() == region
		}
		if !ok {
			return "must be a language like sv or sv_SE"
		}
		return ""
	})
}

func checkTimezone(text string) string {
	return remembered(&timezones, text, func() string {
		first, _, _ := strings.Cut(text, "/")
		if _, err := time.LoadLocation(text); err != nil || slices.Contains(machineZones, first) {
			return "must be a time zone like Europe/Stockholm"
		}
		return ""
	})
}

// machineZones are no time zones, but some machines have files of these names.
var machineZones = []string{"Local", "localtime", "posix", "posixrules", "right", "Factory"}

// remembered keeps the verdict on texts of a sane length that were found valid.
func remembered(known *sync.Map, text string, check func() string) string {
	if _, ok := known.Load(text); ok {
		return ""
	}
	problem := check()
	if problem == "" && len(text) <= 64 {
		known.Store(strings.Clone(text), true)
	}
	return problem
}
