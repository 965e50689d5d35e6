package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// atOnce is how many users are changed at the same time: enough for the log to
// commit them together, few enough to leave the server to others.
const atOnce = 16

// manyResult is what a change of many users comes to.
type manyResult struct {
	Users    int       `json:"users"`
	Done     int       `json:"done"`
	Rejected int       `json:"rejected"`
	Reasons  []*reason `json:"reasons"` // rows are places in the list of users
}

// many changes users, each on its own, and tells what came of it. An outage or
// Ctrl-C ends it; what was done until then stays done.
func (c *cli) many(what string, users []user, change func(user) error) error {
	ctx, stop := context.WithCancelCause(c.ctx)
	defer stop(nil)
	bar := newProgress(c.talk, what, len(users))
	result, refusals := manyResult{Users: len(users)}, reasons{}
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
					result.Rejected++
					refusals.add(err.Error(), i+1)
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
	result.Reasons = refusals.sorted()
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
			fmt.Fprintf(c.out, "  %d x %s\n", reason.Count, plain(reason.Reason, false))
		}
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
	c.sayRecorded()
	return nil
}
