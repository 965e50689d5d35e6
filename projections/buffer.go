package projections

import (
	"iter"
	"sync"
	"time"

	"ledgerline/domain"
)

// buffer reads entries ahead of the one who applies them, who takes all that
// have come at once.
type buffer struct {
	limit int

	mu      sync.Mutex
	changed sync.Cond
	entries []domain.Entry
	spare   []domain.Entry
	err     error
	ended   bool // nothing more comes
	stopped bool // nobody takes any more
}

func newBuffer(limit int) *buffer {
	b := &buffer{limit: limit}
	b.changed.L = &b.mu
	return b
}

// fill puts what the log yields until it ends or nobody takes any more.
func (b *buffer) fill(entries iter.Seq2[[]domain.Entry, error]) {
	var failed error
	for batch, err := range entries {
		if failed = err; err != nil || !b.put(batch) {
			break
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err, b.ended = failed, true
	b.changed.Broadcast()
}

func (b *buffer) put(batch []domain.Entry) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.entries) > 0 && len(b.entries)+len(batch) > b.limit && !b.stopped {
		b.changed.Wait()
	}
	b.entries = append(b.entries, batch...)
	b.changed.Broadcast()
	return !b.stopped
}

// take returns all that has come, at least one entry; or nothing and, if there
// was one, the error that ended it.
func (b *buffer) take() ([]domain.Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.entries) == 0 && !b.ended {
		b.changed.Wait()
	}
	taken := b.entries
	if len(taken) == 0 {
		return nil, b.err
	}
	b.entries, b.spare = b.spare[:0], nil
	b.changed.Broadcast()
	return taken, nil
}

// gather waits while entries keep coming, until there are many or a while has
// passed: when much is written, each transaction writes the same pages again.
func (b *buffer) gather(many int, while time.Duration) {
	for before := -1; while > 0; while -= lull {
		b.mu.Lock()
		n := len(b.entries)
		over := n >= many || n == before || b.ended || b.stopped
		b.mu.Unlock()
		if over {
			return
		}
		before = n
		time.Sleep(lull)
	}
}

const lull = 10 * time.Millisecond

// recycle gives back the room of a batch that has been applied.
func (b *buffer) recycle(batch []domain.Entry) {
	clear(batch)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spare = batch
}

func (b *buffer) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	b.changed.Broadcast()
}
