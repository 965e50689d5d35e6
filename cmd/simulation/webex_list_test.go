package simulation

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"ledgerline/commands"
	"ledgerline/domain/subscriber"
	"ledgerline/domain/webex"
)

// cursor is what the next page is named by. Like Webex's own it holds the filter:
// what is given beside it counts for nothing.
type cursor struct {
	Filter commands.WebexFilter
	Offset int
}

// Page implements commands.Webex: the oldest record first, by offset, so what
// happens between two pages moves records from one to the other.
func (c client) Page(ctx context.Context, f commands.WebexFilter, from string) (commands.WebexPage, error) {
	at := cursor{Filter: f}
	if from != "" {
		at = cursor{} // or the caller's own list of statuses would be written to
		if err := json.Unmarshal([]byte(from), &at); err != nil {
			return commands.WebexPage{}, err
		}
	}
	alive := !c.program.dead()
	defer func() {
		if alive && c.program.dead() {
			c.w.count("program killed while it reads a list")
		}
	}()
	return ask(ctx, c, c.planRead(), func() (page commands.WebexPage, err error) {
		var found []webex.Subscriber
		for _, r := range c.records {
			if s := c.listed(r); s.ID != "" && matches(s, at.Filter) {
				found = append(found, s)
			}
		}
		page.Records = found[min(at.Offset, len(found)):]
		if most := min(cmp.Or(at.Filter.PageSize, 100), c.w.weather.page); len(page.Records) > most {
			page.Records, at.Offset = page.Records[:most], at.Offset+most
			next, err := json.Marshal(at)
			page.Next = string(next)
			return page, err
		}
		return page, nil
	})
}

// listed is the record as a list shows it, which may lag.
func (x *fakeWebex) listed(r *record) webex.Subscriber {
	if x.w.bad() && time.Since(r.changed) < x.w.weather.lag {
		x.w.count("webex: a list lags")
		r = &record{Subscriber: r.before}
	}
	return x.shown(r)
}

func matches(s webex.Subscriber, f commands.WebexFilter) bool {
	is := func(have, want string) bool { return want == "" || strings.EqualFold(have, want) }
	return (f.UserID == "" || subscriber.FoldUserID(s.UserID) == subscriber.FoldUserID(f.UserID)) &&
		is(s.PersonID, f.PersonID) && is(s.Email, f.Email) && is(s.ProvisioningID, f.ProvisioningID) && is(s.SPEnterpriseID, f.SPEnterpriseID) &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, s.Status)) &&
		(f.LastStatusChange.IsZero() || s.LastStatusChange.After(f.LastStatusChange)) &&
		(f.CreatedAfter.IsZero() || s.Created.After(f.CreatedAfter)) &&
		(f.SelfActivated == nil || *f.SelfActivated == s.SelfActivated)
}

func TestTheListOfAPartnerIsPagedByOffsetAndByTheClockOfWebex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, time.Nanosecond) // nothing goes wrong any more
		w.weather = weather{webexSkew: -3 * time.Minute, grain: time.Second, page: 2}
		x := w.webex[partners[0]]
		began := time.Now()
		for _, id := range []string{"a", "b", "c", "d"} {
			time.Sleep(700 * time.Millisecond)
			x.records = append(x.records, &record{Subscriber: webex.Subscriber{
				ID: id, Status: webex.Provisioned, Created: began, LastStatusChange: time.Now(), Request: webex.Request{ProvisioningID: trustedID},
			}})
		}
		x.records[1].Status = webex.Updating
		c := client{x, w.newProgram()}
		page := func(f commands.WebexFilter, from string) (ids, next string) {
			p, err := c.Page(t.Context(), f, from)
			require.NoError(t, err)
			for _, r := range p.Records {
				ids += r.ID
			}
			return ids, p.Next
		}
		template := commands.WebexFilter{ProvisioningID: trustedID}
		first, next := page(template, "")
		require.Equal(t, "ab", first)
		x.remove("a")
		second, next := page(commands.WebexFilter{}, next)
		require.Equal(t, "d", second, "the record that moved to the first page is missed")
		require.Empty(t, next)

		at := func(d time.Duration) commands.WebexFilter {
			return commands.WebexFilter{LastStatusChange: began.Add(d - 3*time.Minute), Statuses: []webex.Status{webex.Provisioned}}
		}
		require.Zero(t, began.Nanosecond())
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{0, "cd"}, {time.Second, "cd"}, {2 * time.Second, ""}, {2*time.Second - time.Millisecond, "cd"}} {
			got, _ := page(at(c.after), "")
			require.Equal(t, c.want, got, "changed after %v", c.after)
		}
		none, _ := page(commands.WebexFilter{ProvisioningID: untrustedID}, "")
		require.Empty(t, none)
	})
}

func TestValidatingSaysWhoIsThereAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(1, time.Nanosecond)
		x := w.webex[partners[0]]
		x.records = []*record{{Subscriber: webex.Subscriber{ID: "a", Request: webex.Request{Profile: webex.Profile{UserID: "User0@as0.example"}}}}}
		c := client{x, w.newProgram()}
		_, err := c.Validate(t.Context(), webex.Request{Profile: webex.Profile{UserID: "user0@as0.example"}}, "T_1")
		var refused *commands.WebexError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, commands.Refused, refused.Outcome)
		_, err = c.Validate(t.Context(), webex.Request{Profile: webex.Profile{UserID: "user1@as0.example"}}, "T_2")
		require.NoError(t, err)
	})
}
