package sqlite

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"time"

	"github.com/google/uuid"

	"ledgerline/adapters/eventlog"
	"ledgerline/domain"
)

type eventID = uuid.UUID

// row is an event as it is stored.
type row struct {
	position domain.Position
	kind     *word  // the stream's name up to its uuid, or all of it
	streamID []byte // the stream's uuid; empty: kind is the whole name
	version  int
	previous domain.Position // of the same stream; 0: there is none
	id       eventID
	at       int64 // Unix ms
	typ      *word
	cause    *word
	body     []byte
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// append appends the record to b: its length, its checksum, and what the
// checksum covers besides the position and the texts of words.
func (r *row) append(b []byte) []byte {
	var space [maxFields]byte
	f := space[:4]
	f = binary.AppendUvarint(f, uint64(r.kind.number))
	f = append(f, byte(len(r.streamID)))
	f = append(f, r.streamID...)
	f = binary.AppendUvarint(f, uint64(r.version))
	f = binary.AppendUvarint(f, uint64(r.previous))
	f = append(f, r.id[:]...)
	f = binary.AppendUvarint(f, uint64(r.at))
	f = binary.AppendUvarint(f, uint64(r.typ.number))
	f = binary.AppendUvarint(f, uint64(r.cause.number))
	inline := ""
	if r.cause.number == 0 {
		inline = r.cause.text
		f = binary.AppendUvarint(f, uint64(len(inline)))
	}
	b = binary.AppendUvarint(b, uint64(len(f)+len(inline)+len(r.body)))
	start := len(b)
	b = append(b, f...)
	b = append(b, inline...)
	b = append(b, r.body...)
	binary.LittleEndian.PutUint32(b[start:], r.checksum(b[start+4:]))
	return b
}

// maxFields is more than the fields before the cause and the body can take.
const maxFields = 128

func (r *row) checksum(record []byte) uint32 {
	var b [20]byte
	le := binary.LittleEndian
	le.PutUint64(b[0:], uint64(r.position))
	le.PutUint32(b[8:], r.kind.sum)
	le.PutUint32(b[12:], r.typ.sum)
	le.PutUint32(b[16:], r.cause.sum)
	return crc32.Update(crc32.Checksum(b[:], castagnoli), castagnoli, record)
}

func (r *row) name() string { return joinName(r.kind.text, r.streamID) }

func (r *row) entry(codec *eventlog.Codec) (domain.Entry, error) {
	event, err := codec.Decode(r.typ.text, r.body)
	if err != nil {
		return domain.Entry{}, err
	}
	if r.cause.cause == nil {
		cause, err := parseCause(r.cause.text)
		if err != nil {
			return domain.Entry{}, err
		}
		r.cause.cause = &cause
	}
	return domain.Entry{
		Position: r.position,
		Stream:   r.name(),
		Version:  r.version,
		ID:       r.id,
		At:       time.UnixMilli(r.at).UTC(),
		Cause:    *r.cause.cause,
		Event:    event,
	}, nil
}

// splitName takes "<kind>-<uuid>" apart; any other name is a kind without uuid.
func splitName(stream string) (kind string, id []byte) {
	kind, u, ok := domain.SplitStream(stream)
	if !ok || domain.StreamOf(kind, u) != stream {
		return stream, nil
	}
	return kind, u[:]
}

func joinName(kind string, id []byte) string {
	if len(id) != 16 {
		return kind
	}
	b := make([]byte, 0, 64)
	b = append(b, kind...)
	for _, part := range [...][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
		b = append(b, '-')
		b = hex.AppendEncode(b, part)
	}
	return string(b)
}
