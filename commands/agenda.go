package commands

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// agenda holds which subscribers the driver has to look at, and when. Its zero
// value is empty and ready.
type agenda struct {
	mu      sync.Mutex
	items   map[string]*item
	due     dueHeap
	changed chan struct{} // closed when something earlier was added
}

// item is one subscriber on the agenda.
type item struct {
	stream string
	at     time.Time // zero: now
	place  int       // in the heap; -1: being worked on, or in line
	again  bool      // woken while being worked on
	ticket *ticket   // in line for Webex; nil: not

	tracking string // of the request that was polled
	polls    int
	polled   time.Time
}

// remind puts a subscriber on the agenda, or brings it forward. One that is being
// worked on or in line is left there.
func (a *agenda) remind(stream string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	it := a.items[stream]
	switch {
	case it == nil:
		a.insert(&item{stream: stream}, at)
	case it.place >= 0 && at.Before(it.at):
		it.at = at
		heap.Fix(&a.due, it.place)
		a.signal()
	}
}

// insert puts an item among those that are due at some time.
func (a *agenda) insert(it *item, at time.Time) {
	if a.items == nil {
		a.items = map[string]*item{}
	}
	a.items[it.stream], it.at = it, at
	heap.Push(&a.due, it)
	a.signal()
}

// wake has a subscriber looked at now, because something about it has changed.
func (a *agenda) wake(stream string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	it := a.items[stream]
	switch {
	case it == nil:
		a.insert(&item{stream: stream}, time.Time{})
	case it.place >= 0:
		it.at = time.Time{}
		heap.Fix(&a.due, it.place)
		a.signal()
	case it.ticket != nil && it.ticket.cancel():
		it.ticket = nil
		a.insert(it, time.Time{}) // perhaps it stands in another line from now on
	default:
		it.again = true
	}
}

// line notes that a subscriber that was taken stands in line, where join puts it.
func (a *agenda) line(stream string, join func() *ticket) {
	a.mu.Lock()
	defer a.mu.Unlock()
	it := a.items[stream]
	if it.again { // what was judged is out of date
		it.again = false
		a.insert(it, time.Time{})
		return
	}
	it.ticket = join()
}

func (a *agenda) signal() {
	if a.changed != nil {
		close(a.changed)
		a.changed = nil
	}
}

// next waits for the first subscriber that is due and takes it. ok is false when
// ctx has ended.
func (a *agenda) next(ctx context.Context, now func() time.Time) (stream string, ok bool) {
	for ctx.Err() == nil {
		a.mu.Lock()
		pause := time.Hour
		if len(a.due) > 0 {
			if pause = a.due[0].at.Sub(now()); pause <= 0 {
				it := heap.Pop(&a.due).(*item)
				it.place = -1
				a.mu.Unlock()
				return it.stream, true
			}
		}
		if a.changed == nil {
			a.changed = make(chan struct{})
		}
		changed := a.changed
		a.mu.Unlock()
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
	return "", false
}

// done puts a subscriber that was taken back for later; zero: only if it was
// woken meanwhile.
func (a *agenda) done(stream string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	it := a.items[stream]
	it.ticket = nil
	if it.again {
		it.again, at = false, time.Unix(0, 0)
	}
	if at.IsZero() {
		delete(a.items, stream)
		return
	}
	a.insert(it, at)
}

// polls returns how often a request was polled, and when last.
func (a *agenda) polls(stream, tracking string) (int, time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if it := a.items[stream]; it != nil && it.tracking == tracking {
		return it.polls, it.polled
	}
	return 0, time.Time{}
}

// polled notes one more poll of a request.
func (a *agenda) polled(stream, tracking string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	it := a.items[stream]
	if it == nil {
		return
	}
	if it.tracking != tracking {
		it.tracking, it.polls = tracking, 0
	}
	it.polls, it.polled = it.polls+1, at
}

func (a *agenda) size() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.items)
}

// dueHeap orders items by when they are due.
type dueHeap []*item

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push is for container/heap.
func (h *dueHeap) Push(x any) {
	it := x.(*item)
	it.place = len(*h)
	*h = append(*h, it)
}

// Pop is for container/heap.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	it := (*h)[last]
	*h = (*h)[:last]
	return it
}
