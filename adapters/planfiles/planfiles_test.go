package planfiles_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/planfiles"
	"ledgerline/commands"
)

func keep(t *testing.T, d planfiles.Dir, content string) string {
	f, err := d.Create(t.Context())
	require.NoError(t, err)
	_, err = io.WriteString(f, content)
	require.NoError(t, err)
	name, err := f.Commit()
	require.NoError(t, err)
	require.NoError(t, f.Discard(), "after that nothing is dropped")
	return name
}

func open(t *testing.T) (planfiles.Dir, string) {
	path := filepath.Join(t.TempDir(), "plans")
	d, err := planfiles.Open(path)
	require.NoError(t, err)
	return d, path
}

func read(t *testing.T, d planfiles.Dir, name string) string {
	f, err := d.Open(t.Context(), name)
	require.NoError(t, err)
	defer f.Close()
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	require.EqualValues(t, len(text), f.Size())
	return string(text)
}

func names(t *testing.T, path string) (names []string) {
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFilesAreKeptUnderTheirHashForTheirOwnerOnly(t *testing.T) {
	d, path := open(t)
	name := keep(t, d, "userId\nanna\n")
	sum := sha256.Sum256([]byte("userId\nanna\n"))
	require.Equal(t, hex.EncodeToString(sum[:]), name)
	require.Equal(t, "userId\nanna\n", read(t, d, name))
	require.Equal(t, name, keep(t, d, "userId\nanna\n"), "the same content has the same name")
	require.Equal(t, []string{name}, names(t, path))
	info, err := os.Stat(filepath.Join(path, name))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
}

func TestAFileThatIsNotCommittedIsNotSeen(t *testing.T) {
	d, path := open(t)
	f, err := d.Create(t.Context())
	require.NoError(t, err)
	_, err = io.WriteString(f, "half")
	require.NoError(t, err)
	require.NoError(t, f.Discard())
	require.Empty(t, names(t, path))
}

func TestNoOtherFileIsOpened(t *testing.T) {
	d, path := open(t)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), "secret"), []byte("x"), 0o600))
	for _, name := range []string{"", "../secret", "no", hex.EncodeToString(make([]byte, 32))} {
		_, err := d.Open(t.Context(), name)
		require.ErrorIs(t, err, commands.ErrNoImportFile, name)
	}
}

func TestSweepRemovesWhatIsOldAndNotNeeded(t *testing.T) {
	d, path := open(t)
	needed, old := keep(t, d, "needed"), keep(t, d, "old")
	begun, err := d.Create(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(path, "note.txt"), nil, 0o600))
	for _, name := range names(t, path) {
		require.NoError(t, os.Chtimes(filepath.Join(path, name), time.Time{}, time.Now().Add(-2*time.Hour)))
	}
	young := keep(t, d, "young")
	require.NoError(t, d.Sweep(t.Context(), time.Now().Add(-time.Hour), func(name string) bool { return name == needed }))
	require.ElementsMatch(t, []string{needed, young, "note.txt"}, names(t, path))
	require.NotContains(t, names(t, path), old)
	_, err = begun.Commit()
	require.Error(t, err, "what was never committed is gone")
}
