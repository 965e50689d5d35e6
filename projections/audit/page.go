package audit

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"ledgerline/domain"
)

// entriesPerPage is a compromise: a page is written again for each batch until it
// is full, and is read whole to find one entry.
const entriesPerPage = 512

// page is that many successive entries of the log, without their bodies. Texts
// that repeat are kept once.
type page struct {
	number int64 // from 1, without gaps
	items  []item
	texts  []string
	index  map[string]int // of texts
	causes []knownCause   // found without looking at each of their texts
	body   []byte         // of items
	last   item
	found  map[int64]bool // the tags, once it is full
}

type knownCause struct {
	domain.Cause
	texts [textsPerItem]int // those of the cause
}

// item is one entry as the index has it; texts are given by number.
type item struct {
	position domain.Position
	at       int64 // Unix milliseconds
	version  int
	subject  uuid.UUID
	texts    [textsPerItem]int
}

// The texts of an item.
const (
	kind = iota // of the stream, or the whole name of one without an id
	eventType
	partner
	actor
	role
	surface
	reason
	request
	textsPerItem
)

func newPage(number int64) *page { return &page{number: number, index: map[string]int{}} }

// add appends an entry.
func (p *page) add(e *domain.Entry) {
	streamKind, subject, ok := domain.SplitStream(e.Stream)
	if !ok {
		streamKind = e.Stream
	}
	it := item{position: e.Position, at: e.At.UnixMilli(), version: e.Version, subject: subject, texts: p.cause(&e.Cause)}
	it.texts[kind], it.texts[eventType] = p.text(streamKind), p.text(e.Event.EventType())
	p.body = binary.AppendUvarint(p.body, uint64(it.position-p.last.position))
	p.body = binary.AppendVarint(p.body, it.at-p.last.at)
	p.body = binary.AppendUvarint(p.body, uint64(it.version))
	p.body = append(p.body, it.subject[:]...)
	for _, n := range it.texts {
		p.body = binary.AppendUvarint(p.body, uint64(n))
	}
	p.items, p.last = append(p.items, it), it
}

// cause returns the texts of a cause; most entries have one that was there a
// moment ago.
func (p *page) cause(c *domain.Cause) [textsPerItem]int {
	for i := len(p.causes) - 1; i >= max(0, len(p.causes)-4); i-- {
		if p.causes[i].Cause == *c {
			return p.causes[i].texts
		}
	}
	known := knownCause{Cause: *c}
	for i, text := range [textsPerItem]string{
		partner: c.Partner, actor: c.Actor, role: c.Role, surface: c.Surface, reason: c.Reason, request: c.Request,
	} {
		if i >= partner {
			known.texts[i] = p.text(text)
		}
	}
	p.causes = append(p.causes, known)
	return known.texts
}

func (p *page) text(text string) int {
	n, ok := p.index[text]
	if !ok {
		n = len(p.texts)
		p.texts = append(p.texts, text)
		p.index[text] = n
	}
	return n
}

// encode returns the page as bytes: the texts, then the items.
func (p *page) encode(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(p.texts)))
	for _, text := range p.texts {
		to = binary.AppendUvarint(to, uint64(len(text)))
		to = append(to, text...)
	}
	return append(to, p.body...)
}

// decode restores a page from what encode returned.
func decode(number int64, data []byte) *page {
	p := newPage(number)
	next := func() uint64 {
		v, n := binary.Uvarint(data)
		data = data[n:]
		return v
	}
	for range next() {
		n := next()
		p.text(string(data[:n]))
		data = data[n:]
	}
	p.body = data
	for len(data) > 0 {
		it := item{position: p.last.position + domain.Position(next())}
		delta, n := binary.Varint(data)
		it.at, data = p.last.at+delta, data[n:]
		it.version = int(next())
		data = data[copy(it.subject[:], data):]
		for i := range it.texts {
			it.texts[i] = int(next())
		}
		p.items, p.last = append(p.items, it), it
	}
	return p
}

// record returns an item in full, without changes.
func (p *page) record(it item) Record {
	text := func(i int) string { return p.texts[it.texts[i]] }
	r := Record{
		Position: it.position, Stream: text(kind), Kind: text(kind), Subject: it.subject, Version: it.version,
		At: time.UnixMilli(it.at).UTC(), Type: text(eventType), What: what(text(eventType)),
		Cause: domain.Cause{
			Partner: text(partner), Actor: text(actor), Role: text(role), Surface: text(surface), Reason: text(reason), Request: text(request),
		},
	}
	if it.subject != uuid.Nil {
		r.Stream = domain.StreamOf(r.Kind, it.subject)
	}
	return r
}
