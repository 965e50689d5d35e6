package eventlogtest

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/domain"
)

// Noted is an event of the suite.
type Noted struct {
	Text   string          `json:"text"`
	Number int             `json:"number,omitempty"`
	Who    domain.Personal `json:"who,omitempty"`
}

// EventType implements domain.Event.
func (Noted) EventType() string { return "test.noted.v1" }

// Counted is another.
type Counted struct {
	At time.Time `json:"at"`
	N  int       `json:"n"`
}

// EventType implements domain.Event.
func (Counted) EventType() string { return "test.counted.v1" }

// Codec knows the events of the suite; logs under test are made with it.
func Codec() *eventlog.Codec { return eventlog.NewCodec(Noted{}, Counted{}) }

// Clock is a clock for logs under test, set by the suite. At first it shows noon.
type Clock struct{ past time.Duration } // noon

var noon = time.Date(2025, 3, 1, 12, 0, 0, 123_000_000, time.UTC)

// Now returns what the clock shows.
func (c *Clock) Now() time.Time { return noon.Add(c.past) }

func note(text string) domain.Event { return Noted{Text: text, Who: "Ada"} }

func newStream() string { return domain.StreamOf("test", uuid.New()) }

func newCause() domain.Cause {
	return domain.Cause{
		Partner: "acme",
		Actor:   "token:7f3a",
		Role:    domain.RoleAdmin,
		Surface: domain.SurfaceAPI,
		Reason:  "because\x00\"of\"\nthis",
		Request: uuid.NewString(),
		Command: uuid.Must(uuid.NewV7()),
	}
}

// add appends notes to a stream and returns the position of the last.
func add(t *testing.T, log Log, stream string, expected int, texts ...string) domain.Position {
	t.Helper()
	events := make([]domain.Event, len(texts))
	for i, text := range texts {
		events[i] = note(text)
	}
	p, err := log.Append(t.Context(), stream, expected, newCause(), events...)
	require.NoError(t, err)
	return p
}

func requireStream(t *testing.T, log Log, stream string, texts ...string) {
	t.Helper()
	entries, err := log.ReadStream(t.Context(), stream)
	require.NoError(t, err)
	require.Equal(t, texts, textsOf(entries))
	for i, e := range entries {
		require.Equal(t, stream, e.Stream)
		require.Equal(t, i+1, e.Version)
	}
}

func textsOf(entries []domain.Entry) []string {
	var texts []string
	for _, e := range entries {
		texts = append(texts, e.Event.(Noted).Text)
	}
	return texts
}

// all collects what ReadAll yields after a position.
func all(t *testing.T, log Log, after domain.Position) []domain.Entry {
	t.Helper()
	entries, err := collect(log.ReadAll(t.Context(), after))
	require.NoError(t, err)
	return entries
}

func collect(batches iter.Seq2[[]domain.Entry, error]) ([]domain.Entry, error) {
	var entries []domain.Entry
	for batch, err := range batches {
		if err != nil {
			return entries, err
		}
		if len(batch) == 0 {
			return entries, errors.New("an empty batch")
		}
		entries = append(entries, batch...)
	}
	return entries, nil
}

// follow starts a Tail and returns its entries as they come; the channel is
// closed when the tail ends, and then end holds its last word.
func follow(ctx context.Context, log Log, after domain.Position) (entries <-chan domain.Entry, end <-chan error) {
	out, last := make(chan domain.Entry), make(chan error, 1)
	go func() {
		defer close(out)
		for batch, err := range log.Tail(ctx, after) {
			if err != nil {
				last <- err
				continue
			}
			for _, e := range batch {
				select {
				case out <- e:
				case <-ctx.Done():
				}
			}
		}
	}()
	return out, last
}

// next is the next entry of a tail, which must come soon.
func next(t *testing.T, entries <-chan domain.Entry) domain.Entry {
	t.Helper()
	select {
	case e, ok := <-entries:
		require.True(t, ok, "the tail has ended")
		return e
	case <-time.After(10 * time.Second):
		require.Fail(t, "the tail did not wake")
		return domain.Entry{}
	}
}
