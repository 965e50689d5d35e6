package commands_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"ledgerline/commands"
	"ledgerline/domain/webex"
)

// fakeWebex keeps records in memory and completes them after a delay. answer,
// if set, is asked before each write and may keep the reply back.
type fakeWebex struct {
	now       func() time.Time
	delay     time.Duration
	slow      time.Duration               // how long a read takes, after Webex has looked
	hide      func(webex.Subscriber) bool // from lists
	slowPage  time.Duration               // how long a page of a list takes before Webex looks
	slowWrite time.Duration               // how long a write takes before it is carried out
	answer    func(kind string, n int) fault
	noPages   error // instead of a page of a list

	mu      sync.Mutex
	records map[string]webex.Subscriber // by id
	done    map[string]time.Time        // when a record is complete
	final   func(webex.Subscriber) webex.Subscriber
	posts   map[string]int // carried out, by user id
	calls   []time.Time
	writes  int
	pages   int // read of lists
	perPage int // 0: all
	looks   int // at single records
}

// fault says what goes wrong with one write.
type fault struct {
	err  error // returned instead of the reply
	lost bool  // with err: carried out all the same
}

func newFakeWebex(now func() time.Time) *fakeWebex {
	return &fakeWebex{now: now, delay: 2 * time.Second, records: map[string]webex.Subscriber{}, done: map[string]time.Time{}, posts: map[string]int{}}
}

func (w *fakeWebex) write(kind string, carryOut func() error) error {
	time.Sleep(w.slowWrite)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, w.now())
	w.writes++
	var f fault
	if w.answer != nil {
		f = w.answer(kind, w.writes)
	}
	if f.err != nil && !f.lost {
		return f.err
	}
	if err := carryOut(); err != nil {
		return err
	}
	return f.err
}

func (w *fakeWebex) Provision(_ context.Context, r webex.Request, tracking string) (s webex.Subscriber, _ commands.Receipt, err error) {
	err = w.write("provision", func() error {
		for _, other := range w.records {
			if other.UserID == r.UserID {
				return &commands.WebexError{Outcome: commands.Conflict, Status: 409, Message: "exists"}
			}
		}
		w.posts[r.UserID]++
		s = webex.Subscriber{Request: r, ID: fmt.Sprintf("%s#%d", r.UserID, w.posts[r.UserID]), Status: webex.Provisioning}
		w.records[s.ID], w.done[s.ID] = s, w.now().Add(w.delay)
		return nil
	})
	return s, commands.Receipt{TrackingID: "W_" + tracking}, err
}

func (w *fakeWebex) Update(_ context.Context, id string, _, to webex.Profile, tracking string) (s webex.Subscriber, _ commands.Receipt, err error) {
	err = w.write("update", func() error {
		var found bool
		if s, found = w.records[id]; !found {
			return &commands.WebexError{Outcome: commands.Refused, Status: 404, Message: "not found"}
		}
		s.Profile, s.Status = to, webex.Updating
		w.records[id], w.done[id] = s, w.now().Add(w.delay)
		return nil
	})
	return s, commands.Receipt{TrackingID: "W_" + tracking}, err
}

func (w *fakeWebex) Remove(_ context.Context, id, tracking string) (commands.Receipt, error) {
	return commands.Receipt{}, w.write("remove", func() error { delete(w.records, id); return nil })
}

func (w *fakeWebex) ResendConsent(context.Context, string, string) (commands.Receipt, error) {
	return commands.Receipt{}, w.write("consent", func() error { return nil })
}

func (w *fakeWebex) Validate(context.Context, webex.Request, string) (commands.Receipt, error) {
	return commands.Receipt{}, nil
}

func (w *fakeWebex) current(s webex.Subscriber) webex.Subscriber {
	if w.now().Before(w.done[s.ID]) {
		return s
	}
	s.Status, s.PersonID, s.LastStatusChange = webex.Provisioned, "person-"+s.UserID, w.done[s.ID]
	if w.final != nil {
		s = w.final(s)
	}
	return s
}

func (w *fakeWebex) Subscriber(_ context.Context, id string) (webex.Subscriber, bool, error) {
	w.mu.Lock()
	w.calls = append(w.calls, w.now())
	w.looks++
	s, ok := w.records[id]
	s = w.current(s)
	w.mu.Unlock()
	time.Sleep(w.slow)
	return s, ok, nil
}

func (w *fakeWebex) FindSubscriber(_ context.Context, userID string) (webex.Subscriber, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, w.now())
	for _, s := range w.records {
		if s.UserID == userID {
			return w.current(s), true, nil
		}
	}
	return webex.Subscriber{}, false, nil
}

func (w *fakeWebex) Page(_ context.Context, f commands.WebexFilter, from string) (page commands.WebexPage, err error) {
	time.Sleep(w.slowPage)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, w.now())
	w.pages++
	if w.noPages != nil {
		return page, w.noPages
	}
	for _, s := range w.records {
		s = w.current(s)
		if w.hide != nil && w.hide(s) {
			continue
		}
		if s.ProvisioningID == f.ProvisioningID && slices.Contains(f.Statuses, s.Status) && s.LastStatusChange.After(f.LastStatusChange) {
			page.Records = append(page.Records, s)
		}
	}
	slices.SortFunc(page.Records, func(a, b webex.Subscriber) int {
		return cmp.Or(w.done[a.ID].Compare(w.done[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	if begin, _ := strconv.Atoi(from); w.perPage > 0 {
		end := begin + w.perPage
		if end < len(page.Records) {
			page.Next = strconv.Itoa(end)
		}
		page.Records = page.Records[min(begin, len(page.Records)):min(end, len(page.Records))]
	}
	return page, nil
}
