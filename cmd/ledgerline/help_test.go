package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// The help of all client commands is pinned, because scripts rely on names and
// flags. UPDATE_GOLDEN=1 rewrites it.
func TestHelpIsAsItWas(t *testing.T) {
	var all strings.Builder
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		got := typed(t.Context(), "", append([]string{"help"}, path...)...)
		require.Equal(t, exitDone, got.code)
		all.WriteString("# " + c.CommandPath() + "\n\n" + got.out + got.talk + "\n")
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	whole := rootCommand()
	for _, mine := range clientCommands() {
		c, _, err := whole.Find([]string{mine.Name()})
		require.NoError(t, err)
		walk(c)
	}
	file := filepath.Join("testdata", "help.golden")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(all.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), all.String())
}
