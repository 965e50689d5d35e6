package sqlite

import (
	"sync"

	"ledgerline/adapters/eventlog"
	"ledgerline/domain"
)

// request is one Append. The writer fills in the answer before the group is done.
type request struct {
	stream   string
	kind     string // the name taken apart
	streamID []byte
	expected int
	cause    *word
	records  []eventlog.Record

	position domain.Position
	err      error
}

// A group of requests is committed as one transaction.
type group struct {
	requests []*request
	bytes    int
	done     chan struct{} // closed when all have their answer
}

const (
	groupRequests = 1024    // enough to make one sync cheap for each
	groupBytes    = 4 << 20 // of bodies, so that a transaction stays in the cache
)

func (g *group) full() bool { return len(g.requests) >= groupRequests || g.bytes >= groupBytes }

// queue holds what waits for the writer.
type queue struct {
	mu     sync.Mutex
	groups []*group
	closed bool
	wake   chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

func (q *queue) add(r *request) (*group, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrClosed
	}
	n := len(q.groups)
	if n == 0 || q.groups[n-1].full() {
		q.groups = append(q.groups, &group{done: make(chan struct{})})
		n++
	}
	g := q.groups[n-1]
	g.requests = append(g.requests, r)
	for _, rec := range r.records {
		g.bytes += len(rec.Body)
	}
	q.signal()
	return g, nil
}

// take waits for the next group; nil: the queue is closed and empty.
func (q *queue) take() *group {
	for {
		q.mu.Lock()
		if len(q.groups) > 0 {
			g := q.groups[0]
			q.groups = q.groups[1:]
			q.mu.Unlock()
			return g
		}
		closed := q.closed
		q.mu.Unlock()
		if closed {
			return nil
		}
		<-q.wake
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
