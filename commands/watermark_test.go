package commands

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// changing is a list as Webex keeps it: in order of creation, read in pages by
// offset while it changes, each change shown with a time of Webex's own clock.
type changing struct {
	records []changed
	skew    time.Duration
	round   time.Duration
}

type changed struct {
	created, at, visible time.Time // at: what Webex shows; visible: from when on
	seen                 time.Time // the latest change that a reader saw
}

// change has a record, in order of creation, change now.
func (c *changing) change(i int, now time.Time, lag time.Duration) {
	r := &c.records[i%len(c.records)]
	r.at, r.visible = now.Add(c.skew).Truncate(c.round), now.Add(lag)
}

// page returns which records are on the page at an offset.
func (c *changing) page(after, now time.Time, offset, size int) (page []int, more bool) {
	var all []int
	for i, r := range c.records {
		if r.at.After(after) && !r.visible.After(now) {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return c.records[a].created.Compare(c.records[b].created) })
	if offset >= len(all) {
		return nil, false
	}
	end := min(offset+size, len(all))
	return all[offset:end], end < len(all)
}

func TestTheWatermarkMissesNothing(t *testing.T) {
	for seed := range uint64(2000) {
		missesNothing(t, rand.New(rand.NewPCG(seed, 0)))
	}
}

func missesNothing(t *testing.T, chance *rand.Rand) {
	within := func(most time.Duration) time.Duration {
		return time.Duration(chance.Int64N(int64(most) + 1)).Truncate(time.Millisecond)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	began := now
	list := &changing{skew: within(8*time.Minute) - 4*time.Minute, round: time.Millisecond}
	if chance.IntN(2) == 0 {
		list.round = time.Second
	}
	for i := range 1 + chance.IntN(30) {
		list.records = append(list.records, changed{created: now.Add(time.Duration(i%7) * time.Second)})
	}
	var mark watermark
	size := 1 + chance.IntN(5)
	read := func(changes bool) {
		after := mark.begin(now, began)
		for offset := 0; ; offset += size {
			page, more := list.page(after, now, offset, size)
			for _, i := range page {
				r := &list.records[i]
				mark.saw(r.at, now)
				r.seen = r.at
			}
			if !more {
				break
			}
			now = now.Add(within(3 * time.Second))
			for changes && chance.IntN(2) == 0 {
				list.change(chance.IntN(100), now, 0)
			}
		}
		mark.end()
	}
	for range 1 + chance.IntN(20) {
		for range chance.IntN(15) {
			list.change(chance.IntN(100), now, within(time.Second))
			now = now.Add(within(time.Second))
		}
		if chance.IntN(6) > 0 {
			read(true)
		} else {
			mark.begin(now, began) // a reading that did not come to its end
		}
		now = now.Add(within(30 * time.Second))
	}
	now = now.Add(2 * time.Second)
	read(false)
	for i, r := range list.records {
		if !r.at.IsZero() {
			require.Equal(t, r.at, r.seen, "the latest change of record %d was seen", i)
		}
	}
}

func TestTheWatermarkMovesOnSoThatLittleIsReadAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var mark watermark
	require.Equal(t, now.Add(-mostSkew), mark.begin(now, now), "at first, clocks may differ")
	mark.saw(now.Add(time.Hour-time.Second), now)
	mark.end()
	later := now.Add(10 * time.Second)
	after := mark.begin(later, now)
	require.Equal(t, now.Add(time.Hour-time.Second-readOverlap), after, "then by Webex's clock, an hour ahead")
	mark.saw(later.Add(time.Hour), later.Add(5*time.Second))
	mark.saw(later.Add(time.Hour+4*time.Second), later.Add(5*time.Second))
	mark.end()
	require.Less(t, mark.after.Sub(later.Add(time.Hour-readOverlap)), time.Millisecond, "not beyond the beginning of the reading")
	require.GreaterOrEqual(t, mark.after.Sub(after), 5*time.Second)
}
