package simulation

import (
	"cmp"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var bugName = flag.String("bug", "", "break the engine on purpose; list: say how")

// bug is one way to break the engine on purpose: not in its code, but in what the
// engine is given to work with.
type bug struct {
	name   string
	breaks promise                 // which has to find it
	what   string                  // what is done wrong
	put    func(*program, *chance) // breaks a program that has not started
}

// bugs lists all, in the order of doc.go.
var bugs = slices.Concat(logBugs, webexBugs, plumbingBugs)

// chosen returns the bug that -bug names; nil: none.
func chosen(t *testing.T) *bug {
	t.Helper()
	if *bugName == "" {
		return nil
	}
	var names strings.Builder
	for _, b := range bugs {
		if b.name == *bugName {
			return &b
		}
		fmt.Fprintf(&names, "\n  %-20s %s (breaks %s)", b.name, b.what, b.breaks)
	}
	t.Fatalf("-bug is one of:%s", names.String())
	return nil
}

// infest breaks a program as its world says.
func (w *world) infest(p *program) {
	if w.bug != nil {
		w.bug.put(p, newChance(w.seed, 5000+uint64(p.n)))
	}
}

// caught says whether a world has found the bug that it lives with, by the promise
// that has to find it.
func (w *world) caught() bool { return w.breaches()[w.bug.breaks] }

// enough worlds to find any of the bugs; TestEveryBugIsCaught stops at the first
// that does.
const enough = 1000

// TestEveryBugIsCaught counts over -seeds worlds, where given, and prints the table
// of doc.go. In a hurry it tries every third bug.
func TestEveryBugIsCaught(t *testing.T) {
	var mu sync.Mutex
	table := map[string]string{}
	t.Run("bugs", func(t *testing.T) {
		for i, b := range bugs {
			if quick := testing.Short() || defaultSeeds < 1000; quick && i%3 > 0 && *seeds == 0 {
				continue
			}
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				n, first := 0, uint64(0)
				for seed := *from; seed < *from+uint64(cmp.Or(*seeds, enough)); seed++ {
					if !simulate(t, seed, &b).caught() {
						continue
					}
					if n++; n == 1 {
						first = seed
					}
					if *seeds == 0 {
						break
					}
				}
				require.NotZero(t, n, "%s: no world has broken %s", b.what, b.breaks)
				mu.Lock()
				defer mu.Unlock()
				table[b.name] = fmt.Sprintf("//\t%-18s %-24s %4d %s (first: %d)", b.name, b.breaks, n, b.what, first)
			})
		}
	})
	for _, b := range bugs {
		if row := table[b.name]; row != "" {
			t.Log(row)
		}
	}
}
