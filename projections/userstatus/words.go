package userstatus

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"ledgerline/domain/subscriber"
)

const (
	groupLetters = 3  // prefixes up to this long are found in groups of words that begin alike
	longestWord  = 24 // letters of a word that are looked at in the word index
)

// searchable is the words that a search for a subscriber looks at. An address is
// there as it was typed and in the form in which addresses are compared.
func searchable(firstName, lastName, userID, email string) []string {
	return splitter{}.searchable(nil, firstName, lastName, userID, email)
}

// splitter remembers the words of names, most of which many people have.
type splitter struct{ names map[string][]string }

const mostNames = 1 << 14

// searchable appends the words to an empty list.
func (s splitter) searchable(found []string, firstName, lastName, userID, email string) []string {
	found = s.addName(found, firstName)
	found = s.addName(found, lastName)
	found = addWords(found, userID)
	if email != userID {
		found = addWords(found, email)
	}
	if !ascii(email) {
		found = addWords(found, subscriber.CanonicalEmail(email))
	}
	return found
}

func (s splitter) addName(to []string, name string) []string {
	if s.names == nil {
		return addWords(to, name)
	}
	known, ok := s.names[name]
	if !ok {
		if len(s.names) >= mostNames {
			clear(s.names)
		}
		known = words(name)
		s.names[name] = known
	}
	for _, w := range known {
		to = addOnce(to, w)
	}
	return to
}

// words splits a text into what a search compares: runs of letters and digits,
// without case and accents, each once.
func words(text string) []string { return addWords(nil, text) }

func addWords(to []string, text string) []string {
	text = plain(text)
	start := -1
	for i, r := range text {
		if isWord(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			to = addOnce(to, text[start:i])
			start = -1
		}
	}
	if start >= 0 {
		to = addOnce(to, text[start:])
	}
	return to
}

func isWord(r rune) bool {
	return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func addOnce(to []string, word string) []string {
	for _, w := range to {
		if w == word {
			return to
		}
	}
	return append(to, word)
}

// plain removes case and accents.
func plain(text string) string {
	if ascii(text) {
		return strings.ToLower(text)
	}
	return cases.Fold().String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text)))
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// matches says whether each of the prefixes begins one of the words.
func matches(words, prefixes []string) bool {
	for _, p := range prefixes {
		found := false
		for _, w := range words {
			if strings.HasPrefix(w, p) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// entries calls f with each entry of the word index that a row with these words
// has: a star with the first letters of a word, and the word if it is longer.
func entries(words []string, f func(string)) {
	for i, w := range words {
		group, word := cut(w, groupLetters), cut(w, longestWord)
		if !begins(words[:i], group) {
			f(groupMark + group)
		}
		if len(word) > len(group) {
			f(word)
		}
	}
}

const groupMark = "*"

func begins(words []string, prefix string) bool {
	for _, w := range words {
		if strings.HasPrefix(w, prefix) {
			return true
		}
	}
	return false
}

// cut returns the first letters of a word.
func cut(word string, letters int) string {
	if len(word) <= letters {
		return word
	}
	n := 0
	for at := range word {
		if n == letters {
			return word[:at]
		}
		n++
	}
	return word
}

// lookup returns the range of entries, from and below, that hold all rows with a
// word of this prefix, or with this whole word; they may hold others too.
func lookup(prefix string, whole bool) (from, below string) {
	word := cut(prefix, longestWord)
	switch group := cut(prefix, groupLetters); {
	case len(group) == len(prefix):
		return groupMark + prefix, groupMark + prefix + "\U0010ffff"
	case whole:
		return word, word + "\x00"
	}
	return word, word + "\U0010ffff"
}
