package userstatus

import (
	"encoding/binary"
	"time"

	"ledgerline/domain"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// encode appends the row as bytes, from which decode restores it.
func (r *Row) encode(to []byte) []byte {
	f := fields{out: to, writing: true}
	f.row(r)
	return f.out
}

// decode restores a row from what encode returned.
func (r *Row) decode(body string) {
	f := fields{in: body}
	f.row(r)
}

// fields passes over the fields of a row, writing or reading each.
type fields struct {
	writing bool
	out     []byte
	in      string
}

func (f *fields) row(r *Row) {
	f.id((*[16]byte)(&r.ID))
	text(f, &r.Partner)
	number(f, &r.Version)
	number(f, &r.Position)
	s := &r.State
	number(f, &s.Stage)
	number(f, &s.Lives)
	f.id((*[16]byte)(&s.Claimed))
	text(f, &s.Flow)
	text(f, &s.SPEnterpriseID)
	text(f, &s.ProvisioningID)
	text(f, &s.Language)
	text(f, &s.Email)
	f.flag(&s.EmailTrusted)
	f.flag(&s.AdminFirst)
	f.profile(&s.Profile)
	f.like(&s.Sent, s.Profile)
	f.like(&s.Applied, s.Sent)
	text(f, &s.WebexID)
	text(f, &s.PersonID)
	f.flag(&s.Stale)
	f.flag(&s.ConsentMail)
	f.request(&s.Request)
	f.time(&s.RetryAt)
	number(f, &s.Tries)
	f.flag(&s.Quarantined)
	f.errors(&s.Errors)
	f.time(&s.Created)
	f.time(&s.StatusChanged)
	f.time(&s.Changed)
}

func (f *fields) profile(p *webex.Profile) {
	text(f, &p.UserID)
	text(f, &p.FirstName)
	text(f, &p.LastName)
	text(f, &p.PrimaryPhoneNumber)
	text(f, &p.MobilePhoneNumber)
	text(f, &p.Extension)
	text(f, &p.Timezone)
	text(f, &p.Package)
}

// like passes over a profile that is mostly empty or the same as another.
func (f *fields) like(p *webex.Profile, other webex.Profile) {
	empty, same := *p == webex.Profile{}, *p == other
	f.flag(&empty)
	f.flag(&same)
	switch {
	case empty:
	case same:
		*p = other
	default:
		f.profile(p)
	}
}

func (f *fields) request(r *subscriber.RequestState) {
	text(f, &r.Kind)
	number(f, &r.Phase)
	number(f, &r.Attempt)
	text(f, &r.TrackingID)
	f.time(&r.At)
	f.time(&r.Until)
	f.time(&r.StatusAt)
	text(f, &r.Conflict)
}

func (f *fields) errors(errors *[]webex.Error) {
	n := len(*errors) + 1 // none and an empty list differ
	if *errors == nil {
		n = 0
	}
	number(f, &n)
	if !f.writing && n > 0 {
		*errors = make([]webex.Error, n-1)
	}
	for i := range *errors {
		number(f, &(*errors)[i].Code)
		text(f, &(*errors)[i].Description)
	}
}

func (f *fields) id(id *[16]byte) {
	if f.writing {
		f.out = append(f.out, id[:]...)
		return
	}
	copy(id[:], f.in)
	f.in = f.in[16:]
}

func (f *fields) flag(b *bool) {
	n := 0
	if *b {
		n = 1
	}
	number(f, &n)
	*b = n == 1
}

// time keeps nanoseconds and returns UTC.
func (f *fields) time(t *time.Time) {
	var ns int64
	if !t.IsZero() {
		ns = t.UnixNano()
	}
	number(f, &ns)
	if !f.writing && ns != 0 {
		*t = time.Unix(0, ns).UTC()
	}
}

func text[T ~string](f *fields, s *T) {
	n := len(*s)
	number(f, &n)
	if f.writing {
		f.out = append(f.out, *s...)
		return
	}
	*s = T(f.in[:n])
	f.in = f.in[n:]
}

func number[T ~int | ~int64 | domain.Position](f *fields, n *T) {
	if f.writing {
		f.out = binary.AppendVarint(f.out, int64(*n))
		return
	}
	var u uint64
	for i := 0; ; i++ {
		b := f.in[i]
		u |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			f.in = f.in[i+1:]
			break
		}
	}
	*n = T(int64(u>>1) ^ -int64(u&1))
}
