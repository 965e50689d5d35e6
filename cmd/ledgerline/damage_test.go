package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandsWithoutAServerEndAtADamagedRecordAndNameIt(t *testing.T) {
	data, ledgerline := begun(t)
	require.Equal(t, exitDone, ledgerline("import", firstOf(t, shared(t, "broadworks-users.csv"), 20), "--yes").code)
	views, err := filepath.Glob(filepath.Join(data, "views.db*"))
	require.NoError(t, err)
	for _, file := range views {
		require.NoError(t, os.Remove(file))
	}
	path := filepath.Join(data, "log.db")
	log, err := os.ReadFile(path)
	require.NoError(t, err)
	place := bytes.LastIndex(log, []byte("@as0.example"))
	require.Positive(t, place)
	log[place] ^= 1
	require.NoError(t, os.WriteFile(path, log, 0o600))

	judge := func() {
		for _, command := range []string{"users list", "licences", "rebuild", "templates list"} {
			got := ledgerline(strings.Fields(command)...)
			require.Equal(t, exitFailed, got.code, command)
			require.Regexp(t, `damaged record at position \d+`, got.talk)
			require.Contains(t, got.talk, "ledgerline verify --data "+data)
		}
		got := ledgerline("verify")
		require.Equal(t, exitFailed, got.code)
		require.Regexp(t, `^log, position \d+: `, got.out)
	}
	judge()
	index, err := filepath.Glob(path + ".index*")
	require.NoError(t, err)
	for _, file := range index {
		require.NoError(t, os.Remove(file))
	}
	judge() // where streams end is unknown now
}
