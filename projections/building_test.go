package projections_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"ledgerline/domain"
	"ledgerline/projections"
	"ledgerline/projections/projectionstest"
)

func TestABuildThatWasInterruptedStartsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "views.db")
	options := projections.Options{Models: []projections.Model{totals("a.v1").Model()}}
	v := open(t, path, options)
	stop := start(t, v, projectionstest.NewLog(entries(9)...))
	require.NoError(t, v.Wait(t.Context(), 9))
	require.ErrorIs(t, stop(), context.Canceled)
	require.NoError(t, v.Close())
	require.NoFileExists(t, path+".building")

	require.NoError(t, os.WriteFile(path+".building", nil, 0o600))
	v = open(t, path, options)
	defer v.Close()
	require.NoFileExists(t, path+".building")
	require.Equal(t, domain.Position(0), v.Applied())
	require.Equal(t, 0, count(t, v, "a.v1"))
}
