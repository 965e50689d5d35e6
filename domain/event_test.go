package domain_test

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"ledgerline/domain"
)

func TestEachEventOfACommandHasAnIDOfItsOwnForEver(t *testing.T) {
	command := uuid.MustParse("0198c0de-0000-7000-8000-00000000fffe")
	require.Equal(t, command, domain.EventID(command, 0))
	require.Equal(t, "0198c0de-0000-7000-8000-00000000ffff", domain.EventID(command, 1).String())
	seen := map[uuid.UUID]bool{}
	for i := range 1 << 16 {
		seen[domain.EventID(command, i)] = true
	}
	require.Len(t, seen, 1<<16)
}

func TestAStreamIsNamedAfterWhatMustBeUnique(t *testing.T) {
	require.Equal(t, domain.StreamName("subscriber", "nordic", "a"), domain.StreamName("subscriber", "nordic", "a"))
	require.NotEqual(t, domain.NameID("a", "bc"), domain.NameID("ab", "c"))
	require.NotEqual(t, domain.NameID("a"), domain.NameID("a", ""))
	require.Equal(t, "c19270fe-a076-5824-bc79-55f42a08302b", domain.NameID("nordic", "subscriber", "a@as0.example").String(), "names of streams are stored for good")

	id := domain.NameID("nordic", "a")
	kind, got, ok := domain.SplitStream(domain.StreamOf("subscriber", id))
	require.True(t, ok)
	require.Equal(t, "subscriber", kind)
	require.Equal(t, id, got)
	for _, text := range []string{"", "subscriber", "-" + id.String(), "subscriber-", "subscriber-x", "subscriber-urn:uuid:" + id.String(),
		"subscriber-8F2C6D1E-4b7a-5e90-9a3d-2c1b0f6e7d84", "sub-scriber-" + id.String()} {
		_, _, ok := domain.SplitStream(text)
		require.False(t, ok, text)
	}
}

func TestPersonalValuesAreMaskedInLogs(t *testing.T) {
	email := domain.Personal("åsa@ent.example")
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			slog.New(handler(&out)).Info("mail sent", "to", email, "pointer", &email, slog.Group("in", "to", email), "none", domain.Personal(""))
			require.NotContains(t, out.String(), "ent.example")
			require.Contains(t, out.String(), "å***")
		})
	}
}

func TestAnUnknownEventKeepsItsName(t *testing.T) {
	require.Equal(t, "some.later_event.v7", domain.Unknown{Type: "some.later_event.v7"}.EventType())
}

func TestFoldGoesThroughAllEntries(t *testing.T) {
	count := domain.Decider[int, string]{Evolve: func(n int, _ domain.Event) int { return n + 1 }}
	require.Zero(t, count.Fold(nil))
	require.Equal(t, 2, count.Fold([]domain.Entry{{}, {}}))
}
