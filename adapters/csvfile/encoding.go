package csvfile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// encoding is how the text of a file is written.
type encoding int

const (
	ascii       encoding = iota // as far as it was read
	utf8Text                    // also what becomes of UTF-16
	windows1252                 // neither of the two
	unknown                     // nor that, by its looks
)

// String is the name that people know.
func (e encoding) String() string {
	return [...]string{"UTF-8", "UTF-8", "Windows-1252", "unknown"}[e]
}

// strange is how many accented letters in a row are no word of Windows-1252, but
// may be one of Windows-1251 and the like.
const strange = 4

// encodingOf guesses how some text is written: as what most of its characters
// beyond ASCII can only be.
func encodingOf(text []byte) encoding {
	good, bad, run, runs, strangeRuns := 0, 0, 0, 0, 0
	for len(text) > 0 {
		switch run++; {
		case text[0] < 0xc0:
			run = 0
		case run == 1:
			runs++
		case run == strange:
			strangeRuns++
		}
		if text[0] < utf8.RuneSelf {
			text = text[1:]
			continue
		}
		if !utf8.FullRune(text) && bad+good > 0 {
			break // cut off at the end
		}
		if r, size := utf8.DecodeRune(text); r == utf8.RuneError && size == 1 {
			bad++
			text = text[1:]
		} else {
			good++
			text = text[size:]
		}
	}
	switch {
	case good == 0 && bad == 0:
		return ascii
	case good >= bad:
		return utf8Text
	case runs > 0 && 2*strangeRuns >= runs:
		return unknown
	}
	return windows1252
}

// utf16Order finds out the order of bytes of UTF-16 without a mark: other text
// has no zero bytes in its first line.
func utf16Order(start []byte) (order unicode.Endianness, is bool) {
	little, big := 0, 0
	for i := 0; i+1 < len(start); i += 2 {
		if start[i+1] == 0 {
			little++
		}
		if start[i] == 0 {
			big++
		}
		if bytes.ContainsAny(start[i:i+2], "\r\n") {
			break
		}
	}
	if little > 0 {
		order = unicode.LittleEndian
	}
	return order, (little > 0) != (big > 0)
}

// text decodes a cell. problem is empty, or says what to do.
func (e encoding) text(cell string) (text, problem string) {
	if isASCII(cell) {
		return cell, ""
	}
	valid := utf8.ValidString(cell)
	switch {
	case e == unknown:
		return cell, anotherAlphabet
	case e != windows1252 && valid:
		return cell, ""
	case e != windows1252:
		return cell, `has characters that are not UTF-8; save the file as "CSV UTF-8" and import it again`
	case valid:
		return cell, `is UTF-8 in a file that is Windows-1252 elsewhere; save the file as "CSV UTF-8", correct what is garbled, and import it again`
	}
	var out strings.Builder
	run := 0
	for i := range len(cell) {
		if run++; cell[i] < 0xc0 {
			run = 0
		}
		r := charmap.Windows1252.DecodeByte(cell[i])
		switch {
		case r == utf8.RuneError || r < 0xa0 && r >= utf8.RuneSelf:
			return cell, `has a character that Windows-1252 does not have; save the file as "CSV UTF-8" and import it again`
		case run == strange:
			return cell, anotherAlphabet
		}
		out.WriteRune(r)
	}
	return out.String(), ""
}

const anotherAlphabet = `looks like another alphabet than that of Windows-1252; save the file as "CSV UTF-8" and import it again`

// bytes writes text that is ours as the file is written; what it cannot say
// there becomes a ?.
func (e encoding) bytes(text string) string {
	if e == utf8Text || isASCII(text) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		b, ok := byte('?'), false
		if e == windows1252 {
			b, ok = charmap.Windows1252.EncodeRune(r)
		}
		if !ok {
			b = '?'
		}
		out.WriteByte(b)
	}
	return out.String()
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
