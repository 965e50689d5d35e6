// Package cause tells which failures are the same failure: a fingerprint of what
// Webex said, and a catalogue of what it means, how to mend it and who can. It is
// about why something failed; domain.Cause is about who did something, and why.
package cause

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"ledgerline/domain/webex"
)

// Fingerprint names one cause: "v1-" and 16 hexadecimal digits. Empty: no cause.
// The fingerprint of the same errors never changes; another way to take it gets
// another version.
type Fingerprint string

// Of returns the fingerprint of an attempt's errors among the users of one
// template; empty when there are no errors.
//
// Only the first error counts. It is the one that is shown first, and a user with
// a second trouble besides still belongs with those who share the first: when that
// is mended, the second shows by itself.
func Of(errors []webex.Error, template string) Fingerprint {
	if len(errors) == 0 {
		return ""
	}
	sum := sha256.New()
	for _, part := range []string{Normal(errors[0].Description), strings.TrimRight(template, "=")} {
		sum.Write(binary.AppendUvarint(nil, uint64(len(part))))
		sum.Write([]byte(part))
	}
	sum.Write(binary.AppendVarint(nil, int64(errors[0].Code)))
	return Fingerprint("v1-" + hex.EncodeToString(sum.Sum(nil)[:8]))
}

// Valid says whether a text has the form of a fingerprint.
func (f Fingerprint) Valid() bool {
	digits, ok := strings.CutPrefix(string(f), "v1-")
	raw, err := hex.DecodeString(digits)
	return ok && err == nil && len(raw) == 8 && strings.ToLower(digits) == digits
}
