package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

// userCounts is how many users there are, as the API counts them.
type userCounts struct {
	Total    int            `json:"total"`
	Statuses map[string]int `json:"statuses"`
}

// String is the counts in words, the most frequent status first.
func (u userCounts) String() string {
	names := slices.SortedFunc(maps.Keys(u.Statuses), func(a, b string) int {
		return cmp.Or(cmp.Compare(u.Statuses[b], u.Statuses[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", u.Statuses[name], name)
	}
	return strings.Join(names, ", ")
}

func (u userCounts) onTheWay() int { return u.Statuses["provisioning"] }

// waitForUsers shows how the users of an import get through at Webex, until none
// is on the way any more, or all who are wait for a hold to be lifted. Users who
// were onboarded by others meanwhile cannot be told from them. held says that the
// rest is held.
func (c *cli) waitForUsers(result *importResult) (held bool, err error) {
	address, err := url.Parse(result.counts)
	if err != nil {
		return false, fmt.Errorf("the server says where to count in a way that is not understood: %w", err)
	}
	bar := newProgress(c.talk, "Webex", result.ToGo)
	defer bar.end()
	again := time.NewTicker(time.Second)
	defer again.Stop()
	said := map[string]bool{}
	for before, stalled := -1, 0; ; {
		result.Users = &userCounts{}
		if _, err := c.get(c.ctx, address.Path, address.Query(), result.Users); err != nil {
			return false, err
		}
		left := result.Users.onTheWay()
		bar.show(max(0, result.ToGo-left))
		if left == 0 {
			return false, nil
		}
		if stalled++; left != before {
			before, stalled = left, 0
		}
		if stalled >= patientSeconds {
			if held, err := c.sayWhyNot(said); held || err != nil {
				return held, err
			}
		}
		select {
		case <-again.C:
		case <-c.ctx.Done():
			return false, c.ctx.Err()
		}
	}
}

// patientSeconds is for how long users may not get on before people are told why.
const patientSeconds = 3

// sayWhyNot tells, each thing once, why users do not get on. held: nothing is
// asked of Webex, and what is left waits for holds.
func (c *cli) sayWhyNot(said map[string]bool) (held bool, err error) {
	say := func(key, format string, args ...any) {
		if !said[key] {
			said[key] = true
			c.say(format, args...)
		}
	}
	lanes, _, err := c.lanes()
	if err != nil {
		return false, err
	}
	calls := 0
	for _, l := range lanes {
		if calls += l.InFlight; l.Note != "" {
			say(l.Note, "%s", l.Note)
		}
		for _, b := range l.Waiting {
			calls += b.Calls
		}
	}
	holds, _, err := c.holds(false)
	for _, h := range holds {
		if h.Waiting > 0 {
			held = calls == 0
			say(h.ID, "Held: %s, %s on the way. Reason: %s\nTo let them go on: ledgerline holds lift %s", h.what(), count(h.Waiting, "user", "users"), h.Reason, h.ID)
		}
	}
	return held, err
}

// importToGo is what an import leaves to be done at Webex.
type importToGo struct {
	ToGo int `json:"toGo"` // users
	ETA  int `json:"eta"`  // seconds
}

// toGo counts who is on the way to Webex of those whom an address counts.
func (c *cli) toGo(counts string) (t importToGo, err error) {
	address, err := url.Parse(counts)
	if err != nil {
		return t, err
	}
	var users userCounts
	if _, err := c.get(c.ctx, address.Path, address.Query(), &users); err != nil {
		return t, err
	}
	if t.ToGo = users.onTheWay(); t.ToGo == 0 {
		return t, nil
	}
	_, err = c.get(c.ctx, "/api/webex/eta", url.Values{"calls": {fmt.Sprint(t.ToGo)}, "class": {"import"}}, &t)
	return t, err
}
