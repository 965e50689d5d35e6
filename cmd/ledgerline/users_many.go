package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// atOnce is how many users are changed at the same time: enough for the log to
// commit them together, few enough to leave the server to others.
const atOnce = 16

// manyResult is what a change of many users comes to.
type manyResult struct {
	Users    int        `json:"users"`
	Done     int        `json:"done"`
	Rejected int        `json:"rejected"`
	Reasons  []*refusal `json:"reasons"` // the most frequent first
}

// refusal is why users were rejected, and which, by BroadWorks user id.
type refusal struct {
	Reason string   `json:"reason"`
	Count  int      `json:"count"`
	Users  []string `json:"users"`
}

// String is the refusal in one line.
func (r *refusal) String() string {
	some := strings.Join(r.Users[:min(r.Count, rowsPerReason)], ", ")
	if r.Count > rowsPerReason {
		some += ", ..."
	}
	return plain(fmt.Sprintf("%d x %s (%s)", r.Count, r.Reason, some), false)
}

func (m *manyResult) reject(u user, err error) {
	m.Rejected++
	text := strings.Join(strings.Fields(err.Error()), " ")
	for _, r := range m.Reasons {
		if r.Reason == text {
			r.Count++
			r.Users = append(r.Users, u.UserID)
			return
		}
	}
	m.Reasons = append(m.Reasons, &refusal{Reason: text, Count: 1, Users: []string{u.UserID}})
}

// many changes users, each on its own, and tells what came of it. An outage or
// Ctrl-C ends it; what was done until then stays done.
func (c *cli) many(what string, users []user, change func(user) error) error {
	ctx, stop := context.WithCancelCause(c.ctx)
	defer stop(nil)
	c.bulk = true
	bar := newProgress(c.talk, what, len(users))
	result := manyResult{Users: len(users), Reasons: []*refusal{}}
	var mu sync.Mutex
	var workers sync.WaitGroup
	queue := make(chan int)
	for range min(atOnce, len(users)) {
		workers.Go(func() {
			for i := range queue {
				err := change(users[i])
				mu.Lock()
				switch {
				case err == nil:
					result.Done++
				case exitCode(err) == exitRefused, exitCode(err) == exitNotFound:
					result.reject(users[i], err)
				default:
					stop(err)
				}
				bar.show(result.Done + result.Rejected)
				mu.Unlock()
			}
		})
	}
	for i := range users {
		select {
		case queue <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(queue)
	workers.Wait()
	bar.end()
	slices.SortFunc(result.Reasons, func(a, b *refusal) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	return c.printMany(result, context.Cause(ctx))
}

func (c *cli) printMany(r manyResult, err error) error {
	if c.json {
		if err := json.NewEncoder(c.out).Encode(r); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(c.out, "%s done, %d rejected.\n", count(r.Done, "user", "users"), r.Rejected)
		for _, reason := range r.Reasons {
			fmt.Fprintf(c.out, "  %s\n", reason)
		}
	}
	if r.Done > 0 {
		c.sayRecorded()
	}
	switch {
	case err != nil:
		c.say("It stopped before the end; what was done stays done. To go on, give the same command again.")
		if errors.Is(err, context.Canceled) {
			return silentError{exitStopped}
		}
		return err
	case r.Rejected > 0:
		return silentError{exitSome}
	}
	return nil
}
