package memory_test

import (
	"testing"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/adapters/eventlog/memory"
)

func TestLog(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.Opener{
		New: func(_ *testing.T, clock *eventlogtest.Clock) eventlogtest.Log {
			return memory.New(eventlogtest.Codec(), clock.Now)
		},
	})
}
