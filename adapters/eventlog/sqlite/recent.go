package sqlite

import (
	"bytes"
	"sync"

	"ledgerline/domain"
)

// head is where a stream ends.
type head struct {
	version int
	last    domain.Position
}

// window is what some consecutive records mean for the index.
type window struct {
	heads   map[string]head
	ids     map[eventID]domain.Position
	through domain.Position // the last of the records, and its id
	last    eventID
}

func newWindow() *window {
	return &window{heads: map[string]head{}, ids: map[eventID]domain.Position{}}
}

func (w *window) reset() {
	clear(w.heads)
	clear(w.ids)
	w.through = 0
}

// recent is what is recorded but perhaps not in the index yet, kept in memory.
// Only the writer changes it.
type recent struct {
	mu     sync.RWMutex
	head   domain.Position
	active *window // being filled
	frozen *window // being written to the index, or written and kept as a cache
	grown  chan struct{}
	closed chan struct{}

	newest eventID // the highest time-ordered id that is in the index only
}

func newRecent(head domain.Position) *recent {
	return &recent{
		head:   head,
		active: newWindow(),
		frozen: newWindow(),
		grown:  make(chan struct{}),
		closed: make(chan struct{}),
	}
}

func (r *recent) position() domain.Position {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.head
}

// wait returns the head and a channel that is closed when it is another.
func (r *recent) wait() (domain.Position, <-chan struct{}) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.head, r.grown
}

func (r *recent) close() { close(r.closed) }

// add takes up what was committed, and wakes whoever waits for it.
func (r *recent) add(w *window) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.merge(w)
	r.head = w.through
	close(r.grown)
	r.grown = make(chan struct{})
}

func (r *recent) merge(w *window) {
	for stream, h := range w.heads {
		r.active.heads[stream] = h
	}
	for id, p := range w.ids {
		r.active.ids[id] = p
	}
	r.active.through, r.active.last = w.through, w.last
}

// freeze ends the active window and returns it. The frozen one before it must
// be in the index.
func (r *recent) freeze() *window {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.frozen.ids {
		if timeOrdered(id) && bytes.Compare(id[:], r.newest[:]) > 0 {
			r.newest = id
		}
	}
	r.frozen, r.active = r.active, newWindow()
	return r.frozen
}

func (r *recent) streamHead(stream string) (head, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if h, ok := r.active.heads[stream]; ok {
		return h, true
	}
	h, ok := r.frozen.heads[stream]
	return h, ok
}

// find returns where an id is recorded, 0 if that is not known here.
func (r *recent) find(id eventID) domain.Position {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if p, ok := r.active.ids[id]; ok {
		return p
	}
	return r.frozen.ids[id]
}

// isNewest reports whether an id that is not known here cannot be in the index
// either: ids ordered by time are mostly higher than all that are.
func (r *recent) isNewest(id eventID) bool {
	return timeOrdered(id) && bytes.Compare(id[:], r.newest[:]) > 0
}

func timeOrdered(id eventID) bool { return id.Version() == 7 }
