package bus

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"ledgerline/domain"
)

// Metadata of every message: the positions of its first and last entry, and how
// many there are.
const (
	FirstKey = "first_position"
	LastKey  = "last_position"
	CountKey = "count"
)

// maxPayload of messages that a feed publishes: below the 1 MB that NATS and
// Kafka accept when nobody has told them otherwise. No single entry exceeds it.
const maxPayload = 900_000

// line is an entry as other systems see it.
type line struct {
	Position domain.Position `json:"position"`
	Stream   string          `json:"stream"`
	Version  int             `json:"version"`
	ID       uuid.UUID       `json:"id"`
	Type     string          `json:"type"`
	Time     time.Time       `json:"time"`
	Cause    domain.Cause    `json:"cause"`
	Data     jsontext.Value  `json:"data"`
}

// Encode returns the entries as JSON, one to a line, with the fields position,
// stream, version, id, type, time, cause and data.
func Encode(c Codec, entries []domain.Entry) ([]byte, error) {
	var lines []byte
	for _, e := range entries {
		var err error
		if lines, err = appendLine(lines, c, e); err != nil {
			return nil, err
		}
	}
	return lines, nil
}

func appendLine(lines []byte, c Codec, e domain.Entry) ([]byte, error) {
	data, err := c.Encode(e.Event)
	if err != nil {
		return nil, fmt.Errorf("position %d: %w", e.Position, err)
	}
	text, err := json.Marshal(line{e.Position, e.Stream, e.Version, e.ID, e.Event.EventType(), e.At, e.Cause, data})
	if err != nil {
		return nil, fmt.Errorf("position %d: %w", e.Position, err)
	}
	return append(append(lines, text...), '\n'), nil
}

// Decode is the reverse of Encode.
func Decode(c Codec, payload []byte) ([]domain.Entry, error) {
	var entries []domain.Entry
	for text := range bytes.Lines(payload) {
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(entries)+1, err)
		}
		event, err := c.Decode(l.Type, l.Data)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", len(entries)+1, err)
		}
		entries = append(entries, domain.Entry{
			Position: l.Position, Stream: l.Stream, Version: l.Version, ID: l.ID, At: l.Time, Cause: l.Cause, Event: event,
		})
	}
	return entries, nil
}

type entriesKey struct{}

// Entries returns the entries that a message of this bus carries; ok is false
// for one that came through another system, whose payload is for Decode.
func Entries(msg *message.Message) (entries []domain.Entry, ok bool) {
	entries, ok = msg.Context().Value(entriesKey{}).([]domain.Entry)
	return entries, ok
}

// carry returns a message of these entries with a payload, which may be nil.
func carry(ctx context.Context, entries []domain.Entry, payload []byte) *message.Message {
	first, last := entries[0], entries[len(entries)-1]
	msg := message.NewMessageWithContext(context.WithValue(ctx, entriesKey{}, entries), last.ID.String(), payload)
	msg.Metadata[FirstKey] = first.Position.String()
	msg.Metadata[LastKey] = last.Position.String()
	msg.Metadata[CountKey] = strconv.Itoa(len(entries))
	return msg
}

// parts yields the entries as messages of at most maxPayload bytes.
func (b *Bus) parts(ctx context.Context, entries []domain.Entry) iter.Seq2[*message.Message, error] {
	return func(yield func(*message.Message, error) bool) {
		var lines []byte
		begin := 0
		for i, e := range entries {
			longer, err := appendLine(lines, b.conf.Codec, e)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(longer) > maxPayload && i > begin {
				if !yield(carry(ctx, entries[begin:i], lines[:len(lines):len(lines)]), nil) {
					return
				}
				begin, longer = i, bytes.Clone(longer[len(lines):])
			}
			lines = longer
		}
		yield(carry(ctx, entries[begin:], lines), nil)
	}
}
