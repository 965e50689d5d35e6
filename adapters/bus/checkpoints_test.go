package bus_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"ledgerline/adapters/bus"
	"ledgerline/domain"
)

func TestCheckpointsOutliveTheProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bus.db")
	for at := range domain.Position(3) {
		c, err := bus.OpenCheckpoints(path)
		require.NoError(t, err)
		got, known, err := c.Load("mail")
		require.NoError(t, err)
		require.Equal(t, at > 0, known)
		require.Equal(t, at*10, got)
		require.NoError(t, c.Save("mail", (at+1)*10))
		require.NoError(t, c.Save("other", 99))
		require.NoError(t, c.Close())
	}
}

func TestClosedCheckpointsRefuseToWork(t *testing.T) {
	c, err := bus.OpenCheckpoints(filepath.Join(t.TempDir(), "bus.db"))
	require.NoError(t, err)
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	require.Error(t, c.Save("mail", 1))
	_, _, err = c.Load("mail")
	require.Error(t, err)
}

func TestAFileOfAnotherKindIsNotTakenForCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	conn, err := sqlite.OpenConn(path)
	require.NoError(t, err)
	require.NoError(t, sqlitex.ExecuteScript(conn, "PRAGMA application_id = 7; CREATE TABLE events (n)", nil))
	require.NoError(t, conn.Close())
	_, err = bus.OpenCheckpoints(path)
	require.ErrorContains(t, err, path)
}
