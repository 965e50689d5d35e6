package bus

import (
	"context"
	"strings"

	"ledgerline/domain"
)

// WakeActivations returns a reaction that calls wake with the stream of each
// subscriber about whom something was recorded by anybody but the engine, which
// knows what it did itself, and of each hold that changed: that may have been the
// engine of another node. wake must not block and may be called repeatedly.
func WakeActivations(wake func(stream string)) Reaction {
	return func(_ context.Context, entries []domain.Entry) error {
		for _, e := range entries {
			if strings.HasPrefix(e.Stream, "hold-") || strings.HasPrefix(e.Stream, "subscriber-") && e.Cause.Role != domain.RoleEngine {
				wake(e.Stream)
			}
		}
		return nil
	}
}

// WakeDrift returns a reaction that calls wake when anybody but the engine has
// asked for a scan for drift or approved what it found. wake must not block and
// may be called repeatedly.
func WakeDrift(wake func()) Reaction {
	return func(_ context.Context, entries []domain.Entry) error {
		for _, e := range entries {
			if strings.HasPrefix(e.Stream, "drift-") && e.Cause.Role != domain.RoleEngine {
				wake()
			}
		}
		return nil
	}
}
