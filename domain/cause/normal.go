package cause

import (
	"regexp"
	"strings"
	"unicode"
)

// longestNormal is how many characters of a text tell causes apart.
const longestNormal = 300

// Normal returns a text as it reads for every user with the same trouble: in lower
// case, and with one * for whatever may differ between them. That is every word
// with an @ or a digit in it, what stands in quotation marks, what follows a word
// such as "user=", and long random ids. So no address and no number is left; a
// name in the middle of a sentence cannot be told from other words and stays.
//
// The normal form of a normal form is itself.
func Normal(text string) string {
	text = strings.ToValidUTF8(text, " ")
	for {
		next := pass(text)
		if next == text {
			return text
		}
		text = next
	}
}

func pass(text string) string {
	text = replaceWords(text, func(word string) bool { return strings.Contains(word, "@") })
	text = singleQuoted.ReplaceAllString(quoted.ReplaceAllString(text, "*"), "$1*$2")
	text = replaceWords(text, varies)
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	text = stars.ReplaceAllString(text, "*")
	if short := []rune(text); len(short) > longestNormal {
		text = strings.TrimSpace(string(short[:longestNormal]))
	}
	return text
}

var (
	quoted = regexp.MustCompile(`"[^"]*"|“[^”]*”|«[^»]*»|` + "`[^`]*`")
	// An apostrophe is a quotation mark only at the edges of words.
	singleQuoted = regexp.MustCompile(`(^|[\s(=:,])['‘][^'’]*['’]($|[\s).,;:!?])`)
	// Words hold all characters that an e-mail address can have.
	word = regexp.MustCompile(`[^\s<>()\[\],;:"“”«»]+`)
	// What stands close around a * differs with it.
	stars = regexp.MustCompile(`[(\[<{+]*\*(?:[\s()\[\]<>{}.,;:+*/-]*\*)*[)\]>}]*`)
	named = regexp.MustCompile(`(?i)^(user|userid|user_id|username|name|firstname|lastname|email|e-mail|mail|number|primaryphonenumber|mobilephonenumber|extension|account|subscriber|subscriberid|id|personid|orgid|trackingid)=.`)
)

func replaceWords(text string, replace func(string) bool) string {
	return word.ReplaceAllStringFunc(text, func(w string) string {
		core := strings.Trim(w, "'‘’`.!?")
		switch {
		case named.MatchString(core) && !strings.HasSuffix(core, "=*"):
			return core[:strings.Index(core, "=")] + "=*"
		case replace(core):
			return strings.Replace(w, core, "*", 1)
		}
		return w
	})
}

// varies says whether a word is an id, a number or a date rather than a word.
func varies(w string) bool { return strings.ContainsFunc(w, unicode.IsNumber) || random(w) }

// random says whether a word without digits looks like base64: the case of its
// letters changes more often than in a name such as primaryPhoneNumber.
func random(w string) bool {
	const shortest, lettersPerChange = 16, 6
	changes, lower := 0, false
	for _, r := range w {
		if lower && unicode.IsUpper(r) {
			changes++
		}
		lower = unicode.IsLower(r)
	}
	return len(w) >= shortest && changes*lettersPerChange >= len(w)
}
