package sqlite

import (
	"encoding/binary"
	"errors"

	"ledgerline/domain"
)

// appendCause appends the fields of a cause, each after its length. A field
// that causes get later goes to the end; it is empty in what was stored before.
func appendCause(b []byte, c domain.Cause) []byte {
	for _, f := range causeFields(&c) {
		b = binary.AppendUvarint(b, uint64(len(*f)))
		b = append(b, *f...)
	}
	return b
}

func parseCause(text string) (domain.Cause, error) {
	var c domain.Cause
	for _, f := range causeFields(&c) {
		if text == "" {
			break
		}
		n, used := binary.Uvarint([]byte(text[:min(len(text), binary.MaxVarintLen64)]))
		if used <= 0 || n > uint64(len(text)-used) {
			return domain.Cause{}, errors.New("a cause that cannot be read")
		}
		*f, text = text[used:used+int(n)], text[used+int(n):]
	}
	return c, nil
}

func causeFields(c *domain.Cause) [6]*string {
	return [...]*string{&c.Partner, &c.Actor, &c.Role, &c.Surface, &c.Reason, &c.Request}
}
