package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/adapters/eventlog/sqlite"
)

// opened is a log that remembers how it was opened.
type opened struct {
	*sqlite.Log
	path  string
	clock *eventlogtest.Clock
}

func open(t *testing.T, path string, clock *eventlogtest.Clock) *opened {
	t.Helper()
	var opts sqlite.Options
	if clock != nil {
		opts.Now = clock.Now
	}
	log, err := sqlite.Open(path, eventlogtest.Codec(), sqlite.Windows(opts, 8))
	require.NoError(t, err)
	t.Cleanup(func() { _ = log.Close() })
	return &opened{log, path, clock}
}

func newLog(t *testing.T) *opened { return open(t, filepath.Join(t.TempDir(), "log.db"), nil) }

func (o *opened) reopen(t *testing.T) *opened {
	t.Helper()
	require.NoError(t, o.Close())
	return open(t, o.path, o.clock)
}

func TestLog(t *testing.T) {
	eventlogtest.Run(t, eventlogtest.Opener{
		New: func(t *testing.T, clock *eventlogtest.Clock) eventlogtest.Log {
			return open(t, filepath.Join(t.TempDir(), "log.db"), clock)
		},
		Reopen: func(t *testing.T, log eventlogtest.Log) eventlogtest.Log {
			return log.(*opened).reopen(t)
		},
	})
}
