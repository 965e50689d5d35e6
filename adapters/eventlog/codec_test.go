package eventlog_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog"
	"ledgerline/commands"
	"ledgerline/domain"
)

type moved struct {
	To   domain.Personal   `json:"to"`
	At   time.Time         `json:"at"`
	Tags map[string]string `json:"tags,omitempty"`
}

func (moved) EventType() string { return "test.moved.v1" }

type movedToo struct{}

func (movedToo) EventType() string { return "test.moved.v1" }

type unencodable struct{ F func() }

func (unencodable) EventType() string { return "test.unencodable.v1" }

var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

func TestCodec(t *testing.T) {
	codec := eventlog.NewCodec(moved{})
	event := moved{To: "Kista", At: noon, Tags: map[string]string{"b": "1", "a": "2", "c": "3"}}
	const body = `{"to":"Kista","at":"2025-03-01T12:00:00Z","tags":{"a":"2","b":"1","c":"3"}}`

	t.Run("equal events are the same bytes, in the form in which they are stored", func(t *testing.T) {
		for range 20 {
			got, err := codec.Encode(event)
			require.NoError(t, err)
			require.Equal(t, body, string(got))
		}
	})
	t.Run("an event is decoded to a value of its type", func(t *testing.T) {
		got, err := codec.Decode("test.moved.v1", []byte(body))
		require.NoError(t, err)
		require.Equal(t, event, got)
	})
	t.Run("fields that the type does not have are ignored", func(t *testing.T) {
		got, err := codec.Decode("test.moved.v1", []byte(`{"to":"Kista","later":{"x":[1]}}`))
		require.NoError(t, err)
		require.Equal(t, moved{To: "Kista"}, got)
	})
	t.Run("an unknown type is kept as it is, byte for byte", func(t *testing.T) {
		odd := []byte(`{ "z" : 1.0, "a":"\u00e4" }`)
		got, err := codec.Decode("test.future.v1", odd)
		require.NoError(t, err)
		require.Equal(t, domain.Unknown{Type: "test.future.v1", Data: odd}, got)
		again, err := codec.Encode(got)
		require.NoError(t, err)
		require.Equal(t, odd, again)
	})
	t.Run("a body that does not fit its type is an error", func(t *testing.T) {
		_, err := codec.Decode("test.moved.v1", []byte(`{"to":7}`))
		require.ErrorContains(t, err, "test.moved.v1")
	})
	t.Run("a programmer's mistake panics", func(t *testing.T) {
		require.Panics(t, func() { eventlog.NewCodec(moved{}, movedToo{}) }, "two types of one name")
		require.Panics(t, func() { eventlog.NewCodec(unencodable{}) }, "a type that JSON cannot hold")
		require.Panics(t, func() { _, _ = eventlog.NewCodec().Encode(event) }, "a type that was not registered")
		require.Panics(t, func() { _, _ = codec.Encode(&event) }, "a pointer")
		require.Panics(t, func() { _, _ = codec.Encode(movedToo{}) }, "another type of the same name")
	})
}

func TestRecords(t *testing.T) {
	codec := eventlog.NewCodec(moved{})
	why := domain.Cause{Command: uuid.New()}
	t.Run("ids follow from the command", func(t *testing.T) {
		records, err := codec.Records("x", why, []domain.Event{moved{}, moved{To: "Lund"}})
		require.NoError(t, err)
		require.Equal(t, why.Command, records[0].ID)
		require.Equal(t, domain.EventID(why.Command, 1), records[1].ID)
		require.Equal(t, "test.moved.v1", records[1].Type)
		require.Contains(t, string(records[1].Body), "Lund")
	})
	t.Run("more events than a command has ids for are too large", func(t *testing.T) {
		_, err := codec.Records("x", why, make([]domain.Event, math.MaxUint16+2))
		require.ErrorIs(t, err, commands.ErrTooLarge)
	})
	t.Run("so is a cause that is larger than an event may be", func(t *testing.T) {
		_, err := codec.Records("x", domain.Cause{Command: why.Command, Reason: string(make([]byte, commands.MaxEventBytes+1))}, []domain.Event{moved{}})
		require.ErrorIs(t, err, commands.ErrTooLarge)
	})
	t.Run("a stream without a proper name panics", func(t *testing.T) {
		for _, name := range []string{"", "två", "a b", "a\n"} {
			require.Panics(t, func() { _, _ = codec.Records(name, why, []domain.Event{moved{}}) })
		}
	})
}
