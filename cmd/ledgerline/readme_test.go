package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shown returns the lines of the fenced blocks of README.md below a heading,
// without their comments.
func shown(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	var lines []string
	below, fenced := false, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
		case !fenced && strings.HasPrefix(line, "#"):
			below = strings.Contains(line, heading)
		case below && fenced:
			command, _, _ := strings.Cut(line, " #")
			lines = append(lines, strings.TrimSpace(command))
		}
	}
	require.NotEmpty(t, lines, "README.md shows nothing below %q", heading)
	return lines
}

func TestTheTwoCommandsOfTheReadmeExist(t *testing.T) {
	lines := shown(t, "Two commands")
	require.GreaterOrEqual(t, len(lines), 2)
	require.True(t, strings.HasPrefix(lines[0], "go run ./cmd/ledgerline "), lines[0])
	require.DirExists(t, filepath.Join(root, "cmd/ledgerline"))
	requireCommand(t, strings.Fields(lines[0])[3:])
	require.Equal(t, "go test ./...", lines[1])
}

func TestEveryCommandLineInTheReadmeIsUnderstood(t *testing.T) {
	for _, line := range shown(t, "A first hour") {
		if arguments, ours := strings.CutPrefix(line, "./ledgerline "); ours {
			t.Run(arguments, func(t *testing.T) { requireCommand(t, strings.Fields(arguments)) })
		}
	}
}

// requireCommand fails unless the arguments name a command that does something,
// with flags that it has and as many arguments as it takes.
func requireCommand(t *testing.T, arguments []string) {
	t.Helper()
	c, rest, err := rootCommand().Find(arguments)
	require.NoError(t, err)
	require.True(t, c.HasParent() && c.Runnable(), "%v is no command", arguments)
	require.NoError(t, c.ParseFlags(rest))
	require.NoError(t, c.ValidateArgs(c.Flags().Args()))
}
