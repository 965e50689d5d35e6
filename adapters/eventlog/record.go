package eventlog

import (
	"fmt"

	"github.com/google/uuid"

	"ledgerline/commands"
	"ledgerline/domain"
)

// Record is an event on its way into a log.
type Record struct {
	ID   uuid.UUID
	Type string
	Body []byte
}

// Records encodes the events of one append. It panics on what only a
// programmer's mistake can bring about: a zero command, no events, a stream
// without a name or with one that is not printable ASCII.
//
// Errors: commands.ErrTooLarge.
func (c *Codec) Records(stream string, why domain.Cause, events []domain.Event) ([]Record, error) {
	if why.Command == (uuid.UUID{}) {
		panic("eventlog: append to " + stream + " without a command id")
	}
	if len(events) == 0 {
		panic("eventlog: append to " + stream + " without events")
	}
	if err := checkName(stream); err != nil {
		return nil, err
	}
	if len(why.Reason)+len(why.Request)+len(why.Actor)+len(why.Partner) > commands.MaxEventBytes {
		return nil, fmt.Errorf("the cause: %w", commands.ErrTooLarge)
	}
	if len(events) > maxEvents {
		return nil, fmt.Errorf("%d events at once: %w", len(events), commands.ErrTooLarge)
	}
	records, total := make([]Record, len(events)), 0
	for i, e := range events {
		body, err := c.Encode(e)
		if err != nil {
			return nil, err
		}
		if total += len(body); len(body) > commands.MaxEventBytes || total > commands.MaxAppendBytes {
			return nil, fmt.Errorf("%s of %d bytes, %d in all: %w", e.EventType(), len(body), total, commands.ErrTooLarge)
		}
		records[i] = Record{ID: domain.EventID(why.Command, i), Type: e.EventType(), Body: body}
	}
	return records, nil
}

// maxEvents is how many ids domain.EventID derives from one command.
const maxEvents = 1 << 16

func checkName(stream string) error {
	if len(stream) > commands.MaxStreamName {
		return fmt.Errorf("stream name of %d characters: %w", len(stream), commands.ErrTooLarge)
	}
	for i := range len(stream) {
		if stream[i] <= ' ' || stream[i] > '~' {
			panic(fmt.Sprintf("eventlog: stream name %q", stream))
		}
	}
	if stream == "" {
		panic("eventlog: stream without a name")
	}
	return nil
}
