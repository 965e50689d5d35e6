package importplan

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/google/uuid"

	"ledgerline/domain"
	"ledgerline/domain/webex"
)

// ErrEncoding: these bytes are no row.
var ErrEncoding = errors.New("not a row of a plan")

// Append appends a row in the form in which files of plans hold it.
func (r Row) Append(b []byte) []byte {
	b = append(b, byte(slices.Index(Verdicts, r.Verdict)), r.flags())
	b = binary.AppendUvarint(b, uint64(r.Number))
	b = append(b, r.ID[:]...)
	b = binary.AppendUvarint(b, uint64(r.Version))
	for _, text := range []string{r.UserID, r.Customer, string(r.From), string(r.To), r.Reason} {
		b = appendText(b, text)
	}
	b = binary.AppendUvarint(b, uint64(len(r.Changes)))
	for _, c := range r.Changes {
		b = append(b, byte(slices.Index(fields, c.Field)))
		b = appendText(appendText(b, c.Old), c.New)
	}
	for _, texts := range [][]string{r.Repairs, r.Notes} {
		b = binary.AppendUvarint(b, uint64(len(texts)))
		for _, text := range texts {
			b = appendText(b, text)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(r.Problems)))
	for _, p := range r.Problems {
		b = append(b, byte(p.Class))
		b = appendText(appendText(b, p.Field), p.Problem)
	}
	return b
}

func (r Row) flags() byte {
	if r.Missing {
		return 1
	}
	return 0
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// DecodeRow is the reverse of Row.Append.
//
// Errors: ErrEncoding.
func DecodeRow(b []byte) (Row, error) {
	d := decoder{b: b}
	var r Row
	if v := int(d.byte()); v < len(Verdicts) {
		r.Verdict = Verdicts[v]
	} else {
		d.bad = true
	}
	r.Missing = d.byte()&1 != 0
	r.Number = d.number()
	copy(r.ID[:], d.take(len(uuid.UUID{})))
	r.Version = d.number()
	r.UserID, r.Customer = d.text(), d.text()
	r.From, r.To, r.Reason = webex.Package(d.text()), webex.Package(d.text()), d.text()
	for range d.count() {
		i := int(d.byte())
		if i >= len(fields) {
			return Row{}, ErrEncoding
		}
		r.Changes = append(r.Changes, FieldChange{Field: fields[i], Old: d.text(), New: d.text()})
	}
	for range d.count() {
		r.Repairs = append(r.Repairs, d.text())
	}
	for range d.count() {
		r.Notes = append(r.Notes, d.text())
	}
	for range d.count() {
		class := domain.Problem(d.byte())
		r.Problems = append(r.Problems, domain.FieldError{Class: class, Field: d.text(), Problem: d.text()})
	}
	if d.bad || len(d.b) > 0 {
		return Row{}, ErrEncoding
	}
	return r, nil
}

// decoder takes values off bytes; from the first that is not there on it gives
// nothing but zeros.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.b) {
		d.bad = true
		return nil
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}

func (d *decoder) byte() byte {
	if b := d.take(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (d *decoder) number() int {
	n, size := binary.Uvarint(d.b)
	if d.bad || size <= 0 || n > 1<<31 {
		d.bad = true
		return 0
	}
	d.b = d.b[size:]
	return int(n)
}

// count is the length of a list, which cannot be longer than what is left.
func (d *decoder) count() int {
	n := d.number()
	if n > len(d.b) {
		d.bad = true
		return 0
	}
	return n
}

func (d *decoder) text() string { return string(d.take(d.number())) }
