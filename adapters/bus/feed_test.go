package bus_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/adapters/bus"
	"ledgerline/domain"
)

func TestOtherSystemsAreFedThroughAnyPublisher(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		broker := gochannel.NewGoChannel(gochannel.Config{BlockPublishUntilSubscriberAck: true}, watermill.NopLogger{})
		defer func() { require.NoError(t, broker.Close()) }()
		out, err := broker.Subscribe(t.Context(), "ledgerline.entries")
		require.NoError(t, err)
		w.note(t, "a", 1, 2)
		stop := w.run(t, bus.Config{}, func(b *bus.Bus) { b.Feed("nats", bus.Beginning, "ledgerline.entries", broker) })
		defer stop()
		msg := <-out
		msg.Ack()
		_, carried := bus.Entries(msg)
		require.False(t, carried)
		fed, err := bus.Decode(codec, msg.Payload)
		require.NoError(t, err)
		recorded, _ := w.ReadStream(t.Context(), "a")
		require.Equal(t, recorded, fed)
	})
}

func TestAFeedWaitsForItsBrokerAndSkipsNothing(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		inner := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: 10}, watermill.NopLogger{})
		defer func() { require.NoError(t, inner.Close()) }()
		out, err := inner.Subscribe(t.Context(), "entries")
		require.NoError(t, err)
		broker := &brittle{Publisher: inner}
		poison := &published{}
		stop := w.run(t, bus.Config{Poison: poison}, func(b *bus.Bus) { b.Feed("nats", bus.Beginning, "entries", broker) })
		defer stop()
		w.note(t, "a", 1, 2, 3)
		pass(time.Hour)
		broker.mended.Store(true)
		var numbers []int
		for len(numbers) < 3 {
			msg := <-out
			msg.Ack()
			entries, err := bus.Decode(codec, msg.Payload)
			require.NoError(t, err)
			for _, e := range entries {
				numbers = append(numbers, e.Event.(noted).N)
			}
		}
		require.Equal(t, []int{1, 2, 3}, numbers)
		require.Empty(t, poison.messages)
	})
}

// published keeps what is published.
type published struct{ messages []*message.Message }

func (p *published) Publish(_ string, messages ...*message.Message) error {
	p.messages = append(p.messages, messages...)
	return nil
}

func (p *published) Close() error { return nil }

func TestAFeedCutsABatchIntoMessagesThatBrokersTake(t *testing.T) {
	live(t, func(t *testing.T, w world) {
		const count = 12
		for n := range count {
			big := domain.Unknown{Type: "bus.big.v1", Data: []byte(`"` + strings.Repeat("x", 200_000) + `"`)}
			_, err := w.Append(t.Context(), "a", n, domain.Cause{Command: uuid.New()}, big)
			require.NoError(t, err)
		}
		broker := &published{}
		stop := w.run(t, bus.Config{}, func(b *bus.Bus) { b.Feed("nats", bus.Beginning, "entries", broker) })
		synctest.Wait()
		stop()
		require.Len(t, broker.messages, 3)
		var next domain.Position
		for _, msg := range broker.messages {
			require.Less(t, len(msg.Payload), 1_000_000)
			entries, err := bus.Decode(codec, msg.Payload)
			require.NoError(t, err)
			require.Equal(t, entries[len(entries)-1].ID.String(), msg.UUID)
			for _, e := range entries {
				next++
				require.Equal(t, next, e.Position)
			}
		}
		require.EqualValues(t, count, next)
	})
}

// Other systems have been told that an entry looks like this.
func TestTheFormOfAnEntryForOtherSystemsStaysAsItIs(t *testing.T) {
	entries := []domain.Entry{{
		Position: 7,
		Stream:   "subscriber-0190f3a8-0000-7000-8000-000000000001",
		Version:  2,
		ID:       uuid.MustParse("0190f3a8-0000-7000-8000-000000000002"),
		At:       time.Date(2025, 3, 1, 12, 0, 0, 5e6, time.UTC),
		Cause:    domain.Cause{Partner: "acme", Actor: "token:7f3a", Role: "admin", Surface: "api", Reason: "asked", Request: "r-1"},
		Event:    noted{3},
	}}
	text, err := bus.Encode(codec, entries)
	require.NoError(t, err)
	require.Equal(t, `{"position":7,"stream":"subscriber-0190f3a8-0000-7000-8000-000000000001","version":2,`+
		`"id":"0190f3a8-0000-7000-8000-000000000002","type":"bus.noted.v1","time":"2025-03-01T12:00:00.005Z",`+
		`"cause":{"partner":"acme","actor":"token:7f3a","role":"admin","surface":"api","reason":"asked","request":"r-1"},`+
		`"data":{"n":3}}`+"\n", string(text))
	again, err := bus.Decode(codec, text)
	require.NoError(t, err)
	require.Equal(t, entries, again)
}

func TestWhatIsNotAnEntryIsNotDecoded(t *testing.T) {
	_, err := bus.Decode(codec, []byte("{\"position\":1,\"type\":\"bus.noted.v1\",\"data\":{}}\nnonsense\n"))
	require.ErrorContains(t, err, "line 2")
}
