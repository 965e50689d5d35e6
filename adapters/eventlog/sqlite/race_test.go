package sqlite_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/adapters/eventlog/eventlogtest"
	"ledgerline/adapters/eventlog/sqlite"
	"ledgerline/domain"
)

var appends = flag.Int("appends", 20_000, "appends of TestRace; CI: 1000000")

func TestRace(t *testing.T) {
	const writers, readers = 64, 3
	log, err := sqlite.Open(filepath.Join(t.TempDir(), "log.db"), eventlogtest.Codec(), sqlite.Windows(sqlite.Options{}, max(1, *appends/10)))
	require.NoError(t, err)
	defer log.Close()
	each := max(1, *appends/writers)
	start := time.Now()

	tailed, stop := context.WithCancel(t.Context())
	defer stop()
	var following, writing sync.WaitGroup
	complaints := make(chan error, 2*readers+writers)
	for range readers {
		following.Go(func() { complaints <- follow(tailed, log, domain.Position(writers*each)) })
		following.Go(func() { complaints <- rescan(tailed, log, domain.Position(writers*each)) })
	}
	for range writers {
		writing.Go(func() { complaints <- write(t.Context(), log, each) })
	}
	writing.Wait()
	following.Wait()
	close(complaints)
	for err := range complaints {
		require.NoError(t, err)
	}
	t.Logf("%d appends by %d writers, beside %d readers, in %v", writers*each, writers, 2*readers, time.Since(start).Round(time.Millisecond))
	problems, err := log.Verify(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// write appends to streams of its own and repeats one append in ten.
func write(ctx context.Context, log *sqlite.Log, n int) error {
	versions := map[string]int{}
	var streams []string
	for i := range n {
		if i%5 == 0 {
			streams = append(streams, newStream())
		}
		s := streams[rand.IntN(len(streams))]
		why := newCause()
		p, err := log.Append(ctx, s, versions[s], why, eventlogtest.Noted{Text: s})
		if err != nil {
			return err
		}
		if i%10 == 0 {
			again, err := log.Append(ctx, s, versions[s], why, eventlogtest.Noted{Text: s})
			if err != nil || again != p {
				return fmt.Errorf("repeated at %d, not %d: %w", again, p, err)
			}
		}
		versions[s]++
	}
	return nil
}

// watcher holds entries against what was seen before them.
type watcher struct {
	last     domain.Position
	at       time.Time
	versions map[string]int
}

func (w *watcher) see(batch []domain.Entry) error {
	for _, e := range batch {
		switch {
		case e.Position != w.last+1:
			return fmt.Errorf("position %d after %d", e.Position, w.last)
		case e.Version != w.versions[e.Stream]+1:
			return fmt.Errorf("%s: version %d after %d", e.Stream, e.Version, w.versions[e.Stream])
		case e.At.Before(w.at):
			return fmt.Errorf("position %d is older than the one before", e.Position)
		}
		w.last, w.at = e.Position, e.At
		w.versions[e.Stream] = e.Version
	}
	return nil
}

// follow tails the log up to a position.
func follow(ctx context.Context, log *sqlite.Log, to domain.Position) error {
	w := watcher{versions: map[string]int{}}
	for batch, err := range log.Tail(ctx, 0) {
		if err != nil {
			return err
		}
		if err := w.see(batch); err != nil {
			return err
		}
		if w.last >= to {
			return nil
		}
	}
	return fmt.Errorf("the tail ended at %d", w.last)
}

// rescan reads the log again and again from where it has got to, which is the
// other way of following it.
func rescan(ctx context.Context, log *sqlite.Log, to domain.Position) error {
	w := watcher{versions: map[string]int{}}
	for w.last < to {
		for _, err := range log.Tail(ctx, w.last) {
			if err != nil {
				return err
			}
			break // there is more
		}
		for batch, err := range log.ReadAll(ctx, w.last) {
			if err != nil {
				return err
			}
			if err := w.see(batch); err != nil {
				return err
			}
		}
	}
	return nil
}
